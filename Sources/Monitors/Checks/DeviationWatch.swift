import Detectors
import Glibc
package import Kernels
package import Snapshots

/// Evidence that what comes lies beside what was said, in any of several streams, on one budget of false alarms.
///
/// Values d between −1 and 1 (`deviation`) are deviations: a label less its probability, say. As long as their mean given the past is
/// within ±s, both
///
///     e = 1 + λ·(d − s)      e′ = 1 + λ·(−d − s)      0 < λ ≤ 1/(1 + s)
///
/// have mean at most 1. Over five stakes and both sides
///
///     R ← (R + w)·e          the Shiryaev–Roberts sum, a value at a time; Σw = 1
///
/// and a stream is declared when the sums of all streams say so together (`JointBudget`): then `budget` values pass from one
/// false alarm to the next at least, on average, however often it is looked, and whatever hangs together with whatever. A
/// stream that was declared is watched in silence until the mean of its last some 256 values is within ±s again. Since when
/// it has been so is told by the CUSUM of the stake that has won most, C ← max(1, C)·e: it began where C was at most 1 last.
///
/// Reference: J. Shin, A. Ramdas and A. Rinaldo, E-detectors: a nonparametric framework for sequential change detection,
/// 2022; for the beginning E. S. Page, Continuous inspection schemes, Biometrika 41 (1954). Cost: some 10 ns a value.
package struct DeviationWatch: Snapshotted, Sendable {
  /// A stream that was declared, or is over it.
  package struct Change: Sendable, Equatable {
    package let stream: Int
    package let isOver: Bool
    /// The event with which it began.
    package let since: Int
    /// Mean deviation since then; of the last values, where it is over.
    package let mean: Double
    /// Values since then.
    package let values: Int
    package let evidence: Double
  }

  private static let shares: [Double] = [1, 0.5, 0.2, 0.08, 0.03]
  private static let memory = 256.0
  private static let kept = exp(-1 / memory)

  /// A deviation as it is taken: within ±1.
  package static func deviation(_ value: Double) -> Double { min(max(value, -1), 1) }

  private struct Stream {
    var since = 0
    var isRaised = false
  }

  private let budget: JointBudget
  private var streams: [Stream]
  private var bets: DeviationBets

  package init(streams: Int, budget: Double, slack: Double) {
    self.budget = JointBudget(events: budget)
    self.streams = Array(repeating: Stream(), count: streams)
    bets = DeviationBets(
      streams: streams, shares: DeviationWatch.shares, slack: slack, kept: DeviationWatch.kept,
      limit: budget, calm: DeviationWatch.memory / 4)
  }

  /// Takes deviations from number `next` on, none of them NaN, until a change: then `next` is the one after it.
  package mutating func take(_ deviations: Deviations, from next: inout Int) -> Change? {
    while let row = bets.take(deviations, from: next) {
      next = row + 1
      let stream = Int(deviations.streams[row])
      if streams[stream].isRaised { return settle(stream, Int(deviations.events[row])) }
      if let change = declare(stream) { return change }
    }
    next = deviations.count
    return nil
  }

  private mutating func declare(_ index: Int) -> Change? {
    guard budget.declared(bets.totals).contains(index) else { return nil }
    let (stream, start) = (bets.head(index), bets.start(index))
    let values = max(stream.count - start.count, 1)
    streams[index] = Stream(since: start.event, isRaised: true)
    bets.reset(index)
    bets.setBetting(index, false)
    return Change(
      stream: index, isOver: false, since: start.event,
      mean: (stream.sum - start.sum) / values, values: Int(values), evidence: stream.total)
  }

  private mutating func settle(_ index: Int, _ event: Int) -> Change {
    let stream = bets.head(index)
    let since = streams[index].since
    streams[index] = Stream(since: event, isRaised: false)
    bets.setBetting(index, true)
    return Change(
      stream: index, isOver: true, since: since, mean: stream.recentSum / stream.recentCount,
      values: Int(stream.recentCount), evidence: 0)
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(streams.count)
    for (index, stream) in streams.enumerated() {
      let head = bets.head(index)
      writer.write(stream.isRaised)
      writer.write(stream.since)
      writer.write([head.total, head.sum, head.count, head.recentSum, head.recentCount])
      for list in bets[index] { writer.write(list) }
    }
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    guard try reader.readInt() == streams.count else { throw .corrupt }
    for index in streams.indices {
      streams[index].isRaised = try reader.readBool()
      streams[index].since = try reader.readInt()
      let numbers = try reader.readDoubles(count: 5)
      var head = DeviationBets.Head()
      (head.total, head.sum, head.count) = (numbers[0], numbers[1], numbers[2])
      (head.recentSum, head.recentCount) = (numbers[3], numbers[4])
      bets.setHead(index, head)
      bets.setBetting(index, !streams[index].isRaised)
      var lists: [[Double]] = []
      for _ in bets[index] { lists.append(try reader.readDoubles(count: DeviationBets.count)) }
      bets[index] = lists
    }
  }
}
