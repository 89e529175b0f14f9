import Catalogues
import Detectors
import Snapshots
import TestSupport
import Testing

/// Laws that every detector of the catalogue keeps.
@Suite struct DetectorLawsTests {
  static let all = Catalogue<Void, any DriftDetector>.detectors

  private func series(_ seed: UInt64, _ count: Int = 3000) -> [Double] {
    var random = SplitMix(seed: seed)
    return (0..<count).map { random.normal() + ($0 > count / 2 ? 3 : 0) }
  }

  private func alarms(_ detector: any DriftDetector, _ values: [Double]) -> [Int] {
    var detector = detector
    return values.indices.filter { detector.observe(values[$0]) != nil }
  }

  @Test(arguments: all.names) func `a batch is the same as one by one`(name: String) throws {
    let values = series(3)
    var detector = try DetectorLawsTests.all.make(name, ())
    var batched: [Int] = []
    values.withUnsafeBufferPointer { buffer in
      detector.observe(buffer) { position, _ in batched.append(position) }
    }
    #expect(batched == alarms(try DetectorLawsTests.all.make(name, ()), values))
  }

  @Test(arguments: all.names) func `silent on a constant`(name: String) throws {
    let constant = Array(repeating: 4.25, count: 20_000)
    #expect(alarms(try DetectorLawsTests.all.make(name, ()), constant).isEmpty)
  }

  @Test(arguments: all.names) func `a large change is found and placed`(name: String) throws {
    var detector = try DetectorLawsTests.all.make(name, ())
    var random = SplitMix(seed: 9)
    // Little noise: Page-Hinkley places a change within (noise/delta)² values.
    for _ in 0..<2000 { _ = detector.observe(random.unit() / 100) }
    for i in 0..<2000 {
      guard let alarm = detector.observe(random.unit() / 100 + 5) else { continue }
      #expect(alarm.level == .drift)
      #expect(abs(alarm.valuesSinceChange - (i + 1)) <= 40)
      #expect(alarm.after > alarm.before + 2)
      return
    }
    Issue.record("\(name) slept through it")
  }

  @Test(arguments: all.names) func `a snapshot in mid-stream goes on as if nothing had been`(
    name: String
  ) throws {
    let values = series(11)
    for cut in [0, 1, 31, 500, 1501, 1700] {
      var original = try DetectorLawsTests.all.make(name, ())
      for value in values[..<cut] { _ = original.observe(value) }
      var writer = SnapshotWriter()
      original.write(to: &writer)
      var copy = try DetectorLawsTests.all.make(name, ())
      var reader = try SnapshotReader(writer.sealed())
      try copy.restore(from: &reader)
      for value in values[cut...] { #expect(original.observe(value) == copy.observe(value)) }
      var (first, second) = (SnapshotWriter(), SnapshotWriter())
      original.write(to: &first)
      copy.write(to: &second)
      #expect(first.sealed() == second.sealed())
    }
  }
}
