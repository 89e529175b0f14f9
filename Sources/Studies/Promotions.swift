package import Catalogues
import Comparisons
import Glibc
import Kernels

/// When each of many runs promotes its challenger, if ever: looked at after every event.
package struct Promotions: Sendable {
  /// What is compared beside the tests of the catalogue.
  package static let rivals = ["repeated-t-test", "following-stakes"]

  package let test: String
  package let runs: Int
  /// Events after which challengers were promoted, in order; of runs that promoted none nothing.
  package let events: [Int]

  package var share: Double { Double(events.count) / Double(runs) }

  /// Of all runs, those that promoted none as the last; nil where that is half of them.
  package var median: Int? {
    let middle = (runs - 1) / 2
    return middle < events.count ? events[middle] : nil
  }

  /// Shows each test the same runs of the same losses; `goesOn` is told how many runs are done, and ends it by false.
  package static func count(
    _ tests: [String], on losses: String, runs: Int, events: Int, risk: Double, seed: UInt64,
    goesOn: (Int) -> Bool
  ) throws(SpecificationError) -> [Promotions] {
    let catalogue = Catalogue<Void, any PairedTest>.pairedTests
    var pair = try LossPairs.catalogue.make(losses, ())
    for test in tests where !rivals.contains(test) { try catalogue.check(test) }
    var found: [[Int]] = tests.map { _ in [] }
    var differences = Array(repeating: 0.0, count: events)
    var seeds = RandomBits(seed: seed)
    var done = 0
    while done < runs {
      pair.begin(seed: seeds.next())
      for event in 0..<events { differences[event] = pair.next() }
      for (place, test) in tests.enumerated() {
        var first: Int?
        if rivals.contains(test) {
          first = rival(test, differences, risk)
        } else {
          let made = try catalogue.make(test, ())
          first = promotion(made, differences, risk)
        }
        if let first { found[place].append(first) }
      }
      done += 1
      guard goesOn(events) else { break }
    }
    return zip(tests, found).map { Promotions(test: $0, runs: done, events: $1.sorted()) }
  }

  private static func promotion<Test: PairedTest>(
    _ test: Test, _ differences: [Double], _ risk: Double
  ) -> Int? {
    var test = test
    let enough = -log(risk)
    for (event, difference) in differences.enumerated() {
      test.observe(difference)
      if test.logEvidenceForBetter >= enough { return event + 1 }
    }
    return nil
  }

  private static func rival(_ name: String, _ differences: [Double], _ risk: Double) -> Int? {
    var (naive, following) = (RepeatedTTest(), FollowingStakes())
    let critical = NormalDistribution.quantile(1 - risk)
    let logRisk = log(risk)
    for (event, difference) in differences.enumerated() {
      let isOver =
        name == rivals[0]
        ? naive.observe(difference, critical: critical)
        : following.observe(difference, logRisk: logRisk)
      if isOver { return event + 1 }
    }
    return nil
  }
}
