import Catalogues
import Generators
import Glibc
import Ingest
import Studies

/// A stream that is studied: a data set, a synthetic stream, a file, or standard input.
struct StudyStream {
  /// As the user wrote it.
  let text: String
  private enum Kind {
    case file(path: String)
    case synthetic(drifts: [DriftPlan])
  }
  private let kind: Kind

  /// What `text` names: standard input for "-", else a data set, a file, or a stream of the catalogue.
  private init(_ text: String, drifts: [DriftPlan]) throws {
    self.text = text
    if let set = Datasets.all.first(where: { $0.name == text }) {
      kind = .file(path: try Datasets.path(of: set))
    } else if StudyStream.isSynthetic(text) {
      kind = .synthetic(drifts: drifts)
    } else {
      guard text == "-" || access(text, F_OK) == 0 else { throw StudyStream.unknown(text) }
      kind = .file(path: text)
    }
  }

  /// There is nothing of that name; near ones may have been meant.
  private static func unknown(_ text: String) -> Failure {
    let known =
      Datasets.all.map(\.name) + Catalogue<GeneratorContext, any StreamGenerator>.generators.names
    let near = nearestNames(to: String(text.prefix { $0 != ":" }), among: known)
    let hint = near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?"
    return Failure(
      message: "\(text) is no file, no data set and no stream of the catalogue\(hint)",
      code: Exit.inputOutput)
  }

  /// The streams of a study. A drift belongs to the only synthetic stream there is; of several to those of its name.
  static func all(_ texts: [String], drifts: [String]) throws -> [StudyStream] {
    var plans: [DriftPlan] = []
    for text in drifts { plans.append(try DriftPlan(text)) }
    let synthetic = texts.filter(isSynthetic)
    func name(_ text: String) -> Substring { text.prefix { $0 != ":" } }
    func own(_ text: String) -> [DriftPlan] {
      synthetic.count == 1 ? plans : plans.filter { name($0.stream) == name(text) }
    }
    if let lost = plans.first(where: { plan in !synthetic.contains { own($0).contains(plan) } }) {
      throw LearnSettings.usage("--drift …=\(lost.stream): it belongs to none of the streams")
    }
    guard texts.count(where: { $0 == "-" }) < 2 else {
      throw LearnSettings.usage("standard input can be read only once")
    }
    return try texts.map { try StudyStream($0, drifts: isSynthetic($0) ? own($0) : []) }
  }

  private static func isSynthetic(_ text: String) -> Bool {
    let known = Catalogue<GeneratorContext, any StreamGenerator>.generators.names
    return known.contains(String(text.prefix { $0 != ":" })) && access(text, F_OK) != 0
  }

  /// Where a synthetic stream changes; nil for any other.
  var truth: Truth? {
    guard case .synthetic(let drifts) = kind, !drifts.isEmpty else { return nil }
    return Truth(drifts.map { .init(start: $0.start, end: $0.end) })
  }

  /// The stream as bytes, the column that is to be predicted where the stream itself knows, and how long it is
  /// where that is known.
  func open(
    rows: Int, seed: UInt64, interruption: Int32, follows: Bool
  ) throws -> (
    bytes: any ByteSource, target: String?, size: (count: Int, unit: StudyProgress.Unit)?
  ) {
    switch kind {
    case .synthetic(let drifts):
      let rowsText = try StreamText(text, drifts: drifts, seed: seed)
      let source = GeneratedSource(rowsText, rows: rows, interruption: interruption)
      return (source, rowsText.target, (rows, .events))
    case .file(let path):
      let bytes = try DescriptorSource.open(
        path: path, interruption: interruption, follows: follows)
      var status = stat()
      let isPlain =
        path != "-" && !path.hasSuffix(".gz") && stat(path, &status) == 0
        && status.st_mode & S_IFMT == S_IFREG
      return (GzipSource(bytes), nil, isPlain ? (Int(status.st_size), .bytes) : nil)
    }
  }
}
