import Catalogues
import Detectors
import TestSupport
import Testing

@Suite struct JointBudgetTests {
  @Test func `declared are as many as the definition allows, the surest ones`() {
    for seed in 0..<500 as Range<UInt64> {
      var random = SplitMix(seed: seed)
      let count = 1 + random.below(12)
      let evidence = (0..<count).map { _ in (8 * random.unit()).exponential }
      let budget = JointBudget(events: 20)
      // e-BH by its definition: the greatest k of which k have at least K·B/k.
      let most =
        (1...count).last { k in
          evidence.count { $0 >= Double(count) * 20 / Double(k) } >= k
        } ?? 0
      let declared = budget.declared(evidence)
      #expect(declared.count == most, "seed \(seed)")
      let others = Set(evidence.indices).subtracting(declared)
      if let least = declared.map({ evidence[$0] }).min() {
        #expect(others.allSatisfy { evidence[$0] <= least }, "seed \(seed)")
      }
    }
    #expect(JointBudget(events: 10).declared([]) == [])
    #expect(JointBudget(events: 10).declared([9.9, 9.9]) == [])
    #expect(JointBudget(events: 10).declared([10, 10]) == [0, 1])
    #expect(JointBudget(events: 10).declared([10, 0, 30]) == [2])
  }

  /// Alarms of K detectors on K streams, each event shown to all.
  private func alarms(
    _ specification: String, streams: Int, events: Int, seed: UInt64, budget: Double,
    value: (Int, Int, inout SplitMix) -> Double
  ) throws -> [(event: Int, stream: Int)] {
    var detectors: [any EvidenceDetector] = []
    for _ in 0..<streams {
      var made = try #require(
        try Catalogue.detectors.make(specification, ()) as? any EvidenceDetector)
      made.leaveAlarms()
      detectors.append(made)
    }
    let joint = JointBudget(events: budget)
    var random = SplitMix(seed: seed)
    var alarms: [(Int, Int)] = []
    for event in 0..<events {
      for k in detectors.indices {
        let raised = detectors[k].observe(value(event, k, &random))
        #expect(raised == nil)
      }
      for k in joint.declared(detectors.map(\.evidence))
      where detectors[k].claim(budget: budget) != nil { alarms.append((event, k)) }
    }
    return alarms
  }

  @Test(arguments: ["bcs:block=8,direction=both", "markov-betting:direction=both"])
  func `the budget is one for all streams together`(name: String) throws {
    // 10 streams, 120,000 events, one in 4,000 allowed: 30 false alarms, and five deviations.
    let found = try alarms(name, streams: 10, events: 120_000, seed: 5, budget: 4_000) {
      _, _, random in random.unit() < 0.2 ? 1 : 0
    }
    #expect(found.count <= 30 + 27, "\(found.count)")
  }

  @Test func `when many change at once each needs less than its share alone`() throws {
    func delay(_ budget: Double, together: Bool) throws -> [Int] {
      // Alone: each with a tenth of the budget.
      let name = "bcs:block=8,budget=\(together ? budget : budget * 10)"
      guard !together else {
        return try alarms(name, streams: 10, events: 4_000, seed: 9, budget: budget) {
          event, _, random in random.unit() < (event < 2_000 ? 0.2 : 0.35) ? 1 : 0
        }.filter { $0.event >= 2_000 }.map(\.event)
      }
      var random = SplitMix(seed: 9)
      var detectors = try (0..<10).map { _ in try Catalogue.detectors.make(name, ()) }
      var events: [Int] = []
      for event in 0..<4_000 {
        for k in detectors.indices {
          let value = random.unit() < (event < 2_000 ? 0.2 : 0.35) ? 1.0 : 0
          if detectors[k].observe(value) != nil, event >= 2_000 { events.append(event) }
        }
      }
      return events
    }
    let (joint, alone) = (try delay(10_000, together: true), try delay(10_000, together: false))
    #expect(joint.count >= 10 && alone.count >= 8)
    let mean: ([Int]) -> Double = { Double($0.prefix(8).reduce(0, +)) / 8 }
    #expect(mean(joint) < mean(alone))
  }

  @Test(arguments: [
    "bcs:block=8", "markov-betting", "e-detector", "e-detector:form=cusum,mean=0.2",
  ])
  func `evidence reaches the budget where the detector by itself would speak`(name: String) throws {
    var alone = try Catalogue.detectors.make(
      name + (name.contains(":") ? "," : ":") + "budget=500", ())
    var shared = try #require(try Catalogue.detectors.make(name, ()) as? any EvidenceDetector)
    shared.leaveAlarms()
    var random = SplitMix(seed: 31)
    for event in 0..<6_000 {
      let value = random.unit() < (event < 3_000 ? 0.2 : 0.6) ? 1.0 : 0
      let raised = alone.observe(value)
      _ = shared.observe(value)
      if let raised {
        #expect(shared.evidence >= 500)
        let claimed = shared.claim(budget: 500)
        // By their text: a mean before may be no number.
        #expect("\(String(describing: claimed))" == "\(String(describing: Optional(raised)))")
      }
      // Where the evidence spoke of nothing both began again.
      if shared.evidence >= 500 { #expect(shared.claim(budget: 500) == nil) }
    }
  }
}
