import Catalogues
import Foundation
import Snapshots
import TestSupport
import Testing

@testable import Comparisons

/// Laws that every paired test of the catalogue keeps, and figures that others get for the same differences.
@Suite struct PairedTestTests {
  static let catalogue = Catalogue<Void, any PairedTest>.pairedTests

  private func differences(_ seed: UInt64, _ count: Int, better: Double = 0.1) -> [Double] {
    var random = SplitMix(seed: seed)
    return (0..<count).map { _ in random.normal() + better }
  }

  private func all(_ test: any PairedTest) -> [Double] {
    let bounds = test.bounds(risk: 0.05) ?? 0...0
    return [
      Double(test.count), test.mean, test.logEvidenceForBetter, test.logEvidenceForWorse,
      bounds.lowerBound, bounds.upperBound,
    ]
  }

  static let specifications = catalogue.names.flatMap { ["\($0)", "\($0):block=7,clip=2"] }

  @Test(arguments: specifications) func `many at once are the same as one by one`(
    name: String
  ) throws {
    let values = differences(3, 500)
    var (single, batched) = (try Self.catalogue.make(name, ()), try Self.catalogue.make(name, ()))
    for value in values { single.observe(value) }
    var start = 0
    for size in [1, 30, 100, 369] {
      batched.observe(values[start..<start + size])
      start += size
    }
    #expect(all(single) == all(batched))
  }

  @Test(arguments: specifications) func `restored in mid-stream it goes on as if nothing had been`(
    name: String
  ) throws {
    let values = differences(4, 700)
    var test = try Self.catalogue.make(name, ())
    test.observe(values[..<333])
    var writer = SnapshotWriter()
    test.write(to: &writer)
    var reader = try SnapshotReader(writer.sealed())
    var restored = try Self.catalogue.make(name, ())
    try restored.restore(from: &reader)
    test.observe(values[333...])
    restored.observe(values[333...])
    #expect(all(test) == all(restored))
  }

  @Test(arguments: specifications) func `with signs turned, for and against change places`(
    name: String
  ) throws {
    let values = differences(5, 600)
    var (test, turned) = (try Self.catalogue.make(name, ()), try Self.catalogue.make(name, ()))
    test.observe(values[...])
    turned.observe(values.map { -$0 }[...])
    #expect(test.logEvidenceForBetter == turned.logEvidenceForWorse)
    #expect(test.logEvidenceForWorse == turned.logEvidenceForBetter)
    let (bounds, other) = (
      try #require(test.bounds(risk: 0.05)), try #require(turned.bounds(risk: 0.05))
    )
    #expect(bounds.lowerBound == -other.upperBound && bounds.upperBound == -other.lowerBound)
  }

  /// What is promoted and what the bounds say cannot disagree.
  @Test(arguments: specifications)
  func `evidence is enough exactly where the lower bound is above 0`(
    name: String
  ) throws {
    var test = try Self.catalogue.make(name, ())
    var agreed = (0, 0)
    for value in differences(6, 3000, better: 0.12) {
      test.observe(value)
      guard let bounds = test.bounds(risk: 0.05) else { continue }
      let isEnough = test.logEvidenceForBetter >= -log(0.05)
      #expect(isEnough == (bounds.lowerBound > 0))
      if isEnough { agreed.0 += 1 } else { agreed.1 += 1 }
    }
    #expect(agreed.0 > 100 && agreed.1 > 100, "\(agreed)")
  }

  @Test(arguments: catalogue.names) func `copies, silence and losses that ran off are taken`(
    name: String
  ) throws {
    var test = try Self.catalogue.make(name, ())
    for _ in 0..<1000 { test.observe(0) }
    #expect(test.logEvidenceForBetter == 0 && test.logEvidenceForWorse == 0)
    #expect(test.bounds(risk: 0.05) == nil)
    for value in [1.0, -1, .nan, 1, -1, .infinity, -.infinity] { test.observe(value) }
    for value in differences(7, 300, better: 0) { test.observe(value) }
    for _ in 0..<200 { test.observe(.infinity) }
    #expect(test.mean.isFinite)
    #expect(test.logEvidenceForBetter > 3 && test.logEvidenceForWorse < 0)
  }

  private struct Reference: Decodable {
    struct Case: Decodable {
      let test: String
      let better, worse, low, high: Double
    }
    struct Authors: Decodable { let log_mixture, bound: Double }
    let differences: [Double]
    let risk: Double
    let cases: [Case]
    let confseq: Authors
  }

  @Test func `evidence and bounds are those of the formulas written in Python`() throws {
    let golden = try Golden.json("comparisons/paired_tests.json", as: Reference.self)
    for expected in golden.cases {
      var test = try Self.catalogue.make(expected.test, ())
      test.observe(golden.differences[...])
      let bounds = try #require(test.bounds(risk: golden.risk))
      for (found, wanted) in [
        (test.logEvidenceForBetter, expected.better), (test.logEvidenceForWorse, expected.worse),
        (bounds.lowerBound, expected.low), (bounds.upperBound, expected.high),
      ] {
        #expect(abs(found - wanted) < 1e-9 * max(1, abs(wanted)), "\(expected.test)")
      }
    }
  }

  @Test func `the mixture is that of its authors' package`() throws {
    let golden = try Golden.json("comparisons/paired_tests.json", as: Reference.self).confseq
    let mixture = GammaExponentialMixture(tightestAt: 100, scale: 2)
    #expect(abs(mixture.logValue(sum: 10, time: 100) - golden.log_mixture) < 1e-6)
    #expect(abs(mixture.boundary(time: 100, risk: 0.05) - golden.bound) < 1e-4)
  }

  /// The bounds hold the running average of means at all of 2,000 events, in as many runs as are stated.
  @Test(arguments: catalogue.names) func `bounds hold a mean that moves, at all times together`(
    name: String
  ) throws {
    var misses = 0
    let runs = 200
    for run in 0..<runs {
      var random = SplitMix(seed: UInt64(run) + 1)
      var test = try Self.catalogue.make("\(name):clip=1000", ())
      var (sum, isMissed) = (0.0, false)
      for event in 0..<2000 {
        // Between −1 and 1, and the scale is held where it is by the first values.
        let mean = 0.3 * (event / 100 % 2 == 0 ? 1 : -1)
        test.observe(random.unit() < (1 + mean) / 2 ? 1 : -1)
        guard event >= 32 else { continue }
        sum += mean
        guard event % 10 == 0, let bounds = test.bounds(risk: 0.05) else { continue }
        if sum / Double(event - 31) < bounds.lowerBound { isMissed = true }
      }
      if isMissed { misses += 1 }
    }
    #expect(misses <= 16, "\(misses) of \(runs)")
  }
}
