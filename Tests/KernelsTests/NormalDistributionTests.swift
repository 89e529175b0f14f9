import Kernels
import TestSupport
import Testing

@Suite struct NormalDistributionTests {
  /// scipy.stats.norm.ppf.
  @Test func `quantiles agree with scipy`() {
    for (share, quantile) in [
      (0.975, 1.959963984540054), (0.001, -3.090232306167813), (0.5, 0), (0.3, -0.5244005127080409),
      (1e-12, -7.034483825301131), (0.9999, 3.719016485455709),
    ] {
      #expect(abs(NormalDistribution.quantile(share) - quantile) < 1e-12, "\(share)")
    }
    #expect(NormalDistribution.quantile(0) == -.infinity)
    #expect(NormalDistribution.quantile(1) == .infinity)
  }

  @Test func `a share is the chance of what lies below its quantile`() {
    var random = SplitMix(seed: 12)
    for _ in 0..<2000 {
      let share = random.unit()
      let back = NormalDistribution.cumulative(NormalDistribution.quantile(share))
      #expect(abs(back - share) < 1e-14)
    }
  }
}
