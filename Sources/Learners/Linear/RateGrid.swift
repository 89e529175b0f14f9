import Batches
import Glibc
import Kernels
import Snapshots

/// K generalised linear models, one for each rate, learned exactly and at once over blocks of rows.
///
/// Averaging the gradients of a micro-batch is not what SGD would have done row by row. This is:
/// for a block of B rows, with X̃ the rows as scaled before each (what predictions see), X̂ as scaled
/// with it (what is learned), W the K weight vectors before the block,
///
///     m̃ = X̃·Wᵀ   m̂ = X̂·Wᵀ                  (B×K, gemm)
///     G̃ = X̃·X̂ᵀ   Ĝ = X̂·X̂ᵀ                 (B×B, gemm, shared by all K)
///     row i, rate k:   z = Rᵢ·(mᵢ − Σ_{j<i} cⱼ·Gᵢⱼ)    the same predictor as one by one
///                      s = step of (implicit) SGD at ẑ,  cᵢ = s / R_{i+1}
///     W ← R_B·(W − cᵀ·X̂)                       (gemm)
///
/// where R is the product of the factors 1 − η·l2 so far. Sparse features enter m, G and W by their
/// indices; the intercepts, which no penalty shrinks, are K numbers that move row by row. What is served is the rate whose discounted loss is least so far.
///
/// Cost for each rate and row: 4·d flops at gemm's speed instead of a loop's, plus B for the
/// triangles; 2·B·d flops a row for G, shared. Triangles, losses and steps of all rates go in lanes where the loss is
/// squared or logistic and steps are explicit. `Benchmarks/README.md` has the measured crossover.
struct RateGrid: Learner {
  /// Half-life of the losses that choose the rate, in rows.
  private static let halfLife = 700.0
  private static let decay = exp2(-1 / halfLife)

  private let loss: Loss
  private let isImplicit: Bool
  private let layout: LinearLayout
  private let settings: [StepSettings]
  private let block: Int
  private let clip: Double
  private let ridge: Double
  private var rates: [Double]
  private var scaler: FeatureScaler
  /// K rows of `stride` weights.
  private var weights: [Double]
  private var stride: Int
  /// Weights in use.
  private var count: Int
  private var losses: [Double]
  private var guards: [DivergenceGuard]
  private var steps = 0
  private var learned = 0
  /// Nil while a block is learned.
  private var work: BlockWorkspace?

  init(
    loss: Loss, isImplicit: Bool, settings: [StepSettings], scaler: FeatureScaler,
    denseWidth: Int, clip: Double, ridge: Double, block: Int
  ) {
    precondition(!settings.isEmpty, "a grid without rates")
    self.loss = loss
    self.isImplicit = isImplicit
    self.settings = settings
    self.scaler = scaler
    self.clip = clip
    self.ridge = ridge
    self.block = block
    rates = settings.map(\.rate)
    layout = LinearLayout(denseWidth: denseWidth)
    stride = layout.denseCount
    count = stride
    weights = Array(repeating: 0, count: settings.count * stride)
    losses = Array(repeating: 0, count: settings.count)
    guards = settings.map {
      DivergenceGuard(
        isClassification: loss == .logistic, layout: LinearLayout(denseWidth: denseWidth),
        movesAll: $0.l2 > 0)
    }
    work = BlockWorkspace(block: block, dense: layout.denseCount, rates: settings.count)
  }

  var outputs: Int { 1 }
  var memoryBytes: Int {
    8 * weights.count * 2 + (work?.memoryBytes ?? 0) + scaler.memoryBytes
  }

  /// The rate that has done best lately.
  private var best: Int {
    var best = 0
    for k in losses.indices where losses[k] < losses[best] { best = k }
    return best
  }

  func predict(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    let first = best * stride
    weights.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      let w = base + first
      for i in rows {
        let z =
          scaler.dot(batch.dense(i), w) + w[layout.intercept]
          + layout.sparseDot(batch.sparse(i), w, count: count)
        predictions[i] = loss.prediction(z)
      }
    }
  }

  mutating func learn(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    grow(toSparse: batch.sparseWidth(of: rows))
    var start = rows.lowerBound
    while start < rows.upperBound {
      let end = endOfBlock(batch, start, rows.upperBound)
      learnBlock(batch, start..<end, &predictions)
      start = end
    }
  }

  /// Where the block that begins at `start` ends: after the row that makes the number of rows learned
  /// a multiple of `block`, so that blocks do not hang on how the stream was cut into batches; at
  /// `limit`, or when the workspace is full.
  private func endOfBlock(_ batch: borrowing MicroBatch, _ start: Int, _ limit: Int) -> Int {
    var count = learned
    for row in start..<min(start + block, limit) where !batch.targets[row].isNaN {
      count += 1
      if count % block == 0 { return row + 1 }
    }
    return min(start + block, limit)
  }

  private mutating func grow(toSparse width: Int) {
    let wish = layout.sparseOffset + width
    guard wish > count else { return }
    if wish > stride {
      let wider = max(wish, stride * 2)
      var fresh = Array(repeating: 0.0, count: rates.count * wider)
      for k in rates.indices {
        for j in 0..<count { fresh[k * wider + j] = weights[k * stride + j] }
      }
      (weights, stride) = (fresh, wider)
    }
    count = wish
  }

  private mutating func learnBlock(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>, _ predictions: inout Predictions
  ) {
    // Taken out for as long, so that it and what learns do not overlap.
    guard var own = work.take() else { return }
    defer { work = own }
    own.lend(sparse: batch.sparseWidth(of: rows)) { block in
      scaleRows(batch, rows, block)
      project(batch, rows, block)
      multiplyRows(batch, rows, block)
      begin(block)
      let labelled =
        goesInLanes
        ? learnInLanes(batch, rows, block, &predictions)
        : learnOneByOne(batch, rows, block, &predictions)
      finish(batch, rows, labelled: labelled, block)
    }
  }

  /// Whether all rates take their steps at once; other losses and implicit steps are taken rate by rate.
  private var goesInLanes: Bool {
    switch loss {
    case .logistic, .squared: !isImplicit
    case .huber, .quantile, .poisson: false
    }
  }

  private func begin(_ block: BlockWorkspace.Block) {
    for k in rates.indices {
      block.losses[k] = losses[k]
      block.intercepts[k] = weights[k * stride + layout.intercept]
      block.rates[k] = rate(k)
      block.factors[k] = factor(k)
      block.shrink[k] = 1
    }
    for k in rates.count..<block.lanes { block.shrink[k] = 1 }
  }

  private func rate(_ k: Int) -> Double {
    StepSettings(rate: rates[k], decay: settings[k].decay, power: settings[k].power)
      .rate(at: steps)
  }

  /// What the penalty leaves of a weight at a step.
  private func factor(_ k: Int) -> Double {
    let factor = 1 - rate(k) * settings[k].l2
    // A factor of exactly 0 would leave nothing to express the later steps in.
    return abs(factor) < 1e-12 ? 1e-12 : factor
  }

  private func best(_ block: BlockWorkspace.Block) -> Int {
    var best = 0
    for k in 1..<max(rates.count, 1) where block.losses[k] < block.losses[best] { best = k }
    return best
  }

  private mutating func learnInLanes(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>, _ block: BlockWorkspace.Block,
    _ predictions: inout Predictions
  ) -> Int {
    let (lanes, K) = (block.lanes, rates.count)
    let isScheduled = settings.contains { $0.decay != 0 && $0.power != 0 }
    var row = GridRow(
      lanes: lanes, block: block.size, crossBefore: block.crossBefore,
      crossAfter: block.crossAfter, before: block.zBefore, after: block.zAfter,
      steps: block.steps, shrink: block.shrink, rates: block.rates, factors: block.factors,
      intercepts: block.intercepts, losses: block.losses, decay: RateGrid.decay, clip: clip,
      isLogistic: loss == .logistic)
    var labelled = 0
    for i in 0..<rows.count {
      let at = rows.lowerBound + i
      let y = batch.targets[at]
      let chosen = best(block)
      var bound = 0.0
      if !y.isNaN { for k in 0..<K { bound = guards[k].bound(y) } }
      let isRunaway = row.predict(i, label: y, bound: bound)
      predictions[at] = loss.prediction(block.zBefore[i * lanes + chosen])
      guard !y.isNaN else {
        for k in 0..<lanes { skip(i, k, block) }
        continue
      }
      if isScheduled {
        for k in 0..<K { (block.rates[k], block.factors[k]) = (rate(k), factor(k)) }
      }
      row.learn(i, weight: batch.weights[at])
      if isRunaway {
        for k in 0..<K where guards[k].trips(block.zAfter[i * lanes + k], y) {
          recover(batch, rows, i, k, block)
        }
      }
      steps += 1
      learned += 1
      labelled += 1
    }
    return labelled
  }

  private mutating func learnOneByOne(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>, _ block: BlockWorkspace.Block,
    _ predictions: inout Predictions
  ) -> Int {
    let (lanes, K) = (block.lanes, rates.count)
    var labelled = 0
    for (i, row) in rows.enumerated() {
      let y = batch.targets[row]
      let chosen = best(block)
      for k in 0..<K {
        var before = block.zBefore[i * lanes + k]
        var after = block.zAfter[i * lanes + k]
        for j in 0..<i {
          before -= block.steps[j * lanes + k] * block.crossBefore[i * block.size + j]
          after -= block.steps[j * lanes + k] * block.crossAfter[i * block.size + j]
        }
        let shrink = block.shrink[i * lanes + k]
        before = before * shrink + block.intercepts[k]
        after = after * shrink + block.intercepts[k]
        if k == chosen { predictions[row] = loss.prediction(before) }
        guard !y.isNaN else {
          skip(i, k, block)
          continue
        }
        let cost = loss.value(before, y)
        block.losses[k] =
          block.losses[k] * RateGrid.decay + (cost.isFinite ? min(cost, 1e100) : 1e100)
        if guards[k].trips(after, y) {
          recover(batch, rows, i, k, block)
        } else {
          take(i, k, after, y, batch.weights[row], block)
        }
      }
      if !y.isNaN {
        steps += 1
        learned += 1
        labelled += 1
      }
    }
    return labelled
  }

  /// Rate k takes no step at row i.
  private func skip(_ i: Int, _ k: Int, _ block: BlockWorkspace.Block) {
    block.steps[i * block.lanes + k] = 0
    block.shrink[(i + 1) * block.lanes + k] = block.shrink[i * block.lanes + k]
  }

  /// Rate k ran off at row i: its weights go back to the last safe ones, what it learned in this block
  /// is forgotten, and the rows to come are projected anew.
  private mutating func recover(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>, _ i: Int, _ k: Int,
    _ block: BlockWorkspace.Block
  ) {
    let (dense, lanes) = (block.dense, block.lanes)
    let rate = rates[k]
    rates[k] /= 2
    (block.rates[k], block.factors[k]) = (self.rate(k), factor(k))
    for j in 0...i { block.steps[j * lanes + k] = 0 }
    block.shrink[(i + 1) * lanes + k] = 1
    weights.withUnsafeMutableBufferPointer { buffer in
      let own = UnsafeMutableBufferPointer(rebasing: buffer[(k * stride)..<(k * stride + count)])
      guards[k].recover(own, learned: learned, from: rate, to: rates[k])
      guard let w = own.baseAddress else { return }
      block.intercepts[k] = w[layout.intercept]
      for later in (i + 1)..<max(rows.count, i + 1) {
        let rest = layout.sparseDot(batch.sparse(rows.lowerBound + later), w, count: count)
        // The intercept is added row by row; its place in the scaled rows is 0.
        block.zBefore[later * lanes + k] =
          Vectors.dot(block.before + later * dense, w, dense) + rest
        block.zAfter[later * lanes + k] = Vectors.dot(block.after + later * dense, w, dense) + rest
      }
    }
  }

  /// The step of row i at rate k, in units of the weights before the block.
  private mutating func take(
    _ i: Int, _ k: Int, _ z: Double, _ y: Double, _ weight: Double,
    _ block: BlockWorkspace.Block
  ) {
    let rate = rate(k)
    let size: Double
    if isImplicit {
      let free = loss.implicitStep(z, y, rate: rate * weight, norm: block.norms[i])
      size = max(-rate * clip, min(rate * clip, free))
    } else {
      size = rate * max(-clip, min(clip, loss.gradient(z, y) * weight))
    }
    let shrink = block.shrink[i * block.lanes + k] * factor(k)
    block.shrink[(i + 1) * block.lanes + k] = shrink
    block.steps[i * block.lanes + k] = shrink == 0 ? 0 : size / shrink
    block.intercepts[k] -= size
  }

  private mutating func scaleRows(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>, _ block: BlockWorkspace.Block
  ) {
    let dense = block.dense
    for (i, row) in rows.enumerated() {
      let x = batch.dense(row)
      scaler.transform(x, into: block.before + i * dense)
      if !batch.targets[row].isNaN { scaler.observe(x) }
      scaler.transform(x, into: block.after + i * dense)
    }
  }

  /// m̃ and m̂: each row's predictor under the weights before the block.
  private mutating func project(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>, _ block: BlockWorkspace.Block
  ) {
    let (dense, lanes, K, n) = (block.dense, block.lanes, rates.count, rows.count)
    BLAS.multiplyTransposed(
      block.before, stride: dense, weights, stride: stride, into: block.zBefore, stride: lanes,
      rows: n, columns: K, inner: dense)
    BLAS.multiplyTransposed(
      block.after, stride: dense, weights, stride: stride, into: block.zAfter, stride: lanes,
      rows: n, columns: K, inner: dense)
    weights.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      for (i, row) in rows.enumerated() {
        let sparse = batch.sparse(row)
        guard sparse.count > 0 else { continue }
        for k in 0..<K {
          let rest = layout.sparseDot(sparse, base + k * stride, count: count)
          block.zBefore[i * lanes + k] += rest
          block.zAfter[i * lanes + k] += rest
        }
      }
    }
  }

  /// G̃ and Ĝ, and the rows' squared norms.
  private func multiplyRows(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>, _ block: BlockWorkspace.Block
  ) {
    let (dense, size, n) = (block.dense, block.size, rows.count)
    BLAS.multiplyTransposed(
      block.before, stride: dense, block.after, stride: dense, into: block.crossBefore,
      stride: size, rows: n, columns: n, inner: dense)
    BLAS.multiplyTransposed(
      block.after, stride: dense, block.after, stride: dense, into: block.crossAfter,
      stride: size, rows: n, columns: n, inner: dense)
    let scatter = block.scatter
    for (i, row) in rows.enumerated() {
      let sparse = batch.sparse(row)
      if sparse.count > 0 {
        for s in 0..<sparse.count { scatter[Int(sparse.indices[s])] += sparse.values[s] }
        for j in 0...i {
          let other = batch.sparse(rows.lowerBound + j)
          var dot = 0.0
          for s in 0..<other.count { dot += scatter[Int(other.indices[s])] * other.values[s] }
          block.crossBefore[i * size + j] += dot
          block.crossAfter[i * size + j] += dot
        }
        for s in 0..<sparse.count { scatter[Int(sparse.indices[s])] = 0 }
      }
      block.norms[i] = block.crossAfter[i * size + i] + 1
    }
  }

  /// Has the guards know which weights are about to move.
  private mutating func note(_ sparse: SparseRow) {
    guard sparse.count > 0 else { return }
    weights.withUnsafeBufferPointer { buffer in
      for k in guards.indices {
        guards[k].note(
          sparse, UnsafeBufferPointer(rebasing: buffer[(k * stride)..<(k * stride + count)]))
      }
    }
  }

  /// Moves the weights by all steps of the block.
  private mutating func finish(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>, labelled: Int,
    _ block: BlockWorkspace.Block
  ) {
    let (dense, lanes, K, n) = (block.dense, block.lanes, rates.count, rows.count)
    BLAS.accumulateTransposed(
      -1, block.steps, stride: lanes, block.after, stride: dense, into: &weights, stride: stride,
      rows: K, columns: dense, inner: n)
    for (i, row) in rows.enumerated() {
      let sparse = batch.sparse(row)
      note(sparse)
      for s in 0..<sparse.count {
        let index = layout.sparseOffset + Int(sparse.indices[s])
        for k in 0..<K {
          weights[k * stride + index] -= block.steps[i * lanes + k] * sparse.values[s]
        }
      }
    }
    for k in 0..<K {
      losses[k] = block.losses[k]
      let shrink = block.shrink[n * lanes + k]
      if shrink != 1 { for j in 0..<count { weights[k * stride + j] *= shrink } }
      weights[k * stride + layout.intercept] = block.intercepts[k]
    }
    weights.withUnsafeMutableBufferPointer { buffer in
      for k in 0..<K {
        let part = UnsafeMutableBufferPointer(rebasing: buffer[(k * stride)..<(k * stride + count)])
        guards[k].keep(
          UnsafeBufferPointer(part), rows: labelled, isAligned: learned % self.block == 0)
      }
    }
  }

  mutating func refit(on window: borrowing MicroBatch) -> RefitReport {
    grow(toSparse: window.sparseWidth)
    let (report, solution) = BatchFit.fit(
      window, loss: loss, layout: layout, scaler: scaler, count: count,
      settings: BatchFit.Settings(ridge: ridge))
    guard let solution else { return report }
    for k in rates.indices { for j in 0..<count { weights[k * stride + j] = solution.weights[j] } }
    scaler = solution.scaler
    for k in guards.indices { guards[k].trust(solution.weights) }
    return report
  }

  mutating func refresh() {
    steps = 0
    scaler.forget(to: 256)
  }

  mutating func takeNotices() -> [LearnerNotice] {
    var notices: [LearnerNotice] = []
    for k in guards.indices { notices += guards[k].takeNotices() }
    return notices
  }

  var form: PredictorForm? { scaler.isLinear ? .linear(loss.link) : nil }

  var linearWeights: LinearWeights? {
    let own = weights[(best * stride)..<(best * stride + count)]
    let first = own.startIndex
    return LinearWeights(
      dense: Array(own[first..<(first + layout.denseWidth)]),
      sparse: Array(own[(first + layout.sparseOffset)...]), intercept: own[first + layout.intercept]
    )
  }

  func explainable(
    _ batch: borrowing MicroBatch, _ row: Int, output: Int
  ) -> ExplainableForm {
    let own = Array(weights[(best * stride)..<(best * stride + count)])
    return .additive(LinearForm(own, layout, scaler, loss.space))
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write([steps, learned, stride, count])
    writer.write(rates)
    writer.write(weights)
    writer.write(losses)
    scaler.write(to: &writer)
    for k in guards.indices { guards[k].write(to: &writer) }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readInts()
    rates = try reader.readDoubles()
    weights = try reader.readDoubles()
    losses = try reader.readDoubles()
    guard numbers.count == 4, rates.count == settings.count, losses.count == rates.count,
      numbers[3] <= numbers[2], numbers[3] >= layout.denseCount,
      weights.count == rates.count * numbers[2]
    else { throw .corrupt }
    (steps, learned, stride, count) = (numbers[0], numbers[1], numbers[2], numbers[3])
    try scaler.restore(from: &reader)
    for k in guards.indices { try guards[k].restore(from: &reader) }
  }
}
