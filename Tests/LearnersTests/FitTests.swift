import Batches
import Catalogues
import TestSupport
import Testing

@testable import Learners

/// Full retraining against statsmodels and scikit-learn, and what must not break it.
@Suite struct FitTests {
  struct Fit: Decodable {
    let intercept: Double?
    let weights: [Double]
  }

  private func rows(target: String) throws -> Rows {
    let table = try Golden.table("batch/input.csv")
    let column = table.header.firstIndex(of: target) ?? 0
    return Rows(
      width: 3,
      table.rows.map {
        Rows.Row($0[..<3].compactMap { Double($0) }, target: Double($0[column]) ?? .nan)
      })
  }

  private func fitted(_ text: String, _ rows: Rows, _ task: Task) throws -> LinearWeights {
    var learner = try Catalogue.learners.make(
      text, LearnerContext(task: task, denseWidth: rows.width))
    rows.forEachBatch([rows.rows.count]) { batch in
      let report = learner.refit(on: batch)
      #expect(report.failure == nil)
    }
    return try #require(learner.linearWeights)
  }

  @Test(arguments: [
    ("ols", "linear:scale=none,ridge=1e-12", Task.regression, 1e-8),
    ("ridge_0.1", "linear:scale=none,ridge=0.1", .regression, 1e-9),
    ("ridge_1", "linear:scale=none,ridge=1", .regression, 1e-9),
    ("ridge_10", "linear:scale=none,ridge=10", .regression, 1e-9),
    ("irls_logistic", "logistic:scale=none,ridge=1e-12", .binary, 1e-8),
    ("logistic_l2_C0.1", "logistic:scale=none,ridge=10", .binary, 1e-5),
    ("logistic_l2_C1", "logistic:scale=none,ridge=1", .binary, 1e-5),
  ]) func `batch fits agree`(name: String, text: String, task: Task, tolerance: Double) throws {
    let golden = try #require(try Golden.json("batch/fits.json", as: [String: Fit].self)[name])
    let weights = try fitted(text, try rows(target: task == .binary ? "y_class" : "y_reg"), task)
    for (a, b) in zip(weights.dense, golden.weights) { #expect(abs(a - b) < tolerance) }
    #expect(abs(weights.intercept - (golden.intercept ?? 0)) < tolerance)
  }

  @Test func `recursive least squares ends where ridge regression does`() throws {
    let rows = try rows(target: "y_reg")
    var learner = try Catalogue.learners.make(
      "rls:forgetting=1,ridge=1e-6,scale=none", LearnerContext(task: .regression, denseWidth: 3))
    _ = LearnerLawsTests.learn(&learner, rows, [16])
    let golden = try #require(try Golden.json("batch/fits.json", as: [String: Fit].self)["ols"])
    let weights = try #require(learner.linearWeights)
    for (a, b) in zip(weights.dense, golden.weights) { #expect(abs(a - b) < 1e-5) }
  }

  @Test func `separable classes, copies of a column and constants are fitted`() throws {
    let rows = Rows(
      width: 3, (0..<50).map { i in Rows.Row([Double(i), Double(i), 7], target: i < 25 ? 0 : 1) })
    let weights = try fitted("logistic:ridge=1e-12", rows, .binary)
    let finite = (weights.dense + [weights.intercept]).allSatisfy { $0.isFinite }
    #expect(finite)
    let line = try fitted("linear:ridge=1e-12", rows, .regression)
    let alsoFinite = (line.dense + [line.intercept]).allSatisfy { $0.isFinite }
    #expect(alsoFinite)
  }

  @Test func `quantiles hold their share of the labels below them`() throws {
    var random = SplitMix(seed: 3)
    let rows = Rows(
      width: 1,
      (0..<5000).map { _ in
        let x = random.normal()
        return Rows.Row([x], target: 3 * x + random.normal())
      })
    for level in [0.1, 0.5, 0.9] {
      let weights = try fitted(
        "linear:loss=quantile,quantile=\(level),scale=none", rows, .regression)
      let below = rows.rows.count { $0.target < weights.dense[0] * $0.dense[0] + weights.intercept }
      #expect(abs(Double(below) / 5000 - level) < 0.01, "\(level)")
    }
  }

  @Test func `forgetting does not wind up on columns that stand still`() throws {
    var random = SplitMix(seed: 6)
    var rows: [Rows.Row] = []
    // A category that is absent for 20,000 rows and then comes back.
    for i in 0..<20_100 {
      let x = random.normal()
      let isBack = i < 50 || i >= 20_000
      rows.append(
        Rows.Row(
          [x, 1], sparse: [(isBack ? 1 : 0, 1)],
          target: 2 * x + (isBack ? 1 : 0) + 0.1 * random.normal()))
    }
    var learner = try Catalogue.learners.make(
      "rls:forgetting=0.99", LearnerContext(task: .regression, denseWidth: 2))
    let found = LearnerLawsTests.learn(&learner, Rows(width: 2, rows), [64])
    let late = zip(found, rows).dropFirst(20_000).map { abs($0[0] - $1.target) }
    #expect(late.allSatisfy { $0 < 3 }, "\(late.max() ?? 0)")
    #expect(learner.takeNotices().isEmpty)
  }

  @Test func `Huber weights begin where errors do`() throws {
    var rows = [Rows.Row([0], target: 0)]
    for i in 0..<500 { rows.append(Rows.Row([Double(i % 7)], target: 3 * Double(i % 7) + 1)) }
    var learner = try Catalogue.learners.make(
      "rls:huber=1.5", LearnerContext(task: .regression, denseWidth: 1))
    let found = LearnerLawsTests.learn(&learner, Rows(width: 1, rows), [8])
    #expect(abs(found[500][0] - rows[500].target) < 0.5)
  }

  @Test func `FTRL goes on from the weights of a refit`() throws {
    let rows = Rows.random(seed: 12, count: 400, width: 3, task: .regression, missing: false)
    var learner = try Catalogue.learners.make(
      "linear:optimizer=ftrl,rate=0.01", LearnerContext(task: .regression, denseWidth: 3))
    rows.forEachBatch([400]) { batch in _ = learner.refit(on: batch) }
    let before = try #require(learner.linearWeights)
    _ = LearnerLawsTests.learn(&learner, Rows(width: 3, Array(rows.rows[..<1])), [1])
    let after = try #require(learner.linearWeights)
    for (a, b) in zip(before.dense, after.dense) { #expect(abs(a - b) < 0.2) }
  }

  @Test func `softmax at an absurd rate stays finite and says so`() throws {
    let rows = Rows.random(seed: 13, count: 600, width: 3, task: .multiclass, missing: false)
    var learner = try Catalogue.learners.make(
      "softmax:optimizer=sgd,rate=1000,l2=10", LearnerContext(task: .multiclass, denseWidth: 3))
    let found = LearnerLawsTests.learn(&learner, rows, [32])
    #expect(found.allSatisfy { $0.allSatisfy { $0.isFinite } })
    #expect(learner.takeNotices().contains { $0.kind == "rate-lowered" })
  }

  @Test(arguments: ["sgd", "momentum"])
  func `a rate that would blow up ends in a smaller one and a notice`(optimizer: String) throws {
    let rows = Rows.random(seed: 8, count: 3000, width: 8, task: .regression, missing: false)
    var learner = try Catalogue.learners.make(
      "linear:optimizer=\(optimizer),rate=5", LearnerContext(task: .regression, denseWidth: 8))
    let found = LearnerLawsTests.learn(&learner, rows, [64])
    #expect(found.allSatisfy { $0[0].isFinite })
    let notices = learner.takeNotices()
    #expect(!notices.isEmpty && notices.allSatisfy { $0.kind == "rate-lowered" })
    let (late, mean) = (
      zip(found, rows.rows).dropFirst(2000).reduce(0) { $0 + abs($1.0[0] - $1.1.target) },
      rows.rows.dropFirst(2000).reduce(0) { $0 + abs($1.target) }
    )
    #expect(late < mean)
  }

  @Test func `implicit steps solve their equation at every rate`() {
    var random = SplitMix(seed: 10)
    for loss in [Loss.squared, .logistic, .poisson, .huber(epsilon: 0.3)] {
      for _ in 0..<500 {
        let (z, rate, norm) = (3 * random.normal(), 10 * random.unit(), 0.1 + 5 * random.unit())
        let y = loss == .poisson ? Double(random.below(9)) : random.unit() < 0.5 ? 0.0 : 1
        let step = loss.implicitStep(z, y, rate: rate, norm: norm)
        let expected = rate * loss.gradient(z - step * norm, y)
        #expect(
          abs(step - expected) < 1e-9 * max(1, abs(step)), "\(loss) \(z) \(y) \(rate) \(norm)")
      }
    }
  }

  @Test func `gradients are the slopes of their losses`() {
    for loss in [Loss.squared, .logistic, .poisson, .huber(epsilon: 0.3), .quantile(0.3)] {
      for z in [-2.0, -0.7, 0.4, 1.9] {
        let slope = (loss.value(z + 1e-6, 1) - loss.value(z - 1e-6, 1)) / 2e-6
        #expect(abs(slope - loss.gradient(z, 1)) < 1e-6)
      }
    }
  }
}
