import Glibc

/// The two-sample test of Kolmogorov and Smirnov for samples of equal size.
enum KolmogorovSmirnov {
  /// The chance that two samples of n values of the same continuous distribution are `steps` n-ths or more
  /// apart, exactly: with h steps
  ///
  ///     2·Σ_{k ≥ 1} (−1)^{k−1}·C(2n, n − k·h)/C(2n, n)
  ///
  /// Reference: B. Gnedenko and V. Korolyuk, On the maximum discrepancy between two empirical distributions,
  /// Doklady 80 (1951). Of samples with ties it is at most too large.
  static func chance(steps h: Int, of n: Int) -> Double {
    guard h > 0 else { return 1 }
    let all = 2 * lgamma(Double(n) + 1)
    var (sum, sign) = (0.0, 1.0)
    for k in stride(from: h, through: n, by: h) {
      sum += sign * exp(all - lgamma(Double(n - k) + 1) - lgamma(Double(n + k) + 1))
      sign = -sign
    }
    return min(1, max(0, 2 * sum))
  }
}
