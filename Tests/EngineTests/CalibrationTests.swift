import Glibc
import TestSupport
import Testing

@testable import Engine

/// Intervals and probabilities keep what they promise, also after the stream has changed.
@Suite struct CalibrationTests {
  @Test(arguments: [0.5, 0.8, 0.9]) func `intervals hold their share through a change`(
    share: Double
  ) {
    var random = SplitMix(seed: 77)
    var tracker = IntervalTracker(coverage: share)
    var (before, after) = (CoverageCount(), CoverageCount())
    for n in 0..<20_000 {
      let prediction = 10 + 90 * random.unit()
      // Errors grow with the prediction; half-way they become three times as large and lopsided.
      let error = prediction / 10 * random.normal()
      let label = prediction + (n < 10_000 ? error : 3 * error + prediction / 5)
      let interval = tracker.interval(prediction)
      if n < 10_000 {
        before.observe(interval, label: label)
      } else {
        after.observe(interval, label: label)
      }
      tracker.observe(prediction, label: label)
    }
    #expect(abs((before.share ?? 0) - share) < 0.02)
    #expect(abs((after.share ?? 0) - share) < 0.02)
  }

  @Test func `Platt scaling undoes overconfidence`() {
    var random = SplitMix(seed: 5)
    var platt = PlattScaling()
    var (raw, scaled) = (0.0, 0.0)
    for n in 0..<40_000 {
      let z = 2 * random.normal()
      let label = random.unit() < 1 / (1 + exp(-z)) ? 1.0 : 0.0
      // What is told is twice as sure as it should be.
      let told = 1 / (1 + exp(-2 * z))
      let mended = platt.calibrated(told)
      if n > 20_000 {
        raw -= log(label > 0 ? told : 1 - told)
        scaled -= log(label > 0 ? mended : 1 - mended)
      }
      platt.observe(told, label: label, weight: 1)
    }
    #expect(abs(platt.slope - 0.5) < 0.1)
    #expect(abs(platt.offset) < 0.2)
    #expect(scaled < raw)
  }
}
