import Glibc
package import Snapshots

/// One prediction beside the label that came for it.
package struct Outcome: Sendable, Equatable {
  /// The label: a number, or the index of the class.
  package let label: Double
  /// The predicted number, or for two classes the probability of class 1.
  package let prediction: Double
  /// The class that was guessed; the predicted number in a regression.
  package let guess: Double
  /// The probability that was given to the label's class.
  package let labelProbability: Double
  /// The label of the row before; NaN at the first.
  package let previousLabel: Double
  /// What the row cost: |error| for a number, −log of the probability of what happened for a class.
  package let loss: Double

  @inline(__always)
  package init(
    label: Double, prediction: Double, guess: Double, labelProbability: Double,
    previousLabel: Double, loss: Double
  ) {
    self.label = label
    self.prediction = prediction
    self.guess = guess
    self.labelProbability = labelProbability
    self.previousLabel = previousLabel
    self.loss = loss
  }

  /// An outcome of classes.
  package init(
    label: Double, prediction: Double, guess: Double, labelProbability: Double,
    previousLabel: Double
  ) {
    self.init(
      label: label, prediction: prediction, guess: guess, labelProbability: labelProbability,
      previousLabel: previousLabel, loss: Outcome.logLoss(labelProbability))
  }

  /// −log of a probability, in nats; kept 2.2e-16 away from 0, as scikit-learn does, so that one certain error costs 36
  /// rather than everything.
  package static func logLoss(_ probability: Double) -> Double {
    -log(min(max(probability, 0x1p-52), 1))
  }
}

/// A figure of merit over a stream of outcomes, updated as they come.
///
/// Laws: a batch is the same as one by one; merging two halves is the same as the whole.
package protocol Score: Snapshotted, Sendable {
  mutating func observe(_ outcome: Outcome)

  /// Takes outcomes in order.
  mutating func observe(_ outcomes: ArraySlice<Outcome>)

  /// The figure so far; nil while it is not defined.
  var value: Double? { get }

  /// The figure that this score makes of what another of its type has seen: scores that count the same
  /// things share one count on a board.
  func value(from other: any Score) -> Double?

  /// Takes over what `other`, of the same type, has seen.
  mutating func merge(_ other: any Score)
}

extension Score {
  package func value(from other: any Score) -> Double? { (other as? Self)?.value }

  package mutating func observe(_ outcomes: ArraySlice<Outcome>) {
    for i in outcomes.indices { observe(outcomes[i]) }
  }
}

/// What the scored predictions are.
package enum ScoreTask: Sendable {
  case regression
  case binary
  case multiclass
}
