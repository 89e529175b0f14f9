import Catalogues
import Glibc
import Snapshots

/// Adam: averages of gradients and of their squares, both corrected for starting at zero.
///
/// m ← β₁·m + (1−β₁)·g;  v ← β₂·v + (1−β₂)·g²;  w ← w − η·√(1−β₂ᵗ)/(1−β₁ᵗ) · m / (√v + ε),
/// β₁ = 0.9, β₂ = 0.999, ε = 1e-8. On sparse rows only the row's own weights move ("lazy Adam").
///
/// Reference: D. P. Kingma and J. Ba, Adam, ICLR 2015, algorithm 1 in the form after section 2.
struct Adam: CoordinateOptimizer {
  static let entry = Entry<StepSettings, any Optimizer>(
    "adam", "averaged gradients over the root of averaged squares (Kingma & Ba 2015)",
    make: { _, settings in Adam(settings) })

  private static let firstKept = 0.9
  private static let secondKept = 0.999
  private static let epsilon = 1e-8

  var settings: StepSettings
  var steps = 0
  var gradients: [Double] = []
  private var means: [Double] = []
  private var squares: [Double] = []
  private var stepRate = 0.0

  init(_ settings: StepSettings) { self.settings = settings }

  var memoryBytes: Int { 8 * (means.count + squares.count + gradients.count) }

  mutating func grow(to count: Int) {
    means.append(contentsOf: repeatElement(0, count: max(0, count - means.count)))
    squares.append(contentsOf: repeatElement(0, count: max(0, count - squares.count)))
  }

  mutating func refresh() {
    steps = 0
    for j in means.indices { (means[j], squares[j]) = (0, 0) }
  }

  mutating func begin(rate: Double) {
    let t = Double(steps + 1)
    stepRate =
      rate * (1 - pow(Adam.secondKept, t)).squareRoot() / (1 - pow(Adam.firstKept, t))
  }

  mutating func update(
    _ weights: UnsafeMutablePointer<Double>, _ gradients: UnsafePointer<Double>, count: Int
  ) {
    for j in 0..<count { update(weights, at: j, gradient: gradients[j]) }
  }

  mutating func update(_ weights: UnsafeMutablePointer<Double>, at index: Int, gradient: Double) {
    means[index] = Adam.firstKept * means[index] + (1 - Adam.firstKept) * gradient
    squares[index] = Adam.secondKept * squares[index] + (1 - Adam.secondKept) * gradient * gradient
    weights[index] -= stepRate * means[index] / (squares[index].squareRoot() + Adam.epsilon)
  }

  func write(to writer: inout SnapshotWriter) {
    writeSteps(to: &writer)
    writer.write(means)
    writer.write(squares)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try restoreSteps(from: &reader)
    means = try reader.readDoubles()
    squares = try reader.readDoubles()
  }
}
