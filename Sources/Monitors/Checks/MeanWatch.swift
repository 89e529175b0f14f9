import Detectors
package import Snapshots

/// Evidence that the means of several series have moved, on one budget of false alarms over all of them and all time.
///
/// A series has a value for each block of rows. Values are taken together over R rows, and each such mean goes to a
/// detector of its own (`BlockConformal`), whose ranks and whitening need no law of the numbers and no level; it alarms
/// when the series together say so (`JointBudget`). R begins at the reference's or at one block and doubles as the stream
/// grows, whenever there are 192 means, up to `mostRows`: the means so far are joined two by two, the detector learns
/// these, and its evidence begins again. So what is watched costs less and less a row, and small changes that take long
/// to be seen are seen in a long stream.
///
/// What an alarm promises is what its detector does (`AlarmPromise`): a theorem where blocks are exchangeable, a model
/// where they depend on those before. Cost: some 500 ns a mean; 192 numbers a series, and 4,096 in its
/// detector.
package struct MeanWatch: Snapshotted, Sendable {
  /// A series whose mean has moved.
  package struct Change: Sendable, Equatable {
    package let series: Int
    package let since: Int
    package let before: Double
    package let after: Double
    package let evidence: Double
    package let isGuaranteed: Bool
    package let autocorrelation: Double
  }

  /// What a series has of the mean that is being made.
  private struct Pending {
    var rowsPerMean: Int
    var rows = 0
    var count = 0.0
    var sum = 0.0
    var isWatched = false
  }

  private static let mostMeans = 192

  private let budget: JointBudget
  private let firstRows: Int
  private let mostRows: Int
  private var pending: [Pending]
  private var detectors: [BlockConformal]
  private var means: [[Double]]
  /// Room for the series whose mean is made.
  private var due: [Int] = []

  package init(series count: Int, budget: Double, firstRows: Int, mostRows: Int) {
    self.budget = JointBudget(events: budget)
    (self.firstRows, self.mostRows) = (firstRows, max(firstRows, mostRows))
    pending = Array(repeating: Pending(rowsPerMean: firstRows), count: count)
    detectors = (0..<count).map(MeanWatch.detector)
    means = Array(repeating: [], count: count)
    due.reserveCapacity(count)
  }

  private static func detector(_ series: Int) -> BlockConformal {
    var detector = BlockConformal(
      budget: .infinity, block: 1, direction: .both, seed: UInt64(series + 1))
    detector.leaveAlarms()
    return detector
  }

  /// From here on a series is watched; `means` of so many rows each were there before.
  package mutating func watch(_ index: Int, rowsPerMean: Int? = nil, means: [Double] = []) {
    pending[index] = Pending(rowsPerMean: rowsPerMean ?? firstRows, isWatched: true)
    detectors[index] = MeanWatch.detector(index)
    detectors[index].learn(means)
    self.means[index] = means
  }

  package func isWatched(_ index: Int) -> Bool { pending[index].isWatched }

  /// Takes a block of rows: for each series how many values it had, and their mean.
  package mutating func look(
    rows: Int, end: Int, _ values: (Int) -> (count: Int, mean: Double)
  ) -> [Change] {
    var due = exchange(&self.due, with: [])
    due.removeAll(keepingCapacity: true)
    pending.withUnsafeMutableBufferPointer { pending in
      for index in pending.indices where pending[index].isWatched {
        let (count, mean) = values(index)
        pending[index].rows += rows
        if count > 0, mean.isFinite {
          pending[index].count += Double(count)
          pending[index].sum += Double(count) * mean
        }
        if pending[index].rows >= pending[index].rowsPerMean { due.append(index) }
      }
    }
    var isNear = false
    for index in due {
      endMean(index)
      isNear = isNear || evidence(index) >= budget.events
    }
    self.due = due
    guard isNear else { return [] }
    return budget.declared(pending.indices.map(evidence)).compactMap { claim($0, end) }
  }

  /// In events.
  private func evidence(_ index: Int) -> Double {
    detectors[index].evidence * Double(pending[index].rowsPerMean)
  }

  private mutating func endMean(_ index: Int) {
    let (count, rowsPerMean) = (pending[index].count, pending[index].rowsPerMean)
    let mean = count > 0 ? pending[index].sum / count : .nan
    (pending[index].rows, pending[index].count, pending[index].sum) = (0, 0, 0)
    guard mean.isFinite else { return }
    _ = detectors[index].observe(mean)
    if evidence(index) >= budget.events, !detectors[index].speaks {
      // It has risen and the mean did not go that way: it begins again.
      _ = detectors[index].claim(budget: budget.events)
    }
    means[index].append(mean)
    guard means[index].count >= MeanWatch.mostMeans else { return }
    // Evidence of twice the change that is near is not thrown away.
    guard rowsPerMean * 2 <= mostRows, evidence(index) < 64 * Double(rowsPerMean) else {
      means[index].removeFirst(MeanWatch.mostMeans / 2)
      return
    }
    let all = means[index]
    let joined = stride(from: 0, to: all.count - 1, by: 2).map { (all[$0] + all[$0 + 1]) / 2 }
    watch(index, rowsPerMean: rowsPerMean * 2, means: joined)
  }

  private mutating func claim(_ index: Int, _ end: Int) -> Change? {
    let found = evidence(index)
    let rows = pending[index].rowsPerMean
    guard let alarm = detectors[index].claim(budget: budget.events) else { return nil }
    // What comes now is the new level, looked at closely again.
    watch(index)
    return Change(
      series: index, since: max(0, end - alarm.valuesSinceChange * rows),
      before: alarm.before, after: alarm.after, evidence: found,
      isGuaranteed: alarm.promise?.isGuaranteed ?? false,
      autocorrelation: alarm.promise?.autocorrelation ?? 0)
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(pending.count)
    for (index, series) in pending.enumerated() {
      writer.write([series.rowsPerMean, series.rows])
      writer.write([series.count, series.sum])
      writer.write(means[index])
      writer.write(series.isWatched)
      detectors[index].write(to: &writer)
    }
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    guard try reader.readInt() == pending.count else { throw .corrupt }
    for index in pending.indices {
      let counts = try reader.readInts()
      let sums = try reader.readDoubles(count: 2)
      guard counts.count == 2, counts[0] > 0 else { throw .corrupt }
      means[index] = try reader.readDoubles()
      pending[index] = Pending(
        rowsPerMean: counts[0], rows: counts[1], count: sums[0], sum: sums[1],
        isWatched: try reader.readBool())
      try detectors[index].restore(from: &reader)
    }
  }
}
