import Batches
import Catalogues
import Learners
import Scores
import Telemetry
import TestSupport
import Testing

@testable import Engine

/// Labels that come in any order and are joined to their rows by a slot.
@Suite struct LateByIDTests {
  private let schema = Schema(task: .regression, targetName: "y", denseNames: ["a", "b", "c"])
  private let rows = Rows.random(
    seed: 71, count: 1100, width: 3, task: .regression, missing: false)

  /// What comes: a row, or the label of an earlier one.
  private enum Item {
    case row(Int)
    case label(Int)
  }

  private struct Run {
    var predictions: [Double] = []
    var entries: [JournalEntry] = []
    var losses: [EventLoss] = []
    let engine: Engine
  }

  /// Takes the items in batches of the sizes given, in turn.
  private func run(_ options: EngineOptions, _ items: [Item], _ sizes: [Int] = [256]) throws -> Run
  {
    var options = options
    options.batchRows = sizes.max() ?? 1
    options.keepsLosses = true
    var engine = try Engine(options, schema)
    var (predictions, entries, losses): ([Double], [JournalEntry], [EventLoss]) = ([], [], [])
    var batch = MicroBatch(capacity: options.batchRows, denseWidth: 3)
    var (next, turn) = (0, 0)
    while next < items.count {
      batch.removeAll()
      for _ in 0..<sizes[turn % sizes.count] where next < items.count {
        switch items[next] {
        case .row(let row):
          for (j, value) in rows.rows[row].dense.enumerated() { batch.nextDense[j] = value }
          for (index, value) in rows.rows[row].sparse { batch.addSparse(index, value) }
          batch.endRow(target: .nan, weight: rows.rows[row].weight, time: .nan, line: 1)
          batch.setLastTicket(LabelTicket(.asks, slot: row % 500))
        case .label(let row):
          batch.endRow(target: rows.rows[row].target, weight: 1, time: .nan, line: 1)
          batch.setLastTicket(LabelTicket(.answers, slot: row % 500))
        }
        next += 1
      }
      turn += 1
      engine.step(batch)
      for row in 0..<batch.count where batch.ticket(row).isEvent {
        predictions.append(engine.predictions[row])
      }
      entries += engine.takeEntries()
      losses += engine.losses
    }
    engine.finish()
    entries += engine.takeEntries()
    losses += engine.losses
    return Run(predictions: predictions, entries: entries, losses: losses, engine: engine)
  }

  /// Every label so many rows late, and the last ones never.
  private func late(by delay: Int) -> [Item] {
    rows.rows.indices.flatMap { row -> [Item] in
      row < delay ? [.row(row)] : [.row(row), .label(row - delay)]
    }
  }

  /// Labels late by chance; some never come.
  private func shuffled(seed: UInt64) -> [Item] {
    var random = SplitMix(seed: seed)
    var due: [Int: [Item]] = [:]
    var items: [Item] = []
    for row in rows.rows.indices {
      items.append(.row(row))
      if random.below(10) > 0 { due[row + random.below(200), default: []].append(.label(row)) }
      items += due.removeValue(forKey: row) ?? []
    }
    for row in due.keys.sorted() { items += due[row] ?? [] }
    return items
  }

  static func byID(_ options: EngineOptions) -> EngineOptions {
    var options = options
    options.labelDelay = 0
    options.waitRows = 400
    options.season = nil
    return options
  }

  @Test(arguments: LateLabelTests.modes) func `labels that are all as late are as with a delay`(
    options: EngineOptions
  ) throws {
    let delay = options.labelDelay
    let found = try run(LateByIDTests.byID(options), late(by: delay))
    var delayed = options
    (delayed.season, delayed.keepsLosses) = (nil, true)
    var engine = try Engine(delayed, schema)
    var (predictions, entries, losses): ([Double], [JournalEntry], [EventLoss]) = ([], [], [])
    rows.forEachBatch([256]) { batch in
      engine.step(batch)
      for row in 0..<batch.count { predictions.append(engine.predictions[row]) }
      entries += engine.takeEntries()
      losses += engine.losses
    }
    #expect(found.predictions == predictions)
    // By number the labels that are under way come in the end; here they never do.
    #expect(found.losses == losses)
    func decisions(_ entries: [JournalEntry]) -> [JournalEntry] {
      entries.filter { !["cause", "experts"].contains($0.kind) }
    }
    // A challenger is compared from when labels of rows that it has seen come, and only a delay tells when that is.
    if options.reaction != .challenger {
      #expect(decisions(found.entries) == decisions(entries))
    }
    #expect(found.engine.models[0].weights?.dense == engine.models[0].weights?.dense)
    #expect(found.engine.labelled == rows.rows.count - delay)
  }

  @Test(arguments: LateLabelTests.modes) func `where batches begin changes nothing`(
    options: EngineOptions
  ) throws {
    let options = LateByIDTests.byID(options)
    let items = shuffled(seed: 5)
    let expected = try run(options, items, [1])
    for sizes in [[256], [7, 100]] {
      let found = try run(options, items, sizes)
      #expect(found.predictions == expected.predictions, "batches of \(sizes)")
      #expect(found.entries == expected.entries, "batches of \(sizes)")
      #expect(found.losses == expected.losses, "batches of \(sizes)")
    }
  }

  @Test(arguments: 1...4) func `a row is learned once, when its label comes`(seed: Int) throws {
    let items = shuffled(seed: UInt64(seed))
    var options = EngineOptions()
    options.models = ["rls"]
    options.waitRows = 400
    options.scoreWindow = 300
    let found = try run(options, items)
    // By hand.
    var learner = try Catalogue.learners.make(
      "rls", LearnerContext(task: .regression, denseWidth: 3))
    var (said, atArrival, arrived): ([Int: Double], [Double], [Int]) = ([:], [], [])
    var then: [Double] = []
    rows.forEachBatch([rows.rows.count]) { all in
      var scratch = Predictions(rows: all.count, width: 1)
      for item in items {
        switch item {
        case .row(let row):
          learner.predict(all, rows: row..<row + 1, into: &scratch)
          said[row] = scratch[row]
          #expect(found.predictions[row] == scratch[row], "seed \(seed), row \(row)")
        case .label(let row):
          learner.learn(all, rows: row..<row + 1, into: &scratch)
          atArrival.append(abs(all.targets[row] - scratch[row]))
          then.append(abs(all.targets[row] - (said[row] ?? .nan)))
          arrived.append(row)
        }
      }
      // Of the last labelled rows the model of the end says this.
      var error = 0.0
      for row in arrived.suffix(300) {
        learner.predict(all, rows: row..<row + 1, into: &scratch)
        error += abs(all.targets[row] - scratch[row]) / 300
      }
      let again = found.engine.models[0].late?.reevaluated?.overall("mae") ?? .nan
      #expect(abs(again - error) < 1e-9, "seed \(seed)")
    }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    let report = found.engine.models[0]
    #expect(found.engine.labelled == arrived.count)
    #expect(abs((report.board.overall("mae") ?? .nan) - mean(then)) < 1e-9, "seed \(seed)")
    let arrival = report.late?.atArrival.overall("mae") ?? .nan
    #expect(abs(arrival - mean(atArrival)) < 1e-9, "seed \(seed)")
  }

  @Test func `of more rows than may wait the oldest is given up`() throws {
    var options = EngineOptions()
    options.models = ["no-change"]
    options.waitRows = 10
    // The labels of the first 100 rows come after all of them.
    let items = (0..<100).map { Item.row($0) } + (0..<100).map { Item.label($0) }
    let found = try run(options, items)
    #expect(found.engine.labelled == 10)
  }
}
