import Detectors
package import Snapshots

/// Evidence that the means of several series have moved, on one budget of false alarms over all of them and all time.
///
/// A series has a value for each block of rows. Values are taken together over R rows, and each such mean goes to a
/// detector of its own (`BlockConformal`), whose ranks and whitening need no law of the numbers and no level; it alarms
/// when the series together say so (`JointBudget`). R begins at the reference's or at one block and doubles as the stream
/// grows, whenever there are 256 means, up to `mostRows`: the means so far are joined two by two, the detector learns
/// these, and its evidence begins again. So what is watched costs less and less a row, and small changes that take long
/// to be seen are seen in a long stream.
///
/// What an alarm promises is what its detector does (`AlarmPromise`): a theorem where blocks are exchangeable, a model
/// where they depend on those before. Cost: some 500 ns a mean; 256 numbers a series and as many in its detector.
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

  private struct Series {
    var detector: BlockConformal
    var rowsPerMean: Int
    var means: [Double] = []
    var rows = 0
    var count = 0.0
    var sum = 0.0
    var isWatched = false
  }

  private let budget: JointBudget
  private let firstRows: Int
  private let mostRows: Int
  private var series: [Series]

  package init(series count: Int, budget: Double, firstRows: Int, mostRows: Int) {
    self.budget = JointBudget(events: budget)
    (self.firstRows, self.mostRows) = (firstRows, max(firstRows, mostRows))
    series = (0..<count).map {
      Series(detector: MeanWatch.detector($0), rowsPerMean: firstRows)
    }
  }

  private static func detector(_ series: Int) -> BlockConformal {
    var detector = BlockConformal(
      budget: .infinity, block: 1, direction: .both, seed: UInt64(series + 1))
    detector.leaveAlarms()
    return detector
  }

  /// From here on a series is watched; `means` of so many rows each were there before.
  package mutating func watch(_ index: Int, rowsPerMean: Int? = nil, means: [Double] = []) {
    series[index] = Series(
      detector: MeanWatch.detector(index), rowsPerMean: rowsPerMean ?? firstRows, means: means)
    series[index].isWatched = true
    series[index].detector.learn(means)
  }

  package func isWatched(_ index: Int) -> Bool { series[index].isWatched }

  /// Takes a block of rows: for each series how many values it had, and their mean.
  package mutating func look(
    rows: Int, end: Int, _ values: (Int) -> (count: Int, mean: Double)
  ) -> [Change] {
    var isNear = false
    for index in series.indices where series[index].isWatched {
      let (count, mean) = values(index)
      series[index].rows += rows
      if count > 0, mean.isFinite {
        series[index].count += Double(count)
        series[index].sum += Double(count) * mean
      }
      guard series[index].rows >= series[index].rowsPerMean else { continue }
      endMean(index)
      isNear = isNear || evidence(index) >= budget.events
    }
    guard isNear else { return [] }
    return budget.declared(series.indices.map(evidence)).compactMap { claim($0, end) }
  }

  /// In events.
  private func evidence(_ index: Int) -> Double {
    series[index].detector.evidence * Double(series[index].rowsPerMean)
  }

  private mutating func endMean(_ index: Int) {
    let count = series[index].count
    let mean = count > 0 ? series[index].sum / count : .nan
    (series[index].rows, series[index].count, series[index].sum) = (0, 0, 0)
    guard mean.isFinite else { return }
    _ = series[index].detector.observe(mean)
    if !series[index].detector.speaks, evidence(index) >= budget.events {
      // It has risen and the mean did not go that way: it begins again.
      _ = series[index].detector.claim(budget: budget.events)
    }
    series[index].means.append(mean)
    guard series[index].means.count >= 256 else { return }
    if series[index].rowsPerMean * 2 > mostRows {
      series[index].means.removeFirst(128)
      return
    }
    let means = series[index].means
    let joined = stride(from: 0, to: means.count - 1, by: 2).map {
      (means[$0] + means[$0 + 1]) / 2
    }
    // Evidence of twice the change that is near is not thrown away.
    guard evidence(index) < 64 * Double(series[index].rowsPerMean) else {
      series[index].means.removeFirst(128)
      return
    }
    watch(index, rowsPerMean: series[index].rowsPerMean * 2, means: joined)
  }

  private mutating func claim(_ index: Int, _ end: Int) -> Change? {
    let found = evidence(index)
    let rows = series[index].rowsPerMean
    guard let alarm = series[index].detector.claim(budget: budget.events) else { return nil }
    // What comes now is the new level, looked at closely again.
    watch(index)
    return Change(
      series: index, since: max(0, end - alarm.valuesSinceChange * rows),
      before: alarm.before, after: alarm.after, evidence: found,
      isGuaranteed: alarm.promise?.isGuaranteed ?? false,
      autocorrelation: alarm.promise?.autocorrelation ?? 0)
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(series) { writer, series in
      writer.write([series.rowsPerMean, series.rows])
      writer.write([series.count, series.sum])
      writer.write(series.means)
      writer.write(series.isWatched)
      series.detector.write(to: &writer)
    }
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let count = try reader.readInt()
    guard count == series.count else { throw .corrupt }
    for index in series.indices {
      let counts = try reader.readInts()
      let sums = try reader.readDoubles(count: 2)
      guard counts.count == 2, counts[0] > 0 else { throw .corrupt }
      (series[index].rowsPerMean, series[index].rows) = (counts[0], counts[1])
      (series[index].count, series[index].sum) = (sums[0], sums[1])
      series[index].means = try reader.readDoubles()
      series[index].isWatched = try reader.readBool()
      try series[index].detector.restore(from: &reader)
    }
  }
}
