import Batches
import Catalogues
import Detectors
import Telemetry
import TestSupport
import Testing

@testable import Engine

@Suite struct SharedBudgetTests {
  /// Three columns and a target that few rows have; all move at 1,500, one at 3,000.
  private func rows(labelled: Int) -> Rows {
    var random = SplitMix(seed: 8)
    return Rows(
      width: 3,
      (0..<4_000).map { event in
        let dense = (0..<3).map { k in
          random.normal() + (event >= 1_500 ? 1 : 0) + (event >= 3_000 && k == 1 ? 2 : 0)
        }
        let target = random.normal() + (event >= 1_500 ? 1 : 0)
        return Rows.Row(dense, target: random.below(10) < labelled ? target : .nan)
      })
  }

  /// Each event shown to every detector, and the evidence looked at after each.
  private func together(_ rows: Rows, _ name: String, budget: Double) throws -> [String] {
    var detectors: [any EvidenceDetector] = []
    for _ in 0..<4 {
      var made = try #require(try Catalogue.detectors.make(name, ()) as? any EvidenceDetector)
      made.leaveAlarms()
      detectors.append(made)
    }
    var alarms: [String] = []
    for (event, row) in rows.rows.enumerated() {
      for (k, value) in (row.dense + [row.target]).enumerated() where !value.isNaN {
        _ = detectors[k].observe(value)
      }
      for k in detectors.indices where detectors[k].evidence >= budget && !detectors[k].speaks {
        #expect(detectors[k].claim(budget: budget) == nil)
      }
      for k in JointBudget(events: budget).declared(detectors.map(\.evidence)) {
        guard let raised = detectors[k].claim(budget: budget) else { continue }
        let name = ["a", "b", "c", "target"][k]
        alarms.append("\(event) \(name)")
        // Columns have a value in every row, so that what came since is as many rows.
        if name != "target" {
          alarms.append("\(name) since \(event + 1 - raised.valuesSinceChange)")
        }
      }
    }
    return alarms
  }

  @Test(arguments: [30.0, 300, 10_000], [9, 1]) func `running ahead is as if all went together`(
    budget: Double, labelled: Int
  ) throws {
    let name = "bcs:block=4,direction=both"
    let rows = rows(labelled: labelled)
    let expected = try together(rows, name, budget: budget)
    #expect(expected.count >= 6)
    for sizes in [[256], [1], [7, 64, 13]] {
      var options = EngineOptions()
      options.models = ["no-change"]
      options.watches = ["each", "target"].map { Watch(signal: $0, detector: name) }
      options.jointBudget = JointBudget(events: budget)
      options.batchRows = 256
      var engine = try Engine(
        options, Schema(task: .regression, targetName: "y", denseNames: ["a", "b", "c"]))
      var entries: [JournalEntry] = []
      rows.forEachBatch(sizes) { batch in
        engine.step(batch)
        entries += engine.takeEntries()
      }
      let alarms = entries.filter { $0.kind == "alarm" }
      let found = alarms.flatMap { entry -> [String] in
        guard case .string(let signal)? = entry["signal"], case .int(let since)? = entry["since"]
        else { return [] }
        return ["\(entry.event) \(signal)"]
          + (signal == "target" ? [] : ["\(signal) since \(since)"])
      }
      #expect(found.sorted() == expected.sorted(), "\(sizes)")
      let promise = try #require(alarms.first?["promise"])
      #expect(promise["eventsPerFalseAlarm"] == .double(budget))
      guard case .string(let condition)? = promise["condition"] else {
        Issue.record("no condition")
        return
      }
      #expect(condition.hasSuffix("for all 4 signals together"))
    }
  }

  @Test func `a budget needs somebody who keeps one`() {
    var options = EngineOptions()
    options.watches = [Watch(signal: "loss", detector: "adwin")]
    options.jointBudget = JointBudget(events: 1_000)
    #expect(throws: SpecificationError.self) {
      _ = try Engine(options, Schema(task: .regression, targetName: "y", denseNames: ["a"]))
    }
  }
}
