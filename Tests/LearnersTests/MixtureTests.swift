import Batches
import Catalogues
import Glibc
import TestSupport
import Testing

@testable import Learners

/// Mixing: the formula by hand, and what it promises.
@Suite struct MixtureTests {
  @Test func `MLpoly follows its formula`() {
    var pool = MLpoly(experts: 3)
    let predictions: [[Double]] = [[1, 2, 4], [3, 2, 0], [5, 1, 2]]
    let labels = [2.0, 2.5, 1.0]
    var (regrets, squares) = ([0.0, 0, 0], [0.0, 0, 0])
    var weights = [1.0 / 3, 1.0 / 3, 1.0 / 3]
    for (p, y) in zip(predictions, labels) {
      let mixed = zip(weights, p).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(pool.mix(p) - mixed) < 1e-12)
      let gradient = 2 * (mixed - y)
      pool.update(gradient: gradient, mixed: mixed, p)
      for k in 0..<3 {
        let r = gradient * (mixed - p[k])
        regrets[k] += r
        squares[k] += r * r
      }
      let raw = (0..<3).map { regrets[$0] > 0 ? regrets[$0] / squares[$0] : 0 }
      let total = raw.reduce(0, +)
      weights = total > 0 ? raw.map { $0 / total } : [1.0 / 3, 1.0 / 3, 1.0 / 3]
      for k in 0..<3 { #expect(abs(pool.weights[k] - weights[k]) < 1e-12) }
    }
  }

  /// Absolute errors of a specification's predictions over rows.
  private func errors(_ text: String, _ rows: Rows, _ companions: [String] = []) throws -> Double {
    var learner = try Catalogue.learners.make(
      text,
      LearnerContext(task: .regression, denseWidth: rows.width, companions: companions))
    let predictions = LearnerLawsTests.learn(&learner, rows, [64])
    return zip(predictions, rows.rows).reduce(0) {
      $1.1.target.isNaN ? $0 : $0 + abs($1.0[0] - $1.1.target)
    }
  }

  @Test(arguments: [3, 4, 5] as [UInt64])
  func `a mixture of given models is about as good as the best of them`(seed: UInt64) throws {
    let rows = Rows.random(seed: seed, count: 3000, width: 4, task: .regression)
    let models = ["linear:rate=0.001", "linear:rate=0.1", "no-change", "rls"]
    let best = try models.map { try errors($0, rows) }.min() ?? 0
    #expect(try errors("mixture", rows, models) <= 1.03 * best, "seed \(seed)")
  }

  @Test(arguments: [6, 7, 8] as [UInt64])
  func `for several classes the mixture is about as good as its best expert`(seed: UInt64) throws {
    let rows = Rows.random(seed: seed, count: 8000, width: 4, task: .multiclass, classes: 4)
    var learner = try Catalogue.learners.make(
      "mixture", LearnerContext(task: .multiclass, denseWidth: 4))
    let said = LearnerLawsTests.learn(&learner, rows, [64])
    var (loss, labels) = (0.0, 0.0)
    for (p, row) in zip(said, rows.rows) where !row.target.isNaN {
      #expect(abs(p.reduce(0, +) - 1) < 1e-9 || p.reduce(0, +) == 0)
      let label = Int(row.target)
      loss -= log(max(label < p.count ? p[label] : 0, 1e-6))
      labels += 1
    }
    let best = try #require(learner.experts.compactMap(\.loss).min())
    #expect(loss / labels <= 1.03 * best, "seed \(seed)")
    // One rate alone is what the expert of that rate is.
    #expect(best < (learner.experts.last?.loss ?? 0))
  }

  @Test func `losses of experts are those of their predictions`() {
    var random = SplitMix(seed: 44)
    var (numbers, classes) = (
      LossTally(experts: 3, isBinary: false), LossTally(experts: 3, isBinary: true)
    )
    var (absolute, logs) = ([0.0, 0, 0], [0.0, 0, 0])
    for _ in 0..<1000 {
      let p = (0..<3).map { _ in max(1e-6, min(1 - 1e-6, random.unit() * 1.1 - 0.05)) }
      let y = random.below(2) == 0 ? 0.0 : 1.0
      numbers.observe(y, p)
      classes.observe(y, p)
      for k in 0..<3 {
        absolute[k] += abs(p[k] - y)
        logs[k] -= log(y > 0.5 ? p[k] : 1 - p[k])
      }
    }
    for k in 0..<3 {
      #expect(abs((numbers.mean(k) ?? .nan) - absolute[k] / 1000) < 1e-12)
      #expect(abs((classes.mean(k) ?? .nan) - logs[k] / 1000) < 1e-12)
    }
  }

  @Test func `the inverse by blocks is the inverse`() {
    // No forgetting: P is (ridge·I + Σ x·xᵀ)⁻¹, and P·x of a new row solves that system.
    var random = SplitMix(seed: 12)
    let layout = LinearLayout(denseWidth: 6)
    let width = 130
    var inverse = InverseGram(forgetting: 1, ridge: 0.5)
    inverse.grow(to: width)
    var gram = [Double](repeating: 0, count: width * width)
    for j in 0..<width { gram[j * width + j] = 0.5 }
    var row = ActiveRow(layout: layout)
    var product = [Double](repeating: 0, count: width)
    let scaler = FeatureScaler(.none, limit: 0, width: 6)
    for n in 0..<77 {
      var batch = MicroBatch(capacity: 1, denseWidth: 6)
      for j in 0..<6 { batch.nextDense[j] = random.normal() }
      for _ in 0..<3 { batch.addSparse(random.below(width - layout.sparseOffset), 1) }
      batch.endRow(target: 0, weight: 1, time: .nan, line: n + 1)
      row.fill(batch, 0, scaler)
      let (x, factor) = row.lend { lent -> ([Double], Double) in
        var x = [Double](repeating: 0, count: width)
        for a in 0..<lent.count { x[Int(lent.indices[a])] += lent.values[a] }
        return (x, inverse.observe(lent, importance: 1, product: &product))
      }
      // product is P·x before the row; Gram·product must be x again.
      for i in 0..<width {
        var sum = 0.0
        for j in 0..<width { sum += gram[i * width + j] * product[j] }
        #expect(abs(sum - x[i]) < 1e-8, "row \(n), weight \(i)")
      }
      let q = zip(x, product).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(factor - 1 / (1 + q)) < 1e-10)
      for i in 0..<width { for j in 0..<width { gram[i * width + j] += x[i] * x[j] } }
    }
  }

  /// 100 categories whose levels stay, and ten numbers whose weights wander slowly; noise on top.
  private func wandering(_ count: Int, seed: UInt64) -> MicroBatch {
    var random = SplitMix(seed: seed)
    let levels = (0..<100).map { _ in 0.7 * random.normal() }
    var weights = (0..<10).map { _ in 0.1 * random.normal() }
    var batch = MicroBatch(capacity: count, denseWidth: weights.count)
    for n in 0..<count {
      let kind = random.below(levels.count)
      var target = 10 + levels[kind] + random.normal()
      for k in weights.indices {
        weights[k] += 0.01 * random.normal()
        let x = random.normal()
        batch.nextDense[k] = x
        target += weights[k] * x
      }
      batch.addSparse(kind, 1)
      batch.endRow(target: target, weight: 1, time: .nan, line: n + 1)
    }
    return batch
  }

  @Test(arguments: [21, 22] as [UInt64])
  func `weights that wander are followed better than by forgetting`(seed: UInt64) throws {
    let rows = wandering(4000, seed: seed)
    func loss(_ setting: String) throws -> Double {
      var learner = try Catalogue.learners.make(
        "mixture:second-order=on,links=identity,\(setting)",
        LearnerContext(task: .regression, denseWidth: 10))
      var said = Predictions(rows: rows.count, width: 1)
      learner.learn(rows, rows: 0..<rows.count, into: &said)
      return learner.experts.filter { $0.name.hasPrefix("kalman") || $0.name.hasPrefix("rls") }
        .compactMap(\.loss).min() ?? .infinity
    }
    let best = try min(
      loss("forgetting=0.9995"), loss("forgetting=0.998"), loss("forgetting=0.99"))
    let own = try loss("memory=100000")
    #expect(own < 0.95 * best, "seed \(seed): \(own), not well under \(best)")
  }

  /// Noise that lasts for one row more: e + 0.8 of the error before.
  private func remembering(_ count: Int) -> MicroBatch {
    var random = SplitMix(seed: 23)
    var batch = MicroBatch(capacity: count, denseWidth: 1)
    var before = 0.0
    for n in 0..<count {
      let (x, e) = (random.normal(), random.normal())
      batch.nextDense[0] = x
      batch.endRow(
        target: 2 * x + e + 0.8 * before, weight: 1, time: .nan, line: n + 1)
      before = e
    }
    return batch
  }

  @Test func `the last error that had arrived is a feature on request`() throws {
    let rows = remembering(4000)
    func mean(_ text: String) throws -> Double {
      var learner = try Catalogue.learners.make(
        text, LearnerContext(task: .regression, denseWidth: 1))
      var said = Predictions(rows: rows.count, width: 1)
      learner.learn(rows, rows: 0..<rows.count, into: &said)
      return (0..<rows.count).reduce(0) { $0 + abs(said[$1] - rows.targets[$1]) }
        / Double(rows.count)
    }
    // E|e| of the noise alone is 0.798; with what the error before leaves of it, 1.28 times that.
    #expect(try mean("mixture") > 0.95)
    #expect(try mean("mixture:errors=on") < 0.84)
  }

  @Test func `with late labels the last error is the one that was known`() throws {
    // The memo keeps it: what is learned later is what was asked, whatever came between.
    let rows = remembering(600)
    var learner = try Catalogue.learners.make(
      "mixture:errors=on", LearnerContext(task: .regression, denseWidth: 1))
    var said = Predictions(rows: rows.count, width: 1)
    learner.learn(rows, rows: 0..<500, into: &said)
    var memo = [Double](repeating: .nan, count: learner.memoWidth)
    learner.predict(rows, row: 500, memo: &memo, into: &said)
    let first = said[500]
    learner.learn(rows, rows: 501..<510, into: &said)
    var again = [Double](repeating: .nan, count: learner.memoWidth)
    learner.predict(rows, row: 500, memo: &again, into: &said)
    #expect(memo[0] == first)
    #expect(memo[2] != again[2])
  }
}
