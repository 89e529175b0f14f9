import Catalogues
import Detectors
import Studies
import Testing

/// What detectors with a budget promise, on streams made here. Seeds are fixed, so nothing here is by chance.
@Suite struct PromiseTests {
  /// With a budget of 1,000 at most 1,000 alarms a million values, and what a count of that mean may stray.
  @Test(arguments: ["bcs", "bcs:direction=both", "bcs:block=32", "e-detector"])
  func `independent errors keep the budget`(detector: String) throws {
    let named = detector + (detector.contains(":") ? "," : ":") + "budget=1000"
    let counted = try FalseAlarms.count([named], on: "errors", events: 1_000_000, seed: 77)
    #expect(counted[0].alarms <= 1000 + 95, "\(counted[0].alarms)")
    #expect(counted[0].events == 1_000_000)
  }

  @Test(arguments: [
    "errors:rate=0.227,correlation=0.49", "latent-errors:persistence=0.98",
    "switching-errors:dwell=50",
  ]) func `the default keeps a budget where errors cling together`(stream: String) throws {
    let counted = try FalseAlarms.count(
      ["bcs:budget=10000", "adwin"], on: stream, events: 1_000_000, seed: 78)
    #expect(counted[0].alarms <= 100 + 30, "\(counted[0].alarms)")
    #expect(counted[1].alarms > counted[0].alarms)
  }

  @Test func `a change is seen, and within a block of when it was`() throws {
    let studies = try DelayStudy.run(
      ["bcs", "markov-betting", "e-detector"], stream: "errors:rate=0.1", to: "errors:rate=0.4",
      history: 5000, horizon: 3000, runs: 20, seed: 5)
    for study in studies { #expect(study.missed == 0, "\(study.detector)") }
    #expect((studies[0].median(horizon: 3000)?.median ?? .infinity) < 160)
  }

  @Test func `an alarm says what its promise rests on`() throws {
    func promise(_ stream: String, _ changed: String) throws -> AlarmPromise? {
      var detector = try Catalogue<Void, any DriftDetector>.detectors.make("bcs", ())
      var found: AlarmPromise?
      let values = try SeriesSample.values(stream, then: changed, at: 20_000, count: 30_000)
      for value in values {
        if let alarm = detector.observe(value), found == nil { found = alarm.promise }
      }
      return found
    }
    let independent = try #require(try promise("errors:rate=0.1", "errors:rate=0.4"))
    #expect(independent.isGuaranteed && independent.budget == 100_000)
    #expect(abs(independent.autocorrelation) <= 0.1)
    let clinging = try #require(
      try promise("latent-errors:rate=0.1,persistence=0.99", "errors:rate=0.9"))
    #expect(!clinging.isGuaranteed && clinging.autocorrelation > 0.1)
  }

  @Test func `strictness is set so that alarms come as rarely as asked for`() throws {
    for name in ["adwin", "cusum", "hddm-w"] {
      let found = try #require(
        try Matching.specification(
          of: name, on: "errors", budget: 5000, events: 200_000, seed: 3))
      #expect((10...40).contains(found.alarms), "\(found)")
    }
    let none = try Matching.specification(
      of: "ewma-chart", on: "errors", budget: 5000, events: 1000, seed: 3)
    #expect(none == nil)
  }
}
