package import Snapshots

/// Prediction intervals that keep their coverage under drift: conformal quantile tracking.
///
/// Errors are put on one scale by what is expected of a prediction of that size, then each end of the
/// interval follows a quantile of them: a label beyond it moves it out by a large step, a label
/// within moves it in by a small one,
///
///     s = a + b·|p|, fitted to |y − p| with a memory of 1,000 rows      r = (y − p)/s
///     u ← u + η·([r > u] − α/2)        l ← l − η·([r < l] − α/2)        interval [p + l·s, p + u·s]
///
/// with α one minus the coverage and η = 0.05. Whatever the stream does, the share of labels beyond an
/// end differs from α/2 by no more than (range of r + η)/(η·rows).
///
/// Reference: A. N. Angelopoulos, E. J. Candès and R. J. Tibshirani, Conformal PID control for time
/// series prediction, NeurIPS 2023, equation 3 (quantile tracking), with scaled scores.
struct IntervalTracker: Snapshotted, Sendable {
  private static let step = 0.05
  private static let memory = 0.999

  /// The share of labels that are to lie within.
  let coverage: Double
  private var lower = -2.0
  private var upper = 2.0
  // Sums of 1, |p|, |p|², |e|, |e|·|p|, older rows counting less.
  private var (rows, sizes, squares): (Double, Double, Double) = (0, 0, 0)
  private var (errors, products): (Double, Double) = (0, 0)

  init(coverage: Double) {
    precondition(coverage > 0 && coverage < 1, "coverage \(coverage)")
    self.coverage = coverage
  }

  /// What |y − p| is expected to be.
  private func scale(_ prediction: Double) -> Double {
    guard rows > 0, errors > 0 else { return 1 }
    let mean = errors / rows
    let spread = squares - sizes * sizes / rows
    guard spread > 1e-12 * squares else { return mean }
    let slope = max(0, (products - errors * sizes / rows) / spread)
    return max(mean + slope * (abs(prediction) - sizes / rows), 0.1 * mean)
  }

  /// The interval around a prediction, before its label is known.
  func interval(_ prediction: Double) -> (low: Double, high: Double) {
    let scale = scale(prediction)
    return (prediction + lower * scale, prediction + upper * scale)
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write([lower, upper, rows, sizes, squares, errors, products])
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let n = try reader.readDoubles(count: 7)
    (lower, upper, rows, sizes) = (n[0], n[1], n[2], n[3])
    (squares, errors, products) = (n[4], n[5], n[6])
  }

  mutating func observe(_ prediction: Double, label: Double) {
    let scale = scale(prediction)
    let error = label - prediction
    // A model that ran off says nothing of the errors to come.
    guard error.isFinite else { return }
    let ratio = error / scale
    let tail = (1 - coverage) / 2
    upper += IntervalTracker.step * ((ratio > upper ? 1 : 0) - tail)
    lower -= IntervalTracker.step * ((ratio < lower ? 1 : 0) - tail)
    if lower > upper { (lower, upper) = (upper, lower) }
    let size = abs(prediction)
    let kept = IntervalTracker.memory
    rows = rows * kept + 1
    sizes = sizes * kept + size
    squares = squares * kept + size * size
    errors = errors * kept + abs(error)
    products = products * kept + abs(error) * size
  }
}

/// How many labels lay within their intervals, and how wide those were.
package struct CoverageCount: Snapshotted, Sendable, Equatable {
  package private(set) var labels = 0
  package private(set) var within = 0
  private var widths = 0.0

  /// Share of labels within; nil before the first.
  package var share: Double? { labels > 0 ? Double(within) / Double(labels) : nil }
  package var meanWidth: Double? { labels > 0 ? widths / Double(labels) : nil }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(labels)
    writer.write(within)
    writer.write(widths)
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    labels = try reader.readInt()
    within = try reader.readInt()
    widths = try reader.readDouble()
  }

  /// Takes what `other` has counted since it was `before`.
  mutating func add(_ other: CoverageCount, beyond before: CoverageCount) {
    labels += other.labels - before.labels
    within += other.within - before.within
    widths += other.widths - before.widths
  }

  mutating func observe(_ interval: (low: Double, high: Double), label: Double) {
    labels += 1
    if label >= interval.low, label <= interval.high { within += 1 }
    widths += interval.high - interval.low
  }
}
