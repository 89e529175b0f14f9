import Catalogues
import Detectors
import Snapshots
import TestSupport
import Testing

/// Laws that every detector of the catalogue keeps.
@Suite struct DetectorLawsTests {
  static let all = Catalogue<Void, any DriftDetector>.detectors

  /// Numbers that rise half-way, or for detectors of errors a rate that does.
  private func series(_ name: String, _ seed: UInt64, _ count: Int = 3000) throws -> [Double] {
    var random = SplitMix(seed: seed)
    guard try DetectorLawsTests.all.make(name, ()).takesErrorsOnly else {
      return (0..<count).map { random.normal() + ($0 > count / 2 ? 3 : 0) }
    }
    return (0..<count).map { random.unit() < ($0 > count / 2 ? 0.5 : 0.1) ? 1 : 0 }
  }

  private func alarms(_ detector: any DriftDetector, _ values: [Double]) -> [Int] {
    var detector = detector
    return values.indices.filter { detector.observe(values[$0]) != nil }
  }

  @Test(arguments: all.names) func `a batch is the same as one by one`(name: String) throws {
    let values = try series(name, 3)
    var detector = try DetectorLawsTests.all.make(name, ())
    var batched: [Int] = []
    values.withUnsafeBufferPointer { buffer in
      detector.observe(buffer) { position, _ in batched.append(position) }
    }
    #expect(batched == alarms(try DetectorLawsTests.all.make(name, ()), values))
  }

  @Test(arguments: all.names) func `silent on a constant`(name: String) throws {
    let detector = try DetectorLawsTests.all.make(name, ())
    for value in detector.takesErrorsOnly ? [0, 1] : [4.25] {
      #expect(alarms(detector, Array(repeating: value, count: 20_000)).isEmpty, "\(value)")
    }
  }

  @Test(arguments: all.names) func `a large change is found and placed`(name: String) throws {
    var detector = try DetectorLawsTests.all.make(name, ())
    var random = SplitMix(seed: 9)
    guard !detector.takesErrorsOnly else {
      // Many place it where errors were rarest, which may be long before.
      for _ in 0..<2000 { _ = detector.observe(random.unit() < 0.05 ? 1 : 0) }
      for i in 0..<300 {
        let alarm = detector.observe(random.unit() < 0.7 ? 1 : 0)
        guard let alarm, alarm.level == .drift else { continue }
        #expect(alarm.valuesSinceChange > 0 && alarm.valuesSinceChange <= 2000 + i + 1)
        #expect(alarm.after > alarm.before)
        return
      }
      Issue.record("\(name) slept through it")
      return
    }
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
    let values = try series(name, 11)
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
