import Batches
import Catalogues
import Snapshots

/// Predicts the mean of all labels so far. The baseline that R² is measured against.
struct RunningMean: Learner {
  static let entry = Entry<LearnerContext, any Learner>(
    "running-mean", "baseline: the mean of all labels so far",
    make: { _, context throws(SpecificationError) in
      guard context.task == .regression else {
        throw .unfit(entry: "running-mean", reason: "it predicts numbers; use majority")
      }
      return RunningMean()
    })

  private var count = 0.0
  private var mean = 0.0

  var outputs: Int { 1 }
  var memoryBytes: Int { 16 }

  func predict(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    for row in rows { predictions[row] = mean }
  }

  mutating func learn(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    for row in rows {
      predictions[row] = mean
      add(batch.targets[row])
    }
  }

  private mutating func add(_ y: Double) {
    guard !y.isNaN else { return }
    count += 1
    mean += (y - mean) / count
  }

  mutating func refit(on window: borrowing MicroBatch) -> RefitReport {
    (count, mean) = (0, 0)
    for row in 0..<window.count { add(window.targets[row]) }
    return RefitReport(rows: window.count, method: "mean")
  }

  func explainable(
    _ batch: borrowing MicroBatch, _ row: Int, output: Int
  ) -> ExplainableForm {
    .constant
  }

  func write(to writer: inout SnapshotWriter) { writer.write([count, mean]) }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readDoubles()
    guard numbers.count == 2 else { throw .corrupt }
    (count, mean) = (numbers[0], numbers[1])
  }
}
