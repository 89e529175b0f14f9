import Batches
import Catalogues
import Engine
import Ingest
import Kernels
import Learners
import Telemetry

/// What each stage of a run costs, most of them as the difference of two runs of which one goes further.
final class StageBench {
  /// Workloads that are measured, and the run that shows how many rows there is time for.
  static let items = 14

  private enum Row: String, CaseIterable {
    case read, index, parse, encode, scale, predict, learn, score, detect, write, journal, sum
    case whole, ahead

    var title: String {
      switch self {
      case .scale: "scale (within)"
      case .whole: "whole run"
      case .ahead: "whole, \(Workers.cores) core\(Workers.cores == 1 ? "" : "s")"
      default: rawValue
      }
    }
    /// Whether it is one of the terms of the sum.
    var isTerm: Bool { self != .scale && self != .sum && self != .whole && self != .ahead }
  }

  private let plan: BenchPlan
  private let streams: BenchStreams
  private let timer: BenchTimer
  private let report: BenchReport
  private var costs: [Row: Cost] = [:]

  init(_ plan: BenchPlan, _ streams: BenchStreams, _ timer: BenchTimer, _ report: BenchReport) {
    (self.plan, self.streams, self.timer, self.report) = (plan, streams, timer, report)
  }

  func run() throws {
    guard
      let all = try streams.text(BenchStreams.stages, task: .binary, format: plan.format)
    else {
      throw Failure(message: "--format \(plan.format): nothing here writes it", code: Exit.usage)
    }
    var options = EngineOptions()
    options.models = [plan.model]
    options.watches = try LearnSettings.watches([])
    let trial = try WholeRun(all, options, isAhead: false)
    let text = all.prefix(try timer.pilot { trial.prepare() ? try trial.step() : 0 })
    timer.itemDone()
    do {
      try measureIngest(text)
      try measureLearning(try streams.batches(text, BenchStreams.stages), options)
      for (row, isAhead) in [(Row.whole, false), (.ahead, true)] {
        costs[row] = try measure(text.rows) { try WholeRun(text, options, isAhead: isAhead) }
      }
    } catch IngestError.interrupted {
      try tell(text.rows, isWhole: false)
      throw IngestError.interrupted
    }
    try tell(text.rows, isWhole: true)
  }

  private func measure(_ rows: Int, _ make: () throws -> any Workload) throws -> Cost {
    defer { timer.itemDone() }
    return try timer.measure(events: rows, make)
  }

  private func measureIngest(_ text: BenchText) throws {
    var before = Cost(nanoseconds: 0, ratio: 0)
    for (row, stage) in zip([Row.read, .index, .parse, .encode], IngestStage.allCases) {
      let cost = try measure(text.rows) { try IngestWork(text, upTo: stage) }
      costs[row] = cost - before
      before = cost
    }
  }

  private func measureLearning(_ rows: BenchRows, _ options: EngineOptions) throws {
    let (batches, count) = (rows.batches[...], rows.count)
    let context = LearnerContext(
      task: rows.schema.task, denseWidth: rows.schema.denseWidth, families: rows.families)
    let stride = (rows.schema.denseWidth + 3) & ~3
    costs[.scale] = try measure(count) {
      let work = ScaleWork(stride: stride)
      return BatchWork(batches) { work.take($1) }
    }
    // Predictions of a learner that has learned: those of a fresh one may be cheaper.
    var said: [Predictions] = []
    var learned = try Catalogue.learners.make(plan.model, context)
    var predictions = Predictions(rows: 256, width: 1)
    for kept in batches {
      learned.learn(kept.batch, rows: 0..<kept.batch.count, into: &predictions)
      said.append(predictions)
      try timer.tick(0)
    }
    let predict = try measure(count) {
      BatchWork(batches) { learned.predict($1, rows: 0..<$1.count, into: &predictions) }
    }
    costs[.predict] = predict
    let learn = try measure(count) {
      var learner = try Catalogue.learners.make(plan.model, context)
      return BatchWork(batches) { learner.learn($1, rows: 0..<$1.count, into: &predictions) }
    }
    costs[.learn] = learn - predict
    var still = options
    still.watches = []
    let scored = try measure(count) { try engineWork(rows, still) }
    costs[.score] = scored - learn
    costs[.detect] = try measure(count) { try engineWork(rows, options) } - scored
    try measureWriting(rows, said, options)
  }

  private func engineWork(_ rows: BenchRows, _ options: EngineOptions) throws -> BatchWork {
    var engine = try Engine(options, rows.schema, families: rows.families)
    return BatchWork(rows.batches[...]) { engine.step($1) }
  }

  private func measureWriting(
    _ rows: BenchRows, _ said: [Predictions], _ options: EngineOptions
  ) throws {
    let versions = Array(repeating: 0, count: 256)
    costs[.write] = try measure(rows.count) {
      let outputs = try StageOutputs(rows.schema.task)
      return BatchWork(rows.batches[...]) {
        try outputs.write(
          $1, said[$0], firstEvent: 0, versions: versions, classes: rows.classNames)
      }
    }
    var engine = try Engine(options, rows.schema, families: rows.families)
    var entries: [[JournalEntry]] = []
    for kept in rows.batches {
      engine.step(kept.batch)
      entries.append(engine.takeEntries())
      try timer.tick(0)
    }
    costs[.journal] = try measure(rows.count) {
      let outputs = try StageOutputs(rows.schema.task)
      return BatchWork(rows.batches[...]) { index, _ in try outputs.write(entries[index]) }
    }
  }

  // MARK: - The table

  /// `isWhole`: whether everything was measured, so that there are a sum and shares of it.
  private func tell(_ rows: Int, isWhole: Bool) throws {
    if isWhole {
      costs[.sum] = Row.allCases.filter(\.isTerm).compactMap { costs[$0] }
        .reduce(Cost(nanoseconds: 0, ratio: 0), +)
    }
    let table = try BenchTable(
      .stages,
      about: "of weir learn --model \(plan.model), \(plan.format), \(rows) rows of "
        + BenchStreams.stages,
      [.word("stage", 14), .figure("ns/row"), .figure("rows/s"), .figure("%", 8), .figure("×", 9)],
      report)
    for row in Row.allCases {
      guard let cost = costs[row] else { continue }
      let share = costs[.sum].map { cost.nanoseconds / $0.nanoseconds }
      try table.add(
        [
          row.title, Figure.fixed(cost.nanoseconds, 1),
          cost.nanoseconds >= 1 ? Figure.count(cost.perSecond) : "–",
          share.map { Figure.fixed(100 * $0, 1) } ?? "–", Figure.times(cost.ratio),
        ],
        [
          ("name", .string(row.rawValue)), ("model", .string(plan.model)),
          ("format", .string(plan.format)), ("rows", .int(rows)),
          ("ns", .double(cost.nanoseconds)), ("share", .number(share)),
          ("ratio", .double(cost.ratio)),
        ])
    }
  }
}
