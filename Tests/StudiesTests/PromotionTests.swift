import Catalogues
import Comparisons
import Studies
import Testing

/// How often equals are promoted, and that betters are. `weir study promotions` does it at full length.
@Suite struct PromotionTests {
  private static let tests = Catalogue<Void, any PairedTest>.pairedTests.names
  /// Those on which a test's promise holds.
  private static let equals = LossPairs.catalogue.names.filter { $0 != "disasters" }

  private func count(_ tests: [String], _ losses: String, runs: Int = 200, events: Int = 500) throws
    -> [Promotions]
  {
    try Promotions.count(
      tests, on: losses, runs: runs, events: events, risk: 0.05, seed: 3, goesOn: { _ in true })
  }

  /// With a true chance of .05, more than 18 of 200 come once in 200 times.
  @Test(arguments: equals) func `equals are promoted as rarely as is stated`(losses: String) throws
  {
    for result in try count(PromotionTests.tests, losses) {
      #expect(result.runs == 200 && result.events.count <= 18, "\(result)")
    }
  }

  @Test func `a t-test that is looked at after every event is not to be trusted`() throws {
    let result = try #require(try count(["repeated-t-test"], "normal", events: 2000).first)
    #expect(result.share > 0.2)
  }

  @Test func `stakes that follow what came lately are fooled by what comes and goes`() throws {
    let results = try count(
      ["following-stakes"] + PromotionTests.tests, "turns", runs: 60, events: 1500)
    #expect(results[0].share > 0.9)
    for result in results.dropFirst() { #expect(result.share < 0.1) }
  }

  @Test(arguments: tests) func `a challenger that is better is found, the sooner the better it is`(
    test: String
  ) throws {
    var last = 0
    for better in ["1", "0.4", "0.2"] {
      let result = try #require(
        try count([test], "normal:better=\(better)", runs: 50, events: 2000).first)
      #expect(result.share == 1)
      let median = try #require(result.median)
      #expect(median > last)
      last = median
    }
    let worse = try #require(try count([test], "normal:better=-0.1").first)
    #expect(worse.events.isEmpty && worse.median == nil)
  }

  @Test func `the same seed gives the same runs, and an end can be asked for`() throws {
    #expect(
      try count(["betting"], "normal:better=0.5")[0].events
        == count(["betting"], "normal:better=0.5")[0].events)
    let cut = try Promotions.count(
      ["betting"], on: "normal", runs: 10, events: 5, risk: 0.05, seed: 1, goesOn: { _ in false })
    #expect(cut[0].runs == 1)
  }
}
