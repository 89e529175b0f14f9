import Kernels
import Telemetry

/// Where tables go: for people or as NDJSON, a row as soon as it is known.
final class BenchReport {
  let isJSON: Bool
  private let out: OutputFile
  private let progress: StudyProgress

  init(out: OutputFile, isJSON: Bool, progress: StudyProgress) {
    (self.out, self.isJSON, self.progress) = (out, isJSON, progress)
  }

  /// What figures are to be read beside.
  func begin(reference: Double, repeats: Int) throws {
    guard !isJSON else {
      return try say(
        DataTable.line(
          [
            ("part", .string("machine")), ("version", .string(Version.text)),
            ("cores", .int(Workers.cores)), ("reference_ns", .double(reference)),
            ("repeats", .int(repeats)),
          ], asJSON: true))
    }
    try say(
      """
      \(Version.text), \(Workers.cores) core\(Workers.cores == 1 ? "" : "s")
      reference: a dot product and a step along a row of \(ReferenceLoop.width) numbers, \
      \(ReferenceLoop.rows) rows in cache: \(Figure.fixed(reference, 1)) ns a row
      ×: the time of an event over that of a reference row measured beside it; \
      \(repeats == 1 ? "measured once" : "best of \(repeats), piece by piece")

      """)
  }

  /// Writes whole lines.
  func say(_ text: String) throws {
    progress.clear()
    try out.append(text)
    try out.flush()
  }
}

/// A table whose columns are as wide as what is known to come.
struct BenchTable {
  /// A column: what heads it, and how wide it is; words stand on the left, figures on the right.
  struct Column {
    let title: String
    let width: Int
    let isWord: Bool

    static func word(_ title: String, _ width: Int) -> Column {
      Column(title: title, width: max(width, title.count), isWord: true)
    }
    static func figure(_ title: String, _ width: Int = 10) -> Column {
      Column(title: title, width: max(width, title.count + 2), isWord: false)
    }
  }

  private let part: BenchPart
  private let columns: [Column]
  private let report: BenchReport

  init(_ part: BenchPart, about: String, _ columns: [Column], _ report: BenchReport) throws {
    (self.part, self.columns, self.report) = (part, columns, report)
    guard !report.isJSON else { return }
    try report.say("\n\(part.rawValue.uppercased()) \(about)\n" + line(columns.map(\.title)))
  }

  /// Adds a row: of `texts` for people, one for each column, or of `cells` for programs.
  func add(_ texts: [String], _ cells: DataTable.Cells) throws {
    try report.say(
      report.isJSON
        ? DataTable.line([("part", .string(part.rawValue))] + cells, asJSON: true) : line(texts))
  }

  private func line(_ texts: [String]) -> String {
    var line = ""
    for (column, text) in zip(columns, texts) {
      let gap = String(repeating: " ", count: max(0, column.width - text.count))
      line += column.isWord ? (line.isEmpty ? "" : "  ") + text + gap : gap + text
    }
    while line.last == " " { line.removeLast() }
    return line + "\n"
  }
}

extension Figure {
  /// How many times something is something else: three digits, no more than two decimals.
  static func times(_ ratio: Double) -> String {
    guard ratio.isFinite else { return "–" }
    let size = abs(ratio)
    return fixed(ratio, size < 9.995 ? 2 : size < 99.95 ? 1 : 0)
  }
}
