/// The mean of values that hang together, with an interval, in one pass and in fixed memory.
///
/// Losses of a model cling together, and so do the differences of two models' losses on the same events: after a
/// reaction one is better for a while. An interval that took the n differences d for independent draws would be
/// far too narrow. *Batch means*: cut the series into b stretches of equal length m; once m is longer than the
/// memory of the series, their means are nearly independent and normal, and
///
///     mean ± t(b−1)·s/√b     s: standard deviation of the b means
///
/// holds the true mean with the stated chance. m doubles whenever there are 32 stretches, so b is 16 … 31 and m
/// between n/31 and n/16, whatever n is. Values after the last whole stretch count for the mean alone.
///
/// A difference that grows or shrinks over the whole of the series is no stationary series; the interval is
/// then of its mean over these events, and says nothing of those to come.
///
/// Reference: B. Schmeiser, Batch size effects in the analysis of simulation output, Operations Research 30
/// (1982): more than 30 stretches hardly narrow the interval, and make it less sure.
package struct BatchMeans: Sendable {
  private static let most = 32

  private var sums: [Double] = []
  private var length = 1
  private var current = 0.0
  private var currentCount = 0
  private var sum = 0.0
  package private(set) var count = 0

  package init() {}

  package mutating func add(_ value: Double) {
    count += 1
    sum += value
    current += value
    currentCount += 1
    guard currentCount == length else { return }
    sums.append(current)
    (current, currentCount) = (0, 0)
    guard sums.count == BatchMeans.most else { return }
    sums = (0..<BatchMeans.most / 2).map { sums[2 * $0] + sums[2 * $0 + 1] }
    length *= 2
  }

  /// NaN without values.
  package var mean: Double { sum / Double(count) }

  /// nil before there are 16 values, and where one was not finite.
  package func interval(confidence: Double = 0.95) -> ClosedRange<Double>? {
    let stretches = sums.count
    guard stretches >= BatchMeans.most / 2 else { return nil }
    let means = sums.map { $0 / Double(length) }
    let center = means.reduce(0, +) / Double(stretches)
    let squares = means.reduce(0) { $0 + ($1 - center) * ($1 - center) }
    let error = (squares / Double(stretches - 1) / Double(stretches)).squareRoot()
    let reach = Intervals.student((1 + confidence) / 2, freedom: stretches - 1) * error
    guard mean.isFinite, reach.isFinite else { return nil }
    return mean - reach...mean + reach
  }
}
