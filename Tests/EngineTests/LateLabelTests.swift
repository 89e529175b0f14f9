import Batches
import Catalogues
import Learners
import Scores
import Telemetry
import TestSupport
import Testing

@testable import Engine

/// Labels that come some rows after their rows.
@Suite struct LateLabelTests {
  private static let delay = 37
  private let schema = Schema(task: .regression, targetName: "y", denseNames: ["a", "b", "c"])
  private let rows = Rows.random(seed: 71, count: 1500, width: 3, task: .regression)

  private func run(
    _ options: EngineOptions, _ rows: Rows, _ sizes: [Int] = [256]
  ) throws -> (predictions: [Double], entries: [JournalEntry], engine: Engine) {
    var options = options
    options.batchRows = sizes.max() ?? 1
    var engine = try Engine(options, schema)
    var (predictions, entries): ([Double], [JournalEntry]) = ([], [])
    rows.forEachBatch(sizes) { batch in
      engine.step(batch)
      for row in 0..<batch.count { predictions.append(engine.predictions[row]) }
      entries += engine.takeEntries()
    }
    engine.finish()
    return (predictions, entries + engine.takeEntries(), engine)
  }

  private func options(_ models: [String], delay: Int = delay) -> EngineOptions {
    var options = EngineOptions()
    options.models = models
    options.labelDelay = delay
    options.season = .events(24)
    return options
  }

  @Test(arguments: ["rls", "linear:rate=0.05", "no-change", "passive-aggressive"])
  func `a model is what it would be had it waited`(model: String) throws {
    let found = try run(options([model]), rows)
    // By hand: predict a row, then learn the one whose label comes now.
    var learner = try Catalogue.learners.make(
      model, LearnerContext(task: .regression, denseWidth: 3, labelDelay: LateLabelTests.delay))
    var (expected, errors): ([Double], [Double]) = ([], [])
    rows.forEachBatch([rows.rows.count]) { all in
      var said = Predictions(rows: all.count, width: 1)
      var scratch = said
      for row in 0..<all.count {
        learner.predict(all, rows: row..<row + 1, into: &said)
        expected.append(said[row])
        let arrived = row - LateLabelTests.delay
        if arrived >= 0 { learner.learn(all, rows: arrived..<arrived + 1, into: &scratch) }
        if !all.targets[row].isNaN { errors.append(abs(said[row] - all.targets[row])) }
      }
    }
    #expect(found.predictions == expected)
    let mae = try #require(found.engine.models[0].board.overall("mae"))
    #expect(abs(mae - errors.reduce(0, +) / Double(errors.count)) < 1e-9)
  }

  static let modes: [EngineOptions] = {
    var all: [EngineOptions] = []
    for reaction in ReactionKind.allCases {
      var options = EngineOptions()
      options.models = ["mixture:errors=on", "linear:optimizer=sgd,rate=0.01"]
      options.labelDelay = delay
      options.interval = 0.9
      options.season = .events(24)
      options.watches = [
        Watch(signal: "loss", detector: "page-hinkley:threshold=20"),
        Watch(signal: "a", detector: "page-hinkley:threshold=60"),
        Watch(signal: "prediction", detector: "adwin"),
      ]
      options.reaction = reaction
      options.leastRows = 100
      options.trialEvents = 128
      all.append(options)
    }
    return all
  }()

  @Test(arguments: modes) func `no prediction knows a label before it has come`(
    options: EngineOptions
  ) throws {
    let cut = 900
    var noisy = rows
    for row in cut..<noisy.rows.count { noisy.rows[row].target = 1e3 * Double(row % 7) }
    let honest = try run(options, rows)
    let other = try run(options, noisy)
    // The label of row `cut` comes when row cut + delay has been predicted.
    let known = cut + LateLabelTests.delay
    #expect(honest.predictions[...known] == other.predictions[...known])
    #expect(honest.predictions[(known + 1)...] != other.predictions[(known + 1)...])
  }

  @Test(arguments: modes) func `where batches begin changes nothing`(options: EngineOptions) throws
  {
    let expected = try run(options, rows, [1])
    for sizes in [[256], [7, 100]] {
      let found = try run(options, rows, sizes)
      #expect(found.predictions == expected.predictions, "batches of \(sizes)")
      #expect(found.entries == expected.entries, "batches of \(sizes)")
    }
  }

  @Test func `a warm-up lasts until its labels have come`() throws {
    var options = options(["linear"])
    options.update = .never
    options.warmup = 30
    let entries = try run(options, rows).entries.filter { $0.kind == "retrain" }
    #expect(entries.map(\.event) == [30 + LateLabelTests.delay])
    #expect(entries.first?["rows"].map { $0.text } != "0")
  }

  @Test func `the seasonal baseline takes the latest of its phase that has come`() throws {
    var seasonal = rows
    for row in seasonal.rows.indices { seasonal.rows[row].target = Double(row % 24) }
    let found = try run(options(["seasonal-naive:season=24"]), seasonal)
    // From the row on by which a label of its phase has come.
    for row in (LateLabelTests.delay + 24)..<seasonal.rows.count {
      #expect(found.predictions[row] == Double(row % 24))
    }
  }

  @Test func `an expert is judged by what it said before the label had come`() throws {
    // Blocks of 50 equal labels: "as last time" is right if it is asked too late, and wrong in time.
    var blocks = rows
    var random = SplitMix(seed: 5)
    for row in blocks.rows.indices {
      let level = row % 50 == 0 ? random.normal() * 10 : blocks.rows[row - 1].target
      blocks.rows[row].target = level
    }
    let late = try run(options(["mixture"], delay: 60), blocks).engine.models[0].experts
    let prompt = try run(options(["mixture"], delay: 0), blocks).engine.models[0].experts
    func share(_ experts: [ExpertAccount]) -> Double {
      experts.first { $0.name == "no-change" }?.share ?? .nan
    }
    #expect(share(prompt) > 0.8)
    #expect(share(late) < 0.2)
  }
}
