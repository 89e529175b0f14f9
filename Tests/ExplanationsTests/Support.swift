import Batches
import Catalogues
import Kernels
import TestSupport
import Testing

@testable import Explanations
@testable import Learners

/// Learners that have learned something, and rows to explain.
enum Trained {
  struct Case: Sendable, CustomTestStringConvertible {
    let text: String
    let task: Task
    var testDescription: String { "\(text) on \(task.rawValue)" }
  }

  /// Every learner by itself, and what has forms of its own.
  static let cases: [Case] = {
    var cases: [Case] = []
    for task in Task.allCases {
      for name in Catalogue.learners.names where (try? learner(name, task)) != nil {
        cases.append(Case(text: name, task: task))
      }
    }
    let more: [(Task, [String])] = [
      (
        .regression,
        [
          "linear:rate=0.01", "linear:rate=0.01,limit=1", "linear:loss=poisson,rate=0.001",
          "linear:rates=0.1/0.01", "linear:rate=0.01,scale=min-max", "rls:most=9",
          "mixture:links=identity,second-order=off", "mixture:errors=on,second-order=on",
          "mixture:second-order=on,most=8", "mixture:trees=forest", "mixture:trees=tree",
          "hoeffding-tree-regressor:grace=30,delta=0.5",
          "hoeffding-tree-regressor:grace=30,delta=0.5,leaf=mean,splits=any",
          "hoeffding-tree-regressor:grace=30,delta=0.5,leaf=linear,scale=none,step=plain,rate=1e-4",
          "hoeffding-adaptive-tree-regressor:grace=30,delta=0.5,window=30,adwin=0.9",
          "adaptive-random-forest-regressor:members=3,grace=30,delta=0.5",
          "gradient-boosted-trees:stages=5,learning-rate=0.5,grace=30,delta=0.5",
          "without:features=a,model=linear:rate=0.01", "without:features=level,model=rls",
        ]
      ),
      (
        .binary,
        [
          "logistic:rate=0.1", "softmax:rate=0.1", "mixture:second-order=on",
          "mixture:pool=log-odds", "mixture:trees=tree",
          "hoeffding-tree:grace=30,delta=0.3,leaf=majority,splits=any",
          "hoeffding-tree:grace=30,delta=0.3,leaf=naive-bayes",
          "hoeffding-adaptive-tree:grace=30,delta=0.3,leaf=majority,window=30,adwin=0.9",
          "extremely-fast-decision-tree:grace=30,delta=0.5,leaf=majority",
          "adaptive-random-forest:members=3,grace=30,delta=0.5,leaf=majority",
          "gradient-boosted-trees:stages=5,learning-rate=0.5,grace=30,delta=0.5",
        ]
      ),
      (
        .multiclass,
        [
          "softmax:rate=0.1", "hoeffding-tree:grace=30,delta=0.3,leaf=majority",
          "leveraging-bagging:members=3,grace=30,delta=0.5,leaf=majority",
          "gradient-boosted-trees:stages=4,learning-rate=0.5,grace=30,delta=0.5",
        ]
      ),
    ]
    for (task, texts) in more { cases += texts.map { Case(text: $0, task: task) } }
    return cases
  }()

  static let width = 4

  static func learner(_ text: String, _ task: Task) throws -> any Learner {
    try Catalogue.learners.make(
      text,
      LearnerContext(
        task: task, denseWidth: width, season: .events(24),
        families: [FeatureFamily(name: "level", levels: [0], dense: [])],
        denseNames: ["a", "b", "c", "d"]))
  }

  static func rows(_ task: Task, seed: UInt64 = 5, count: Int = 260) -> Rows {
    var rows = Rows.boxes(seed: seed, count: count, width: width, task: task)
    if task == .regression {
      for i in rows.rows.indices { rows.rows[i].target = abs(rows.rows[i].target) }
    }
    return rows
  }

  /// Has a learner learn the rows, and lends the last of them with a background of some of the others.
  static func explain(
    _ item: Case, usual: Int, _ body: (any Learner, borrowing MicroBatch, Background) throws -> Void
  ) throws {
    var own = try learner(item.text, item.task)
    let background = Background(capacity: usual, denseWidth: width)
    let rows = rows(item.task)
    var failure: (any Error)?
    var batches = 0
    rows.forEachBatch([20]) { batch in
      batches += 1
      guard batches < 13 else {
        do { try body(own, batch, background) } catch { failure = error }
        return
      }
      for row in 0..<batch.count { background.observe(batch, row) }
      var said = Predictions(rows: batch.count, width: 1)
      own.learn(batch, rows: 0..<batch.count, into: &said)
    }
    if let failure { throw failure }
  }

  static func isClose(_ a: Double, _ b: Double, within: Double = 1e-9) -> Bool {
    abs(a - b) <= within * max(1, abs(a), abs(b))
  }
}
