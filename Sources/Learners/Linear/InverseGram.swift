import Glibc
import Kernels
import Snapshots

/// The inverse of a Gram matrix that forgets, after every row: P = (Σ λ^age·u·x·xᵀ + ridge·I)⁻¹.
///
/// Observing x with importance u is P ← (P − P·x·xᵀ·P/(λ/u + xᵀ·P·x))/λ. Kept as σ·Q, so that dividing
/// by λ is one multiplication, and with the last rank-one changes kept apart:
///
///     Q = Q₀ − Σⱼ hⱼ·qⱼ·qⱼᵀ,   Q·x = Q₀·x − Σⱼ hⱼ·qⱼ·(qⱼ·x)
///
/// so that Q₀ is moved by one BLAS product (syrk) for `block` changes at a time, exactly; where the matrix is so narrow
/// that a loop is faster, by each change at once. Q₀ is
/// symmetric in full, not by halves: its product with a row that has few features is a sum of a few
/// of its rows.
///
/// **Wind-up**: forgetting alone forgets the prior too, and on rare categories and constant columns P
/// grows by 1/λ a row until one of them shows up. Here the prior is given back one weight at a time,
/// each in its turn, as an observation of 0 (`leak`).
///
/// **Wandering weights**: with a `memory` of τ rows instead of forgetting, P is the covariance of a Kalman filter
/// whose weights, each by itself, wander about 0 and forget where they were in τ rows, staying within the
/// prior (an autoregression of first order). Every `pace` rows, with ρ = exp(−pace/τ),
///
///     w ← ρ·w    P ← ρ²·P + (1 − ρ²)/ridge·I
///
/// which is one product and one addition on Q's diagonal. What has not been seen for long is as little known
/// as at the start and no less, so that nothing winds up; and what is seen seldom is forgotten as slowly
/// as what is seen often, where a forgetting factor doubts everything at one rate (M. West and
/// J. Harrison, Bayesian Forecasting and Dynamic Models, 1997, ch. 6; R. E. Kalman, 1960).
///
/// Cost of a row of s features that are not 0: s·d + 2·d² flops, at BLAS's speed for the second.
/// Memory: 8·d² bytes.
struct InverseGram: Sendable {
  /// A leak comes every so many rows, for as many.
  private static let leakEvery = 4

  /// Weights that wander take a step every so many rows.
  private static let pace = 16

  /// Weights up to which changes are not kept apart.
  private static let mostAtOnce = 64

  /// Weights from which on BLAS adds rows faster than a loop.
  private static let leastForBLAS = 96

  let forgetting: Double
  let ridge: Double
  /// Rows in which a weight forgets where it was; infinite: it stays where it is.
  let memory: Double
  private(set) var width = 0
  /// Q₀, rows of `stride`.
  private var matrix: [Double] = []
  private var stride = 0
  private var sigma = 1.0
  /// √hⱼ·qⱼ, one row each.
  private var changes: [Double] = []
  private var pending = 0
  /// Room for qⱼ·x.
  private var dots: [Double] = []
  private var rows = 0
  private var turn = 0

  init(forgetting: Double, ridge: Double, memory: Double = .infinity) {
    self.forgetting = forgetting
    self.ridge = ridge
    self.memory = memory
  }

  var memoryBytes: Int { 8 * (matrix.count + changes.count) }

  /// Changes that are kept apart: few where the matrix fits into the nearest cache.
  private var block: Int { isNarrow ? 1 : stride < 96 ? 4 : stride < 384 ? 32 : 64 }

  /// Whether a change is a loop over the matrix at once.
  private var isNarrow: Bool { stride <= InverseGram.mostAtOnce }

  mutating func grow(to count: Int) {
    guard count > width else { return }
    flush()
    if count > stride {
      let wider = (max(count, stride * 3 / 2) + 7) & ~7
      var fresh = Array(repeating: 0.0, count: wider * wider)
      for i in 0..<width { for j in 0..<width { fresh[i * wider + j] = matrix[i * stride + j] } }
      (matrix, stride) = (fresh, wider)
      changes = Array(repeating: 0, count: block * wider)
      dots = Array(repeating: 0, count: block)
    }
    for i in width..<count { matrix[i * stride + i] = 1 / (ridge * sigma) }
    width = count
  }

  /// out ← Q·x, by loops.
  private mutating func multiply(_ row: LentRow, into out: UnsafeMutablePointer<Double>) {
    let (n, stride, pending) = (width, stride, pending)
    matrix.withUnsafeBufferPointer { matrix in
      guard let matrix = matrix.baseAddress else { return }
      NarrowSquare.sumRows(
        matrix, stride: stride, width: n, row.indices, row.values, row.count, into: out)
    }
    guard pending > 0 else { return }
    changes.withUnsafeBufferPointer { changes in
      guard let changes = changes.baseAddress else { return }
      for j in 0..<pending {
        let change = changes + j * stride
        Vectors.add(-InverseGram.dot(row, change), change, to: out, n)
      }
    }
  }

  /// The same by BLAS: the rows of features that stand side by side, as dense ones do, in one product, and the
  /// changes in another, so that `out` is not read and written anew for each.
  private mutating func multiplyWide(_ row: LentRow, into out: UnsafeMutablePointer<Double>) {
    let (n, stride, pending) = (width, stride, pending)
    out.update(repeating: 0, count: n)
    var dense = 0
    while dense < row.count, row.indices[dense] == dense { dense += 1 }
    matrix.withUnsafeBufferPointer { matrix in
      guard let matrix = matrix.baseAddress else { return }
      BLAS.accumulateTransposed(
        1, matrix, stride: stride, rows: dense, columns: n, row.values, into: out)
      for a in dense..<row.count {
        BLAS.add(row.values[a], matrix + Int(row.indices[a]) * stride, to: out, n)
      }
    }
    guard pending > 0 else { return }
    dots.withUnsafeMutableBufferPointer { dots in
      changes.withUnsafeBufferPointer { changes in
        guard let changes = changes.baseAddress, let dots = dots.baseAddress else { return }
        for j in 0..<pending { dots[j] = InverseGram.dot(row, changes + j * stride) }
        BLAS.accumulateTransposed(
          -1, changes, stride: stride, rows: pending, columns: n, dots, into: out)
      }
    }
  }

  @inline(__always)
  private static func dot(_ row: LentRow, _ change: UnsafeBufferPointer<Double>) -> Double {
    change.baseAddress.map { dot(row, $0) } ?? 0
  }

  @inline(__always)
  private static func dot(_ row: LentRow, _ change: UnsafePointer<Double>) -> Double {
    var sum = 0.0
    for a in 0..<row.count { sum += change[Int(row.indices[a])] * row.values[a] }
    return sum
  }

  /// Takes a row in. Writes σ·Q·x into `product` and returns the factor of e·product by which weights
  /// move: 1/(λ/u + xᵀ·P·x).
  mutating func observe(
    _ row: LentRow, importance: Double, product: inout [Double]
  ) -> Double {
    let n = width
    product.withUnsafeMutableBufferPointer { buffer in
      guard let out = buffer.baseAddress else { return }
      if n < InverseGram.leastForBLAS {
        multiply(row, into: out)
      } else {
        multiplyWide(row, into: out)
      }
    }
    let q = sigma * product.withUnsafeBufferPointer { InverseGram.dot(row, $0) }
    let factor = 1 / (forgetting / importance + q)
    guard q >= 0, factor.isFinite else { return .nan }
    push(product, (factor * sigma).squareRoot())
    let sigma = sigma
    product.withUnsafeMutableBufferPointer { for j in 0..<n { $0[j] *= sigma } }
    self.sigma = sigma / forgetting
    rows += 1
    return factor
  }

  /// Gives a weight back what forgetting took from its prior, when it is time to. Writes σ·Q·eₜ into
  /// `product` and returns t and by which factor of wₜ the weights move along it.
  mutating func leak(product: inout [Double]) -> (turn: Int, gain: Double)? {
    if sigma > 1e8 { renormalise() }
    guard forgetting < 1, rows % InverseGram.leakEvery == 0 else { return nil }
    turn = turn + 1 < width ? turn + 1 : 0
    let strength = ridge * (1 - forgetting) * Double(width * InverseGram.leakEvery)
    let n = width
    for j in 0..<n { product[j] = matrix[turn * stride + j] }
    for j in 0..<pending {
      let own = changes[j * stride + turn]
      for i in 0..<n { product[i] -= own * changes[j * stride + i] }
    }
    let variance = sigma * product[turn]
    guard variance > 0 else {
      restart()
      return nil
    }
    let gain = strength / (1 + strength * variance)
    push(product, (gain * sigma).squareRoot())
    for j in 0..<n { product[j] *= sigma }
    return (turn, gain)
  }

  /// Lets the weights wander when it is time to; returns what they keep of themselves.
  mutating func wander() -> Double? {
    guard memory < .infinity, rows % InverseGram.pace == 0 else { return nil }
    let steps = Double(InverseGram.pace)
    let kept = exp(-steps / memory)
    sigma *= kept * kept
    if sigma < 1e-8 { renormalise() }
    let fresh = -expm1(-2 * steps / memory) / (ridge * sigma)
    // Q₀ and Q differ by the changes that are kept apart: what is added to one is added to the other.
    for j in 0..<width { matrix[j * stride + j] += fresh }
    return kept
  }

  private mutating func push(_ vector: borrowing [Double], _ factor: Double) {
    let (stride, width) = (stride, width)
    let base = pending * stride
    changes.withUnsafeMutableBufferPointer { changes in
      for j in 0..<width { changes[base + j] = factor * vector[j] }
    }
    guard isNarrow else {
      pending += 1
      if pending == block { flush() }
      return
    }
    matrix.withUnsafeMutableBufferPointer { matrix in
      changes.withUnsafeBufferPointer { changes in
        guard let matrix = matrix.baseAddress, let change = changes.baseAddress else { return }
        NarrowSquare.subtractSquare(of: change, from: matrix, stride: stride, width: width)
      }
    }
  }

  /// Moves Q₀ by all changes that are kept apart.
  private mutating func flush() {
    guard pending > 0 else { return }
    BLAS.subtractGram(
      changes, stride: stride, rows: pending, width: width, from: &matrix, stride: stride)
    matrix.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      SymmetricSystem.mirror(base, stride: stride, width: width)
    }
    pending = 0
  }

  private mutating func renormalise() {
    flush()
    for i in 0..<width { for j in 0..<width { matrix[i * stride + j] *= sigma } }
    sigma = 1
  }

  /// Takes the inverse of a Gram matrix of as many weights as there are, row after row.
  mutating func adopt(_ inverse: [Double]) {
    sigma = 1
    pending = 0
    for i in 0..<width {
      for j in 0..<width { matrix[i * stride + j] = inverse[max(i, j) * width + min(i, j)] }
    }
  }

  /// Forgets the rows; the prior alone stays.
  mutating func restart() {
    sigma = 1
    pending = 0
    for i in 0..<width {
      for j in 0..<width { matrix[i * stride + j] = i == j ? 1 / ridge : 0 }
    }
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write([width, stride, pending, rows, turn])
    writer.write(sigma)
    writer.write(matrix)
    writer.write(changes)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readInts()
    sigma = try reader.readDouble()
    matrix = try reader.readDoubles()
    changes = try reader.readDoubles()
    guard numbers.count == 5, (0...numbers[1]).contains(numbers[0]),
      matrix.count == numbers[1] * numbers[1], numbers[3] >= 0
    else { throw .corrupt }
    (width, stride, pending, rows, turn) = (
      numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]
    )
    dots = Array(repeating: 0, count: block)
    guard changes.count == block * stride, (0..<block).contains(pending),
      (0..<max(width, 1)).contains(turn)
    else { throw .corrupt }
  }
}
