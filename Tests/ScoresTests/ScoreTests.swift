import Catalogues
import Scores
import TestSupport
import Testing

@Suite struct ScoreTests {
  struct Golden: Decodable {
    struct Binary: Decodable {
      let y: [Double]
      let score: [Double]
      let roc_auc, log_loss, average_precision, accuracy, f1, cohen_kappa: Double
    }
    struct Regression: Decodable {
      let y, pred: [Double]
      let mae, rmse, r2: Double
    }
    struct Multiclass: Decodable {
      let y, pred: [Double]
      let accuracy, f1_macro, cohen_kappa: Double
    }
    let binary: Binary
    let regression: Regression
    let multiclass: Multiclass
  }

  private func golden() throws -> Golden {
    try TestSupport.Golden.json("metrics_sklearn.json", as: Golden.self)
  }

  private func value(_ name: String, _ task: ScoreTask, _ outcomes: [Outcome]) throws -> Double? {
    var score = try Catalogue.scores.make(name, task).score
    score.observe(outcomes[...])
    return score.value
  }

  private static func binary(_ labels: [Double], _ scores: [Double]) -> [Outcome] {
    labels.indices.map { i in
      Outcome(
        label: labels[i], prediction: scores[i], guess: scores[i] > 0.5 ? 1 : 0,
        labelProbability: labels[i] > 0.5 ? scores[i] : 1 - scores[i],
        previousLabel: i > 0 ? labels[i - 1] : .nan)
    }
  }

  @Test func `two classes agree with scikit-learn`() throws {
    let golden = try golden().binary
    let outcomes = ScoreTests.binary(golden.y, golden.score)
    for (name, expected) in [
      ("roc-auc", golden.roc_auc), ("log-loss", golden.log_loss), ("accuracy", golden.accuracy),
      ("average-precision", golden.average_precision), ("f1", golden.f1),
      ("kappa", golden.cohen_kappa),
    ] {
      let found = try #require(try value(name, .binary, outcomes))
      #expect(abs(found - expected) < 1e-12, "\(name)")
    }
  }

  @Test func `numbers agree with scikit-learn`() throws {
    let golden = try golden().regression
    let outcomes = zip(golden.y, golden.pred).map {
      Outcome(label: $0, prediction: $1, guess: $1, labelProbability: 0, previousLabel: .nan)
    }
    for (name, expected) in [("mae", golden.mae), ("rmse", golden.rmse), ("r2", golden.r2)] {
      let found = try #require(try value(name, .regression, outcomes))
      #expect(abs(found - expected) < 1e-12, "\(name)")
    }
  }

  @Test func `several classes agree with scikit-learn`() throws {
    let golden = try golden().multiclass
    let outcomes = zip(golden.y, golden.pred).map {
      Outcome(label: $0, prediction: $1, guess: $1, labelProbability: 1, previousLabel: .nan)
    }
    for (name, expected) in [
      ("accuracy", golden.accuracy), ("f1", golden.f1_macro), ("kappa", golden.cohen_kappa),
    ] {
      let found = try #require(try value(name, .multiclass, outcomes))
      #expect(abs(found - expected) < 1e-12, "\(name)")
    }
  }

  @Test func `kappa-temporal is what its definition says`() throws {
    let outcomes = ScoreTests.binary([1, 1, 0, 0, 1, 1], [0.9, 0.9, 0.1, 0.9, 0.9, 0.9])
    // Accuracy 5/6; no change is right in 3 of 5.
    let found = try #require(try value("kappa-temporal", .binary, outcomes))
    #expect(abs(found - (5.0 / 6 - 0.6) / 0.4) < 1e-12)
  }

  private static func random(_ seed: UInt64, _ count: Int, _ task: ScoreTask) -> [Outcome] {
    var random = SplitMix(seed: seed)
    var previous = Double.nan
    return (0..<count).map { _ in
      let z = random.normal()
      let label: Double
      switch task {
      case .regression: label = z + random.normal()
      case .binary: label = random.unit() < 1 / (1 + (-z).exponential) ? 1 : 0
      case .multiclass: label = Double(random.below(4))
      }
      let p = 1 / (1 + (-3 * z).exponential)
      defer { previous = label }
      return Outcome(
        label: label, prediction: task == .regression ? z : p,
        guess: task == .multiclass ? Double(random.below(4)) : p > 0.5 ? 1 : 0,
        labelProbability: label > 0.5 ? p : 1 - p, previousLabel: previous)
    }
  }

  /// A ranking counts by bins from 4,096 outcomes on.
  @Test(arguments: [ScoreTask.regression, .binary, .multiclass], [1000, 9000])
  func `a batch is the same as one by one, and merging as the whole`(
    task: ScoreTask, count: Int
  ) throws {
    let outcomes = ScoreTests.random(3, count, task)
    for entry in Catalogue.scores(for: task) {
      var (whole, single, left, right) = (entry.score, entry.score, entry.score, entry.score)
      whole.observe(outcomes[...])
      for outcome in outcomes { single.observe(outcome) }
      left.observe(outcomes[..<311])
      right.observe(outcomes[311...])
      left.merge(right)
      #expect(whole.value == single.value, "\(entry.name)")
      let (a, b) = (try #require(whole.value), try #require(left.value))
      #expect(abs(a - b) < 1e-12, "\(entry.name)")
    }
  }

  @Test func `binned ranking is close to the exact one, and the essay says how close`() throws {
    let outcomes = ScoreTests.random(17, 100_000, .binary)
    let sorted = outcomes.sorted { $0.prediction < $1.prediction }
    let positives = Double(outcomes.count { $0.label > 0.5 })
    let negatives = Double(outcomes.count) - positives
    var (below, pairs) = (0.0, 0.0)
    for outcome in sorted { if outcome.label > 0.5 { pairs += below } else { below += 1 } }
    var (hits, taken, precision) = (0.0, 0.0, 0.0)
    for outcome in sorted.reversed() {
      taken += 1
      guard outcome.label > 0.5 else { continue }
      hits += 1
      precision += hits / taken / positives
    }
    let auc = try #require(try value("roc-auc", .binary, outcomes))
    let ap = try #require(try value("average-precision", .binary, outcomes))
    #expect(abs(auc - pairs / (positives * negatives)) < 1e-6)
    #expect(abs(ap - precision) < 1e-4)
  }

  @Test func `the window looks back on its rows only`() {
    let outcomes = ScoreTests.random(5, 500, .regression)
    var board = ScoreBoard(task: .regression, windowRows: 100)
    for start in stride(from: 0, to: 500, by: 7) {
      board.observe(outcomes[start..<min(start + 7, 500)])
    }
    var last = ScoreBoard(task: .regression, windowRows: 100)
    last.observe(outcomes[400...])
    let (window, expected) = (board.overWindow.map(\.value), last.overall.map(\.value))
    #expect(zip(window, expected).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  @Test func `a reliability table counts what came where it was predicted`() {
    var table = Reliability()
    #expect(table.expectedCalibrationError == nil)
    func outcome(_ p: Double, _ label: Double) -> Outcome {
      Outcome(
        label: label, prediction: p, guess: p > 0.5 ? 1 : 0, labelProbability: 0, previousLabel: 0)
    }
    table.observe([outcome(0.0005, 0), outcome(0.4, 1), outcome(0.5, 0), outcome(1, 1)][...])
    #expect(table.bins.map(\.upTo) == [0.001, 0.5, 1])
    #expect(table.bins.map(\.count) == [1, 2, 1])
    #expect(table.bins.map(\.observed) == [0, 0.5, 1])
    // Only the middle bin is off, by 0.05 for half of the rows; the first by 0.0005 for a quarter.
    #expect(abs((table.expectedCalibrationError ?? 0) - (0.05 / 2 + 0.0005 / 4)) < 1e-12)
  }
}
