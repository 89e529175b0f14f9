import Batches
import Catalogues
import Learners
import Snapshots

/// How far off numbers will turn out to be, before any label is here: direct loss estimation.
///
/// A second model learns |label − prediction| from the features and the prediction, each time a label comes; what it
/// predicts of a row whose label has not come is the error that is to be expected of it, and its mean over a chunk the
/// expected mean absolute error. It has to aim at the mean, so it is a model of least squares: by default recursive
/// least squares with a memory of some thousand rows. What it says below 0 counts as 0, which makes the mean too large: each
/// label that comes also corrects the level, an estimate being multiplied by
///
///     c = Σ error / Σ estimate,   over the labels so far, each counting .999 of the one after it
///
/// **What is assumed.** That errors depend on features and prediction as they did on the rows whose labels have come. A
/// change of the relation of label and features is not seen before its labels come.
///
/// Reference: NannyML, Direct loss estimation (DLE), nannyml.readthedocs.io.
///
/// Cost: one more linear model of all features, sparse ones and all.
struct DirectLossEstimator: Sendable {
  private let width: Int
  private let cap: Double = 1e12
  /// The one model; in an array, as an engine that had it in itself would be copied by way of memory wherever it is asked.
  private var learners: [any Learner]
  private var said = Predictions(rows: 1, width: 1)
  /// Errors learned so far.
  private(set) var learned = 0
  /// Errors that came, and what was said of them the moment before: sums, older ones counting less.
  private var (came, expected) = (0.0, 0.0)
  private static let forgetting = 0.999
  /// Before so many errors were learned it says nothing.
  private static let leastLearned = 50

  init(
    _ specification: String, _ schema: Batches.Schema, _ families: [FeatureFamily]
  ) throws(SpecificationError) {
    width = schema.denseWidth
    let context = LearnerContext(
      task: .regression, denseWidth: schema.denseWidth + 1, families: families,
      denseNames: schema.denseNames + ["prediction"])
    learners = [try Catalogue.learners.make(specification, context)]
  }

  /// The error that is to be expected of a row; nil as long as too little is known.
  mutating func estimate(
    _ batch: borrowing MicroBatch, _ row: Int, prediction: Double, scratch: inout MicroBatch
  ) -> Double? {
    guard learned >= DirectLossEstimator.leastLearned else { return nil }
    put(batch, row, prediction, target: .nan, &scratch)
    learners[0].predict(scratch, rows: 0..<1, into: &said)
    return min(max(said[0], 0), cap) * (expected > 0 ? came / expected : 1)
  }

  /// Learns from the error that a row turned out to have.
  mutating func observe(
    _ batch: borrowing MicroBatch, _ row: Int, prediction: Double, error: Double,
    scratch: inout MicroBatch
  ) {
    put(batch, row, prediction, target: min(error, cap), &scratch)
    learners[0].learn(scratch, rows: 0..<1, into: &said)
    learned += 1
    guard learned > DirectLossEstimator.leastLearned else { return }
    came = DirectLossEstimator.forgetting * came + min(error, cap)
    expected = DirectLossEstimator.forgetting * expected + min(max(said[0], 0), cap)
  }

  private func put(
    _ batch: borrowing MicroBatch, _ row: Int, _ prediction: Double, target: Double,
    _ scratch: inout MicroBatch
  ) {
    scratch.removeAll()
    let dense = scratch.nextDense
    dense.update(from: batch.dense(row), count: width)
    dense[width] = prediction.isFinite ? min(max(prediction, -cap), cap) : 0
    let sparse = batch.sparse(row)
    for k in 0..<sparse.count {
      scratch.addSparse(
        Int(sparse.indices[k]), sparse.values[k], family: Int(sparse.families[k]))
    }
    scratch.endRow(target: target, weight: 1, time: batch.times[row], line: 1)
  }

  mutating func write(to writer: inout SnapshotWriter) {
    _ = learners[0].takeNotices()
    writer.write(learned)
    writer.write([came, expected])
    learners[0].write(to: &writer)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    learned = try reader.readInt()
    let sums = try reader.readDoubles(count: 2)
    (came, expected) = (sums[0], sums[1])
    try learners[0].restore(from: &reader)
  }
}
