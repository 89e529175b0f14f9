import Batches
import Catalogues
import Learners
import Scores
import Telemetry
import TestSupport
import Testing

@testable import Engine

/// Champion, challengers and shadows on the same events.
@Suite struct ContestTests {
  private static let quick = "linear:optimizer=sgd,rate=0.2"

  private let schema = Schema(task: .regression, targetName: "y", denseNames: ["a", "b"])

  /// A relation that stays, then one that turns over every 100 events, then the first again: who learns quickly is better in
  /// between, and worse before and after.
  private func rows(_ count: Int, restless: Range<Int>, seed: UInt64 = 2) -> Rows {
    var random = SplitMix(seed: seed)
    return Rows(
      width: 2,
      (0..<count).map { i in
        let (a, b) = (random.normal(), random.normal())
        let y = (restless.contains(i) && i / 100 % 2 == 0 ? -3 : 3) * a + b
        return Rows.Row([a, b], target: random.below(40) == 0 ? .nan : y + random.normal() / 2)
      })
  }

  private struct Result: Equatable {
    var predictions: [Double] = []
    var versions: [Int] = []
    var intervals: [Double] = []
    var losses: [EventLoss] = []
    var entries: [JournalEntry] = []
    var scores: [[Double]] = []
  }

  private func run(
    _ options: EngineOptions, _ rows: Rows, _ sizes: [Int] = [256]
  ) throws -> (result: Result, engine: Engine) {
    var options = options
    options.batchRows = sizes.max() ?? 1
    options.keepsLosses = true
    var engine = try Engine(options, schema)
    var result = Result()
    rows.forEachBatch(sizes) { batch in
      engine.step(batch)
      for row in 0..<batch.count {
        result.predictions.append(engine.predictions[row])
        if options.interval != nil {
          result.intervals += [engine.intervals[row].low, engine.intervals[row].high]
        }
      }
      result.versions += engine.servedVersions[..<batch.count]
      result.losses += engine.losses
      result.entries += engine.takeEntries()
    }
    engine.finish()
    result.losses += engine.losses
    result.entries += engine.takeEntries()
    result.scores = engine.models.map { $0.board.overall.map(\.value) }
    return (result, engine)
  }

  private func options(delay: Int = 0) -> EngineOptions {
    var options = EngineOptions()
    options.models = ["linear:optimizer=sgd,rate=0.01"]
    options.challengers = [ContestTests.quick]
    options.watches = [Watch(signal: "loss", detector: "page-hinkley:threshold=100")]
    options.labelDelay = delay
    options.interval = 0.9
    options.scoreSince = 1000
    return options
  }

  static let modes: [String: EngineOptions] = {
    let own = ContestTests()
    var shadows = own.options()
    shadows.shadows = ["running-mean"]
    shadows.challengers = ["rls", ContestTests.quick]
    shadows.promoteTest = "empirical-bernstein:block=4"
    var drifts = own.options()
    drifts.challengers = []
    drifts.reaction = .challenger
    drifts.models = ["linear:optimizer=adagrad,rate=0.1"]
    drifts.leastRows = 100
    drifts.contestEvents = 700
    var late = drifts
    late.labelDelay = 11
    var fitted = drifts
    fitted.update = .triggered
    fitted.warmup = 500
    return [
      "challenger": own.options(), "late labels": own.options(delay: 11), "shadows": shadows,
      "drifts": drifts, "drifts, late labels": late, "drifts, fitted": fitted,
    ]
  }()

  @Test(arguments: modes.keys.sorted()) func `where batches end changes nothing`(
    mode: String
  ) throws {
    let options = try #require(ContestTests.modes[mode])
    let rows = rows(4500, restless: 1500..<4000)
    let whole = try run(options, rows, [6000]).result
    let kinds = Set(whole.entries.map(\.kind))
    #expect(!kinds.isDisjoint(with: ["promotion", "challenger-started"]), "\(mode): \(kinds)")
    for sizes in [[1], [7, 64, 129, 500]] {
      let found = try run(options, rows, sizes).result
      #expect(found.entries == whole.entries)
      #expect(found.predictions == whole.predictions)
      #expect(found.scores == whole.scores)
      #expect(found == whole)
    }
  }

  @Test(arguments: [0, 11]) func `what is better is served, and what was better is served again`(
    delay: Int
  ) throws {
    let (result, engine) = try run(options(delay: delay), rows(12_000, restless: 1500..<5000))
    let decisions = result.entries.filter { ["promotion", "rollback"].contains($0.kind) }
    #expect(decisions.map(\.kind) == ["promotion", "rollback"], "\(decisions.map(\.event))")
    let promotion = try #require(decisions.first)
    #expect(promotion.event % 64 == 0 && promotion.event > 1500 && promotion.event < 5000)
    #expect(promotion["to"] == .string(ContestTests.quick))
    #expect(promotion["fromVersion"] == .int(0) && promotion["toVersion"] == .int(2))
    #expect(promotion["since"] == .int(0) && promotion["risk"] == .double(0.05))
    #expect(promotion["test"] == .string("betting"))
    guard case .double(let value)? = promotion["eValue"],
      case .array(let interval)? = promotion["interval"], case .double(let low)? = interval.first
    else {
      Issue.record("\(promotion.json.text)")
      return
    }
    #expect(value >= 20 && low > 0)
    let rollback = try #require(decisions.last)
    #expect(rollback["since"] == .int(promotion.event) && rollback.event > 5000)
    // Versions follow.
    let turns = [promotion.event, rollback.event]
    let expected = result.versions.indices.map { $0 < turns[0] ? 0 : $0 < turns[1] ? 2 : 3 }
    #expect(result.versions == expected)
    #expect(engine.servedName == "linear:optimizer=sgd,rate=0.01")
    #expect(engine.models[0].reactions.map(\.kind) == ["promotion", "rollback"])
  }

  /// The score of what was served is that of what was said, event by event.
  @Test(arguments: [0, 11]) func `scores, intervals and losses are of what was served`(
    delay: Int
  ) throws {
    let rows = rows(9000, restless: 1500..<5000)
    let (result, engine) = try run(options(delay: delay), rows)
    #expect(Set(result.versions).count == 3)
    var (errors, since, within): ([Double], [Double], Int) = ([], [], 0)
    for (event, row) in rows.rows.enumerated() where !row.target.isNaN {
      let error = abs(row.target - result.predictions[event])
      errors.append(error)
      if event >= 1000 { since.append(error) }
      if (result.intervals[2 * event]...result.intervals[2 * event + 1]).contains(row.target) {
        within += 1
      }
    }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    let served = engine.models[0]
    #expect(served.name == "served" && served.role == nil)
    #expect(abs(try #require(served.board.overall("mae")) - mean(errors)) < 1e-9)
    #expect(abs(try #require(served.boardSince?.overall("mae")) - mean(since)) < 1e-9)
    #expect(served.coverage.within == within && served.coverage.labels == errors.count)
    #expect(result.losses.map(\.loss) == errors)
    #expect(engine.models[1].board.overall("mae") != served.board.overall("mae"))
    #expect(engine.models.dropFirst().map(\.role) == ["served", "challenger"])
  }

  @Test func `what is worse is never served, and neither is a shadow that is better`() throws {
    var options = options()
    options.challengers = ["running-mean", "linear:optimizer=sgd,rate=0.0001"]
    options.shadows = ["rls"]
    options.watches = []
    let rows = rows(6000, restless: 0..<0)
    let (result, engine) = try run(options, rows)
    #expect(!result.entries.contains { ["promotion", "rollback"].contains($0.kind) })
    let told = result.entries.filter { $0.kind == "shadow-better" }
    #expect(told.count == 1 && told.first?["model"] == .string("rls"))
    let comparisons = result.entries.filter { $0.kind == "comparison" }
    #expect(
      comparisons.compactMap { $0["role"] }
        == ["challenger", "challenger", "shadow"].map { .string($0) })
    #expect(comparisons.allSatisfy { $0["risk"] == .double(0.025) })
    // Challengers that do nothing change nothing.
    options.challengers = []
    options.shadows = []
    #expect(try run(options, rows).result.predictions == result.predictions)
    #expect(
      engine.models[0].board.overall("mae")
        == (try run(options, rows).engine.models[0].board.overall("mae")))
  }

  @Test func `a drift has a fresh start challenge, one at a time, and it ends`() throws {
    let options = try #require(ContestTests.modes["drifts"])
    let (result, engine) = try run(options, rows(9000, restless: 3000..<6000))
    let kinds = result.entries.map(\.kind).filter {
      $0.hasPrefix("challenger") || $0 == "promotion" || $0 == "rollback"
    }
    #expect(kinds.contains("challenger-started") && kinds.contains("challenger-ended"), "\(kinds)")
    var underWay = 0
    for kind in kinds {
      if kind == "challenger-started" { underWay += 1 }
      if kind == "challenger-ended" { underWay -= 1 }
      #expect((0...1).contains(underWay))
    }
    #expect(engine.models.count <= 3)
    // Every version that was served has a number of its own.
    let numbers = result.entries.compactMap {
      $0.kind == "challenger-started" ? $0["version"] : nil
    }
    #expect(numbers.count == Set(numbers.map(\.text)).count)
  }
}
