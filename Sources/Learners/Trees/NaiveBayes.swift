import Batches
import Catalogues
import Glibc
import Snapshots

/// Naive Bayes: every number normally distributed in every class, every category by its counts, all
/// independent of one another given the class.
///
///     P(c | x) ∝ P(c)·Πⱼ N(xⱼ; μⱼ꜀, σⱼ꜀²)·Πₐ n(a, c)/n(c)
///
/// What a leaf of a `HoeffdingTree` keeps (`ClassObservers`), for all rows: O(d) a row and class, no
/// parameter. A number that never varied in a class says nothing of it, nor does a level that it never had.
/// Answers are no surer than Laplace's rule allows for as many rows.
///
/// Reference: as River's `GaussianNB` for numbers; C. Bishop, Pattern Recognition and Machine Learning, 2006,
/// §4.2.
struct NaiveBayes: Learner {
  static let entry = Entry<LearnerContext, any Learner>(
    "naive-bayes", "Naive Bayes: normal distributions of numbers, counts of categories",
    parameters: [
      Parameter(
        "smoothing", .real(default: 1, in: 0...1e6), "rows that every class is given on top")
    ],
    make: { settings, context throws(SpecificationError) in
      guard context.task.isClassification else {
        throw .unfit(entry: "naive-bayes", reason: "it predicts classes; the target is a number")
      }
      return NaiveBayes(smoothing: settings.real("smoothing"), context)
    })

  private let isBinary: Bool
  private let blank: ClassTree
  /// A tree that never grows: its root is all there is.
  private var tree: ClassTree
  private var attributes: TreeAttributes
  private var sight: TreeSight

  init(smoothing: Double, _ context: LearnerContext) {
    isBinary = context.task == .binary
    attributes = TreeAttributes(context)
    var settings = ClassTreeSettings()
    settings.leaf = .naiveBayes
    settings.grace = .infinity
    settings.smoothing = smoothing
    tree = ClassTree(
      settings: settings, numbers: attributes.numbers, nominals: attributes.nominals, classes: 2)
    blank = tree
    sight = TreeSight(nominals: attributes.nominals, classes: 2)
  }

  var outputs: Int { isBinary ? 1 : max(1, sight.classes) }
  var memoryBytes: Int { tree.memoryBytes }

  func predict(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    predictions.widen(to: outputs)
    var (tree, sight) = (tree, sight)
    for i in rows {
      attributes.find(batch.sparse(i), into: &sight.levels)
      _ = tree.answer(0, batch.dense(i), sight.levels, into: &sight.distribution)
      sight.write(to: &predictions, i, isBinary: isBinary)
    }
  }

  mutating func learn(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    for i in rows {
      predictions.widen(to: outputs)
      let y = batch.targets[i]
      if y.isNaN {
        predict(batch, rows: i..<i + 1, into: &predictions)
        continue
      }
      if attributes.learn(batch.sparse(i), into: &sight.levels) {
        tree.grow(classes: tree.classes, levels: attributes.levels)
      }
      let said = tree.answer(0, batch.dense(i), sight.levels, into: &sight.distribution)
      sight.write(to: &predictions, i, isBinary: isBinary)
      if Int(y) >= tree.classes {
        tree.grow(classes: Int(y) + 1, levels: attributes.levels)
        sight.makeRoom(tree.classes)
      }
      sight.count(Int(y), batch.weights[i])
      guard batch.weights[i] > 0 else { continue }
      _ = tree.learn(
        0, batch.dense(i), sight.levels, class: Int(y), weight: batch.weights[i], said: said)
    }
    predictions.widen(to: outputs)
  }

  mutating func refit(on window: borrowing MicroBatch) -> RefitReport {
    tree = blank
    tree.grow(classes: max(2, sight.classes), levels: attributes.levels)
    var scratch = Predictions(rows: window.count, width: outputs)
    learn(window, rows: 0..<window.count, into: &scratch)
    let rows = (0..<window.count).count { !window.targets[$0].isNaN }
    return RefitReport(
      rows: rows, method: "moments of the window",
      failure: rows > 0 ? nil : "the window holds no labels")
  }

  func write(to writer: inout SnapshotWriter) {
    attributes.write(to: &writer)
    tree.write(to: &writer)
    sight.write(to: &writer)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try attributes.restore(from: &reader)
    try tree.restore(from: &reader)
    try sight.restore(from: &reader, classes: tree.classes)
  }
}
