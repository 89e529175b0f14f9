import CLanes

/// What a block of rows was like, column by column: sums about a shift, and extremes.
///
/// For `width` columns, each with a shift s, and rows with targets t (0 where there is none):
///
///     sums Σ(x − s)   squares Σ(x − s)²   least, most   products Σ(x − s)·t
///
/// Each column is added up in the order of its rows, so that it does not matter in how many calls they came. Sums of squares
/// about a shift lose nothing as long as the shift is near the numbers, as the mean of those before is. Cost: 0.2 ns
/// a number with lanes of four.
package struct BlockSums: Sendable {
  package let width: Int
  /// Columns with what fills up the last four.
  private let count: Int
  /// shift, sums, squares, least, most, products: six arrays of `count`.
  private var state: [Double]

  package init(width: Int) {
    self.width = width
    count = (width + 3) & ~3
    state = Array(repeating: 0, count: 6 * count)
    removeAll()
  }

  /// What is taken from a column's numbers before they are added up.
  package func shift(_ j: Int) -> Double { state[j] }
  package func sum(_ j: Int) -> Double { state[count + j] }
  package func squares(_ j: Int) -> Double { state[2 * count + j] }
  package func least(_ j: Int) -> Double { state[3 * count + j] }
  package func most(_ j: Int) -> Double { state[4 * count + j] }
  package func products(_ j: Int) -> Double { state[5 * count + j] }

  /// All that it is, for a snapshot; to be set to what a sum of the same width had.
  package var numbers: [Double] {
    get { state }
    set {
      precondition(newValue.count == state.count, "\(newValue.count) numbers for \(state.count)")
      state = newValue
    }
  }

  /// To be changed between two blocks only.
  package mutating func setShift(_ shift: Double, _ j: Int) { state[j] = shift }

  /// Begins a new block; shifts stay.
  package mutating func removeAll() {
    for j in count..<6 * count { state[j] = 0 }
    for j in 0..<count { (state[3 * count + j], state[4 * count + j]) = (.infinity, -.infinity) }
  }

  /// Adds rows that lie `stride` numbers apart, of which the first `width` rounded up to 4 are looked at.
  package mutating func add(
    _ rows: UnsafePointer<Double>, targets: UnsafePointer<Double>, count rowCount: Int, stride: Int
  ) {
    let count = Int64(self.count)
    state.withUnsafeMutableBufferPointer { state in
      weir_add_rows(rows, targets, Int64(rowCount), Int64(stride), count, state.baseAddress)
    }
  }

  /// Of a block of `rows` rows without gaps each column's mean, the logarithm of its spread, and artanh of its correlation with
  /// the targets, of at most ±`limit`; NaN where it does not vary, or nobody knows the sum and the sum of squares of the
  /// targets. Arrays of at least `width` rounded up to 4.
  package func figures(
    rows: Int, targets: (sum: Double, squares: Double)?, limit: Double, means: inout [Double],
    logSpreads: inout [Double], relations: inout [Double]
  ) {
    precondition(min(means.count, logSpreads.count, relations.count) >= count, "too short")
    let (sum, squares) = targets ?? (0, 0)
    state.withUnsafeBufferPointer { state in
      guard let state = state.baseAddress else { return }
      weir_block_figures(
        state, Int64(count), Double(rows), sum, squares, limit, &means, &logSpreads, &relations)
    }
  }

  /// Adds one number of a row that does not have them all.
  package mutating func add(_ value: Double, target: Double, _ j: Int) {
    let deviation = value - state[j]
    state[count + j] += deviation
    state[2 * count + j] += deviation * deviation
    if value < state[3 * count + j] { state[3 * count + j] = value }
    if value > state[4 * count + j] { state[4 * count + j] = value }
    state[5 * count + j] += deviation * target
  }
}
