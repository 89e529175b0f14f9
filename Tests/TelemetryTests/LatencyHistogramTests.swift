import Telemetry
import TestSupport
import Testing

@Suite struct LatencyHistogramTests {
  @Test func `quantiles are within a thousandth of those of the sorted durations`() throws {
    var random = SplitMix(seed: 41)
    var histogram = LatencyHistogram()
    // From nanoseconds to minutes.
    var all: [Int] = []
    for _ in 0..<20_000 {
      var value = 1.0
      for _ in 0..<random.below(37) { value *= 1 + random.unit() }
      all.append(Int(value))
      histogram.record(Int(value))
    }
    all.sort()
    for quantile in [0.01, 0.5, 0.9, 0.99, 0.999] {
      let found = Double(try #require(histogram.quantile(quantile)))
      let exact = Double(all[Int((quantile * 20_000).rounded(.up)) - 1])
      #expect(abs(found - exact) <= 0.001 * exact + 1, "\(quantile), seed 41")
    }
    #expect(histogram.longest == all[19_999])
    #expect(histogram.quantile(1) == all[19_999])
  }

  @Test func `a duration of many events counts as often`() {
    var histogram = LatencyHistogram()
    histogram.record(100, count: 990)
    histogram.record(5_000, count: 10)
    #expect(histogram.count == 1000)
    #expect(histogram.quantile(0.99) == 100)
    #expect((4_995...5_000).contains(histogram.quantile(0.991) ?? 0))
  }

  @Test func `what is no duration is taken for the nearest that is one`() {
    var histogram = LatencyHistogram()
    #expect(histogram.quantile(0.5) == nil)
    histogram.record(-5)
    histogram.record(7_200_000_000_000)
    #expect(histogram.quantile(0.5) == 0)
    #expect(histogram.longest == 7_200_000_000_000)
    histogram.removeAll()
    #expect(histogram.count == 0 && histogram.quantile(0.5) == nil)
  }
}
