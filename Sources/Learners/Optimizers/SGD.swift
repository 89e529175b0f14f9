import Batches
import Catalogues
import Kernels
import Snapshots

/// Stochastic gradient descent: w ← w − η·(g·x + l2·w).
///
/// The step is one scalar times the row, which is what makes exact micro-batches by a Gram matrix
/// possible (see `RateGrid`). Cost: one pass over the row; with l2 or l1, over all weights.
struct SGD: Optimizer {
  static let entry = Entry<StepSettings, any Optimizer>(
    "sgd", "plain stochastic gradient descent", make: { _, settings in SGD(settings) })

  var settings: StepSettings
  private var steps = 0

  init(_ settings: StepSettings) { self.settings = settings }

  var rate: Double { settings.rate }
  var movesAllWeights: Bool { settings.l1 > 0 || settings.l2 > 0 }
  var memoryBytes: Int { 0 }
  mutating func grow(to count: Int) {}
  mutating func refresh() { steps = 0 }
  mutating func slow(by factor: Double) { settings.rate *= factor }

  mutating func step(_ step: Step, _ weights: UnsafeMutablePointer<Double>) {
    let rate = settings.rate(at: steps)
    steps += 1
    ScalarStep.take(rate * step.gradient, rate: rate, settings, step, weights)
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(settings.rate)
    writer.write(steps)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    settings.rate = try reader.readDouble()
    steps = try reader.readInt()
  }
}

/// Implicit SGD: the gradient is taken where the step lands, so that no rate can blow up.
///
/// w ← w − s·x with s = η·∂loss/∂z at z − s·|x|² (`Loss.implicitStep`); the penalties as in SGD.
///
/// Reference: P. Toulis and E. M. Airoldi, Annals of Statistics 45 (2017), algorithm 1.
struct ImplicitSGD: Optimizer {
  static let entry = Entry<StepSettings, any Optimizer>(
    "implicit-sgd", "gradient taken where the step lands; stable at any rate",
    make: { _, settings in ImplicitSGD(settings) })

  var settings: StepSettings
  private var steps = 0

  init(_ settings: StepSettings) { self.settings = settings }

  var rate: Double { settings.rate }
  var movesAllWeights: Bool { settings.l1 > 0 || settings.l2 > 0 }
  var memoryBytes: Int { 0 }
  mutating func grow(to count: Int) {}
  mutating func refresh() { steps = 0 }
  mutating func slow(by factor: Double) { settings.rate *= factor }

  mutating func step(_ step: Step, _ weights: UnsafeMutablePointer<Double>) {
    let rate = settings.rate(at: steps)
    steps += 1
    var norm = Vectors.dot(step.x, step.x, step.layout.denseCount)
    for k in 0..<step.sparse.count { norm += step.sparse.values[k] * step.sparse.values[k] }
    let free = step.loss.implicitStep(step.z, step.y, rate: rate * step.weight, norm: norm)
    let size = max(-rate * step.clip, min(rate * step.clip, free))
    ScalarStep.take(size, rate: rate, settings, step, weights)
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(settings.rate)
    writer.write(steps)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    settings.rate = try reader.readDouble()
    steps = try reader.readInt()
  }
}

/// w ← (1 − η·l2)·w − size·x, then the L1 shrinkage.
enum ScalarStep {
  @inline(__always)
  static func take(
    _ size: Double, rate: Double, _ settings: StepSettings, _ step: Step,
    _ weights: UnsafeMutablePointer<Double>
  ) {
    let layout = step.layout
    let intercept = weights[layout.intercept]
    if settings.l2 > 0 {
      let kept = 1 - rate * settings.l2
      for j in 0..<step.count { weights[j] *= kept }
      weights[layout.intercept] = intercept
    }
    Vectors.add(-size, step.x, to: weights, layout.denseCount)
    for k in 0..<step.sparse.count {
      weights[layout.sparseOffset + Int(step.sparse.indices[k])] -= size * step.sparse.values[k]
    }
    if let own = settings.interceptRate {
      weights[layout.intercept] = intercept - own * step.gradient
    }
    if settings.l1 > 0 { Shrinkage.apply(rate * settings.l1, to: weights, step) }
  }
}
