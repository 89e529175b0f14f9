import Snapshots
import TestSupport
import Testing

@testable import Comparisons

@Suite struct BoundedMeanTests {
  /// Where it is looked at: often at first, and more rarely later.
  private static let looks: Set<Int> = [5, 10, 20, 40, 60, 90, 130, 190, 260, 350, 450, 600]

  /// How many of the streams an interval ever left without the running average of what was to be expected.
  private func failures(
    _ streams: Int, seed: UInt64, risk: Double, _ next: (inout SplitMix, Int, Double) -> Double
  ) -> Int {
    var random = SplitMix(seed: seed)
    return (0..<streams).count { _ in
      var mean = BoundedMean(0...1)
      var (expected, value, hasFailed) = (0.0, 0.0, false)
      for n in 1...600 {
        let rate = next(&random, n, value)
        expected += rate
        value = random.unit() < rate ? 1 : 0
        mean.observe(value)
        guard Self.looks.contains(n) else { continue }
        if !mean.interval(risk: risk).contains(expected / Double(n)) { hasFailed = true }
      }
      return hasFailed
    }
  }

  @Test func `an interval that is looked at again and again fails no more often than it may`() {
    // At a risk of .2, 150 streams: 30 expected at most; 48 are three deviations more.
    #expect(failures(150, seed: 5, risk: 0.2) { _, _, _ in 0.15 } <= 48)
    // The mean moves, and values hang together.
    let moving = failures(150, seed: 6, risk: 0.2) { _, n, last in n < 300 ? 0.1 : 0.3 + last / 2 }
    #expect(moving <= 48)
  }

  @Test func `an interval closes in on the mean`() {
    var mean = BoundedMean(-50...150)
    var random = SplitMix(seed: 9)
    for _ in 0..<4000 { mean.observe(20 + 10 * random.normal()) }
    let interval = mean.interval(risk: 0.05)
    #expect(interval.contains(20))
    #expect(interval.upperBound - interval.lowerBound < 3)
  }

  @Test func `values beyond the bounds count as the bounds`() {
    var mean = BoundedMean(0...10)
    for value in [-5.0, 25, .infinity] { mean.observe(value) }
    #expect(mean.mean == 20.0 / 3)
  }

  @Test func `before the first value all is possible`() {
    #expect(BoundedMean(2...3).interval(risk: 0.05) == 2...3)
    #expect(BoundedMean(2...3).mean == nil)
  }

  @Test func `restored it goes on as if nothing had been`() throws {
    var random = SplitMix(seed: 12)
    var mean = BoundedMean(0...1)
    for _ in 0..<100 { mean.observe(random.unit()) }
    var writer = SnapshotWriter()
    mean.write(to: &writer)
    var reader = try SnapshotReader(writer.sealed())
    var restored = BoundedMean(0...1)
    try restored.restore(from: &reader)
    for _ in 0..<50 {
      let value = random.unit()
      mean.observe(value)
      restored.observe(value)
    }
    #expect(restored.interval(risk: 0.1) == mean.interval(risk: 0.1))
  }
}
