import Detectors
import Glibc
package import Snapshots

/// Evidence that what comes lies beside what was said, in any of several streams, on one budget of false alarms.
///
/// Values d between −1 and 1 are deviations: a label less its probability, say. As long as their mean given the past is
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
/// 2022; for the beginning E. S. Page, Continuous inspection schemes, Biometrika 41 (1954). Cost: twenty multiplications a value.
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

  private struct Stream {
    var sums = [Double](repeating: 0, count: 2 * DeviationWatch.shares.count)
    var total = 0.0
    /// By stake and side: the CUSUM, the event with which it began, and the values before that and their sum.
    var wins = [Double](repeating: 0, count: 2 * DeviationWatch.shares.count)
    var starts = [Double](repeating: 0, count: 2 * DeviationWatch.shares.count)
    var sumsBefore = [Double](repeating: 0, count: 2 * DeviationWatch.shares.count)
    var countsBefore = [Double](repeating: 0, count: 2 * DeviationWatch.shares.count)
    var since = 0
    var (sum, count) = (0.0, 0.0)
    var isRaised = false
    var recent = 0.0
    var recentCount = 0.0
  }

  private let budget: JointBudget
  private let slack: Double
  private let stakes: [Double]
  private var streams: [Stream]

  package init(streams: Int, budget: Double, slack: Double) {
    self.budget = JointBudget(events: budget)
    self.slack = slack
    stakes = DeviationWatch.shares.map { $0 / (1 + slack) }
    self.streams = Array(repeating: Stream(), count: streams)
  }

  /// Takes the deviation of an event in a stream.
  package mutating func observe(_ stream: Int, _ value: Double, event: Int) -> Change? {
    let d = min(max(value, -1), 1)
    guard !d.isNaN else { return nil }
    let kept = exp(-1 / DeviationWatch.memory)
    streams[stream].recent = streams[stream].recent * kept + d
    streams[stream].recentCount = streams[stream].recentCount * kept + 1
    if streams[stream].isRaised { return settle(stream, event) }
    let places = DeviationWatch.shares.count
    let weight = 1 / Double(2 * places)
    var total = 0.0
    for k in 0..<places {
      total += bet(stream, k, 1 + stakes[k] * (d - slack), weight, event)
      total += bet(stream, places + k, 1 - stakes[k] * (d + slack), weight, event)
    }
    streams[stream].sum += d
    streams[stream].count += 1
    streams[stream].total = min(1e100, total)
    guard total >= budget.events, budget.declared(streams.map(\.total)).contains(stream) else {
      return nil
    }
    return raise(stream)
  }

  /// Bets at one stake on one side; what is won so far.
  private mutating func bet(
    _ stream: Int, _ place: Int, _ factor: Double, _ weight: Double, _ event: Int
  ) -> Double {
    if streams[stream].wins[place] <= 1 {
      streams[stream].wins[place] = 1
      streams[stream].starts[place] = Double(event)
      streams[stream].sumsBefore[place] = streams[stream].sum
      streams[stream].countsBefore[place] = streams[stream].count
    }
    streams[stream].wins[place] = min(1e100, streams[stream].wins[place] * factor)
    let sum = min(1e100, (streams[stream].sums[place] + weight) * factor)
    streams[stream].sums[place] = sum
    return sum
  }

  private mutating func raise(_ index: Int) -> Change {
    let stream = streams[index]
    var best = 0
    for place in stream.wins.indices where stream.wins[place] > stream.wins[best] { best = place }
    let values = max(stream.count - stream.countsBefore[best], 1)
    streams[index] = Stream()
    streams[index].isRaised = true
    streams[index].since = Int(stream.starts[best])
    (streams[index].recent, streams[index].recentCount) = (stream.recent, stream.recentCount)
    return Change(
      stream: index, isOver: false, since: Int(stream.starts[best]),
      mean: (stream.sum - stream.sumsBefore[best]) / values, values: Int(values),
      evidence: stream.total)
  }

  private mutating func settle(_ index: Int, _ event: Int) -> Change? {
    let mean = streams[index].recent / streams[index].recentCount
    guard streams[index].recentCount > DeviationWatch.memory / 4, abs(mean) <= slack else {
      return nil
    }
    let since = streams[index].since
    streams[index].isRaised = false
    streams[index].since = event
    return Change(
      stream: index, isOver: true, since: since, mean: mean,
      values: Int(streams[index].recentCount), evidence: 0)
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(streams) { writer, stream in
      writer.write(stream.isRaised)
      writer.write(stream.since)
      writer.write([stream.total, stream.sum, stream.count, stream.recent, stream.recentCount])
      for list in [
        stream.sums, stream.wins, stream.starts, stream.sumsBefore, stream.countsBefore,
      ] { writer.write(list) }
    }
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let count = streams.count
    let sums = 2 * DeviationWatch.shares.count
    streams = try reader.readList { reader throws(SnapshotError) in
      var stream = Stream()
      stream.isRaised = try reader.readBool()
      stream.since = try reader.readInt()
      let numbers = try reader.readDoubles(count: 5)
      (stream.total, stream.sum, stream.count) = (numbers[0], numbers[1], numbers[2])
      (stream.recent, stream.recentCount) = (numbers[3], numbers[4])
      stream.sums = try reader.readDoubles(count: sums)
      stream.wins = try reader.readDoubles(count: sums)
      stream.starts = try reader.readDoubles(count: sums)
      stream.sumsBefore = try reader.readDoubles(count: sums)
      stream.countsBefore = try reader.readDoubles(count: sums)
      return stream
    }
    guard streams.count == count else { throw .corrupt }
  }
}
