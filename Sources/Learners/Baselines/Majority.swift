import Batches
import Catalogues
import Snapshots

/// Predicts each class with the share of labels it has had so far, so that the class it names is
/// the majority's. Shares start from one imagined label a class (Laplace).
struct Majority: Learner {
  static let entry = Entry<LearnerContext, any Learner>(
    "majority", "baseline: the classes' shares so far; its guess is the majority class",
    make: { _, context throws(SpecificationError) in
      guard context.task.isClassification else {
        throw .unfit(entry: "majority", reason: "it predicts classes; use running-mean")
      }
      return Majority(isMulticlass: context.task == .multiclass)
    })

  private let isMulticlass: Bool
  private var counts: [Double]
  private var total = 0.0

  init(isMulticlass: Bool) {
    self.isMulticlass = isMulticlass
    counts = isMulticlass ? [0] : [0, 0]
  }

  var outputs: Int { isMulticlass ? counts.count : 1 }
  var memoryBytes: Int { counts.count * 8 }

  private func write(_ row: Int, _ predictions: inout Predictions) {
    let all = total + Double(counts.count)
    guard isMulticlass else {
      predictions[row] = (counts[1] + 1) / all
      return
    }
    for c in 0..<predictions.width {
      predictions[row, c] = c < counts.count ? (counts[c] + 1) / all : 0
    }
  }

  func predict(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    predictions.widen(to: outputs)
    for row in rows { write(row, &predictions) }
  }

  mutating func learn(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    for row in rows {
      predictions.widen(to: outputs)
      write(row, &predictions)
      add(batch.targets[row])
    }
    predictions.widen(to: outputs)
  }

  private mutating func add(_ y: Double) {
    guard !y.isNaN else { return }
    while counts.count <= Int(y) { counts.append(0) }
    counts[Int(y)] += 1
    total += 1
  }

  mutating func refit(on window: borrowing MicroBatch) -> RefitReport {
    for c in counts.indices { counts[c] = 0 }
    total = 0
    for row in 0..<window.count { add(window.targets[row]) }
    return RefitReport(rows: window.count, method: "shares")
  }

  func explainable(
    _ batch: borrowing MicroBatch, _ row: Int, output: Int
  ) -> ExplainableForm {
    .constant
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(counts)
    writer.write(total)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    counts = try reader.readDoubles()
    total = try reader.readDouble()
    guard counts.count >= (isMulticlass ? 1 : 2) else { throw .corrupt }
  }
}
