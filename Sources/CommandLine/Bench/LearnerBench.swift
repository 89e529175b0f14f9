import Batches
import Catalogues
import Engine
import Kernels
import Learners
import Scores
import Telemetry

/// What each learner costs with its defaults, and how good it is for that.
struct LearnerBench {
  private let streams: BenchStreams
  private let timer: BenchTimer
  private let report: BenchReport

  init(_ streams: BenchStreams, _ timer: BenchTimer, _ report: BenchReport) {
    (self.streams, self.timer, self.report) = (streams, timer, report)
  }

  func run(_ names: [String]) throws {
    let table = try BenchTable(
      .learners, about: "with their defaults, one thread; loss is log loss, of numbers |error|",
      [
        .word("learner", names.reduce(0) { max($0, $1.count) }), .word("task", 10),
        .figure("rows", 8), .figure("rows/s"), .figure("×", 9), .figure("KB", 9),
        .figure("loss", 9), .word("best baseline", 13),
      ], report)
    for name in names {
      try measure(name, table)
      timer.itemDone()
    }
  }

  private func measure(_ name: String, _ table: BenchTable) throws {
    let (task, season) = try LearnerBench.fit(name)
    let rows = try streams.rows(for: task)
    var options = EngineOptions()
    options.models = [name]
    options.season = season
    // A run with scores shows how good it is, and how many rows there is time for.
    var engine = try Engine(options, rows.schema, families: rows.families)
    var taken = 0
    let events = try timer.pilot {
      guard taken < rows.batches.count else { return 0 }
      engine.step(rows.batches[taken].batch)
      taken += 1
      return rows.batches[taken - 1].batch.count
    }
    let context = LearnerContext(
      task: task, denseWidth: rows.schema.denseWidth, season: season, families: rows.families)
    let cost = try timer.measure(events: events) {
      var learner = try Catalogue.learners.make(name, context)
      var predictions = Predictions(rows: 256, width: 1)
      return BatchWork(rows.batches.prefix(taken)) {
        learner.learn($1, rows: 0..<$1.count, into: &predictions)
      }
    }
    let model = engine.models[0]
    let score = task == .regression ? "mae" : "log-loss"
    let (loss, base) = (model.board.overall(score), engine.bestBaseline(score))
    try table.add(
      [
        name, task.rawValue, "\(events)", Figure.count(cost.perSecond), Figure.times(cost.ratio),
        Figure.count(Double(model.memoryBytes) / 1024), loss.map { Figure.text($0) } ?? "–",
        base.map { "\(Figure.text($0.value)) \($0.name)" } ?? "–",
      ],
      [
        ("name", .string(name)), ("task", .string(task.rawValue)), ("stream", .string(rows.stream)),
        ("rows", .int(events)), ("ns", .double(cost.nanoseconds)), ("ratio", .double(cost.ratio)),
        ("bytes", .int(model.memoryBytes)), ("score", .string(score)), ("loss", .number(loss)),
        ("baseline", base.map { .string($0.name) } ?? .null),
        ("baseline_loss", .number(base?.value)),
      ])
  }

  /// The first task that a learner accepts, and the season that it wants to be told.
  private static func fit(_ name: String) throws -> (Task, StreamInterval?) {
    var refusal: SpecificationError?
    for season in [nil, StreamInterval.events(24)] {
      for task in [Task.binary, .regression, .multiclass] {
        do throws(SpecificationError) {
          let context = LearnerContext(task: task, denseWidth: 30, season: season)
          _ = try Catalogue.learners.make(name, context)
          return (task, season)
        } catch {
          refusal = refusal ?? error
        }
      }
    }
    throw Failure(
      message: refusal?.message ?? "\(name) cannot be used", code: Exit.internalError)
  }
}
