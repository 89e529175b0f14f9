package import Snapshots

/// What a detector promises about its false alarms, and on what ground.
package struct AlarmPromise: Sendable, Hashable {
  /// Values from one false alarm to the next, on average: at least so many. From any moment on, the chance of
  /// a false alarm within T values is at most T divided by this.
  package let budget: Double
  /// Whether that is a theorem for series such as this has been so far, rather than a model of it.
  package let isGuaranteed: Bool
  /// What the theorem asks for, or what the model takes for granted.
  package let condition: String
  /// Correlation of one value with the next, of what the promise is made about; NaN before two of them.
  package let autocorrelation: Double

  package init(budget: Double, isGuaranteed: Bool, condition: String, autocorrelation: Double) {
    self.budget = budget
    self.isGuaranteed = isGuaranteed
    self.condition = condition
    self.autocorrelation = autocorrelation
  }
}

extension AlarmPromise {
  package func write(to writer: inout SnapshotWriter) {
    writer.write(budget)
    writer.write(isGuaranteed)
    writer.write(condition)
    writer.write(autocorrelation)
  }

  package init(from reader: inout SnapshotReader) throws(SnapshotError) {
    budget = try reader.readDouble()
    isGuaranteed = try reader.readBool()
    condition = try reader.readString()
    autocorrelation = try reader.readDouble()
  }
}

/// Correlation of each value with the one before it, of all values so far. O(1).
package struct SerialCorrelation: Sendable {
  private var count = 0.0
  private var mean = 0.0
  private var squares = 0.0
  private var products = 0.0
  private var first = 0.0
  private var last = 0.0

  package init() {}

  package mutating func add(_ value: Double) {
    // Deviations from the first value: sums of them lose nothing to a large mean.
    if count == 0 { first = value }
    let deviation = value - first
    if count > 0 { products += deviation * last }
    count += 1
    mean += (deviation - mean) / count
    squares += deviation * deviation
    last = deviation
  }

  /// In −1 ... 1; NaN before there are two values that differ.
  package var value: Double {
    let variance = squares - count * mean * mean
    guard count > 1, variance > 1e-12 * squares, variance > 0 else { return .nan }
    // Σ (d[i] − m)(d[i−1] − m), where d[0] is 0.
    let lagged = products - mean * (2 * count * mean - last) + (count - 1) * mean * mean
    return max(-1, min(1, lagged / variance))
  }

  var numbers: [Double] { [count, mean, squares, products, first, last] }

  init?(_ numbers: ArraySlice<Double>) {
    guard numbers.count == 6 else { return nil }
    let n = Array(numbers)
    (count, mean, squares, products, first, last) = (n[0], n[1], n[2], n[3], n[4], n[5])
  }
}
