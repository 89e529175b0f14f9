import Kernels
import TestSupport
import Testing

@testable import Detectors

/// KSWIN's sorted window beside the same thing said plainly.
@Suite struct KSWINTests {
  /// Sorts what it compares, at each value.
  private struct Plain {
    let (alpha, window, recent): (Double, Int, Int)
    var random: RandomBits
    var values: [Double] = []

    mutating func observe(_ value: Double) -> DetectorAlarm? {
      values.append(value)
      guard values.count >= window else { return nil }
      if values.count > window { values.removeFirst() }
      let older = window - recent
      var drawn = Array(values[..<older])
      for k in 0..<recent { drawn.swapAt(k, k + random.below(older - k)) }
      let (before, after) = (drawn[..<recent].sorted(), values[older...].sorted())
      let steps = TwoSampleTest.crossSteps(before, after) / recent
      guard Double(steps) > 0.1 * Double(recent),
        KolmogorovSmirnov.chance(steps: steps, of: recent) <= alpha
      else { return nil }
      let mean = values[..<older].reduce(0, +) / Double(older)
      values.removeFirst(older)
      return DetectorAlarm(
        level: .drift, valuesSinceChange: recent, before: mean,
        after: after.reduce(0, +) / Double(recent))
    }
  }

  @Test(arguments: [(100, 30), (60, 30), (7, 2), (2, 1)], [1, 2, 3] as [UInt64])
  func `a sorted window says what sorting at each value says`(
    sizes: (Int, Int), seed: UInt64
  ) {
    var random = SplitMix(seed: seed)
    let alpha = sizes.0 < 10 ? 0.5 : 0.01
    var plain = Plain(
      alpha: alpha, window: sizes.0, recent: sizes.1, random: RandomBits(seed: seed))
    var sorted = KSWIN(alpha: alpha, window: sizes.0, recent: sizes.1, seed: seed)
    var alarms = 0
    for i in 0..<4000 {
      // Halves tie often; the level moves every 500 values.
      let value = (2 * random.normal()).rounded() / 2 + Double(i / 500 % 2)
      let (wanted, found) = (plain.observe(value), sorted.observe(value))
      #expect(wanted == found, "window \(sizes), seed \(seed), value \(i)")
      if found != nil { alarms += 1 }
    }
    #expect(alarms > 0 || sizes.0 == 2, "window \(sizes), seed \(seed)")
  }
}
