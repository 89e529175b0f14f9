import Batches
import Ingest
import Kernels
import Telemetry

/// What parsing and encoding the same rows cost in each format.
struct FormatBench {
  private let streams: BenchStreams
  private let timer: BenchTimer
  private let report: BenchReport

  init(_ streams: BenchStreams, _ timer: BenchTimer, _ report: BenchReport) {
    (self.streams, self.timer, self.report) = (streams, timer, report)
  }

  func run(_ names: [String]) throws {
    let table = try BenchTable(
      .formats, about: "parsed and encoded from memory, one thread; \(BenchStreams.stages)",
      [
        .word("format", names.reduce(0) { max($0, $1.count) }), .figure("rows"),
        .figure("rows/s"), .figure("MB/s"), .figure("×", 9),
      ], report)
    for name in names {
      try measure(name, table)
      timer.itemDone()
    }
  }

  private func measure(_ name: String, _ table: BenchTable) throws {
    guard let all = try streams.text(BenchStreams.stages, task: .binary, format: name) else {
      throw Failure(message: "nothing here writes \(name)", code: Exit.internalError)
    }
    let trial = try IngestWork(all, upTo: .encode)
    let text = all.prefix(
      try timer.pilot {
        let before = trial.rows
        try trial.perform()
        return trial.rows - before
      })
    guard trial.refused.total == 0 else {
      throw Failure(
        message: "\(name): rows that were written were refused", code: Exit.internalError)
    }
    let cost = try timer.measure(events: text.rows) { try IngestWork(text, upTo: .encode) }
    let size = Double(text.bytes.count) / Double(text.rows)
    try table.add(
      [
        name, "\(text.rows)", Figure.count(cost.perSecond),
        Figure.fixed(size * 1e3 / cost.nanoseconds, 0), Figure.times(cost.ratio),
      ],
      [
        ("name", .string(name)), ("rows", .int(text.rows)), ("bytes", .int(text.bytes.count)),
        ("ns", .double(cost.nanoseconds)), ("ratio", .double(cost.ratio)),
      ])
  }
}
