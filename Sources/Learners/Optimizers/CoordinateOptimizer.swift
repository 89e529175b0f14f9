import Batches
import Snapshots

/// An optimiser whose rate is each weight's own: the step is a loop over coordinates.
///
/// The gradient of weight j is gradient·xⱼ + l2·wⱼ. Without l2 only the row's own features are
/// touched; with it, every weight is.
protocol CoordinateOptimizer: Optimizer {
  var settings: StepSettings { get set }
  var steps: Int { get set }
  /// Gradients of the weights in use, reused from row to row.
  var gradients: [Double] { get set }

  /// Prepares the scalars that all coordinates of this step share.
  mutating func begin(rate: Double)

  /// Updates weights 0 ..< count from their gradients.
  mutating func update(
    _ weights: UnsafeMutablePointer<Double>, _ gradients: UnsafePointer<Double>, count: Int)

  /// Updates the weights of a row's sparse features; the first of these stands at `offset`.
  mutating func update(
    _ weights: UnsafeMutablePointer<Double>, _ row: SparseRow, from offset: Int, gradient: Double)

  /// Updates one weight.
  mutating func update(_ weight: UnsafeMutablePointer<Double>, at index: Int, gradient: Double)
}

extension CoordinateOptimizer {
  var rate: Double { settings.rate }
  var movesAllWeights: Bool { settings.l1 > 0 || settings.l2 > 0 }
  mutating func slow(by factor: Double) { settings.rate *= factor }

  mutating func step(_ step: Step, _ weights: UnsafeMutablePointer<Double>) {
    let rate = settings.rate(at: steps)
    begin(rate: rate)
    steps += 1
    let layout = step.layout
    let all = settings.l2 > 0
    let count = all ? step.count : layout.denseCount
    var scratch: [Double] = []
    swap(&scratch, &gradients)
    if scratch.count < count {
      scratch.append(contentsOf: repeatElement(0, count: count - scratch.count))
    }
    scratch.withUnsafeMutableBufferPointer { buffer in
      guard let g = buffer.baseAddress else { return }
      for j in 0..<layout.denseCount { g[j] = step.gradient * step.x[j] }
      if all {
        for j in layout.denseCount..<count { g[j] = 0 }
        for k in 0..<step.sparse.count {
          g[layout.sparseOffset + Int(step.sparse.indices[k])] +=
            step.gradient * step.sparse.values[k]
        }
        for j in 0..<count { g[j] += settings.l2 * weights[j] }
        g[layout.intercept] = step.gradient
      }
      if let own = settings.interceptRate {
        g[layout.intercept] = 0
        update(weights, UnsafePointer(g), count: count)
        weights[layout.intercept] -= own * step.gradient
      } else {
        update(weights, UnsafePointer(g), count: count)
      }
    }
    swap(&scratch, &gradients)
    if !all { update(weights, step.sparse, from: layout.sparseOffset, gradient: step.gradient) }
    if settings.l1 > 0 { Shrinkage.apply(rate * settings.l1, to: weights, step) }
  }

  mutating func update(
    _ weights: UnsafeMutablePointer<Double>, _ row: SparseRow, from offset: Int, gradient: Double
  ) {
    for k in 0..<row.count {
      update(weights, at: offset + Int(row.indices[k]), gradient: gradient * row.values[k])
    }
  }

  func writeSteps(to writer: inout SnapshotWriter) {
    writer.write(settings.rate)
    writer.write(steps)
  }

  mutating func restoreSteps(from reader: inout SnapshotReader) throws(SnapshotError) {
    settings.rate = try reader.readDouble()
    steps = try reader.readInt()
  }
}

/// The proximal step of an L1 penalty: weights shrink towards 0 by `amount` and stay there.
///
/// Reference: J. Duchi and Y. Singer, Efficient online and batch learning using forward backward
/// splitting, JMLR 10 (2009), equation 19. The intercept is not penalised.
enum Shrinkage {
  static func apply(_ amount: Double, to weights: UnsafeMutablePointer<Double>, _ step: Step) {
    for j in 0..<step.count where j != step.layout.intercept {
      let w = weights[j]
      weights[j] = w > amount ? w - amount : (w < -amount ? w + amount : 0)
    }
  }
}
