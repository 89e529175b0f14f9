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

  @Test(arguments: all.names) func `memory is bounded`(name: String) throws {
    var detector = try DetectorLawsTests.all.make(name, ())
    var random = SplitMix(seed: 13)
    for i in 0..<40_000 {
      let value = random.unit()
      _ = detector.observe(detector.takesErrorsOnly ? (value < 0.2 ? 1 : 0) : value)
      // Not a multiple of any window, so that they are seen at all stages.
      guard i % 997 == 996 else { continue }
      var writer = SnapshotWriter()
      detector.write(to: &writer)
      // 320,000 would be a number for each value.
      #expect(writer.sealed().count < 150_000, "value \(i)")
    }
  }

  // MARK: - Rows

  static let ofRows = all.names.filter { (try? all.make($0, ())) is any RowDetector }

  /// Rows of three numbers, one after another, of which the third follows the first until half-way.
  private func rows(_ seed: UInt64, _ count: Int = 4000) -> [Double] {
    var random = SplitMix(seed: seed)
    return (0..<count).flatMap { row in
      let (a, b) = (random.normal(), random.normal())
      return [a, b, row < count / 2 ? a : random.normal()]
    }
  }

  private func alarms(_ detector: inout any DriftDetector, _ rows: [Double]) -> [Int] {
    var alarms: [Int] = []
    rows.withUnsafeBufferPointer { detector.observe($0) { position, _ in alarms.append(position) } }
    return alarms
  }

  @Test(arguments: ofRows) func `a batch of rows is the same as one by one`(name: String) throws {
    let values = rows(3)
    var whole = try DetectorLawsTests.all.make(name, width: 3)
    let expected = alarms(&whole, values)
    #expect(!expected.isEmpty)
    for size in [1, 7, 256] {
      var detector = try DetectorLawsTests.all.make(name, width: 3)
      var found: [Int] = []
      for start in stride(from: 0, to: values.count, by: 3 * size) {
        let batch = Array(values[start..<min(values.count, start + 3 * size)])
        found += alarms(&detector, batch).map { start / 3 + $0 }
      }
      #expect(found == expected, "batches of \(size)")
    }
  }

  @Test(arguments: ofRows) func `silent on constant rows`(name: String) throws {
    var detector = try DetectorLawsTests.all.make(name, width: 3)
    let row = [4.25, -1e9, 0.1]
    #expect(alarms(&detector, (0..<20_000).flatMap { _ in row }).isEmpty)
  }

  @Test(arguments: ofRows) func `a snapshot of a detector of rows goes on as if nothing had been`(
    name: String
  ) throws {
    let values = rows(11)
    for cut in [0, 1, 99, 100, 777, 1350, 2101] {
      var original = try DetectorLawsTests.all.make(name, width: 3)
      _ = alarms(&original, Array(values[..<(3 * cut)]))
      var writer = SnapshotWriter()
      original.write(to: &writer)
      var copy = try DetectorLawsTests.all.make(name, width: 3)
      var reader = try SnapshotReader(writer.sealed())
      try copy.restore(from: &reader)
      let rest = Array(values[(3 * cut)...])
      #expect(alarms(&original, rest) == alarms(&copy, rest), "cut at \(cut)")
      var (first, second) = (SnapshotWriter(), SnapshotWriter())
      original.write(to: &first)
      copy.write(to: &second)
      #expect(first.sealed() == second.sealed(), "cut at \(cut)")
    }
  }

  @Test func `rows are for detectors of rows`() throws {
    #expect(DetectorLawsTests.ofRows.contains("mmd"))
    #expect(throws: SpecificationError.self) { try DetectorLawsTests.all.make("adwin", width: 2) }
    #expect(throws: SpecificationError.self) { try DetectorLawsTests.all.make("mmd", width: 0) }
  }
}
