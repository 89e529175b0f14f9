import Glibc
import Snapshots

/// What each expert alone would have cost so far, in the loss that is scored: absolute errors, or log loss.
///
/// A logarithm an expert and row would cost more than the experts do: likelihoods are multiplied, and the
/// logarithm taken of every 32nd product. Probabilities of at least 1e-6 keep it above 1e-192.
struct LossTally: Sendable {
  private static let run = 32

  private let isBinary: Bool
  private var sums: [Double]
  private var products: [Double]
  private var pending = 0
  private(set) var rows = 0

  init(experts: Int, isBinary: Bool) {
    self.isBinary = isBinary
    sums = Array(repeating: 0, count: experts)
    products = Array(repeating: 1, count: experts)
  }

  /// Takes the label of a row and what each expert had said of it.
  mutating func observe(_ y: Double, _ p: UnsafePointer<Double>) {
    rows += 1
    guard isBinary else {
      for k in 0..<sums.count { sums[k] += abs(p[k] - y) }
      return
    }
    // p for class 1 and 1 − p for class 0.
    let (base, sign) = y > 0.5 ? (0.0, 1.0) : (1.0, -1.0)
    for k in 0..<products.count { products[k] *= base + sign * p[k] }
    pending += 1
    if pending == LossTally.run { settle() }
  }

  private mutating func settle() {
    for k in 0..<sums.count {
      sums[k] -= log(products[k])
      products[k] = 1
    }
    pending = 0
  }

  /// Mean loss of expert `k`; nil before the first label.
  func mean(_ k: Int) -> Double? {
    rows > 0 ? (sums[k] - log(products[k])) / Double(rows) : nil
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write([rows, pending])
    writer.write(sums)
    writer.write(products)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readInts()
    let count = sums.count
    sums = try reader.readDoubles()
    products = try reader.readDoubles()
    guard numbers.count == 2, sums.count == count, products.count == count,
      (0..<LossTally.run).contains(numbers[1])
    else { throw .corrupt }
    (rows, pending) = (numbers[0], numbers[1])
  }
}
