import Batches
import Catalogues
import Detectors
import Learners
import Scores
import Telemetry
import TestSupport
import Testing

@testable import Engine

@Suite struct EngineTests {
  /// A relation that turns over half-way.
  private func rows(_ count: Int = 4000, turn: Int = 2000, seed: UInt64 = 2) -> Rows {
    var random = SplitMix(seed: seed)
    return Rows(
      width: 2,
      (0..<count).map { i in
        let (a, b) = (random.normal(), random.normal())
        let y = (i < turn ? 5 * a + b : -5 * a + b) + 20 + random.normal() / 2
        return Rows.Row([a, b], target: random.below(40) == 0 ? .nan : y)
      })
  }

  private let schema = Schema(task: .regression, targetName: "y", denseNames: ["a", "b"])

  private struct Result: Equatable {
    var predictions: [Double] = []
    var entries: [JournalEntry] = []
    var mae = 0.0
  }

  private func run(_ options: EngineOptions, _ rows: Rows, _ sizes: [Int] = [256]) throws -> Result
  {
    var options = options
    options.batchRows = sizes.max() ?? 1
    var engine = try Engine(options, schema)
    var result = Result()
    rows.forEachBatch(sizes) { batch in
      engine.step(batch)
      for row in 0..<batch.count { result.predictions.append(engine.predictions[row]) }
      result.entries += engine.takeEntries()
    }
    result.mae = engine.models[0].board.overall("mae") ?? .nan
    return result
  }

  static let modes: [EngineOptions] = {
    var all: [EngineOptions] = []
    for reaction in ReactionKind.allCases {
      var options = EngineOptions()
      options.models = ["linear:optimizer=sgd,rate=0.01"]
      options.watches = [
        Watch(signal: "loss", detector: "adwin"), Watch(signal: "a", detector: "page-hinkley"),
        Watch(signal: "error", detector: "page-hinkley:threshold=200"),
      ]
      options.reaction = reaction
      options.leastRows = 150
      options.scoreSchedule = .every(50)
      all.append(options)
      options.update = .triggered
      options.warmup = 500
      all.append(options)
    }
    var scheduled = EngineOptions()
    scheduled.models = ["rls", "linear"]
    scheduled.update = .scheduled
    scheduled.warmup = 333
    scheduled.retrainEvery = .events(500)
    scheduled.windowRows = 400
    all.append(scheduled)
    var joint = EngineOptions()
    joint.models = ["linear:optimizer=sgd,rate=0.01"]
    joint.watches = ["each", "loss", "target"].map {
      Watch(signal: $0, detector: "bcs:direction=both,block=4")
    }
    joint.jointBudget = JointBudget(events: 50)
    joint.reaction = .restart
    joint.scoreSchedule = .thinning(from: 1)
    all.append(joint)
    var threshold = EngineOptions()
    threshold.models = ["linear"]
    threshold.update = .never
    threshold.warmup = 300
    all.append(threshold)
    threshold.update = .triggered
    threshold.retrainWhen = MetricThreshold("mae>3")
    threshold.scoreWindow = 200
    all.append(threshold)
    return all
  }()

  @Test(arguments: modes) func `where batches begin changes nothing, reactions included`(
    options: EngineOptions
  ) throws {
    let rows = rows()
    let expected = try run(options, rows, [1])
    for sizes in [[256], [7, 100], [64], [999]] {
      let found = try run(options, rows, sizes)
      #expect(found.predictions == expected.predictions, "batches of \(sizes)")
      #expect(found.entries == expected.entries, "batches of \(sizes)")
    }
  }

  @Test func `a turn-over is alarmed, placed, refitted, tried and kept`() throws {
    var options = EngineOptions()
    options.models = ["linear:optimizer=sgd,rate=0.01"]
    options.watches = [Watch(signal: "loss", detector: "adwin")]
    options.update = .triggered
    options.warmup = 1000
    options.reaction = .retrain
    options.leastRows = 200
    let result = try run(options, rows())
    let kinds = result.entries.map(\.kind)
    #expect(
      kinds.filter { $0 != "alarm" } == ["retrain", "cause", "window-reset", "retrain", "kept"])
    let cause = try #require(result.entries.first { $0.kind == "cause" })
    #expect(cause["cause"] == .string("relation"))
    let alarm = try #require(result.entries.first { $0.kind == "alarm" })
    guard case .int(let since)? = alarm["since"] else { return }
    #expect(abs(since - 2000) < 64 && alarm.event > 2000 && alarm.event < 2200)
    for entry in result.entries where ["retrain", "kept", "window-reset"].contains(entry.kind) {
      #expect(entry.event == 1000 || entry.event % 64 == 0)
    }
    options.update = .never
    #expect(try run(options, rows()).mae > result.mae + 2)
  }

  @Test func `a reaction that made things worse is undone`() throws {
    // A few outliers raise an alarm; a model started afresh does worse than the one that was there.
    var rows = rows(3000, turn: 3000)
    for i in 1500..<1540 { rows.rows[i].target += 60 }
    var options = EngineOptions()
    options.models = ["linear:optimizer=sgd,rate=0.002"]
    options.watches = [Watch(signal: "loss", detector: "page-hinkley:threshold=500")]
    options.reaction = .restart
    options.trialEvents = 300
    let result = try run(options, rows)
    let undone = try #require(result.entries.first { $0.kind == "undone" })
    guard case .double(let after)? = undone["lossAfter"],
      case .double(let without)? = undone["lossWithout"]
    else {
      Issue.record("no evidence in \(undone)")
      return
    }
    #expect(after > without)
    options.trialEvents = 0
    let stood = try run(options, rows)
    #expect(!stood.entries.contains { $0.kind == "undone" })
    #expect(stood.mae > result.mae, "\(result.entries.map { "\($0.event) \($0.kind)" })")
  }

  @Test func `never is never`() throws {
    var options = EngineOptions()
    options.models = ["linear"]
    options.update = .never
    options.warmup = 300
    options.retrainEvery = .events(64)
    options.retrainWhen = MetricThreshold("mae>0.001")
    options.scoreWindow = 100
    options.reaction = .retrain
    options.watches = [Watch(signal: "loss", detector: "adwin")]
    let kinds = try run(options, rows()).entries.map(\.kind).filter {
      $0 != "alarm" && $0 != "cause"
    }
    #expect(kinds == ["retrain"])
  }

  @Test func `an alarm is placed at its event although labels are missing`() throws {
    var rows = rows()
    for i in 0..<1500 where i % 3 > 0 { rows.rows[i].target = .nan }
    var options = EngineOptions()
    options.models = ["linear:optimizer=sgd,rate=0.01"]
    options.watches = [Watch(signal: "loss", detector: "adwin")]
    let late = try run(options, rows).entries.filter { $0.kind == "alarm" && $0.event > 2000 }
    guard case .int(let since)? = late.first?["since"] else {
      Issue.record("no alarm")
      return
    }
    #expect(abs(since - 2000) < 64)
  }

  @Test func `what cannot be watched is said`() {
    var options = EngineOptions()
    options.watches = [Watch(signal: "c", detector: "adwin")]
    #expect(throws: SpecificationError.self) { _ = try Engine(options, schema) }
    options.watches = []
    options.retrainWhen = MetricThreshold("auc>1")
    #expect(throws: SpecificationError.self) { _ = try Engine(options, schema) }
    options.retrainWhen = nil
    options.models = ["logistic"]
    #expect(throws: SpecificationError.self) { _ = try Engine(options, schema) }
  }

  @Test func `schedules and thresholds are read`() {
    #expect(StreamInterval("1000") == .events(1000))
    #expect(StreamInterval("36h") == .seconds(129_600))
    #expect(StreamInterval("1.5d") == .seconds(129_600))
    for text in ["", "0", "-5", "d", "7y", "nand"] { #expect(StreamInterval(text) == nil) }
    #expect(MetricThreshold("mae > 60")?.bound == 60)
    #expect(MetricThreshold("accuracy<0.5")?.isAbove == false)
    #expect(MetricThreshold("mae") == nil)
  }

  @Test func `the window keeps its latest rows and knows their events`() {
    let rows = rows(1000)
    let window = RowWindow(capacity: 150, denseWidth: 2)
    var seen = 0
    rows.forEachBatch([1, 33, 64]) { batch in
      window.append(batch, 0..<batch.count)
      seen += batch.count
      #expect(window.count == min(seen, 150))
      #expect(window.start == max(0, seen - 150))
      window.withRows { kept in
        #expect(kept.count == window.count)
        #expect(kept.dense(kept.count - 1)[0] == rows.rows[seen - 1].dense[0])
        #expect(kept.dense(0)[1] == rows.rows[window.start].dense[1])
      }
    }
    #expect(window.drop(before: 950) == 100)
    #expect(window.count == 50 && window.start == 950)
  }
}
