import Batches
import Catalogues
import TestSupport
import Testing

@testable import Learners

/// What a tree of numbers keeps of its rows, beside the rows themselves.
@Suite struct ValueObserversTests {
  @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
  func `the best threshold is that of all rows, among the points kept`(seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    let points = [5, 20, 1000][Int(seed) % 3]
    var observers = ValueObservers(numbers: 1, nominals: 0, of: [0])
    var rows: [(x: Double, y: Double, w: Double)] = []
    var all = Moments()
    for _ in 0..<400 {
      let x = Double(random.below(60)) / 4
      let row = (x: x, y: (x > 6 ? 3 : 0) + random.normal(), w: Double(1 + random.below(3)))
      rows.append(row)
      all.add(row.y, row.w)
      observers.observe([row.x], [], target: row.y, weight: row.w, scale: 0, most: points)
    }
    // The points that are kept are the first values to come.
    var kept: [Double] = []
    for row in rows where kept.count < points && !kept.contains(row.x) { kept.append(row.x) }
    func moments(_ isIn: (Double) -> Bool) -> Moments {
      var moments = Moments()
      for row in rows where isIn(row.x) { moments.add(row.y, row.w) }
      return moments
    }
    var best = (merit: -Double.infinity, threshold: 0.0)
    for threshold in kept.sorted() {
      let merit = Moments.reduction(
        all, moments { $0 <= threshold }, moments { $0 > threshold }, least: 5)
      if merit > best.merit + 1e-12 { best = (merit, threshold) }
    }
    let found = observers.bestThreshold(0, all: all, least: 5)
    #expect(abs(found.merit - best.merit) < 1e-9, "seed \(seed)")
    #expect(found.threshold == best.threshold, "seed \(seed)")
    let sides = observers.sides(found, all: all)
    let expected = moments { $0 <= found.threshold }
    for (a, b) in zip(sides.left.numbers, expected.numbers) {
      #expect(abs(a - b) < 1e-9 * max(1, abs(b)), "seed \(seed)")
    }
    // What is left out is only what is worse than that.
    observers.leaveOut(below: found.merit * 0.9, all: all, least: 5)
    #expect(
      observers.bestThreshold(0, all: all, least: 5).threshold == best.threshold, "seed \(seed)")
  }

  @Test(arguments: [11, 12, 13] as [UInt64])
  func `moments add and subtract`(seed: UInt64) {
    var random = SplitMix(seed: seed)
    var (first, second, all) = (Moments(), Moments(), Moments())
    for k in 0..<300 {
      let (value, weight) = (100 + random.normal(), random.unit() + 0.1)
      if k % 3 == 0 { first.add(value, weight) } else { second.add(value, weight) }
      all.add(value, weight)
    }
    for (a, b) in zip(first.plus(second).numbers, all.numbers) {
      #expect(abs(a - b) < 1e-9 * abs(b), "seed \(seed)")
    }
    for (a, b) in zip(all.minus(second).numbers, first.numbers) {
      #expect(abs(a - b) < 1e-9 * abs(b), "seed \(seed)")
    }
  }
}

/// What trees of numbers and their committees promise beside their answers.
@Suite struct ValueTreeTests {
  /// Rows whose target is a step and a slope that numbers and the category say, turned round half-way.
  static func rows(seed: UInt64, count: Int, turns: Bool) -> Rows {
    var rows = Rows.boxes(seed: seed, count: count, width: 5, task: .regression)
    var random = SplitMix(seed: seed &+ 1)
    for i in rows.rows.indices {
      let x = rows.rows[i].dense
      let sign = turns && i >= count / 2 ? -1.0 : 1
      rows.rows[i].target =
        sign * ((x[0] > x[1] ? 10 : -10) + 4 * x[2]) + 0.2 * random.normal()
    }
    return rows
  }

  static func errors(
    _ text: String, _ rows: Rows
  ) throws -> (errors: [Double], learner: any Learner) {
    var learner = try Catalogue.learners.make(
      text, TreeGoldenTests.context(.regression, usesColour: true))
    let said = LearnerLawsTests.learn(&learner, rows, [64])
    return (rows.rows.indices.map { abs(said[$0][0] - rows.rows[$0].target) }, learner)
  }

  @Test(arguments: [
    "hoeffding-tree-regressor", "hoeffding-adaptive-tree-regressor",
    "adaptive-random-forest-regressor", "gradient-boosted-trees",
    "mixture:trees=forest",
  ]) func `trees find what a linear model cannot say`(text: String) throws {
    let rows = ValueTreeTests.rows(seed: 21, count: 4000, turns: false)
    let own = try ValueTreeTests.errors(text, rows).errors[2000...].reduce(0, +)
    let linear = try ValueTreeTests.errors("rls", rows).errors[2000...].reduce(0, +)
    #expect(own < 0.8 * linear, "\(own / 2000) against \(linear / 2000)")
  }

  @Test(arguments: ["hoeffding-adaptive-tree-regressor", "adaptive-random-forest-regressor"])
  func `what has turned is replaced and told`(text: String) throws {
    let rows = ValueTreeTests.rows(seed: 22, count: 8000, turns: true)
    var (errors, learner) = try ValueTreeTests.errors(text + ":leaf=mean", rows)
    let before = errors[3000..<4000].reduce(0, +)
    let after = errors[4000..<4100].reduce(0, +) * 10
    let late = errors[7000...].reduce(0, +)
    #expect(after > 2 * before && late < 1.5 * before, "\(before), \(after), \(late)")
    let kinds = learner.takeNotices().map(\.kind)
    #expect(kinds.contains("subtree-replaced") || kinds.contains("member-replaced"))
  }

  @Test(arguments: [40_000, 200_000, 50_000_000])
  func `a bounded tree stays within its bound and says so`(bytes: Int) throws {
    let rows = ValueTreeTests.rows(seed: 23, count: 6000, turns: false)
    var learner = try Catalogue.learners.make(
      "hoeffding-tree-regressor:grace=20,delta=0.5,tie=1,points=16,max-bytes=\(bytes)",
      TreeGoldenTests.context(.regression, usesColour: true))
    var most = 0
    rows.forEachBatch([64]) { batch in
      var said = Predictions(rows: batch.count, width: 1)
      learner.learn(batch, rows: 0..<batch.count, into: &said)
      most = max(most, learner.memoryBytes)
    }
    #expect(most <= bytes)
    let notices = learner.takeNotices().filter { $0.kind == "memory-bound" }
    #expect(notices.count == (bytes < 1_000_000 ? 1 : 0))
  }
}
