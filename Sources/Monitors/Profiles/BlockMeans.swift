package import Snapshots

/// How a column's mean has moved: means of so many rows each, in the order of the stream, in bounded memory.
///
/// At first a mean of each block; when there are too many, each two that follow each other become one, of twice as many
/// rows. So of a stream of any length there are 128 to 256 means of equal stretches, which is what tells a level that
/// wanders from one that has jumped. Cost: O(1) a block; 2 KB.
package struct BlockMeans: Snapshotted, Sendable, Equatable {
  package static let most = 256
  /// Rows of each mean.
  package private(set) var rowsPerMean: Int
  package private(set) var means: [Double] = []
  /// The mean in the making: its rows so far, those with a number, and their sum.
  private var rows = 0
  private var count = 0.0
  private var sum = 0.0

  package init(rowsPerMean: Int) { self.rowsPerMean = rowsPerMean }

  /// Means that are known already.
  package init(rowsPerMean: Int, means: [Double]) {
    (self.rowsPerMean, self.means) = (rowsPerMean, means)
  }

  /// Adds a block of `blockRows` rows of which `present` have a number, with this mean.
  package mutating func add(rows blockRows: Int, present: Int, mean: Double) {
    rows += blockRows
    if present > 0 {
      count += Double(present)
      sum += Double(present) * mean
    }
    guard rows >= rowsPerMean else { return }
    if count > 0 { means.append(sum / count) }
    (rows, count, sum) = (0, 0, 0)
    if means.count >= BlockMeans.most { halve() }
  }

  private mutating func halve() {
    means = stride(from: 0, to: means.count - 1, by: 2).map { (means[$0] + means[$0 + 1]) / 2 }
    rowsPerMean *= 2
  }

  /// Puts the means of a later stretch after these.
  package mutating func merge(_ other: BlockMeans) {
    var other = other
    while rowsPerMean < other.rowsPerMean { halve() }
    while other.rowsPerMean < rowsPerMean { other.halve() }
    means += other.means
    while means.count >= BlockMeans.most { halve() }
    (rows, count, sum) = (other.rows, other.count, other.sum)
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write([rowsPerMean, rows])
    writer.write([count, sum])
    writer.write(means)
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let counts = try reader.readInts()
    let sums = try reader.readDoubles(count: 2)
    guard counts.count == 2, counts[0] > 0 else { throw .corrupt }
    (rowsPerMean, rows) = (counts[0], counts[1])
    (count, sum) = (sums[0], sums[1])
    means = try reader.readDoubles()
    guard means.count < BlockMeans.most else { throw .corrupt }
  }
}
