import Batches
import Learners
import Scores
import TestSupport
import Testing

@testable import Engine

/// Where there is no time to learn all events, the others are predicted as ever.
@Suite struct ThinningTests {
  private let rows = Rows.random(
    seed: 61, count: 700, width: 3, task: .regression, missing: false)

  private func run(
    every: Int, _ sizes: [Int], delay: Int = 0, _ rows: Rows
  ) throws -> (predictions: [Double], engine: Engine) {
    var options = EngineOptions()
    options.models = ["linear:optimizer=sgd,rate=0.01"]
    options.labelDelay = delay
    options.batchRows = sizes.max() ?? 1
    var engine = try Engine(
      options, Schema(task: .regression, targetName: "y", denseNames: ["a", "b", "c"]))
    engine.learnsEvery = every
    var predictions: [Double] = []
    rows.forEachBatch(sizes) { batch in
      engine.step(batch)
      for row in 0..<batch.count { predictions.append(engine.predictions[row]) }
    }
    engine.finish()
    return (predictions, engine)
  }

  @Test(arguments: [0, 25]) func `which events are learned depends on their numbers alone`(
    delay: Int
  ) throws {
    let one = try run(every: 3, [64], delay: delay, rows)
    let other = try run(every: 3, [1, 50, 7, 200], delay: delay, rows)
    #expect(one.predictions == other.predictions)
    let labelled = rows.rows.indices.filter { !rows.rows[$0].target.isNaN }
    #expect(one.engine.skipped == labelled.count { $0 % 3 > 0 })
    let errors = [one, other].map { $0.engine.models[0].board.overall("mae") }
    #expect(errors[0] == errors[1])
  }

  @Test func `events that are not learned are as those without a label`() throws {
    var some = rows
    for row in some.rows.indices where row % 4 > 0 { some.rows[row].target = .nan }
    let thinned = try run(every: 4, [64], rows)
    let unlabelled = try run(every: 1, [64], some)
    // Several rows are summed in another order than one.
    let isAlike = zip(thinned.predictions, unlabelled.predictions).allSatisfy {
      abs($0 - $1) <= 1e-9 * max(1, abs($1))
    }
    #expect(isAlike)
    // But they are scored.
    #expect(thinned.engine.labelled > 3 * unlabelled.engine.labelled)
    #expect(unlabelled.engine.skipped == 0)
  }
}
