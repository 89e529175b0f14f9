import Batches
import Explanations
import Learners
import Snapshots
import Telemetry
import TestSupport
import Testing

@testable import Engine

/// Explanations and importances of a run: of what was predicted, wherever batches begin.
@Suite struct ExplainingTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let task: Task
    let options: EngineOptions

    init(_ name: String, _ task: Task, _ change: (inout EngineOptions) -> Void) {
      var options = EngineOptions()
      options.reactEvery = 64
      var explains = ExplainOptions()
      (explains.backgroundRows, explains.from, explains.importanceEvery) = (8, 0, 90)
      explains.importanceRows = 10
      options.explains = explains
      change(&options)
      (testDescription, self.task, self.options) = (name, task, options)
    }
  }

  static let cases = [
    Case("mixture", .regression) { _ in },
    Case("calibrated", .binary) {
      $0.models = ["logistic:optimizer=sgd,rate=0.1"]
      $0.calibrates = true
    },
    Case("three classes", .multiclass) { $0.models = ["softmax:optimizer=sgd,rate=0.1"] },
    Case("tree, labels late", .regression) {
      $0.models = ["hoeffding-tree-regressor:grace=40,delta=0.5"]
      $0.labelDelay = 13
    },
    Case("challengers", .regression) {
      $0.models = ["running-mean"]
      $0.challengers = ["rls"]
      $0.promoteRisk = 0.5
    },
    Case("triggered", .regression) {
      $0.models = ["linear:rate=0.01"]
      (($0.update), $0.warmup, $0.reaction) = (.triggered, 100, .retrain)
      $0.leastRows = 60
      $0.watches = [Watch(signal: "loss", detector: "adwin:delta=0.2")]
    },
  ]

  /// a decides in the first half, b in the second.
  private func rows(_ task: Task) -> Rows {
    var random = SplitMix(seed: 8)
    return Rows(
      width: 3,
      (0..<360).map { i in
        let level = random.below(3)
        let (a, b) = (random.normal(), random.normal())
        let z = (i < 180 ? 5 * a : 5 * b) + Double(level)
        let target =
          switch task {
          case .regression: z + 30
          case .binary: z > 1 ? 1.0 : 0
          case .multiclass: z < -1 ? 0.0 : z < 2 ? 1 : 2
          }
        return Rows.Row([a, b, random.normal()], sparse: [(level, 1)], target: target)
      })
  }

  private func run(
    _ item: Case, _ sizes: [Int]
  ) throws -> (said: [[Double]], entries: [JournalEntry]) {
    var options = item.options
    options.batchRows = 360
    var engine = try Engine(
      options, Schema(task: item.task, targetName: "y", denseNames: ["a", "b", "c"]),
      families: [FeatureFamily(name: "level", levels: [0], dense: [])])
    var (said, entries): ([[Double]], [JournalEntry]) = ([], [])
    rows(item.task).forEachBatch(sizes) { batch in
      engine.step(batch)
      #expect(engine.explanations.count == batch.count)
      for own in engine.explanations {
        let predicted = engine.predictions[own.row, own.output]
        let told = own.explanation.prediction
        #expect(abs(told - predicted) <= 1e-9 * max(1, abs(predicted)), "event \(own.event)")
        said.append([own.explanation.base] + own.explanation.contributions)
      }
      entries += engine.takeEntries()
    }
    return (said, entries.filter { $0.kind == "importance" })
  }

  @Test(arguments: cases)
  func `every event's explanation is of what was predicted, wherever batches begin`(item: Case)
    throws
  {
    let whole = try run(item, [360])
    #expect(whole.said.count == 360)
    #expect(whole.entries.map(\.event) == [90, 180, 270, 360])
    for sizes in [[1], [7, 64]] {
      let other = try run(item, sizes)
      #expect(other.said == whole.said, "batches of \(sizes)")
      #expect(other.entries == whole.entries, "batches of \(sizes)")
    }
  }

  @Test func `importances show what the model leans on before and after a change`() throws {
    let item = Case("rls", .regression) { $0.models = ["rls:forgetting=0.95"] }
    let entries = try run(item, [50]).entries
    func importance(_ entry: Int, _ name: String) -> Double {
      let features = entries[entry].fields.first { $0.key == "features" }?.value
      return Double(features?[name]?.text ?? "") ?? .nan
    }
    #expect(importance(1, "a") > 5 * importance(1, "b"))
    #expect(importance(3, "b") > 5 * importance(3, "a"))
    #expect(importance(3, "c") < 0.1 && importance(3, "level") > 0.1)
  }
}
