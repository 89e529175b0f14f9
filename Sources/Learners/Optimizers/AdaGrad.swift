import Batches
import Catalogues
import Snapshots

/// AdaGrad: each weight's rate falls with the gradients it has seen.
///
/// Gⱼ ← Gⱼ + gⱼ²;  wⱼ ← wⱼ − η·gⱼ / √(Gⱼ + ε), ε = 1e-8.
///
/// Reference: J. Duchi, E. Hazan and Y. Singer, Adaptive subgradient methods, JMLR 12 (2011),
/// figure 1, diagonal form. State: one double a weight.
struct AdaGrad: CoordinateOptimizer {
  static let entry = Entry<StepSettings, any Optimizer>(
    "adagrad", "a rate for each weight that falls with its gradients (Duchi 2011)",
    make: { _, settings in AdaGrad(settings) })

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
    let rate = stepRate
    squares.withUnsafeMutableBufferPointer { buffer in
      guard let squares = buffer.baseAddress else { return }
      for j in 0..<count {
        let g = gradients[j]
        let sum = squares[j] + g * g
        squares[j] = sum
        weights[j] -= rate * g / (sum + AdaGrad.epsilon).squareRoot()
      }
    }
  }

  mutating func update(
    _ weights: UnsafeMutablePointer<Double>, _ row: SparseRow, from offset: Int, gradient: Double
  ) {
    let rate = stepRate
    squares.withUnsafeMutableBufferPointer { squares in
      for k in 0..<row.count {
        let j = offset &+ Int(row.indices[k])
        let g = gradient * row.values[k]
        squares[j] += g * g
        weights[j] -= rate * g / (squares[j] + AdaGrad.epsilon).squareRoot()
      }
    }
  }

  mutating func update(_ weights: UnsafeMutablePointer<Double>, at index: Int, gradient: Double) {
    squares[index] += gradient * gradient
    weights[index] -= stepRate * gradient / (squares[index] + AdaGrad.epsilon).squareRoot()
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
