package import Snapshots

/// How honest probabilities are: how often class 1 came where so much of it was predicted.
///
/// Bins are finer towards 0 and 1, where the probabilities of rare classes lie. The expected
/// calibration error is Σ (rows of the bin / all rows)·|mean predicted − share that came|.
package struct Reliability: Snapshotted, Sendable {
  /// Upper ends of the bins.
  package static let edges = [0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1]

  /// One bin of the table.
  package struct Bin: Sendable, Equatable {
    package let upTo: Double
    package let count: Int
    /// Mean predicted probability of class 1.
    package let predicted: Double
    /// Share of the rows that were class 1.
    package let observed: Double
  }

  private var counts = [Int](repeating: 0, count: edges.count)
  private var sums = [Double](repeating: 0, count: edges.count)
  private var events = [Int](repeating: 0, count: edges.count)

  package init() {}

  package mutating func observe(_ outcomes: ArraySlice<Outcome>) {
    for outcome in outcomes {
      var bin = 0
      while bin < Reliability.edges.count - 1, outcome.prediction > Reliability.edges[bin] {
        bin += 1
      }
      counts[bin] += 1
      sums[bin] += outcome.prediction
      if outcome.label > 0.5 { events[bin] += 1 }
    }
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(counts)
    writer.write(sums)
    writer.write(events)
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    counts = try reader.readInts()
    sums = try reader.readDoubles(count: Reliability.edges.count)
    events = try reader.readInts()
    guard counts.count == sums.count, events.count == sums.count else { throw .corrupt }
  }

  /// The bins that hold rows.
  package var bins: [Bin] {
    counts.indices.filter { counts[$0] > 0 }.map {
      Bin(
        upTo: Reliability.edges[$0], count: counts[$0], predicted: sums[$0] / Double(counts[$0]),
        observed: Double(events[$0]) / Double(counts[$0]))
    }
  }

  /// Nil before the first row.
  package var expectedCalibrationError: Double? {
    let total = counts.reduce(0, +)
    guard total > 0 else { return nil }
    return bins.reduce(0) { $0 + Double($1.count) * abs($1.predicted - $1.observed) }
      / Double(total)
  }
}
