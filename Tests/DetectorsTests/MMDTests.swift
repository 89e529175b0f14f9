import Catalogues
import Foundation
import TestSupport
import Testing

@testable import Detectors

/// MMD beside numpy and scipy, its level, and what it sees that no column shows.
@Suite struct MMDTests {
  private struct File: Decodable {
    struct Case: Decodable {
      let frequencies: Int
      let bandwidth: Double
      let scale: Int
      let reference: Int
      let window: Int
      let block: Int
      let seed: UInt64
      let rows: [[Double]]
      let mmd: Double
      let gaussian_mmd: Double
      let usual: Double
      let pvalue: Double
      let shuffles: Int
      let exact: Bool
    }
    let cases: [Case]
  }

  /// `width` numbers, the first two of which have this correlation; each is standard normal.
  private func row(_ width: Int, _ correlation: Double, _ random: inout SplitMix) -> [Double] {
    var row = (0..<width).map { _ in random.normal() }
    row[1] = correlation * row[0] + (1 - correlation * correlation).squareRoot() * row[1]
    return row
  }

  private func observe(_ detector: inout MMD, _ row: [Double]) -> DetectorAlarm? {
    row.withUnsafeBufferPointer { detector.observe(row: $0) }
  }

  @Test func `distances are numpy's, chances scipy's`() throws {
    let cases = try Golden.json("mmd_numpy.json", as: File.self).cases
    #expect(cases.count == 5)
    for (index, golden) in cases.enumerated() {
      // Four hundred draws as far apart: the chance's standard error is 5 %.
      var detector = MMD(
        alpha: 1e-3, reference: golden.reference, window: golden.window, block: golden.block,
        frequencies: golden.frequencies, bandwidth: golden.bandwidth, scale: golden.scale,
        seed: golden.seed, enough: 400)
      detector.watch(width: golden.rows[0].count)
      for row in golden.rows { _ = observe(&detector, row) }
      let found = try #require(detector.latest, "case \(index)")
      #expect(abs(found.distance - golden.mmd) < 1e-9, "case \(index)")
      #expect(abs(found.usual / golden.usual - 1) < 0.05, "case \(index): \(found)")
      // Of 4,999 shuffles scipy's chance has an error of its own.
      let own = golden.exact ? 0 : (golden.pvalue / Double(golden.shuffles)).squareRoot()
      let error = golden.pvalue / 400.squareRoot() + own
      #expect(abs(found.chance - golden.pvalue) < 4 * error, "case \(index): \(found)")
      // The Gaussian kernel itself, but for the few frequencies.
      #expect(abs(found.distance - golden.gaussian_mmd) < 0.05, "case \(index)")
    }
  }

  @Test(arguments: [("normal", 1), ("heavy", 2), ("few values", 3)] as [(String, UInt64)])
  func `a comparison of like with like is a drift as often as alpha says`(
    law: String, seed: UInt64
  ) {
    var random = SplitMix(seed: seed)
    var drifts = 0
    for k in 0..<1000 {
      var detector = MMD(
        alpha: 0.05, reference: 40, window: 20, block: 4, frequencies: 8, scale: 10,
        seed: UInt64(k))
      detector.watch(width: 2)
      for _ in 0..<70 {
        var row = row(2, 0.7, &random)
        // A ratio of normals has no mean.
        if law == "heavy" { row[0] /= random.normal() }
        if law == "few values" { row = row.map { $0.rounded() } }
        if observe(&detector, row) != nil { drifts += 1 }
      }
    }
    // 50 expected, with a deviation of 6.9; of few values fewer, for equals count against it.
    #expect((law == "few values" ? 0...78 : 22...78).contains(drifts), "\(law): \(drifts)")
  }

  @Test(arguments: [2, 3, 4] as [UInt64])
  func `a correlation that turns is seen, though no column shows it`(seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    var rows = MMD()
    rows.watch(width: 2)
    var columns = try (0..<2).map { _ in
      try Catalogue<Void, any DriftDetector>.detectors.make("ks-test", ())
    }
    var seen: [(event: Int, since: Int)] = []
    for i in 0..<6000 {
      let row = row(2, i < 3000 ? 0.8 : -0.8, &random)
      for k in 0..<2 { #expect(columns[k].observe(row[k]) == nil, "seed \(seed), column \(k)") }
      if let alarm = observe(&rows, row) {
        seen.append((i, i + 1 - alarm.valuesSinceChange))
        #expect(alarm.after > 2 * alarm.before, "seed \(seed)")
      }
    }
    #expect(seen.count == 1, "seed \(seed): \(seen)")
    guard let first = seen.first else { return }
    #expect((3000..<3250).contains(first.event), "seed \(seed): \(seen)")
    #expect(abs(first.since - 3000) <= 20, "seed \(seed): \(seen)")
  }

  @Test(arguments: [(2, 20), (5, 20), (10, 20), (30, 7)])
  func `what changes in two of many columns drowns`(width: Int, expected: Int) {
    var found = 0
    for seed in 1...20 as ClosedRange<UInt64> {
      var random = SplitMix(seed: seed)
      var detector = MMD(alpha: 0.01)
      detector.watch(width: width)
      for i in 0..<1350 {
        if observe(&detector, row(width, i < 1100 ? 0.8 : -0.8, &random)) != nil { found += 1 }
      }
    }
    #expect(found == expected, "\(width) columns")
  }

  @Test func `numbers that are none count as their column's mean`() {
    var (random, detector) = (SplitMix(seed: 8), MMD())
    detector.watch(width: 3)
    let strange = [Double.nan, .infinity, -.infinity, 1e308, -1e308]
    for i in 0..<5000 {
      var row = row(3, 0, &random)
      // The same share of them all along.
      if i % 10 == 0 { row[random.below(3)] = strange[random.below(5)] }
      #expect(observe(&detector, row) == nil, "row \(i)")
    }
    #expect(detector.latest?.distance.isFinite == true)
  }

  @Test func `a series of one number is told by its means`() throws {
    var (random, detector) = (SplitMix(seed: 9), MMD())
    var alarms: [DetectorAlarm] = []
    for i in 0..<4000 {
      if let alarm = detector.observe(random.normal() + (i < 2000 ? 10 : 14)) {
        alarms.append(alarm)
      }
    }
    let alarm = try #require(alarms.first)
    #expect(alarms.count == 1)
    #expect(abs(alarm.before - 10) < 0.2 && abs(alarm.after - 14) < 0.5)
  }

  @Test func `blocks that fit nowhere are refused`() {
    #expect(throws: SpecificationError.self) {
      try Catalogue<Void, any DriftDetector>.detectors.make("mmd:window=255", ())
    }
  }
}
