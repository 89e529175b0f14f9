import Batches
import Catalogues
import TestSupport
import Testing

@testable import Learners

/// River's linear models, prediction by prediction, within 1e-9. The files are in `Tests/Golden`.
@Suite struct RiverTests {
  private func rows(target: String) throws -> Rows {
    let table = try Golden.table("linear/input.csv")
    let column = table.header.firstIndex(of: target) ?? 0
    return Rows(
      width: 4,
      table.rows.map { row in
        Rows.Row(row[..<4].compactMap { Double($0) }, target: Double(row[column]) ?? .nan)
      })
  }

  struct Final: Decodable {
    let weights: [String: Double]
    let intercept: Double
  }

  @Test(arguments: [
    ("logreg_sgd", "logistic:optimizer=sgd,rate=0.01,intercept=0.01"),
    ("logreg_sgd_noscale", "logistic:optimizer=sgd,rate=0.01,intercept=0.01,scale=none"),
    ("logreg_sgd_l2", "logistic:optimizer=sgd,rate=0.05,intercept=0.01,l2=0.01"),
    ("logreg_adam", "logistic:optimizer=adam,rate=0.01,intercept=0.01"),
    ("logreg_adagrad", "logistic:optimizer=adagrad,rate=0.1,intercept=0.01"),
    ("logreg_rmsprop", "logistic:optimizer=rmsprop,rate=0.01,intercept=0.01"),
    ("linreg_sgd", "linear:optimizer=sgd,rate=0.01,intercept=0.01"),
    ("linreg_sgd_l2", "linear:optimizer=sgd,rate=0.01,intercept=0.01,l2=0.1"),
    ("linreg_huber", "linear:loss=huber,epsilon=0.1,optimizer=sgd,rate=0.01,intercept=0.01"),
  ]) func `predictions and weights agree`(column: String, text: String) throws {
    let isClass = column.hasPrefix("log")
    let rows = try rows(target: isClass ? "y_class" : "y_reg")
    let expected = try Golden.column("linear/predictions_river.csv", column)
    var learner = try Catalogue.learners.make(
      text, LearnerContext(task: isClass ? .binary : .regression, denseWidth: 4))
    let found = LearnerLawsTests.learn(&learner, rows, [32])
    #expect(expected.count == 500)
    for (i, pair) in zip(found, expected).enumerated() {
      #expect(abs(pair.0[0] - pair.1) < 1e-9, "row \(i)")
    }
    let final = try #require(
      try Golden.json("linear/final_river.json", as: [String: Final].self)[column])
    let weights = try #require(learner.linearWeights)
    for (j, name) in ["a", "b", "c", "d"].enumerated() {
      #expect(abs(weights.dense[j] - (final.weights[name] ?? .nan)) < 1e-9)
    }
    #expect(abs(weights.intercept - final.intercept) < 1e-9)
  }

  /// River's FTRL works out its weights from z and n before it takes the row's gradient into them, so
  /// it predicts with weights that are one row old. McMahan's algorithm 1, which ours follows, works
  /// them out when predicting, from all that came before. Delaying ours by one row gives River's.
  @Test func `FTRL differs from River's by River's delay of one row`() throws {
    let rows = try rows(target: "y_class")
    let expected = try Golden.column("linear/predictions_river.csv", "logreg_ftrl")
    let (alpha, beta, l2) = (0.05, 1.0, 1.0)
    var (z, n, w) = ([0.0, 0, 0, 0], [0.0, 0, 0, 0], [0.0, 0, 0, 0])
    var intercept = 0.0
    var scaler = FeatureScaler(.standard, limit: 0, width: 4)
    var largest = 0.0
    for (i, row) in rows.rows.enumerated() {
      var x = row.dense
      scaler.transform(row.dense, into: &x)
      let p = 1 / (1 + (-(zip(x, w).reduce(0) { $0 + $1.0 * $1.1 } + intercept)).exponential)
      #expect(abs(p - expected[i]) < 1e-9, "row \(i)")
      scaler.observe(row.dense)
      scaler.transform(row.dense, into: &x)
      let again = 1 / (1 + (-(zip(x, w).reduce(0) { $0 + $1.0 * $1.1 } + intercept)).exponential)
      for j in 0..<4 {
        let g = (again - row.target) * x[j]
        if abs(z[j]) > 0 { w[j] = -z[j] / ((beta + n[j].squareRoot()) / alpha + l2) }
        let sigma = ((n[j] + g * g).squareRoot() - n[j].squareRoot()) / alpha
        z[j] += g - sigma * w[j]
        n[j] += g * g
      }
      intercept -= 0.01 * (again - row.target)
    }
    var own = try Catalogue.learners.make(
      "logistic:optimizer=ftrl,rate=0.05,l2=1,intercept=0.01",
      LearnerContext(task: .binary, denseWidth: 4))
    for (i, found) in LearnerLawsTests.learn(&own, rows, [32]).enumerated() {
      largest = max(largest, abs(found[0] - expected[i]))
    }
    #expect(largest > 1e-4 && largest < 0.1)
  }

  /// River's `learn_many` averages a batch's gradients into one step. Ours learns the rows of a batch
  /// one after another, so on batches of ten it does what River does with batches of one.
  @Test func `micro-batches are exact where River's are averaged`() throws {
    let rows = try rows(target: "y_reg")
    let averaged = try Golden.column("linear/microbatch_river.csv", "linreg_batch10")
    let text = "linear:optimizer=sgd,rate=0.01,intercept=0.01,scale=none"
    let context = LearnerContext(task: .regression, denseWidth: 4)
    var (single, ten) = (
      try Catalogue.learners.make(text, context), try Catalogue.learners.make(text, context)
    )
    let (a, b) = (
      LearnerLawsTests.learn(&single, rows, [1]), LearnerLawsTests.learn(&ten, rows, [10])
    )
    #expect(a == b)
    let labels = rows.rows.map(\.target)
    let exact = zip(b, labels).reduce(0) { $0 + abs($1.0[0] - $1.1) } / 500
    let mean = zip(averaged, labels).reduce(0) { $0 + abs($1.0 - $1.1) } / 500
    #expect(exact < 0.7 * mean, "\(exact) against \(mean)")
  }
}
