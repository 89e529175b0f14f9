import Catalogues
import Snapshots

/// FTRL-proximal: follow the regularised leader; with an L1 penalty, weights are exactly 0.
///
/// σ = (√(n + g²) − √n)/η;  z ← z + g − σ·w;  n ← n + g²;
/// w = 0 if |z| ≤ l1, else −(z − sign(z)·l1) / ((β + √n)/η + l2), β = 1.
///
/// Here l1 and l2 are the method's own penalties. The weights are always those that the latest z and
/// n give, as the paper computes them when predicting.
///
/// Reference: H. B. McMahan et al., Ad click prediction: a view from the trenches, KDD 2013,
/// algorithm 1. State: two doubles a weight.
struct FTRLProximal: CoordinateOptimizer {
  static let entry = Entry<StepSettings, any Optimizer>(
    "ftrl", "follow the regularised leader; exact zeros under l1 (McMahan 2013)",
    make: { _, settings in FTRLProximal(settings) })

  private static let beta = 1.0

  var settings: StepSettings
  var steps = 0
  var gradients: [Double] = []
  private var sums: [Double] = []
  private var squares: [Double] = []
  private let l1: Double
  private let l2: Double
  private var stepRate = 0.0

  init(_ settings: StepSettings) {
    (l1, l2) = (settings.l1, settings.l2)
    self.settings = StepSettings(
      rate: settings.rate, decay: settings.decay, power: settings.power,
      interceptRate: settings.interceptRate)
  }

  var memoryBytes: Int { 8 * (sums.count + squares.count + gradients.count) }

  mutating func grow(to count: Int) {
    sums.append(contentsOf: repeatElement(0, count: max(0, count - sums.count)))
    squares.append(contentsOf: repeatElement(0, count: max(0, count - squares.count)))
  }

  mutating func refresh() {
    steps = 0
    for j in squares.indices { squares[j] = 0 }
  }

  /// Sets the sums to what gives these weights at the gradients seen so far.
  mutating func adopt(_ weights: UnsafeBufferPointer<Double>) {
    let rate = settings.rate(at: steps)
    for j in weights.indices where j < sums.count {
      let w = weights[j]
      let slope = (FTRLProximal.beta + squares[j].squareRoot()) / rate + l2
      sums[j] = w == 0 ? 0 : -w * slope - (w < 0 ? -l1 : l1)
    }
  }

  mutating func begin(rate: Double) { stepRate = rate }

  mutating func update(
    _ weights: UnsafeMutablePointer<Double>, _ gradients: UnsafePointer<Double>, count: Int
  ) {
    for j in 0..<count where gradients[j] != 0 {
      update(weights, at: j, gradient: gradients[j])
    }
  }

  mutating func update(_ weights: UnsafeMutablePointer<Double>, at index: Int, gradient: Double) {
    let before = squares[index].squareRoot()
    squares[index] += gradient * gradient
    let after = squares[index].squareRoot()
    sums[index] += gradient - (after - before) / stepRate * weights[index]
    let z = sums[index]
    guard abs(z) > l1 else {
      weights[index] = 0
      return
    }
    weights[index] = -(z - (z < 0 ? -l1 : l1)) / ((FTRLProximal.beta + after) / stepRate + l2)
  }

  func write(to writer: inout SnapshotWriter) {
    writeSteps(to: &writer)
    writer.write(sums)
    writer.write(squares)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try restoreSteps(from: &reader)
    sums = try reader.readDoubles()
    squares = try reader.readDoubles()
  }
}
