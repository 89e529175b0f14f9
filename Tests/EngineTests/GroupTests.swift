import Batches
import Learners
import Scores
import Snapshots
import Telemetry
import TestSupport
import Testing

@testable import Engine

/// Scores of groups of rows are those of their rows, and gaps are known when they are there.
@Suite struct GroupTests {
  // MARK: - Against scikit-learn

  struct Golden: Decodable {
    struct Stream: Decodable {
      let y, p: [Double]
      let groups: [String: [String: [String: Double]]]
    }
    let threshold: Double
    let window: Int
    let group: [String]
    let binary, regression: Stream
  }

  @Test(arguments: [Task.binary, .regression])
  func `scores and rates of groups are scikit-learn's`(task: Task) throws {
    let golden = try TestSupport.Golden.json("groups_sklearn.json", as: Golden.self)
    let stream = task == .binary ? golden.binary : golden.regression
    var options = GroupOptions()
    options.columns = ["g"]
    options.leastRows = 50
    options.threshold = golden.threshold
    var accounts = GroupAccounts(options, task, windowRows: golden.window)
    var batch = MicroBatch(capacity: 1000, denseWidth: 1)
    var names: [String] = []
    var maker = OutcomeMaker(task: task)
    var predictions = Predictions(rows: 1000, width: 1)
    for (row, name) in golden.group.enumerated() {
      batch.nextDense[0] = 0
      batch.endRow(target: stream.y[row], weight: 1, time: .nan, line: 1)
      if !names.contains(name) {
        batch.name(GroupName(column: 0, level: names.count, text: name))
        names.append(name)
      }
      batch.setLastGroups([Int32(names.firstIndex(of: name) ?? 0)])
      predictions[row] = stream.p[row]
    }
    maker.make(batch, 0..<batch.count, predictions)
    accounts.learnNames(batch)
    accounts.observe(batch, 0..<batch.count, maker.outcomes)
    let report = accounts.report(0)
    #expect(Set(report.groups.map(\.name)) == Set(stream.groups.keys))
    for group in report.groups {
      let expected = try #require(stream.groups[group.name])
      #expect(Double(group.rows) == expected["all"]?["rows"])
      #expect(Double(group.windowRows) == expected["window"]?["rows"])
      let told = group.scores + group.rates
      for (part, values) in expected {
        for (name, value) in values where name != "rows" {
          let found = try #require(told.first { $0.name == name }, "\(name)")
          let figure = try #require(part == "all" ? found.all : found.window)
          // Probabilities are ranked in bins: of a hundred rows a few that are no ties count as such.
          let slack = ["roc-auc": 1e-3, "average-precision": 2e-3][name] ?? 1e-9
          #expect(abs(figure - value) < slack, "\(group.name) \(name) \(part)")
        }
      }
    }
  }

  // MARK: - Through the engine

  private let rows = Rows.random(
    seed: 31, count: 1500, width: 2, task: .regression, missing: true)

  /// Group and batch of each row: `sizes` in turn.
  private func run(_ options: EngineOptions, _ sizes: [Int]) throws -> (Engine, [Int: Double]) {
    var options = options
    options.keepsLosses = true
    options.batchRows = sizes.max() ?? 1
    var engine = try Engine(
      options, Schema(task: .regression, targetName: "y", denseNames: ["a", "b"]))
    var losses: [Int: Double] = [:]
    var batch = MicroBatch(capacity: options.batchRows, denseWidth: 2)
    var (next, turn) = (0, 0)
    while next < rows.rows.count {
      batch.removeAll()
      for _ in 0..<sizes[turn % sizes.count] where next < rows.rows.count {
        for (j, value) in rows.rows[next].dense.enumerated() { batch.nextDense[j] = value }
        batch.endRow(target: rows.rows[next].target, weight: 1, time: .nan, line: 1)
        if next < 3 { batch.name(GroupName(column: 0, level: next, text: "g\(next)")) }
        batch.setLastGroups([Int32(next % 3)])
        next += 1
      }
      turn += 1
      engine.step(batch)
      for loss in engine.losses { losses[loss.event] = loss.loss }
    }
    engine.finish()
    for loss in engine.losses { losses[loss.event] = loss.loss }
    return (engine, losses)
  }

  private func options(delay: Int) -> EngineOptions {
    var options = EngineOptions()
    options.models = ["linear:optimizer=sgd,rate=0.01"]
    options.scoreWindow = 200
    options.labelDelay = delay
    options.groups = GroupOptions()
    options.groups?.columns = ["g"]
    options.groups?.every = 300
    return options
  }

  @Test(arguments: [0, 40]) func `a group's error is that of its rows, however late their labels`(
    delay: Int
  ) throws {
    let (engine, losses) = try run(options(delay: delay), [64])
    let report = try #require(engine.groupReports.first)
    let last = losses.keys.sorted().suffix(200)
    for (k, group) in report.groups.enumerated() {
      let own = losses.filter { $0.key % 3 == k }
      let window = last.filter { $0 % 3 == k }
      #expect(group.rows == own.count)
      #expect(group.windowRows == window.count)
      let mae = try #require(group.scores.first { $0.name == "mae" })
      let mean = own.values.reduce(0, +) / Double(own.count)
      let recent = window.reduce(0) { $0 + (losses[$1] ?? 0) } / Double(window.count)
      #expect(abs((mae.all ?? 0) - mean) < 1e-9 * mean)
      #expect(abs((mae.window ?? 0) - recent) < 1e-9 * recent)
    }
  }

  @Test func `where batches end changes nothing that is told of groups`() throws {
    var (one, _) = try run(options(delay: 17), [64])
    var (other, _) = try run(options(delay: 17), [1, 37, 5, 200])
    let told = one.takeEntries().map(\.json.text)
    #expect(told == other.takeEntries().map(\.json.text))
    #expect(told.contains { $0.contains("\"kind\":\"group\"") })
  }

  // MARK: - Gaps

  private func gaps(seed: UInt64, _ rates: [Double], rows: Int) -> [JournalEntry] {
    var options = GroupOptions()
    options.columns = ["g"]
    var accounts = GroupAccounts(options, .binary, windowRows: 100)
    var batch = MicroBatch(capacity: 64, denseWidth: 0)
    var predictions = Predictions(rows: 64, width: 1)
    var random = SplitMix(seed: seed)
    var maker = OutcomeMaker(task: .binary)
    var entries: [JournalEntry] = []
    for k in rates.indices { batch.name(GroupName(column: 0, level: k, text: "g\(k)")) }
    accounts.learnNames(batch)
    for block in 0..<rows / 64 {
      batch.removeAll()
      for row in 0..<64 {
        let group = random.below(rates.count)
        batch.endRow(target: random.unit() < 0.5 ? 1 : 0, weight: 1, time: .nan, line: 1)
        batch.setLastGroups([Int32(group)])
        predictions[row] = random.unit() < rates[group] ? 0.9 : 0.1
      }
      maker.make(batch, 0..<64, predictions)
      accounts.observe(batch, 0..<64, maker.outcomes)
      entries += accounts.look(event: 64 * (block + 1), reactEvery: 64)
    }
    return entries
  }

  @Test func `a gap that is there is found, and named`() throws {
    let entries = gaps(seed: 3, [0.2, 0.5], rows: 6400)
    let gap = try #require(
      entries.first { $0["quantity"] == .string("positive-rate") }, "seed 3")
    #expect(gap.kind == "group-gap")
    #expect(gap["high"] == .string("g1") && gap["low"] == .string("g0"))
    guard case .array(let ends)? = gap["interval"], case .double(let low) = ends[0],
      case .double(let high) = ends[1]
    else { throw Missing() }
    #expect(low > 0 && low < 0.3 && high > 0.3)
    #expect(!entries.contains { $0["quantity"] == .string("base-rate") })
  }

  struct Missing: Error {}

  @Test func `where groups are treated alike no gap is told`() {
    // 30 streams at a risk of .05: 1.5 expected at most, and intervals are wider than they need to be.
    let told = (0..<30).count {
      !gaps(seed: UInt64(100 + $0), [0.3, 0.3, 0.3], rows: 1920).isEmpty
    }
    #expect(told <= 3, "seeds 100 to 129")
  }

  @Test func `groups of few rows are pooled and no gap is told of them`() {
    let few = gaps(seed: 8, [0.05, 0.95], rows: 192)
    #expect(few.isEmpty, "seed 8")
  }

  @Test func `restored in mid-stream it goes on as if nothing had been`() throws {
    var options = GroupOptions()
    options.columns = ["g", "h"]
    options.leastRows = 20
    var random = SplitMix(seed: 77)
    var accounts = GroupAccounts(options, .regression, windowRows: 50)
    var batch = MicroBatch(capacity: 256, denseWidth: 0)
    let predictions = Predictions(rows: 256, width: 1)
    var maker = OutcomeMaker(task: .regression)
    func fill(_ random: inout SplitMix) {
      batch.removeAll()
      for k in 0..<3 {
        for column in 0..<2 { batch.name(GroupName(column: column, level: k, text: "\(k)")) }
      }
      for _ in 0..<90 {
        let group = Int32(random.below(3))
        batch.endRow(target: random.normal() * Double(group + 1), weight: 1, time: .nan, line: 1)
        batch.setLastGroups([group, 2 - group])
      }
      maker.make(batch, 0..<90, predictions)
    }
    for turn in 0..<4 {
      fill(&random)
      accounts.learnNames(batch)
      accounts.observe(batch, 0..<90, maker.outcomes)
      _ = accounts.look(event: 90 * (turn + 1), reactEvery: 90)
      var writer = SnapshotWriter()
      accounts.write(to: &writer)
      var reader = try SnapshotReader(writer.sealed())
      var restored = GroupAccounts(options, .regression, windowRows: 50)
      try restored.restore(from: &reader)
      #expect(reader.left == 0)
      for column in 0..<2 {
        #expect(restored.report(column).json.text == accounts.report(column).json.text)
      }
      accounts = restored
    }
  }
}
