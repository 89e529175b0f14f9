import ArgumentParser
import Catalogues
import Generators
import Telemetry

/// `weir generate`: a synthetic stream with known drift.
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Write a synthetic stream as CSV, with drift where you want it.",
    discussion: """
      The last column is what is to be predicted. weir catalogue lists the streams and their parameters.

      EXAMPLES
        weir generate sea --rows 60000 --drift 20000=sea:concept=3 | weir learn --target label
        weir generate agrawal --drift 40000..60000=agrawal:function=7 --truth truth.json > loans.csv
        weir generate errors:rate=.2,correlation=.5 --rows 10000 | weir detect --detect bcs
      """)

  @Argument(help: "A stream from the catalogue, as NAME:key=value,…")
  var stream: String
  @Option(help: "Rows to write.")
  var rows = 100_000
  @Option(
    help:
      "AT=STREAM: another law from row AT on, rows counted from 0; START..END=STREAM: more and more rows of it in between. Repeatable."
  )
  var drift: [String] = []
  @Option(help: "Seed: the same gives the same bytes.")
  var seed = 1
  @Option(help: "Write where the stream truly changes to this file, as JSON.")
  var truth: String?
  @Flag(inversion: .prefixedNo, help: "The first line names the columns.")
  var header = true

  func run() throws {
    try reporting {
      guard rows >= 0 else {
        throw Failure(message: "--rows \(rows): expected 0 or more", code: Exit.usage)
      }
      var plans: [DriftPlan] = []
      for text in drift { plans.append(try DriftPlan(text)) }
      var text = try StreamText(stream, drifts: plans, seed: UInt64(bitPattern: Int64(seed)))
      try write(plans, rows: rows)
      let interruption = Interruption.install()
      let out = try OutputFile(path: "-")
      if header { try out.append(text.header) }
      var progress = WorkProgress("writing \(stream)", writes: true)
      defer { progress.finish() }
      for row in 0..<rows {
        if row % 4096 == 0 { progress.update(done: row, of: rows) }
        if row % 256 == 0, Interruption.hasCome(interruption) {
          // Lines are whole, and the truth is that of what was written.
          try write(plans.filter { $0.start < row }, rows: row)
          break
        }
        try out.append { text.append(to: &$0) }
      }
      try out.flush()
    }
  }

  private func write(_ plans: [DriftPlan], rows: Int) throws {
    guard let truth else { return }
    let file = TruthFile(
      rows: rows,
      drifts: plans.map { .init(start: $0.start, end: $0.end, kind: $0.stream, columns: []) })
    try file.write(to: truth)
  }
}
