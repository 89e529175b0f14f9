import Batches
import Catalogues
import Kernels
import TestSupport
import Testing

@testable import Explanations
@testable import Learners

/// What holds of the explanations of every learner.
@Suite struct ExplainerLawTests {
  @Test(arguments: Trained.cases)
  func `base and contributions are the prediction`(item: Trained.Case) throws {
    let explainer = Explainer(pairs: 1, exactPlayers: 2, seed: 3)
    try Trained.explain(item, usual: 5) { learner, batch, background in
      for row in [0, 7] {
        var said = Predictions(rows: batch.count, width: learner.outputs)
        learner.predict(batch, rows: row..<row + 1, into: &said)
        for output in 0..<min(said.width, 2) {
          let model = ExplainedModel(learner, task: item.task, output: output)
          let found = explainer.explain(model, batch, row, against: background, key: row)
          #expect(
            Trained.isClose(found.prediction, said[row, output]),
            "row \(row): \(found.prediction), predicted \(said[row, output])")
        }
      }
    }
  }

  /// The form is the model's own at every row that may be put together of two, and its Shapley values are those of
  /// asking it.
  @Test(arguments: Trained.cases)
  func `a form says what asking for all coalitions says`(item: Trained.Case) throws {
    let explainer = Explainer(pairs: 1, exactPlayers: 10)
    try Trained.explain(item, usual: 4) { learner, batch, background in
      let model = ExplainedModel(learner, task: item.task)
      let found = explainer.explain(model, batch, 3, against: background)
      let asked = explainer.opaque(
        model, found.space, batch, 3, found.groups, background, 0, counts: true)
      #expect(found.isExact)
      guard found.method != .constant else { return }
      #expect(asked.method == .coalitions)
      // Log-odds of probabilities near 0 and 1 lose digits.
      let digits = found.space == .value || found.space == .probability ? 1e-9 : 1e-6
      #expect(Trained.isClose(found.base, asked.base, within: digits))
      for g in found.contributions.indices {
        #expect(
          Trained.isClose(found.contributions[g], asked.contributions[g], within: digits),
          "group \(g): \(found.contributions[g]), asked \(asked.contributions[g])")
      }
    }
  }

  @Test func `each learner is explained by the best that is known of it`() throws {
    let expected: [(String, Task, Explanation.Method)] = [
      ("linear:rate=0.01", .regression, .linear), ("rls", .regression, .linear),
      ("passive-aggressive", .binary, .linear), ("softmax:rate=0.1", .binary, .linear),
      ("logistic:rate=0.1", .binary, .linear), ("running-mean", .regression, .constant),
      ("seasonal-naive", .binary, .constant), ("mixture", .regression, .sampling),
      ("hoeffding-tree-regressor:grace=30,delta=0.5", .regression, .trees),
      ("adaptive-random-forest-regressor:members=3", .regression, .trees),
      ("gradient-boosted-trees:stages=4", .binary, .trees),
      ("hoeffding-tree:leaf=majority", .binary, .trees),
      ("naive-bayes", .binary, .treesAndSampling), ("softmax:rate=0.1", .multiclass, .sampling),
      ("without:features=a,model=rls", .regression, .linear),
    ]
    for (text, task, method) in expected {
      try Trained.explain(Trained.Case(text: text, task: task), usual: 3) { learner, batch, usual in
        let found = Explainer(pairs: 1, exactPlayers: 1).explain(
          ExplainedModel(learner, task: task), batch, 0, against: usual)
        #expect(found.method == method, "\(text)")
      }
    }
  }

  @Test(arguments: [Task.regression, .binary])
  func `what is sampled lies within its standard errors`(task: Task) throws {
    let item = Trained.Case(text: "mixture", task: task)
    try Trained.explain(item, usual: 6) { learner, batch, background in
      let model = ExplainedModel(learner, task: task)
      let exact = Explainer(exactPlayers: 10).explain(model, batch, 1, against: background)
      let sampled = Explainer(pairs: 40, exactPlayers: 0, seed: 11).explain(
        model, batch, 1, against: background)
      let errors = try #require(sampled.standardErrors)
      #expect(exact.standardErrors == nil && !sampled.isExact)
      for g in errors.indices {
        #expect(
          abs(sampled.contributions[g] - exact.contributions[g]) <= 5 * errors[g] + 1e-9,
          "seed 11, group \(g): \(sampled.contributions[g]) ± \(errors[g]), \(exact.contributions[g])"
        )
      }
      let again = Explainer(pairs: 40, exactPlayers: 0, seed: 11).explain(
        model, batch, 1, against: background)
      #expect(again.contributions == sampled.contributions)
    }
  }

  @Test(arguments: ["logistic:rate=0.1", "mixture", "hoeffding-tree:leaf=majority"])
  func `calibrated probabilities are explained as they are told`(text: String) throws {
    let calibration = Calibration(slope: 0.7, offset: -0.4)
    try Trained.explain(Trained.Case(text: text, task: .binary), usual: 4) {
      learner, batch, background in
      let model = ExplainedModel(learner, task: .binary, calibration: calibration)
      let found = Explainer(pairs: 1, exactPlayers: 2).explain(
        model, batch, 2, against: background)
      #expect(found.space == .logOdds())
      #expect(Trained.isClose(found.prediction, model.predictions(batch)[2]))
      #expect((found.method == .linear) == text.hasPrefix("logistic"))
    }
  }

  @Test func `features without a family are told apart, and those of other rows together`() throws {
    var learner = try Catalogue.learners.make(
      "linear:rate=0.1", LearnerContext(task: .regression, denseWidth: 1))
    var batch = MicroBatch(capacity: 40, denseWidth: 1)
    let background = Background(capacity: 10, denseWidth: 1)
    for i in 0..<40 {
      batch.nextDense[0] = Double(i % 3)
      let indices: [Int32] = [Int32(i % 5), Int32(7 + i % 2)]
      batch.addSparse(indices, [1, 0.5], count: 2)
      batch.endRow(target: Double(i % 5), weight: 1, time: .nan, line: i + 1)
      background.observe(batch, i)
    }
    var said = Predictions(rows: 40, width: 1)
    learner.learn(batch, rows: 0..<40, into: &said)
    learner.predict(batch, rows: 0..<40, into: &said)
    let model = ExplainedModel(learner, task: .regression)
    let found = Explainer().explain(model, batch, 11, against: background)
    #expect(found.groups.loose == [1, 8] && found.groups.hasRest && found.groups.count == 4)
    #expect(Trained.isClose(found.prediction, said[11]))
    let asked = Explainer().opaque(model, .value, batch, 11, found.groups, background, 0)
    for g in found.contributions.indices {
      #expect(Trained.isClose(found.contributions[g], asked.contributions[g]))
    }
  }
}
