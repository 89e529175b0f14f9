import Catalogues
import Snapshots

/// Momentum: steps follow an average of past gradients.
///
/// vⱼ ← μ·vⱼ + η·gⱼ;  wⱼ ← wⱼ − vⱼ, μ = 0.9. A weight whose feature is absent from a sparse row keeps
/// its velocity until it is next present.
///
/// Reference: B. T. Polyak, Some methods of speeding up the convergence of iteration methods,
/// USSR Computational Mathematics 4 (1964).
struct Momentum: CoordinateOptimizer {
  static let entry = Entry<StepSettings, any Optimizer>(
    "momentum", "gradient descent with a velocity, 0.9 of which is kept (Polyak 1964)",
    make: { _, settings in Momentum(settings) })

  private static let kept = 0.9

  var settings: StepSettings
  var steps = 0
  var gradients: [Double] = []
  private var velocity: [Double] = []
  private var stepRate = 0.0

  init(_ settings: StepSettings) { self.settings = settings }

  var memoryBytes: Int { 8 * (velocity.count + gradients.count) }

  mutating func grow(to count: Int) {
    velocity.append(contentsOf: repeatElement(0, count: max(0, count - velocity.count)))
  }

  mutating func refresh() {
    steps = 0
    for j in velocity.indices { velocity[j] = 0 }
  }

  mutating func begin(rate: Double) { stepRate = rate }

  mutating func update(
    _ weights: UnsafeMutablePointer<Double>, _ gradients: UnsafePointer<Double>, count: Int
  ) {
    for j in 0..<count { update(weights, at: j, gradient: gradients[j]) }
  }

  mutating func update(_ weights: UnsafeMutablePointer<Double>, at index: Int, gradient: Double) {
    velocity[index] = Momentum.kept * velocity[index] + stepRate * gradient
    weights[index] -= velocity[index]
  }

  func write(to writer: inout SnapshotWriter) {
    writeSteps(to: &writer)
    writer.write(velocity)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try restoreSteps(from: &reader)
    velocity = try reader.readDoubles()
  }
}
