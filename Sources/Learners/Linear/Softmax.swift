import Batches
import Glibc
import Kernels
import Snapshots

/// Multinomial logistic regression: one weight vector a class, p = softmax(z), learned row by row.
///
/// Gradient of class c: (p_c − [y = c])·x, each class with an optimiser of its own. A class takes
/// part from the row after the one that showed it first; until then its probability is 0.
///
/// Refit: steps on the quadratic bound of D. Böhning, Multinomial logistic regression algorithm,
/// Annals of the Institute of Statistical Mathematics 44 (1992): ½·XᵀX bounds the curvature of every
/// class, is factorised once, and the objective falls at each step.
struct Softmax: Learner {
  /// With two classes the prediction is the probability of class 1 alone.
  private let isBinary: Bool
  private let layout: LinearLayout
  private let clip: Double
  private let ridge: Double
  private let prototype: any Optimizer
  private var scaler: FeatureScaler
  private var rules: [any Optimizer] = []
  private var guards: [DivergenceGuard] = []
  private var weights: [[Double]] = []
  private var scaled: [Double]
  private var z: [Double] = []
  private var learned = 0
  private var count: Int

  init(
    rule: any Optimizer, isBinary: Bool, scaler: FeatureScaler, denseWidth: Int, clip: Double,
    ridge: Double
  ) {
    prototype = rule
    self.isBinary = isBinary
    self.scaler = scaler
    self.clip = clip
    self.ridge = ridge
    layout = LinearLayout(denseWidth: denseWidth)
    count = layout.denseCount
    scaled = Array(repeating: 0, count: layout.denseCount)
  }

  var outputs: Int { isBinary ? 1 : max(1, weights.count) }
  var memoryBytes: Int {
    weights.reduce(0) { $0 + $1.count * 8 } + rules.reduce(0) { $0 + $1.memoryBytes }
      + scaler.memoryBytes
  }

  func predict(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    predictions.widen(to: outputs)
    for i in rows {
      var z = weights.map { w in
        scaler.dot(batch.dense(i), w) + w[layout.intercept]
          + layout.sparseDot(batch.sparse(i), w, count: w.count)
      }
      Softmax.normalise(&z)
      if isBinary {
        predictions[i] = z.count > 1 ? z[1] : (z.isEmpty ? 0.5 : 0)
        continue
      }
      for c in 0..<predictions.width { predictions[i, c] = c < z.count ? z[c] : 0 }
    }
  }

  /// z ← softmax(z).
  private static func normalise(_ z: inout [Double]) {
    guard let top = z.max() else { return }
    var sum = 0.0
    for c in z.indices {
      z[c] = exp(z[c] - top)
      sum += z[c]
    }
    for c in z.indices { z[c] /= sum }
  }

  mutating func learn(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    grow(toSparse: batch.sparseWidth(of: rows))
    for i in rows {
      predictions.widen(to: outputs)
      predict(batch, rows: i..<(i + 1), into: &predictions)
      let y = batch.targets[i]
      guard !y.isNaN else { continue }
      while weights.count <= Int(y) { addClass() }
      scaler.observe(batch.dense(i))
      learnRow(batch.dense(i), batch.sparse(i), label: Int(y), weight: batch.weights[i])
      learned += 1
    }
    predictions.widen(to: outputs)
  }

  private mutating func addClass() {
    var rule = prototype
    rule.grow(to: count)
    rules.append(rule)
    guards.append(
      DivergenceGuard(isClassification: true, layout: layout, movesAll: rule.movesAllWeights))
    weights.append(Array(repeating: 0, count: count))
    z.append(0)
  }

  private mutating func learnRow(
    _ x: UnsafePointer<Double>, _ sparse: SparseRow, label: Int, weight: Double
  ) {
    let scaler = scaler
    scaled.withUnsafeMutableBufferPointer { buffer in
      if let base = buffer.baseAddress { scaler.transform(x, into: base) }
    }
    scaled[layout.intercept] = 1
    for c in weights.indices {
      z[c] =
        Vectors.dot(scaled, weights[c], layout.denseCount)
        + layout.sparseDot(sparse, weights[c], count: count)
    }
    for c in weights.indices where guards[c].trips(z[c], 0) {
      let rate = rules[c].rate
      rules[c].slow(by: 0.5)
      rules[c].refresh()
      weights[c].withUnsafeMutableBufferPointer {
        guards[c].recover($0, learned: learned, from: rate, to: rules[c].rate)
        rules[c].adopt(UnsafeBufferPointer($0))
      }
      z[c] = 0
    }
    Softmax.normalise(&z)
    for c in weights.indices {
      defer { weights[c].withUnsafeBufferPointer { guards[c].keep($0) } }
      let y = c == label ? 1.0 : 0.0
      let gradient = max(-clip, min(clip, (z[c] - y) * weight))
      let p = min(max(z[c], 1e-15), 1 - 1e-15)
      weights[c].withUnsafeBufferPointer { guards[c].note(sparse, $0) }
      scaled.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        rules[c].step(
          Step(
            x: base, sparse: sparse, layout: layout, count: count, gradient: gradient, clip: clip,
            z: log(p / (1 - p)), y: y, weight: weight, loss: .logistic), &weights[c])
      }
    }
  }

  private mutating func grow(toSparse width: Int) {
    let wish = layout.sparseOffset + width
    guard wish > count else { return }
    for c in weights.indices {
      weights[c].append(contentsOf: repeatElement(0, count: wish - count))
      rules[c].grow(to: wish)
    }
    count = wish
  }

  mutating func refit(on window: borrowing MicroBatch) -> RefitReport {
    grow(toSparse: window.sparseWidth)
    let method = "softmax by Böhning's bound"
    let rows = (0..<window.count).filter { !window.targets[$0].isNaN }
    guard let largest = rows.map({ Int(window.targets[$0]) }).max() else {
      return RefitReport(rows: 0, method: method, failure: "the window holds no labels")
    }
    guard count <= 4000 else {
      return RefitReport(rows: rows.count, method: method, failure: "too many weights: \(count)")
    }
    while weights.count <= largest { addClass() }
    scaler.reset()
    for row in rows { scaler.observe(window.dense(row)) }
    var design = Array(repeating: 0.0, count: rows.count * count)
    DesignMatrix.fill(&design, window, rows[...], layout, scaler, width: count)
    var gram = Array(repeating: 0.0, count: count * count)
    BLAS.accumulateGram(
      design, stride: count, rows: rows.count, width: count, into: &gram, stride: count)
    for j in 0..<count {
      for k in 0...j { gram[j * count + k] /= 2 }
      gram[j * count + j] += j == layout.intercept ? 1e-9 : ridge
    }
    let classes = weights.count
    for c in 0..<classes { for j in 0..<count { weights[c][j] = 0 } }
    var added = 0.0
    for _ in 0..<200 {
      var slopes = Array(repeating: 0.0, count: count * classes)
      for (k, row) in rows.enumerated() {
        let x = Array(design[(k * count)..<((k + 1) * count)])
        for c in 0..<classes { z[c] = Vectors.dot(x, weights[c], count) }
        Softmax.normalise(&z)
        for c in 0..<classes {
          let slope = z[c] - (Int(window.targets[row]) == c ? 1 : 0)
          for j in 0..<count where x[j] != 0 { slopes[j * classes + c] += slope * x[j] }
        }
      }
      for j in 0..<count where j != layout.intercept {
        for c in 0..<classes { slopes[j * classes + c] += ridge * weights[c][j] }
      }
      guard
        let outcome = SymmetricSystem.solve(
          matrix: gram, width: count, right: &slopes, columns: classes)
      else {
        return RefitReport(rows: rows.count, method: method, failure: "no solution")
      }
      added = max(added, outcome.addedRidge)
      var moved = 0.0
      for j in 0..<count {
        for c in 0..<classes {
          weights[c][j] -= slopes[j * classes + c]
          moved = max(moved, abs(slopes[j * classes + c]))
        }
      }
      if moved < 1e-6 { break }
    }
    return RefitReport(rows: rows.count, method: method, addedRidge: added)
  }

  mutating func takeNotices() -> [LearnerNotice] {
    var notices: [LearnerNotice] = []
    for c in guards.indices { notices += guards[c].takeNotices() }
    return notices
  }

  mutating func refresh() {
    for c in rules.indices { rules[c].refresh() }
    scaler.forget(to: 256)
  }

  func explainable(
    _ batch: borrowing MicroBatch, _ row: Int, output: Int
  ) -> ExplainableForm {
    guard isBinary else {
      return .additive(ClassScoresForm(weights, layout, scaler, output: output))
    }
    // Of fewer classes the answer is a constant.
    guard weights.count > 1 else { return .constant }
    let difference = weights[1].indices.map { weights[1][$0] - weights[0][$0] }
    return .additive(LinearForm(difference, layout, scaler, .logOdds()))
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write([learned, count, weights.count])
    scaler.write(to: &writer)
    for c in weights.indices {
      writer.write(weights[c])
      rules[c].write(to: &writer)
      guards[c].write(to: &writer)
    }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readInts()
    guard numbers.count == 3, numbers[1] >= layout.denseCount, (0...100_000).contains(numbers[2])
    else { throw .corrupt }
    (learned, count) = (numbers[0], numbers[1])
    try scaler.restore(from: &reader)
    (weights, rules, guards, z) = ([], [], [], [])
    for c in 0..<numbers[2] {
      addClass()
      weights[c] = try reader.readDoubles()
      guard weights[c].count == count else { throw .corrupt }
      try rules[c].restore(from: &reader)
      try guards[c].restore(from: &reader)
      rules[c].grow(to: count)
    }
  }
}
