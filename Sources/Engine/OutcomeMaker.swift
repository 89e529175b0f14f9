package import Batches
package import Learners
package import Scores
import Snapshots

/// Sets predictions beside labels, as scores and detectors want them.
struct OutcomeMaker: Snapshotted, Sendable {
  let task: Task
  private var previous = Double.nan
  /// The probability of the row before and its cost: a baseline has few of them, and a logarithm each is a
  /// twentieth of a tree's run.
  private var last = (probability: 1.0, cost: 0.0)
  /// Outcomes of the labelled rows of the last call, in order.
  private(set) var outcomes: [Outcome] = []

  init(task: Task) { self.task = task }

  func write(to writer: inout SnapshotWriter) {
    writer.write([previous, last.probability, last.cost])
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let n = try reader.readDoubles(count: 3)
    (previous, last) = (n[0], (n[1], n[2]))
  }

  /// Makes an outcome of each labelled row.
  mutating func make(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>, _ predictions: borrowing Predictions
  ) {
    if case .binary = task { return makeBinary(batch, rows, predictions.values) }
    outcomes.removeAll(keepingCapacity: true)
    for row in rows {
      let label = batch.targets[row]
      guard !label.isNaN else { continue }
      outcomes.append(outcome(row, label, predictions))
      previous = label
    }
  }

  /// The same for two classes, which is where rows come fastest: in the place of the outcomes before, as there are
  /// as many as a rule.
  private mutating func makeBinary(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>, _ values: [Double]
  ) {
    let targets = batch.targets
    let nothing = Outcome(
      label: 0, prediction: 0, guess: 0, labelProbability: 0, previousLabel: 0, loss: 0)
    while outcomes.count < rows.count { outcomes.append(nothing) }
    var (before, known) = (previous, last)
    var made = 0
    outcomes.withUnsafeMutableBufferPointer { outcomes in
      values.withUnsafeBufferPointer { values in
        for row in rows {
          let label = targets[row]
          guard label == label else { continue }
          let p = values[row]
          let probability = label > 0.5 ? p : 1 - p
          if probability != known.probability {
            known = (probability, Outcome.logLoss(probability))
          }
          outcomes[made] = Outcome(
            label: label, prediction: p, guess: p > 0.5 ? 1 : 0, labelProbability: probability,
            previousLabel: before, loss: known.cost)
          made &+= 1
          before = label
        }
      }
    }
    (previous, last) = (before, known)
    outcomes.removeLast(outcomes.count - made)
  }

  private func outcome(
    _ row: Int, _ label: Double, _ predictions: borrowing Predictions
  ) -> Outcome {
    switch task {
    case .regression:
      let value = predictions[row]
      return Outcome(
        label: label, prediction: value, guess: value, labelProbability: 0,
        previousLabel: previous, loss: abs(label - value))
    case .binary, .multiclass:
      let guess = predictions.likeliest(row)
      let known = Int(label) < predictions.width
      return Outcome(
        label: label, prediction: Double(guess), guess: Double(guess),
        labelProbability: known ? predictions[row, Int(label)] : 0, previousLabel: previous)
    }
  }
}

extension Predictions {
  /// The class with the greatest probability; the first of equals.
  package func likeliest(_ row: Int) -> Int {
    var best = 0
    for output in 1..<max(width, 1) where self[row, output] > self[row, best] { best = output }
    return best
  }
}

extension Outcome {
  /// label − prediction for a number; 1 for a wrong class, 0 for a right one.
  func error(_ task: Task) -> Double {
    task == .regression ? label - prediction : (guess == label ? 0 : 1)
  }
}

extension Task {
  package var scoreTask: ScoreTask {
    switch self {
    case .regression: .regression
    case .binary: .binary
    case .multiclass: .multiclass
    }
  }
}
