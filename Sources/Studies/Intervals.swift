import Glibc
import Kernels

/// Intervals that hold whatever the distribution, each with a stated chance of at least `confidence`.
package enum Intervals {
  /// For a share of which `count` of `trials` were seen; 0 ... 1 without trials.
  ///
  /// Reference: C. J. Clopper and E. S. Pearson, The use of confidence or fiducial limits, Biometrika 26 (1934).
  package static func share(
    _ count: Int, of trials: Int, confidence: Double = 0.95
  ) -> ClosedRange<Double> {
    precondition((0...max(trials, 0)).contains(count), "\(count) of \(trials)")
    let tail = (1 - confidence) / 2
    let lower =
      count == 0
      ? 0 : root(in: 0...1) { binomialTail(atLeast: count, of: trials, share: $0) < tail }
    let upper =
      count == trials
      ? 1
      : root(in: 0...1) { 1 - binomialTail(atLeast: count + 1, of: trials, share: $0) > tail }
    return lower...upper
  }

  /// For the mean of a count that was `count` once, such as false alarms in a stretch of stream.
  ///
  /// Reference: F. Garwood, Fiducial limits for the Poisson distribution, Biometrika 28 (1936).
  package static func mean(ofCount count: Int, confidence: Double = 0.95) -> ClosedRange<Double> {
    let tail = (1 - confidence) / 2
    let reach = Double(count) + 20 * (Double(count) + 1).squareRoot() + 20
    let lower =
      count == 0 ? 0 : root(in: 0...reach) { 1 - poisson(atMost: count - 1, mean: $0) < tail }
    return lower...root(in: 0...reach) { poisson(atMost: count, mean: $0) > tail }
  }

  /// For the median of what was drawn: the order statistics between which it lies. Sorts.
  ///
  /// Reference: W. R. Thompson, On confidence ranges for the median, Annals of Mathematical Statistics 7 (1936).
  package static func median(
    of values: [Double], confidence: Double = 0.95
  ) -> (median: Double, interval: ClosedRange<Double>)? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let count = sorted.count
    let median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
    // The greatest k for which k or fewer of n coins show heads with a chance of at most half the rest.
    var k = 0
    while k < count / 2,
      1 - binomialTail(atLeast: k + 1, of: count, share: 0.5) <= (1 - confidence) / 2
    {
      k += 1
    }
    return (median, sorted[max(0, k - 1)]...sorted[count - max(1, k)])
  }

  /// The value below which lies the share `p` of Student's distribution, to four digits from 8 degrees of
  /// freedom on.
  ///
  /// Reference: M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions (1964), 26.7.5.
  static func student(_ p: Double, freedom: Int) -> Double {
    precondition(freedom >= 8, "\(freedom) degrees of freedom are too few for the series")
    let (z, v) = (NormalDistribution.quantile(p), Double(freedom))
    let square = z * z
    let terms = [
      (square + 1) / 4, ((5 * square + 16) * square + 3) / 96,
      (((3 * square + 19) * square + 17) * square - 15) / 384,
      ((((79 * square + 776) * square + 1482) * square - 1920) * square - 945) / 92_160,
    ]
    var (sum, power) = (z, 1.0)
    for term in terms {
      power *= v
      sum += z * term / power
    }
    return sum
  }

  /// Where `isBelow` turns false.
  private static func root(
    in range: ClosedRange<Double>, isBelow: (Double) -> Bool
  ) -> Double {
    var (low, high) = (range.lowerBound, range.upperBound)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if isBelow(middle) { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// The chance of at least `count` of `trials` draws, each with the chance `share`.
  private static func binomialTail(atLeast count: Int, of trials: Int, share: Double) -> Double {
    guard count > 0 else { return 1 }
    guard count <= trials, share > 0 else { return 0 }
    guard share < 1 else { return 1 }
    let all: Double = lgamma(Double(trials) + 1)
    var sum = 0.0
    for k in count...trials {
      let (hit, miss) = (Double(k), Double(trials - k))
      sum += exp(
        all - lgamma(hit + 1) - lgamma(miss + 1) + hit * log(share) + miss * log1p(-share))
    }
    return min(1, sum)
  }

  private static func poisson(atMost count: Int, mean: Double) -> Double {
    guard mean > 0 else { return 1 }
    var sum = 0.0
    for k in 0...count { sum += exp(Double(k) * log(mean) - mean - lgamma(Double(k) + 1)) }
    return min(1, sum)
  }
}
