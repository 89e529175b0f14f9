import Batches
import Kernels
import TestSupport
import Testing

@testable import Explanations
@testable import Learners

@Suite struct LocalSurrogateTests {
  @Test func `of a linear model it finds the weights and fits it all`() throws {
    let item = Trained.Case(text: "without:features=level,model=rls", task: .regression)
    try Trained.explain(item, usual: 40) { learner, batch, background in
      let model = ExplainedModel(learner, task: .regression)
      let found = LocalSurrogate.fit(model, batch, 2, around: background, features: 4, seed: 4)
      #expect((found.fidelity ?? 0) > 0.999)
      #expect(abs(found.local - found.prediction) < 0.02 * abs(found.prediction) + 0.02)
      for (group, weight) in found.weights where group < 4 {
        let values = background.places.map { background.rows.dense($0)[group] }
        let mean = values.reduce(0, +) / 40
        let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 40).squareRoot()
        var moved = MicroBatch(capacity: 1, denseWidth: 4)
        for j in 0..<4 {
          moved.nextDense[j] = batch.dense(2)[j] + (j == group ? deviation : 0)
        }
        moved.endRow(target: .nan, weight: 1, time: .nan, line: 1)
        let expected = model.predictions(moved)[0] - found.prediction
        #expect(abs(weight - expected) < 0.02 * abs(expected) + 0.02, "seed 4, group \(group)")
      }
      let again = LocalSurrogate.fit(model, batch, 2, around: background, features: 4, seed: 4)
      #expect(again.weights.map(\.weight) == found.weights.map(\.weight))
    }
  }

  @Test func `it keeps as many features as it is asked for, and says when it does not fit`() throws
  {
    try Trained.explain(
      Trained.Case(
        text: "hoeffding-tree-regressor:grace=20,delta=0.9,leaf=mean", task: .regression),
      usual: 40
    ) { learner, batch, background in
      let model = ExplainedModel(learner, task: .regression)
      let found = LocalSurrogate.fit(model, batch, 2, around: background, features: 2, samples: 500)
      #expect(found.weights.count == 2 && found.samples == 500)
      #expect((found.fidelity ?? 1) < 0.95)
    }
    try Trained.explain(Trained.Case(text: "running-mean", task: .regression), usual: 10) {
      learner, batch, background in
      let model = ExplainedModel(learner, task: .regression)
      let found = LocalSurrogate.fit(model, batch, 2, around: background, features: 2, samples: 100)
      #expect(found.fidelity == nil)
    }
  }
}
