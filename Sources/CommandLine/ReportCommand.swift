import ArgumentParser
import Ingest
import Report
import Telemetry

/// `weir report`: a journal as a page, as text, or as tables.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Show a run's journal: one HTML file that stands for itself, or text.",
    discussion: """
      The page has the score over time beside the best baseline, with every alarm and reaction marked; what each reaction
      bought; what had moved, before and after; importances, groups, latency and checks where the journal tells of them; the
      model's lineage. It needs no network and no script, prints, and has a table behind every picture.
      A journal tells scores with --score-every N, or auto.

      EXAMPLES
        weir replay bikes | weir learn --config Datasets/bikes/recipe.json --report bikes.html
        weir learn events.csv --target y --score-every auto --journal run.jsonl
        weir report run.jsonl
        weir report run.jsonl --text
        weir report run.jsonl --data alarms
      """)

  @Argument(
    help: "A journal of weir learn: a file, packed by gzip or not, or - for standard input.")
  var journal = "-"
  @Option(
    name: [.short, .long],
    help: "Where it goes: a file or -. A page goes beside the journal, under its name with .html.")
  var output: String?
  @Flag(help: "Text for a terminal, to standard output.")
  var text = false
  @Option(
    help: ArgumentHelp(
      "The numbers of one part as CSV, to standard output: \(RunReport.dataNames.joined(separator: ", ")).",
      valueName: "part"))
  var data: String?
  @Flag(name: [.short, .long], help: "Say nothing on standard error but errors.")
  var quiet = false

  func validate() throws {
    guard let data else { return }
    guard RunReport.dataNames.contains(data) else {
      throw ValidationError(
        "--data \(data): expected one of \(RunReport.dataNames.joined(separator: ", "))")
    }
    guard !text else { throw ValidationError("--text and --data: expected one of them") }
  }

  func run() throws {
    try reporting {
      let report = RunReport(try history(), journal: journal == "-" ? nil : journal)
      let content: String
      if text {
        let isShown = Terminal.isTerminal(1) && output == nil
        content = report.text(
          width: isShown ? Terminal.width(of: 1) : 80,
          Terminal.style(hasColour: isShown && Terminal.wantsColour))
      } else if let data {
        guard let table = report.data(data) else {
          throw Failure(
            message: "the journal tells nothing of \(data)"
              + (data == "scores" ? "; weir learn --score-every auto has it told" : ""),
            code: Exit.badData)
        }
        content = table.csv
      } else {
        content = report.html
      }
      let path = output ?? (text || data != nil || journal == "-" ? "-" : page)
      try FileClash.refuse(reads: [journal], writes: [("--output", path)])
      let file = try OutputFile(path: path)
      try file.append(content)
      try file.flush()
      if output == nil, path != "-", !quiet { Terminal.say("wrote \(path)\n") }
    }
  }

  /// The journal's name with another ending.
  private var page: String {
    for ending in [".jsonl", ".ndjson", ".json", ".jsonl.gz"] where journal.hasSuffix(ending) {
      return journal.dropLast(ending.count) + ".html"
    }
    return journal + ".html"
  }

  private func history() throws -> RunHistory {
    let history = try JournalFile.read(
      journal, progress: WorkProgress("reading the journal", isQuiet: quiet))
    guard history.lines > history.unreadable else {
      let name = journal == "-" ? "standard input" : journal
      let what =
        history.lines == 0 ? "is empty" : "has no entry of a journal in its \(history.lines) lines"
      throw Failure(
        message: "\(name) \(what); weir learn --journal FILE writes one", code: Exit.badData)
    }
    return history
  }
}

/// A journal on a disk or in a pipe.
enum JournalFile {
  private static let chunk = 1 << 20

  /// Reads a journal to its end; `most` bytes of it where that is said.
  static func read(
    _ path: String, most: Int? = nil, progress: WorkProgress? = nil
  ) throws -> RunHistory {
    let bytes = try DescriptorSource.open(path: path)
    var source = GzipSource(bytes)
    var reader = JournalReader()
    var progress = progress
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk, alignment: 16)
    defer { buffer.deallocate() }
    var left = most ?? .max
    reading: while left > 0 {
      let room = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(chunk, left)])
      switch try source.read(into: room, until: nil) {
      case .bytes(let count):
        reader.take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        left -= count
        let place = bytes.meter?.progress
        progress?.update(done: place?.read ?? 0, of: place?.size)
      case .gap, .late: continue
      case .end, .interrupted: break reading
      }
    }
    progress?.finish()
    return reader.finish()
  }
}
