import Batches
import Catalogues
import Glibc
import Learners
import Telemetry
import TestSupport
import Testing

@testable import Engine

/// Which features come and which go, where the truth is known.
@Suite struct ScreenTests {
  /// Two categories, a category of noise, a number that matters in one category only, and one of noise.
  /// y = ±1 by whether a = b, plus c·x, plus noise: no main effect tells of the first.
  private func rows(seed: UInt64, count: Int) -> (rows: Rows, families: [FeatureFamily]) {
    var random = SplitMix(seed: seed)
    let rows = (0..<count).map { _ -> Rows.Row in
      let (a, b, noise) = (random.below(3), random.below(3), random.below(9))
      let (x, z) = (random.normal(), random.normal())
      let y = (a == b ? 1.0 : -1.0) + (b == 2 ? x : -x) + random.normal()
      return Rows.Row(
        [x, z], sparse: [(a, 1), (3 + b, 1), (6 + noise, 1)], target: y)
    }
    let families = ["a", "b", "noise"].enumerated().map {
      FeatureFamily(name: $1, levels: [$0], dense: [])
    }
    return (Rows(width: 2, rows), families)
  }

  private let schema = Schema(task: .regression, targetName: "y", denseNames: ["x", "z"])

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `products that pay are added and noise is dropped`(seed: UInt64) throws {
    let (rows, families) = rows(seed: seed, count: 8192)
    var options = EngineOptions()
    options.models = ["mixture"]
    options.screens = true
    var engine = try Engine(options, schema, families: families)
    var changes: [FeatureChange] = []
    // The rows do not change with the features here: what is asked for is looked at, not done.
    rows.forEachBatch([256]) { batch in
      engine.step(batch)
      changes += engine.featureChanges()
    }
    #expect(changes.contains(.add(levels: [0, 1], dense: [])), "seed \(seed)")
    #expect(changes.contains(.add(levels: [1], dense: [0])), "seed \(seed)")
    #expect(changes.contains(.drop(family: 2)), "seed \(seed)")
    #expect(changes.contains(.mute(dense: 1)), "seed \(seed)")
    // Nothing of noise is added.
    for case .add(let levels, let dense) in changes {
      #expect(!levels.contains(2) && !dense.contains(1), "seed \(seed): \(levels) \(dense)")
    }
    let kinds = Set(engine.takeEntries().map(\.kind))
    #expect(kinds.isSuperset(of: ["feature-added", "feature-dropped"]))
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `a feature that is dropped is no drift of the features`(seed: UInt64) throws {
    var (rows, families) = rows(seed: seed, count: 12_288)
    // What is dropped comes out as a constant: where that happens is looked for first.
    for _ in 0..<2 {
      var options = EngineOptions()
      options.models = ["mixture"]
      options.screens = true
      options.watches = ["features=mmd", "z=ks-test", "x=ks-test"].map {
        let parts = $0.split(separator: "=").map(String.init)
        return Watch(signal: parts[0], detector: parts[1])
      }
      var engine = try Engine(options, schema, families: families)
      var (seen, dropped) = (0, Int?.none)
      rows.forEachBatch([256]) { batch in
        engine.step(batch)
        seen += batch.count
        if engine.featureChanges().contains(.mute(dense: 1)), dropped == nil { dropped = seen }
      }
      let alarms = engine.takeEntries().filter { $0.kind == "alarm" }
      #expect(alarms.isEmpty, "seed \(seed): \(alarms)")
      let first = try #require(dropped, "seed \(seed)")
      for row in first..<rows.rows.count { rows.rows[row].dense[1] = 0 }
    }
  }

  @Test func `the score of a product is standard normal where there is nothing to know`() {
    var random = SplitMix(seed: 9)
    var scores: [Double] = []
    for _ in 0..<400 {
      var table = ResidualTable()
      for _ in 0..<1500 {
        let cell = random.below(12)
        // Cells of unequal noise, which White's form makes equal.
        let error = random.normal() * Double(1 + cell)
        table.observe(cell: cell, x: random.normal(), error: error, curvature: 1)
      }
      let (_, score, cells) = table.gain
      #expect(cells == 12)
      scores.append(FeatureScreen.deviations(score, cells))
    }
    let mean = scores.reduce(0, +) / 400
    let variance = scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 399
    #expect(abs(mean) < 0.2 && abs(variance - 1) < 0.3, "mean \(mean), variance \(variance)")
    #expect((scores.max() ?? 0) < 4)
  }

  @Test func `a part's worth is the loss that it saves`() {
    var tally = PartTally()
    var random = SplitMix(seed: 10)
    var (sum, squares) = (0.0, 0.0)
    var seen: [Double] = []
    for _ in 0..<500 {
      let part = random.normal()
      let target = part + random.normal()
      let rest = random.normal() / 10
      seen.append(part)
      let mean = seen.reduce(0, +) / Double(seen.count)
      tally.observe(part, of: part + rest, target: target, isNumber: true)
      let gain = abs(rest + mean - target) - abs(part + rest - target)
      sum += gain
      squares += gain * gain
    }
    #expect(tally.rows == 500)
    #expect(abs(tally.deviations - sum / squares.squareRoot()) < 1e-9)
    #expect(tally.deviations > 3)
  }
}
