package import Batches
package import Snapshots

/// What a model has been shown: how many rows, from when to when, a hash of them, and what each numeric column was like.
///
/// The hash is of rows as encoded, one after another, so that it does not depend on how the input was cut or spelled:
///
///     h ← mix(h ⊕ w)   for each word w of a row: its dense features, sparse indices and values, target, weight, time
///     mix(x) = high ⊕ low of (x ⊕ 0x2545F4914F6CDD1D)·0x9E3779B97F4A7C15 as 128 bits
///
/// It tells whether two runs saw the same rows; it is no protection against someone who wants them to look the same.
/// Moments are Welford's. Cost: 2 ns for each number of a row. Memory: O(columns).
package struct DataAccount: Snapshotted, Sendable {
  package private(set) var rows = 0
  package private(set) var hash: UInt64 = 0x5745_4952
  /// Seconds since 1970; nil where no row had a time.
  package private(set) var firstTime: Double?
  package private(set) var lastTime: Double?
  private var missing: [Double]
  private var means: [Double]
  private var squares: [Double]
  private var least: [Double]
  private var most: [Double]

  package init(denseWidth: Int) {
    missing = Array(repeating: 0, count: denseWidth)
    means = missing
    squares = missing
    least = Array(repeating: .infinity, count: denseWidth)
    most = Array(repeating: -.infinity, count: denseWidth)
  }

  /// One column of numbers, over the rows that had a value.
  package struct Column: Sendable, Equatable {
    package let count: Int
    package let missing: Int
    package let mean: Double
    /// With n − 1; 0 of one value.
    package let standardDeviation: Double
    package let least: Double
    package let most: Double
  }

  /// The columns in the order of the schema; nil for one that never had a value.
  package var columns: [Column?] {
    means.indices.map { j in
      let count = rows - Int(missing[j])
      guard count > 0 else { return nil }
      let deviation = count > 1 ? (squares[j] / Double(count - 1)).squareRoot() : 0
      return Column(
        count: count, missing: Int(missing[j]), mean: means[j], standardDeviation: deviation,
        least: least[j], most: most[j])
    }
  }

  package mutating func observe(_ batch: borrowing MicroBatch, _ range: Range<Int>) {
    let width = means.count
    for row in range {
      rows += 1
      let dense = batch.dense(row)
      var h = hash
      for j in 0..<width { h = DataAccount.mix(h ^ dense[j].bitPattern) }
      let sparse = batch.sparse(row)
      for k in 0..<sparse.count {
        h = DataAccount.mix(h ^ UInt64(truncatingIfNeeded: sparse.indices[k]))
        h = DataAccount.mix(h ^ sparse.values[k].bitPattern)
      }
      h = DataAccount.mix(h ^ batch.targets[row].bitPattern)
      h = DataAccount.mix(h ^ batch.weights[row].bitPattern)
      h = DataAccount.mix(h ^ batch.times[row].bitPattern)
      hash = h
      let time = batch.times[row]
      if !time.isNaN {
        firstTime = min(firstTime ?? time, time)
        lastTime = max(lastTime ?? time, time)
      }
      observe(dense, batch, row)
    }
  }

  private mutating func observe(
    _ dense: UnsafePointer<Double>, _ batch: borrowing MicroBatch, _ row: Int
  ) {
    let hasAbsent = batch.hasAbsent
    for j in means.indices {
      if hasAbsent, batch.isAbsent(row, j) {
        missing[j] += 1
        continue
      }
      let value = dense[j]
      let deviation = value - means[j]
      means[j] += deviation / (Double(rows) - missing[j])
      squares[j] += deviation * (value - means[j])
      least[j] = min(least[j], value)
      most[j] = max(most[j], value)
    }
  }

  @inline(__always)
  private static func mix(_ word: UInt64) -> UInt64 {
    let product = (word ^ 0x2545_F491_4F6C_DD1D).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return product.high ^ product.low
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(rows)
    writer.write(hash)
    writer.write(firstTime)
    writer.write(lastTime)
    for numbers in [missing, means, squares, least, most] { writer.write(numbers) }
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let width = means.count
    rows = try reader.readInt()
    hash = try reader.readWord()
    firstTime = try reader.readOptionalDouble()
    lastTime = try reader.readOptionalDouble()
    missing = try reader.readDoubles(count: width)
    means = try reader.readDoubles(count: width)
    squares = try reader.readDoubles(count: width)
    least = try reader.readDoubles(count: width)
    most = try reader.readDoubles(count: width)
  }
}
