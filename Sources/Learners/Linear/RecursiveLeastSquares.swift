import Batches
import Catalogues
import Kernels
import Snapshots

/// Recursive least squares with forgetting: the exact solution of a weighted ridge regression after
/// every row, older rows counting λ less for each row since.
///
/// With P the inverse of the weighted Gram matrix (`InverseGram`, which also keeps it from winding up),
/// for a row x with label y:
///
///     q = xᵀ·P·x   e = y − w·x   u = min(1, huber·s/|e|)   w ← w + e·P·x/(λ/u + q)
///
/// s is a running scale of |e|.
///
/// Reference: S. Haykin, Adaptive Filter Theory (2002), §9; T. Fortescue et al., Implementation of
/// self-tuning regulators with variable forgetting factors, Automatica 17 (1981), on wind-up.
///
/// Parameters: `forgetting` λ in (0, 1]; `ridge` > 0; `huber` (0: squared errors); `most` weights.
/// Cost and memory: those of `InverseGram`.
struct RecursiveLeastSquares: Learner {
  static let entry = Entry<LearnerContext, any Learner>(
    "rls", "recursive least squares with forgetting: exact ridge regression, row by row",
    parameters: [
      Parameter("forgetting", .real(default: 0.999, in: 0.5...1), "weight kept from row to row"),
      Parameter(
        "ridge", .real(default: 0.01, in: 1e-9...1e9), "penalty on squared weights, never forgotten"
      ),
      Parameter(
        "huber", .real(default: 0, in: 0...1e6), "errors beyond this many scales count less; 0: off"
      ),
      LinearEntries.scale,
      LinearEntries.limit,
      Parameter(
        "most", .integer(default: 2000, in: 1...8000), "weights at most; memory is 8·most² bytes"),
    ],
    make: { settings, context throws(SpecificationError) in
      guard context.task == .regression else {
        throw .unfit(entry: "rls", reason: "it predicts numbers; use logistic for classes")
      }
      return RecursiveLeastSquares(settings, context)
    })

  private let ridge: Double
  private let huber: Double
  private let most: Int
  private let layout: LinearLayout
  private var scaler: FeatureScaler
  private var weights: [Double] = []
  private var inverse: InverseGram
  private var row: ActiveRow
  private var px: [Double] = []
  private var scale = 0.0
  private var learned = 0
  private var notices: [LearnerNotice] = []
  private var isFull = false

  init(_ settings: Settings, _ context: LearnerContext) {
    ridge = settings.real("ridge")
    huber = settings.real("huber")
    layout = LinearLayout(denseWidth: context.denseWidth)
    most = max(settings.integer("most"), layout.denseCount)
    scaler = LinearEntries.scaler(settings, context)
    inverse = InverseGram(forgetting: settings.real("forgetting"), ridge: ridge)
    row = ActiveRow(layout: layout, limit: .infinity, most: most)
    grow(to: layout.denseCount)
  }

  var outputs: Int { 1 }
  var memoryBytes: Int { inverse.memoryBytes + 8 * weights.count * 2 + scaler.memoryBytes }

  /// Makes room for `count` weights; new ones start at 0 with the variance of the prior.
  private mutating func grow(to wish: Int) {
    if wish > most, !isFull {
      isFull = true
      notices.append(
        LearnerNotice(
          kind: "weights-full",
          text: "rls keeps \(most) weights; features that appear later are left out (most=…)",
          learned: learned))
    }
    let more = min(wish, most) - weights.count
    guard more > 0 else { return }
    inverse.grow(to: weights.count + more)
    weights.append(contentsOf: repeatElement(0, count: more))
    px.append(contentsOf: repeatElement(0, count: more))
  }

  func predict(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    weights.withUnsafeBufferPointer { buffer in
      guard let w = buffer.baseAddress else { return }
      for i in rows {
        predictions[i] =
          scaler.dot(batch.dense(i), w) + w[layout.intercept]
          + layout.sparseDot(batch.sparse(i), w, count: buffer.count)
      }
    }
  }

  mutating func learn(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    for i in rows {
      predict(batch, rows: i..<(i + 1), into: &predictions)
      let y = batch.targets[i]
      guard !y.isNaN else { continue }
      // Growing row by row keeps the result independent of where batches begin.
      let sparse = batch.sparse(i)
      var widest = 0
      for k in 0..<sparse.count { widest = max(widest, Int(sparse.indices[k]) + 1) }
      grow(to: layout.sparseOffset + widest)
      scaler.observe(batch.dense(i))
      row.fill(batch, i, scaler)
      learnRow(y, weight: batch.weights[i])
    }
  }

  private mutating func learnRow(_ y: Double, weight: Double) {
    let n = weights.count
    let isSound = row.lend { row in
      var error = y
      for a in 0..<row.count { error -= weights[Int(row.indices[a])] * row.values[a] }
      // The first error that is none at all says nothing of the scale.
      if scale == 0 { scale = abs(error) }
      var importance = weight
      if huber > 0, scale > 0 {
        importance *= min(1, huber * scale / max(abs(error), 1e-300))
        scale += 0.01 * (min(abs(error), 5 * scale) - scale)
      }
      learned += 1
      guard importance > 0 else { return true }
      let factor = inverse.observe(row, importance: importance, product: &px)
      guard factor.isFinite, factor >= 0, error.isFinite else { return false }
      Vectors.add(factor * error, px, to: &weights, n)
      if let (turn, gain) = inverse.leak(product: &px) {
        Vectors.add(-gain * weights[turn], px, to: &weights, n)
      }
      return true
    }
    guard !isSound else { return }
    inverse.restart()
    notices.append(
      LearnerNotice(
        kind: "inverse-restarted",
        text: "the inverse lost its positive definiteness; it starts again from the prior",
        learned: learned))
  }

  mutating func refit(on window: borrowing MicroBatch) -> RefitReport {
    grow(to: layout.sparseOffset + window.sparseWidth)
    guard layout.sparseOffset + window.sparseWidth <= most else {
      return RefitReport(
        rows: window.count, method: "normal equations",
        failure: "the window has more features than most=\(most)")
    }
    let n = weights.count
    let (report, solution) = BatchFit.fit(
      window, loss: .squared, layout: layout, scaler: scaler, count: n,
      settings: BatchFit.Settings(ridge: ridge, mostUnknowns: most))
    guard let solution else { return report }
    var gram = Array(repeating: 0.0, count: n * n)
    let rows = (0..<window.count).filter { !window.targets[$0].isNaN }
    var design = Array(repeating: 0.0, count: rows.count * n)
    DesignMatrix.fill(&design, window, rows[...], layout, solution.scaler, width: n)
    for (k, row) in rows.enumerated() where window.weights[row] != 1 {
      let root = window.weights[row].squareRoot()
      for j in 0..<n { design[k * n + j] *= root }
    }
    BLAS.accumulateGram(design, stride: n, rows: rows.count, width: n, into: &gram, stride: n)
    for j in 0..<n { gram[j * n + j] += ridge }
    guard let fresh = SymmetricSystem.inverse(of: gram, width: n) else {
      return RefitReport(rows: rows.count, method: report.method, failure: "no inverse")
    }
    (weights, scaler) = solution
    inverse.adopt(fresh)
    return report
  }

  mutating func refresh() {
    inverse.restart()
    scaler.forget(to: 256)
  }

  mutating func takeNotices() -> [LearnerNotice] {
    defer { notices.removeAll() }
    return notices
  }

  var form: PredictorForm? { scaler.isLinear ? .linear(.identity) : nil }

  var linearWeights: LinearWeights? {
    LinearWeights(
      dense: Array(weights[..<layout.denseWidth]), sparse: Array(weights[layout.sparseOffset...]),
      intercept: weights[layout.intercept])
  }

  func explainable(
    _ batch: borrowing MicroBatch, _ row: Int, output: Int
  ) -> ExplainableForm {
    .additive(LinearForm(weights, layout, scaler, .value))
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(learned)
    writer.write(scale)
    writer.write(weights)
    inverse.write(to: &writer)
    writer.write(isFull)
    scaler.write(to: &writer)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    learned = try reader.readInt()
    scale = try reader.readDouble()
    weights = try reader.readDoubles()
    try inverse.restore(from: &reader)
    isFull = try reader.readBool()
    guard weights.count >= layout.denseCount, weights.count == inverse.width else {
      throw .corrupt
    }
    px = Array(repeating: 0, count: weights.count)
    try scaler.restore(from: &reader)
  }
}
