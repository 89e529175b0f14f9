package import Snapshots

/// What block means of a column are like: those of single blocks, evenly thinned so that memory is bounded.
///
/// All blocks at first; when there are too many, every other one is dropped and from there on only one of two is taken, then
/// one of four, and so on. Unlike `BlockMeans`, whose means are of ever longer stretches, these can be compared with the
/// mean of a single block to come. Cost: O(1) a block; 2 KB.
package struct SampledMeans: Snapshotted, Sendable, Equatable {
  package static let most = 256
  private var every = 1
  private var seen = 0
  package private(set) var means: [Double] = []

  package init() {}

  package mutating func add(_ mean: Double) {
    defer { seen += 1 }
    guard mean.isFinite, seen % every == 0 else { return }
    means.append(mean)
    if means.count >= SampledMeans.most { thin() }
  }

  private mutating func thin() {
    means = stride(from: 0, to: means.count, by: 2).map { means[$0] }
    every *= 2
  }

  /// Puts the means of a later stretch after these.
  package mutating func merge(_ other: SampledMeans) {
    var other = other
    while every < other.every { thin() }
    while other.every < every { other.thin() }
    means += other.means
    seen += other.seen
    while means.count >= SampledMeans.most { thin() }
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write([every, seen])
    writer.write(means)
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let counts = try reader.readInts()
    guard counts.count == 2, counts[0] > 0 else { throw .corrupt }
    (every, seen) = (counts[0], counts[1])
    means = try reader.readDoubles()
    guard means.count < SampledMeans.most else { throw .corrupt }
  }
}
