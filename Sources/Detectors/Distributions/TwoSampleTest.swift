import Glibc
import Kernels

/// How far two samples of a column are apart, each sorted and not empty.
///
/// With n and m values, F and G their distribution functions, and p and q the shares of each that fall between
/// the quantiles of the first (`bins` of them, ties together; an empty share counts as half a value):
///
///     kolmogorovSmirnov   max |F − G|, with the exact chance of so much if both have one distribution
///     chiSquare           Σ over bins and samples of (seen − expected)²/expected, with its chance
///     stability           Σ (p − q)·ln(p/q), the population stability index
///     jensenShannon       √ of the mean of the divergences, in bits, of p and q from their middle: 0 ... 1
///     wasserstein         ∫ |F − G|, in the values' unit: how far values must be carried, on average
package enum TwoSampleTest {
  // MARK: - Kolmogorov and Smirnov

  /// The greatest distance of the two distribution functions.
  package static func kolmogorovSmirnov(_ a: [Double], _ b: [Double]) -> Double {
    Double(crossSteps(a, b)) / (Double(a.count) * Double(b.count))
  }

  /// The same times n·m: a whole number.
  static func crossSteps(_ a: [Double], _ b: [Double]) -> Int {
    var (i, j, greatest) = (0, 0, 0)
    while i < a.count, j < b.count {
      let value = min(a[i], b[j])
      while i < a.count, a[i] == value { i += 1 }
      while j < b.count, b[j] == value { j += 1 }
      greatest = max(greatest, abs(i * b.count - j * a.count))
    }
    return greatest
  }

  /// The chance of so great a distance, exactly: of all orders in which the values could lie, the share whose
  /// path from (0, 0) to (n, m) leaves the band |i·m − j·n| < distance. Of samples with ties it is too large.
  ///
  /// Reference: J. L. Hodges, The significance probability of the Smirnov two-sample test, Arkiv för Matematik 3
  /// (1958). O(n·m).
  package static func kolmogorovSmirnovChance(_ a: [Double], _ b: [Double]) -> Double {
    let steps = crossSteps(a, b)
    let (n, m) = (a.count, b.count)
    guard steps > 0 else { return 1 }
    // The share of paths to (i, j) that have left the band, for the i at hand and all j.
    var left = [Double](repeating: 0, count: m + 1)
    for i in 0...n {
      for j in 0...m {
        if abs(i * m - j * n) >= steps {
          left[j] = 1
        } else if i + j > 0 {
          let all = Double(i + j)
          let fromBelow = j > 0 ? left[j - 1] * Double(j) / all : 0
          left[j] = (i > 0 ? left[j] * Double(i) / all : 0) + fromBelow
        } else {
          left[j] = 0
        }
      }
    }
    return min(1, left[m])
  }

  // MARK: - Shares of bins

  /// Upper ends of the bins but for the last: quantiles of a sorted sample, each once.
  package static func edges(of sample: [Double], bins: Int) -> [Double] {
    var edges: [Double] = []
    for k in 1..<max(bins, 2) {
      let edge = sample[min(sample.count - 1, k * sample.count / bins)]
      if edges.last.map({ $0 < edge }) ?? (edge > sample[0]) { edges.append(edge) }
    }
    return edges
  }

  /// How many of the sorted values fall into each bin; one at an edge belongs above it.
  package static func counts(_ values: [Double], edges: [Double]) -> [Int] {
    var (counts, bin) = ([Int](repeating: 0, count: edges.count + 1), 0)
    for value in values {
      while bin < edges.count, value >= edges[bin] { bin += 1 }
      counts[bin] += 1
    }
    return counts
  }

  /// Pearson's statistic of two rows of counts, and its chance. Bins that are empty in both are left out.
  ///
  /// Reference: K. Pearson, Philosophical Magazine 50 (1900); for two samples, R. A. Fisher (1922).
  package static func chiSquare(_ a: [Int], _ b: [Int]) -> (statistic: Double, chance: Double) {
    let (n, m) = (Double(a.reduce(0, +)), Double(b.reduce(0, +)))
    var (statistic, used) = (0.0, 0)
    for (x, y) in zip(a, b) where x + y > 0 {
      let both = Double(x + y)
      let (first, second) = (both * n / (n + m), both * m / (n + m))
      statistic += (Double(x) - first) * (Double(x) - first) / first
      statistic += (Double(y) - second) * (Double(y) - second) / second
      used += 1
    }
    guard used > 1 else { return (0, 1) }
    return (statistic, ChiSquare.survival(statistic, freedom: used - 1))
  }

  /// The population stability index of two rows of counts.
  ///
  /// Reference: S. Kullback and R. A. Leibler, On information and sufficiency, Annals of Mathematical Statistics
  /// 22 (1951): their J.
  package static func stability(_ a: [Int], _ b: [Int]) -> Double {
    let (n, m) = (Double(a.reduce(0, +)), Double(b.reduce(0, +)))
    return zip(a, b).reduce(0) { sum, pair in
      guard pair.0 + pair.1 > 0 else { return sum }
      let (p, q) = (max(Double(pair.0), 0.5) / n, max(Double(pair.1), 0.5) / m)
      return sum + (p - q) * log(p / q)
    }
  }

  /// Jensen and Shannon's distance of two rows of counts.
  ///
  /// Reference: D. M. Endres and J. E. Schindelin, A new metric for probability distributions, IEEE Transactions on
  /// Information Theory 49 (2003).
  package static func jensenShannon(_ a: [Int], _ b: [Int]) -> Double {
    let (n, m) = (Double(a.reduce(0, +)), Double(b.reduce(0, +)))
    let divergence = zip(a, b).reduce(0.0) { sum, pair in
      let (p, q) = (Double(pair.0) / n, Double(pair.1) / m)
      let middle = (p + q) / 2
      return sum + (p > 0 ? p * log2(p / middle) : 0) / 2 + (q > 0 ? q * log2(q / middle) : 0) / 2
    }
    return max(0, divergence).squareRoot()
  }

  // MARK: - Wasserstein

  /// The area between the two distribution functions: Wasserstein's distance of order 1.
  package static func wasserstein(_ a: [Double], _ b: [Double]) -> Double {
    var (i, j, area) = (0, 0, 0.0)
    var last = min(a[0], b[0])
    while i < a.count || j < b.count {
      let value = min(i < a.count ? a[i] : .infinity, j < b.count ? b[j] : .infinity)
      let gap = Double(i) / Double(a.count) - Double(j) / Double(b.count)
      area += abs(gap) * (value - last)
      last = value
      while i < a.count, a[i] == value { i += 1 }
      while j < b.count, b[j] == value { j += 1 }
    }
    return area
  }
}
