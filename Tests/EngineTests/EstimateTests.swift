import Batches
import Learners
import Scores
import Snapshots
import Telemetry
import TestSupport
import Testing

@testable import Engine

/// Estimates made before labels are here are near what the labels show, as long as what they assume is so.
@Suite struct EstimateTests {
  // MARK: - Classes

  private func outcomes(
    _ seed: UInt64, _ count: Int, honest: (Double) -> Double
  ) -> [(p: Double, label: Double)] {
    var random = SplitMix(seed: seed)
    return (0..<count).map { _ in
      let p = 0.02 + 0.96 * random.unit()
      return (p, random.unit() < honest(p) ? 1 : 0)
    }
  }

  private func realised(_ rows: [(p: Double, label: Double)]) -> [String: Double] {
    var chunk = EstimateChunk(index: 0)
    for row in rows {
      let probability = row.label > 0.5 ? row.p : 1 - row.p
      chunk.realise(
        Outcome(
          label: row.label, prediction: row.p, guess: row.p > 0.5 ? 1 : 0,
          labelProbability: probability, previousLabel: .nan), .binary)
    }
    return Dictionary(uniqueKeysWithValues: chunk.realised(.binary).map { ($0.name, $0.value) })
  }

  @Test func `of honest probabilities every score is estimated without a label`() throws {
    let rows = outcomes(5, 20_000) { $0 }
    var sums = ConfidenceEstimator.Sums()
    let estimator = ConfidenceEstimator(.binary)
    for row in rows { estimator.add(row.p, entropy: 0, to: &sums) }
    let came = realised(rows)
    let estimated = estimator.scores(sums)
    #expect(estimated.map(\.name) == ["accuracy", "log-loss", "f1", "roc-auc"])
    for (name, value) in estimated {
      #expect(abs(value - (try #require(came[name]))) < 0.015, "\(name), seed 5")
    }
    let error = try #require(estimator.standardError(sums))
    #expect(abs(error - 0.5 / Double(20_000).squareRoot()) < 0.001)
  }

  @Test func `labels that have come correct probabilities that are not honest`() throws {
    // Three times too sure, in log-odds.
    func truth(_ p: Double) -> Double {
      1 / (1 + cubeRoot((1 - p) / p))
    }
    var estimator = ConfidenceEstimator(.binary)
    let late = outcomes(7, 4000, honest: truth)
    let came = try #require(realised(late)["accuracy"])
    func estimate() throws -> Double {
      var sums = ConfidenceEstimator.Sums()
      for row in late { estimator.add(row.p, entropy: 0, to: &sums) }
      return try #require(estimator.scores(sums).first).value
    }
    let before = try estimate()
    for row in outcomes(8, 8000, honest: truth) { estimator.observe(row.p, hit: row.label) }
    let after = try estimate()
    #expect(abs(before - came) > 0.08, "seeds 7 and 8")
    #expect(abs(after - came) < 0.02, "seeds 7 and 8")
  }

  @Test func `the ranking of shares is that of labels where they are labels`() throws {
    let scores = [0.1, 0.4, 0.35, 0.8, 0.4]
    let labels = [0.0, 0, 1, 1, 1]
    // Of six pairs, ties by half: .35 > .1; .8 > .1, .4; .4 > .1, .4 = .4.
    #expect(WeightedRanking.area(scores, labels) == 4.5 / 6)
    #expect(WeightedRanking.area(scores, [0, 0, 0, 0, 0]) == nil)
  }

  // MARK: - Through the engine

  /// Errors that grow with the first feature, which the labels of the second half would show too late.
  private static func rows(_ task: Task) -> Rows {
    var random = SplitMix(seed: 19)
    return Rows(
      width: 2,
      (0..<3000).map { row in
        let x = random.unit() + (row < 2000 ? 0 : 1)
        let noise = 4 * x * (random.unit() < 0.5 ? -1 : 1)
        let target = task == .regression ? 10 + noise : random.unit() < 0.2 + 0.3 * x ? 1.0 : 0
        return Rows.Row([x, random.normal()], target: target)
      })
  }

  private func engine(
    _ task: Task, delay: Int, _ sizes: [Int], from: Int = 0, to: Int = 3000,
    restored: [UInt8]? = nil
  ) throws -> Engine {
    var options = EngineOptions()
    options.models = [task == .regression ? "linear:optimizer=sgd,rate=0.01" : "naive-bayes"]
    options.labelDelay = delay
    options.batchRows = sizes.max() ?? 1
    options.estimates = EstimateOptions()
    options.estimates?.chunk = 250
    var engine = try Engine(
      options, Schema(task: task, targetName: "y", denseNames: ["a", "b"]))
    if let restored {
      var reader = try SnapshotReader(restored)
      try engine.restore(from: &reader)
      #expect(reader.left == 0)
    }
    var part = EstimateTests.rows(task)
    part.rows = Array(part.rows[from..<to])
    part.forEachBatch(sizes) { engine.step($0) }
    return engine
  }

  private func finished(_ engine: Engine) throws -> (engine: Engine, reports: [EstimateReport]) {
    var engine = engine
    engine.finish()
    return (engine, try #require(engine.estimateReports))
  }

  @Test func `errors that move with the features are foreseen before their labels come`() throws {
    let reports = try finished(try engine(.regression, delay: 500, [64])).reports
    #expect(reports.map(\.from) == Array(stride(from: 0, to: 3000, by: 250)))
    // The first two chunks are predicted before any label.
    #expect(reports[0].estimated.isEmpty && reports[0].lastKnown.isEmpty)
    // From event 2000 on errors are three times as large, and the labels of 500 events are not here.
    let moved = reports[8]
    let estimate = try #require(moved.estimated.first).value
    let came = try #require(moved.realised.first).value
    let known = try #require(moved.lastKnown.first).value
    #expect(moved.labels == 250)
    #expect(abs(known - came) > 3, "\(known), \(came)")
    #expect(abs(estimate - came) < 0.7 * abs(known - came), "\(estimate), \(known), \(came)")
  }

  @Test(arguments: [(Task.regression, 0), (.regression, 300), (.binary, 0), (.binary, 300)])
  func `where batches end and where a run went on changes no estimate`(
    task: Task, delay: Int
  ) throws {
    let whole = try finished(try engine(task, delay: delay, [64])).reports
    let other = try finished(try engine(task, delay: delay, [1, 50, 7, 200])).reports
    var half = try engine(task, delay: delay, [64], to: 1337)
    var writer = SnapshotWriter()
    _ = half.takeEntries()
    half.write(to: &writer)
    let resumed = try finished(
      try engine(task, delay: delay, [64], from: 1337, restored: writer.sealed())
    ).reports
    func text(_ reports: [EstimateReport]) -> [String] {
      reports.map { JSONValue.members($0.members).text }
    }
    #expect(text(whole) == text(other))
    #expect(text(whole) == text(resumed))
    #expect(whole.last?.realised.isEmpty == false)
  }

  @Test func `the journal tells what was estimated, and what came`() throws {
    var engine = try engine(.binary, delay: 300, [64])
    engine.finish()
    let told = engine.takeEntries().filter { $0.kind == "estimate" }
    let first = told.filter { $0["from"] == .int(500) }
    #expect(first.map(\.event) == [750, 1050])
    #expect(first[0]["state"] == .string("estimated") && first[0]["realised"] == .null)
    #expect(first[1]["state"] == .string("realised") && first[1]["labels"] == .int(250))
  }
}

/// Newton's method, for numbers above 0.
private func cubeRoot(_ value: Double) -> Double {
  var root = max(value, 1)
  for _ in 0..<100 { root -= (root * root * root - value) / (3 * root * root) }
  return root
}
