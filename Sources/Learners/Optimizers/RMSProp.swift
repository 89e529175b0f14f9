import Catalogues
import Snapshots

/// RMSProp: as AdaGrad, but the squared gradients are averaged with forgetting.
///
/// Gⱼ ← ρ·Gⱼ + (1 − ρ)·gⱼ²;  wⱼ ← wⱼ − η·gⱼ / √(Gⱼ + ε), ρ = 0.9, ε = 1e-8.
///
/// Reference: T. Tieleman and G. Hinton, Lecture 6.5 of Neural Networks for Machine Learning (2012).
struct RMSProp: CoordinateOptimizer {
  static let entry = Entry<StepSettings, any Optimizer>(
    "rmsprop", "a rate for each weight from an average of its squared gradients (Hinton 2012)",
    make: { _, settings in RMSProp(settings) })

  private static let kept = 0.9
  private static let epsilon = 1e-8

  var settings: StepSettings
  var steps = 0
  var gradients: [Double] = []
  private var squares: [Double] = []
  private var stepRate = 0.0

  init(_ settings: StepSettings) { self.settings = settings }

  var memoryBytes: Int { 8 * (squares.count + gradients.count) }

  mutating func grow(to count: Int) {
    squares.append(contentsOf: repeatElement(0, count: max(0, count - squares.count)))
  }

  mutating func refresh() {
    steps = 0
    for j in squares.indices { squares[j] = 0 }
  }

  mutating func begin(rate: Double) { stepRate = rate }

  mutating func update(
    _ weights: UnsafeMutablePointer<Double>, _ gradients: UnsafePointer<Double>, count: Int
  ) {
    for j in 0..<count { update(weights, at: j, gradient: gradients[j]) }
  }

  mutating func update(_ weights: UnsafeMutablePointer<Double>, at index: Int, gradient: Double) {
    let mean = RMSProp.kept * squares[index] + (1 - RMSProp.kept) * gradient * gradient
    squares[index] = mean
    weights[index] -= stepRate * gradient / (mean + RMSProp.epsilon).squareRoot()
  }

  func write(to writer: inout SnapshotWriter) {
    writeSteps(to: &writer)
    writer.write(squares)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try restoreSteps(from: &reader)
    squares = try reader.readDoubles()
  }
}
