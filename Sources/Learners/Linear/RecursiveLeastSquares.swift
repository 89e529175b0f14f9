import Batches
import Catalogues
import Kernels
import Snapshots

/// Recursive least squares with forgetting: the exact solution of a weighted ridge regression after
/// every row, older rows counting λ less for each row since.
///
/// With P the inverse of the weighted Gram matrix, for a row x with label y:
///
///     Px = P·x   q = xᵀ·Px   e = y − w·x   u = min(1, huber·s/|e|)
///     gain = 1/(λ/u + q)     w ← w + gain·e·Px     P ← (P − gain·Px·Pxᵀ)/λ
///
/// s is a running scale of |e|. **Wind-up**: forgetting alone also forgets the prior, so that on rare
/// categories and constant columns P grows by 1/λ each row until one of them shows up and throws the
/// weights about. Here the prior is not forgotten: the Gram matrix is λ·A + x·xᵀ + (1−λ)·ridge·I, and
/// its last term is given back one weight a row, in turn, as an observation of 0 with the strength
/// ridge·(1−λ)·d. On bikes with redundant one-hots this reaches an MAE of 25.0, where capping the
/// diagonal of P at 1/ridge, a common cure, reaches 27.0: the cap breaks up what P knows of sums.
///
/// P is kept as σ·Q, so that dividing by λ is one multiplication; only its lower triangle is used.
///
/// Reference: S. Haykin, Adaptive Filter Theory (2002), §9; T. Fortescue et al., Implementation of
/// self-tuning regulators with variable forgetting factors, Automatica 17 (1981), on wind-up.
///
/// Parameters: `forgetting` λ in (0, 1]; `ridge` > 0; `huber` (0: squared errors); `most` weights.
/// Cost: symv + two syr, O(d²) a row: 0.8 µs at 30 features, 3.2 at 100, 20 at 300
/// (`make bench-micro`). Memory: 8·d² bytes.
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

  private let forgetting: Double
  private let ridge: Double
  private let huber: Double
  private let most: Int
  private let layout: LinearLayout
  private var scaler: FeatureScaler
  private var weights: [Double]
  /// Q, lower triangle, in rows of `stride`.
  private var inverse: [Double]
  private var stride: Int
  private var sigma = 1.0
  private var scale = 0.0
  private var learned = 0
  /// Whose turn it is to be given back its prior.
  private var turn = 0
  private var x: [Double]
  private var px: [Double]
  private var notices: [LearnerNotice] = []
  private var isFull = false

  init(_ settings: Settings, _ context: LearnerContext) {
    forgetting = settings.real("forgetting")
    ridge = settings.real("ridge")
    huber = settings.real("huber")
    most = settings.integer("most")
    layout = LinearLayout(denseWidth: context.denseWidth)
    scaler = LinearEntries.scaler(settings, context)
    weights = []
    inverse = []
    stride = 0
    x = []
    px = []
    grow(to: layout.denseCount)
  }

  var outputs: Int { 1 }
  var memoryBytes: Int { 8 * (inverse.count + weights.count * 3) + scaler.memoryBytes }

  /// Makes room for `count` weights; new ones start at 0 with the variance of the prior.
  private mutating func grow(to wish: Int) {
    let count = max(min(wish, most), layout.denseCount)
    if wish > most, !isFull {
      isFull = true
      notices.append(
        LearnerNotice(
          kind: "weights-full",
          text: "rls keeps \(most) weights; features that appear later are left out (most=…)",
          learned: learned))
    }
    let old = weights.count
    guard count > old else { return }
    if count > stride {
      let wider = max(count, min(most, max(stride * 3 / 2, 64)))
      var fresh = Array(repeating: 0.0, count: wider * wider)
      for i in 0..<old { for j in 0...i { fresh[i * wider + j] = inverse[i * stride + j] } }
      (inverse, stride) = (fresh, wider)
    }
    for i in old..<count { inverse[i * stride + i] = 1 / (ridge * sigma) }
    weights.append(contentsOf: repeatElement(0, count: count - old))
    x.append(contentsOf: repeatElement(0, count: count - old))
    px.append(contentsOf: repeatElement(0, count: count - old))
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
      fillRow(batch.dense(i), sparse)
      learnRow(y, weight: batch.weights[i])
    }
  }

  private mutating func fillRow(_ dense: UnsafePointer<Double>, _ sparse: SparseRow) {
    for j in x.indices { x[j] = 0 }
    let scaler = scaler
    x.withUnsafeMutableBufferPointer { buffer in
      if let base = buffer.baseAddress { scaler.transform(dense, into: base) }
    }
    x[layout.intercept] = 1
    for k in 0..<sparse.count {
      let index = layout.sparseOffset + Int(sparse.indices[k])
      if index < x.count { x[index] += sparse.values[k] }
    }
  }

  private mutating func learnRow(_ y: Double, weight: Double) {
    let n = weights.count
    let error = y - Vectors.dot(weights, x, n)
    // The first error that is none at all says nothing of the scale.
    if scale == 0 { scale = abs(error) }
    var importance = weight
    if huber > 0, scale > 0 {
      importance *= min(1, huber * scale / max(abs(error), 1e-300))
      scale += 0.01 * (min(abs(error), 5 * scale) - scale)
    }
    learned += 1
    guard importance > 0 else { return }
    BLAS.multiplySymmetric(inverse, stride: stride, width: n, x, into: &px)
    // px is Q·x; P·x is sigma times that.
    let q = sigma * Vectors.dot(px, x, n)
    let gain = 1 / (forgetting / importance + q)
    guard q >= 0, gain.isFinite, error.isFinite else {
      restart("the inverse lost its positive definiteness")
      return
    }
    Vectors.add(gain * error * sigma, px, to: &weights, n)
    BLAS.addOuter(-gain * sigma, px, to: &inverse, stride: stride, width: n)
    sigma /= forgetting
    leak(n)
    if sigma > 1e8 { renormalise(n) }
  }

  /// Gives one weight, each in turn, back the part of the prior that forgetting has taken from all
  /// since it was last its turn: an observation of value 0 of that weight alone.
  private mutating func leak(_ n: Int) {
    guard forgetting < 1 else { return }
    turn = turn + 1 < n ? turn + 1 : 0
    let strength = ridge * (1 - forgetting) * Double(n)
    for k in 0...turn { px[k] = inverse[turn * stride + k] }
    for i in (turn + 1)..<max(n, turn + 1) { px[i] = inverse[i * stride + turn] }
    let variance = sigma * px[turn]
    guard variance > 0 else {
      restart("a variance was lost to rounding")
      return
    }
    let gain = strength / (1 + strength * variance)
    Vectors.add(-gain * weights[turn] * sigma, px, to: &weights, n)
    BLAS.addOuter(-gain * sigma, px, to: &inverse, stride: stride, width: n)
  }

  private mutating func renormalise(_ n: Int) {
    for i in 0..<n { for j in 0...i { inverse[i * stride + j] *= sigma } }
    sigma = 1
  }

  /// Keeps the weights and takes the prior's variance again.
  private mutating func restart(_ reason: String) {
    notices.append(
      LearnerNotice(
        kind: "inverse-restarted", text: "\(reason); it starts again from the prior",
        learned: learned))
    sigma = 1
    for i in weights.indices {
      for j in 0..<i { inverse[i * stride + j] = 0 }
      inverse[i * stride + i] = 1 / ridge
    }
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
    sigma = 1
    for i in 0..<n { for j in 0...i { inverse[i * stride + j] = fresh[i * n + j] } }
    return report
  }

  mutating func refresh() {
    restart("refreshed")
    notices.removeLast()
    scaler.forget(to: 256)
  }

  mutating func takeNotices() -> [LearnerNotice] {
    defer { notices.removeAll() }
    return notices
  }

  var linearWeights: LinearWeights? {
    LinearWeights(
      dense: Array(weights[..<layout.denseWidth]), sparse: Array(weights[layout.sparseOffset...]),
      intercept: weights[layout.intercept])
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(learned)
    writer.write(turn)
    writer.write([sigma, scale])
    writer.write(weights)
    writer.write(stride)
    writer.write(inverse)
    writer.write(isFull)
    scaler.write(to: &writer)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    learned = try reader.readInt()
    turn = try reader.readInt()
    let scalars = try reader.readDoubles()
    weights = try reader.readDoubles()
    stride = try reader.readInt()
    inverse = try reader.readDoubles()
    isFull = try reader.readBool()
    guard scalars.count == 2, weights.count >= layout.denseCount, weights.count <= stride,
      inverse.count == stride * stride
    else { throw .corrupt }
    turn = min(max(turn, 0), weights.count - 1)
    (sigma, scale) = (scalars[0], scalars[1])
    x = Array(repeating: 0, count: weights.count)
    px = x
    try scaler.restore(from: &reader)
  }
}
