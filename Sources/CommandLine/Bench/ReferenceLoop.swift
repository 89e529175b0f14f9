import Kernels

/// What everything else is compared with: for each row a dot product with weights and a step along the row, the
/// least that a linear model does with it.
///
/// Its rows stay in a core's cache, and each step waits for the one before, as in learning.
final class ReferenceLoop {
  /// Numbers in a row.
  static let width = 32
  static let rows = 2_048
  /// The shortest of so many passes counts, or of those that fit in so many nanoseconds: 1 ms on a machine of
  /// today.
  private static let passes = 32
  private static let patience = 10_000_000

  private let values: UnsafeMutablePointer<Double>
  private let labels: UnsafeMutablePointer<Double>
  private let weights: UnsafeMutablePointer<Double>

  init() {
    let (rows, width) = (ReferenceLoop.rows, ReferenceLoop.width)
    values = .allocate(capacity: rows * width)
    labels = .allocate(capacity: rows)
    weights = .allocate(capacity: width)
    weights.initialize(repeating: 0, count: width)
    var random = RandomBits(seed: 1)
    for i in 0..<(rows * width) { (values + i).initialize(to: 2 * random.unit() - 1) }
    for row in 0..<rows { (labels + row).initialize(to: values[row * width] > 0 ? 1 : -1) }
  }

  deinit {
    values.deallocate()
    labels.deallocate()
    weights.deallocate()
  }

  /// Nanoseconds a row, now.
  func measure() -> Double {
    let begin = MonotonicTime.now().nanoseconds
    var (shortest, start) = (Int.max, begin)
    for _ in 0..<ReferenceLoop.passes where start - begin < ReferenceLoop.patience {
      pass()
      let end = MonotonicTime.now().nanoseconds
      (shortest, start) = (min(shortest, end - start), end)
    }
    return Double(max(shortest, 1)) / Double(ReferenceLoop.rows)
  }

  private func pass() {
    let (width, rate) = (ReferenceLoop.width, 0.02)
    for row in 0..<ReferenceLoop.rows {
      let x = UnsafePointer(values + row * width)
      let error = labels[row] - Vectors.dot(weights, x, width)
      Vectors.add(rate * error, x, to: weights, width)
    }
  }
}
