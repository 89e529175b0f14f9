import Snapshots

/// What the errors of a model still know of one product of features: for each of its cells the sums
/// A of x·e, B of x²·v and C of x²·e².
///
/// The squared errors that a weight for each cell would have taken away are Σ A²/B. If there is nothing to
/// know, Σ A²/C is about a χ² of as many degrees of freedom as there are cells, whatever the variance
/// of each cell (H. White, A heteroskedasticity-consistent covariance matrix estimator and a direct test
/// for heteroskedasticity, Econometrica 48, 1980).
struct ResidualTable: Snapshotted, Sendable {
  private var products: [Double] = []
  private var squares: [Double] = []
  private var spreads: [Double] = []
  /// Rows seen, and the sum of their e²/v.
  private(set) var rows = 0.0
  private(set) var errors = 0.0

  func write(to writer: inout SnapshotWriter) {
    writer.write(products)
    writer.write(squares)
    writer.write(spreads)
    writer.write([rows, errors])
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    products = try reader.readDoubles()
    squares = try reader.readDoubles(count: products.count)
    spreads = try reader.readDoubles(count: products.count)
    let n = try reader.readDoubles(count: 2)
    (rows, errors) = (n[0], n[1])
  }

  mutating func observe(cell: Int, x: Double, error: Double, curvature: Double) {
    while products.count <= cell {
      products.append(0)
      squares.append(0)
      spreads.append(0)
    }
    rows += 1
    errors += error * error / curvature
    products[cell] += x * error
    squares[cell] += x * x * curvature
    spreads[cell] += x * x * error * error
  }

  /// Σ A²/B, Σ A²/C and how many cells have seen anything.
  var gain: (saved: Double, score: Double, cells: Double) {
    var (saved, score, cells) = (0.0, 0.0, 0.0)
    for k in products.indices where squares[k] > 0 && spreads[k] > 0 {
      let square = products[k] * products[k]
      saved += square / squares[k]
      score += square / spreads[k]
      cells += 1
    }
    return (saved, score, cells)
  }

  mutating func halve() {
    (rows, errors) = (rows / 2, errors / 2)
    for k in products.indices {
      products[k] /= 2
      squares[k] /= 2
      spreads[k] /= 2
    }
  }

  mutating func clear() {
    (rows, errors) = (0, 0)
    products.removeAll(keepingCapacity: true)
    squares.removeAll(keepingCapacity: true)
    spreads.removeAll(keepingCapacity: true)
  }
}
