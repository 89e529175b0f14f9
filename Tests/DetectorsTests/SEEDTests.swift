import Detectors
import Snapshots
import TestSupport
import Testing

/// SEED beyond the golden series: other parameters against MOA's class, and a window with an end.
@Suite struct SEEDTests {
  private func size(_ detector: SEED) -> Int {
    var writer = SnapshotWriter()
    detector.write(to: &writer)
    return writer.sealed().count
  }

  @Test(arguments: [4, 5] as [UInt64])
  func `blocks that are never alike do not grow the window without end`(seed: UInt64) {
    // Noise of deviation 1000 around 0: means of 32 differ by 250, and no block is close to the next.
    var random = SplitMix(seed: seed)
    var detector = SEED(delta: 1e-9, blocks: 100)
    var sizes: [Int] = []
    for i in 1...200_000 {
      #expect(detector.observe(1000 * random.normal()) == nil, "seed \(seed), value \(i)")
      if i % 20_000 == 0 { sizes.append(size(detector)) }
    }
    #expect(sizes.allSatisfy { $0 <= 100 * 24 + 100 }, "seed \(seed): \(sizes)")
  }

  @Test(arguments: [6, 7] as [UInt64])
  func `folding the oldest blocks hides no change`(seed: UInt64) {
    var random = SplitMix(seed: seed)
    var detector = SEED(delta: 1e-6, blocks: 10)
    for _ in 0..<20_000 { _ = detector.observe(100 * random.normal()) }
    for i in 0..<1000 {
      guard let alarm = detector.observe(100 * random.normal() + 300) else { continue }
      #expect(abs(alarm.valuesSinceChange - i) <= 32, "seed \(seed)")
      return
    }
    Issue.record("seed \(seed): not seen")
  }
}
