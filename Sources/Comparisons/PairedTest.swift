package import Snapshots

/// Compares two models by what the same events cost them, and may be looked at after every event.
///
/// It is shown differences d = loss of the model that is served − loss of the challenger: above 0 where the
/// challenger was better. Losses have no bound that is known beforehand, and of the mean of an unbounded variable
/// nothing can be said without one; so differences become bounded first (`BoundedDifferences`) and what is told is
/// told of those, which the essay there says exactly.
///
/// Laws, tested over the whole catalogue: showing many at once is showing them one by one; a snapshot taken in
/// mid-stream and restored goes on as if nothing had been; with the sign of every difference turned, what spoke for
/// the challenger speaks against it.
package protocol PairedTest: Snapshotted, Sendable {
  /// Takes the next difference; one that is not a number counts as 0.
  mutating func observe(_ difference: Double)

  /// Takes differences in order.
  mutating func observe(_ differences: ArraySlice<Double>)

  /// How many were taken.
  var count: Int { get }

  /// Their plain mean, in the unit of the losses; NaN before the first.
  var mean: Double { get }

  /// Logarithm of an e-value for "the challenger is better": where it is not, the chance that it ever exceeds
  /// log(1/r) is at most r.
  var logEvidenceForBetter: Double { get }

  /// The same for "the challenger is worse".
  var logEvidenceForWorse: Double { get }

  /// Bounds on the mean of the bounded differences, in the unit of the losses at the mean scale so far. Each holds by
  /// itself at all times together but for a chance of `risk`; the lower one is above 0 exactly where the
  /// evidence for "better" exceeds 1/risk. nil before there is anything to tell.
  func bounds(risk: Double) -> ClosedRange<Double>?
}

extension PairedTest {
  package mutating func observe(_ differences: ArraySlice<Double>) {
    for index in differences.indices { observe(differences[index]) }
  }
}
