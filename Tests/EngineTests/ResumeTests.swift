import Batches
import Catalogues
import Detectors
import Learners
import Scores
import Snapshots
import Telemetry
import TestSupport
import Testing

@testable import Engine

/// An engine that is written between two batches and read back goes on as if nothing had been: for every learner, every
/// detector, every reaction and every way of updating.
@Suite struct ResumeTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let task: Task
    let options: EngineOptions
    let name: String
    var testDescription: String { name }

    init(_ name: String, _ task: Task, _ change: (inout EngineOptions) -> Void) {
      var options = EngineOptions()
      options.models = [task == .regression ? "linear:optimizer=sgd,rate=0.01" : "naive-bayes"]
      options.trialEvents = 128
      options.leastRows = 100
      change(&options)
      (self.name, self.task, self.options) = (name, task, options)
    }
  }

  static let cases: [Case] = learners + detectors + policies

  private static var learners: [Case] {
    Task.allCases.flatMap { task in
      Catalogue.learners.names.compactMap { name -> Case? in
        let context = LearnerContext(task: task, denseWidth: 3)
        guard (try? Catalogue.learners.make(name, context)) != nil else { return nil }
        return Case("\(name) of \(task.rawValue)", task) {
          $0.models = [name]
          $0.watches = [Watch(signal: "loss", detector: "adwin:delta=0.2")]
        }
      }
    }
  }

  private static var detectors: [Case] {
    Catalogue.detectors.names.compactMap { name -> Case? in
      guard let detector = try? Catalogue.detectors.make(name, width: 1) else { return nil }
      return Case("\(name) watches", .binary) { options in
        options.watches = [Watch(signal: "error", detector: name)]
        if !detector.takesErrorsOnly { options.watches.append(Watch(signal: "a", detector: name)) }
      }
    } + [
      Case("mmd watches rows", .binary) {
        $0.watches = [Watch(signal: "features", detector: "mmd")]
      }
    ]
  }

  private static var policies: [Case] {
    var all: [Case] = []
    for reaction in ReactionKind.allCases {
      for update in UpdateMode.allCases {
        all.append(
          Case("\(update.rawValue), \(reaction.rawValue)", .regression) {
            $0.reaction = reaction
            $0.update = update
            if update != .continuous { $0.warmup = 200 }
            if update == .scheduled { $0.retrainEvery = .events(300) }
            $0.watches = [
              Watch(signal: "loss", detector: "adwin:delta=0.1"),
              Watch(signal: "a", detector: "page-hinkley:threshold=5"),
            ]
          })
      }
    }
    for delay in [0, 17] {
      all.append(
        Case("challengers and a shadow, labels \(delay) late", .regression) {
          $0.challengers = ["linear:optimizer=sgd,rate=0.2", "running-mean"]
          $0.shadows = ["rls"]
          $0.labelDelay = delay
          $0.reaction = .challenger
          $0.contestEvents = 200
          $0.promoteRisk = 0.5
          $0.interval = 0.9
          $0.scoreSince = 300
          $0.watches = [Watch(signal: "loss", detector: "adwin:delta=0.5")]
        })
    }
    all.append(
      Case("a threshold", .regression) {
        $0.scoreWindow = 100
        $0.retrainWhen = MetricThreshold("mae>4")
      })
    all.append(
      Case("intervals, scores apart, labels late, two models", .regression) {
        $0.models = ["rls", "hoeffding-tree-regressor:grace=50,delta=0.5"]
        $0.interval = 0.9
        $0.scoreSince = 333
        $0.labelDelay = 40
        $0.reaction = .restart
        $0.watches = [
          Watch(signal: "loss", detector: "adwin:delta=0.2"),
          Watch(signal: "each", detector: "bcs"),
        ]
        $0.jointBudget = JointBudget(events: 200)
      })
    all.append(
      Case("calibrated, labels late", .binary) {
        $0.models = ["logistic:optimizer=sgd,rate=0.1"]
        $0.calibrates = true
        $0.labelDelay = 7
        $0.reaction = .window
        $0.watches = [Watch(signal: "prediction", detector: "page-hinkley:threshold=3")]
      })
    all.append(
      Case("usual rows and importances", .regression) {
        $0.models = ["rls"]
        $0.screens = true
        var explains = ExplainOptions()
        (explains.backgroundRows, explains.importanceEvery) = (9, 70)
        explains.importanceRows = 12
        $0.explains = explains
      })
    all.append(
      Case("features are screened", .regression) {
        $0.models = ["mixture"]
        $0.screens = true
        $0.season = .events(24)
      })
    return all
  }

  /// What a run has said and what it will be.
  private struct Trace: Equatable {
    var predictions: [Double] = []
    var versions: [Int] = []
    var entries: [JournalEntry] = []
    var losses: [EventLoss] = []
    var changes: [FeatureChange] = []
    var scores: [Double] = []
    var alarms: [Alarm] = []
    var end: [UInt8] = []
  }

  /// The relation turns over at 500 of 1,100 rows, and one column moves at 850.
  private func rows(_ task: Task, seed: UInt64) -> Rows {
    var random = SplitMix(seed: seed)
    return Rows(
      width: 3,
      (0..<1100).map { i in
        let level = random.below(4)
        let (a, b) = (random.normal() + (i < 850 ? 0 : 3), random.normal())
        let z = (i < 500 ? 5 * a + b : -5 * a + b) + Double(level)
        let target =
          switch task {
          case .regression: z + 40 + random.normal()
          case .binary: z > 1 ? 1.0 : 0
          case .multiclass: z < -2 ? 0.0 : z < 4 ? 1 : i < 500 ? 1 : 2
          }
        return Rows.Row(
          [a, b, random.normal()], sparse: [(level, 1), (4 + random.below(3), 1)],
          target: random.below(40) == 0 ? .nan : target)
      })
  }

  private let families = ["p", "q"].enumerated().map {
    FeatureFamily(name: $1, levels: [$0], dense: [])
  }

  /// Runs with a new engine taking over after each of these batches.
  private func run(_ item: Case, _ rows: Rows, cuts: Set<Int>) throws -> Trace {
    var options = item.options
    options.batchRows = 64
    options.keepsLosses = true
    let schema = Schema(task: item.task, targetName: "y", denseNames: ["a", "b", "c"])
    var engine = try Engine(options, schema, families: families)
    var trace = Trace()
    var number = 0
    var failure: (any Error)?
    rows.forEachBatch([64, 1, 50, 17]) { batch in
      engine.step(batch)
      for row in 0..<batch.count {
        trace.predictions.append(engine.predictions[row])
        trace.versions.append(engine.servedVersions[row])
      }
      trace.changes += engine.featureChanges()
      trace.losses += engine.losses
      trace.entries += engine.takeEntries()
      number += 1
      guard cuts.contains(number) else { return }
      do { try replace(&engine, options, schema) } catch { failure = error }
    }
    if let failure { throw failure }
    var writer = SnapshotWriter()
    engine.write(to: &writer)
    trace.end = writer.sealed()
    engine.finish()
    trace.entries += engine.takeEntries()
    for model in engine.models + engine.baselineReports {
      trace.scores += model.board.overall.map(\.value) + model.board.overWindow.map(\.value)
      trace.scores += (model.boardSince?.overall ?? []).map(\.value)
      trace.scores += [model.coverage.share ?? 0, model.coverage.meanWidth ?? 0]
      trace.alarms += model.alarms
    }
    return trace
  }

  private func replace(_ engine: inout Engine, _ options: EngineOptions, _ schema: Schema) throws {
    var writer = SnapshotWriter()
    engine.write(to: &writer)
    var reader = try SnapshotReader(writer.sealed())
    var other = try Engine(options, schema, families: families)
    try other.restore(from: &reader)
    #expect(reader.left == 0)
    engine = other
  }

  @Test(arguments: cases) func `what is written and read back goes on as if it had not been`(
    item: Case
  ) throws {
    let seed: UInt64 = 41
    var random = SplitMix(seed: seed)
    let rows = rows(item.task, seed: seed)
    let whole = try run(item, rows, cuts: [])
    let cuts = Set((0..<6).map { _ in 1 + random.below(32) })
    let cut = try run(item, rows, cuts: cuts)
    let same =
      zip(whole.predictions, cut.predictions).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
    #expect(same, "seed \(seed), cuts \(cuts.sorted())")
    #expect(whole.versions == cut.versions)
    #expect(whole.entries == cut.entries)
    #expect(whole.losses.count == cut.losses.count)
    #expect(whole.changes == cut.changes)
    #expect(whole.scores.map(\.bitPattern) == cut.scores.map(\.bitPattern))
    #expect(whole.alarms.count == cut.alarms.count)
    #expect(whole.end == cut.end, "seed \(seed), cuts \(cuts.sorted())")
  }

  @Test func `damage in an engine's state is an error and nothing worse`() throws {
    let schema = Schema(task: .regression, targetName: "y", denseNames: ["a", "b", "c"])
    var options = EngineOptions()
    options.models = ["hoeffding-tree-regressor:grace=50,delta=0.5", "rls"]
    options.watches = [Watch(signal: "loss", detector: "adwin")]
    options.reaction = .restart
    options.labelDelay = 3
    var engine = try Engine(options, schema, families: families)
    rows(.regression, seed: 3).forEachBatch([64]) { engine.step($0) }
    _ = engine.takeEntries()
    var writer = SnapshotWriter()
    engine.write(to: &writer)
    let payload = writer.payload
    var random = SplitMix(seed: 5)
    for trial in 0..<300 {
      var damaged = payload
      for _ in 0...random.below(3) {
        damaged[random.below(damaged.count)] = UInt8(truncatingIfNeeded: random.below(256))
      }
      if trial % 3 == 0 { damaged.removeLast(random.below(damaged.count)) }
      var reader = SnapshotReader(payload: damaged)
      var other = try Engine(options, schema, families: families)
      // A changed number may well be read; a changed count must not lead astray.
      try? other.restore(from: &reader)
    }
  }
}
