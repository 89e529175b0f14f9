import Detectors
import Glibc
package import Snapshots

/// Evidence that something comes more often than it should, in any of several columns, on one budget of false alarms.
///
/// Of n rows k are hits. As long as the chance of a hit is at most m given the past,
///
///     e = ((1 + g)/(1 + g·m))^k · (1/(1 + g·m))^(n − k)
///
/// has mean at most 1 for any stake g > 0. Over stakes that suit rates from little above m to nearly 1,
///
///     R ← (R + n·w)·e        the Shiryaev–Roberts sum, blocks of rows at a time; Σw = 1
///
/// and a column is declared when the sums of all columns say so together (`JointBudget`): then `budget` rows pass from one
/// false alarm to the next at least, on average, over all columns together and however often it is looked.
///
/// What a column was like is known from N rows with K hits: m is the least rate that these contradict (the bound of
/// `EDetector`, 95 %), and a slack that is not worth an alarm is added. A column that was declared is watched in silence
/// until the rate of the last some 256 rows is at most m again.
///
/// Reference: as `EDetector`. Cost: 6 multiplications a block and column, 6 exponentials where there are hits.
package struct RateWatch: Snapshotted, Sendable {
  /// A column that was declared, or is over it.
  package struct Change: Sendable, Equatable {
    package let column: Int
    package let isOver: Bool
    /// The event with which it began.
    package let since: Int
    /// The highest rate that was expected.
    package let bound: Double
    /// Rate since then; of the last rows, where it is over.
    package let rate: Double
    package let evidence: Double
  }

  private static let places: [Double] = [0.01, 0.05, 0.15, 0.35, 0.65, 0.95]
  /// How much of the past a row's worth of memory keeps, by rows: some 256.
  private static let memory = 256.0

  private struct Column {
    var bound = 0.0
    var isWatched = false
    var wins: [Double] = []
    var losses: [Double] = []
    var sums = [Double](repeating: 0, count: RateWatch.places.count)
    var total = 0.0
    var start = 0
    var hits = 0.0
    var rows = 0.0
    var isRaised = false
    var recentHits = 0.0
    var recentRows = 0.0
  }

  private let budget: JointBudget
  private var columns: [Column]

  package init(columns: Int, budget: Double) {
    self.budget = JointBudget(events: budget)
    self.columns = Array(repeating: Column(), count: columns)
  }

  /// The rate that `hits` of `rows` allow, with `slack` more.
  package static func bound(hits: Int, of rows: Int, slack: Double) -> Double {
    guard rows > 0 else { return 1 }
    let mean = Double(hits) / Double(rows)
    return EDetector.bound(mean: mean, count: Double(rows)) + slack
  }

  /// From here on the rate of a column is to be at most `bound`; of one that is at .9 already nothing can be said.
  package mutating func watch(_ column: Int, bound: Double, event: Int) {
    let bound = max(bound, 1e-6)
    columns[column] = Column()
    guard bound < 0.9 else { return }
    columns[column].bound = bound
    columns[column].isWatched = true
    columns[column].start = event
    for place in RateWatch.places {
      let rate = bound + (1 - bound) * place
      let stake = (rate - bound) / (bound * (1 - rate))
      columns[column].losses.append(-log1p(stake * bound))
      columns[column].wins.append(log1p(stake) - log1p(stake * bound))
    }
  }

  /// Whether a column is watched at all.
  package func isWatched(_ column: Int) -> Bool { columns[column].isWatched }
  package func isRaised(_ column: Int) -> Bool { columns[column].isRaised }

  /// Takes a block of rows from event `first` to `end`: for each column its hits and the rows that could be hits.
  package mutating func look(
    first: Int, end: Int, _ counts: (Int) -> (hits: Int, rows: Int)
  ) -> [Change] {
    var changes: [Change] = []
    var isNear = false
    for index in columns.indices where columns[index].isWatched {
      let (hits, rows) = counts(index)
      guard rows > 0 else { continue }
      if columns[index].isRaised {
        if let change = settle(index, hits, rows, end) { changes.append(change) }
      } else {
        bet(index, hits, rows, first: first, end: end)
        isNear = isNear || columns[index].total >= budget.events
      }
    }
    guard isNear else { return changes }
    for index in budget.declared(columns.map(\.total)) { changes.append(raise(index)) }
    return changes
  }

  private mutating func bet(_ index: Int, _ hits: Int, _ rows: Int, first: Int, end: Int) {
    let n = Double(rows)
    let weight = n / Double(RateWatch.places.count)
    if columns[index].total <= n { begin(index, first) }
    columns[index].hits += Double(hits)
    columns[index].rows += n
    var total = 0.0
    for k in RateWatch.places.indices {
      let win =
        Double(hits) * columns[index].wins[k] + (n - Double(hits)) * columns[index].losses[k]
      let sum = min(1e100, (columns[index].sums[k] + weight) * exp(win))
      columns[index].sums[k] = sum
      total += sum
    }
    columns[index].total = total
  }

  private mutating func begin(_ index: Int, _ event: Int) {
    (columns[index].start, columns[index].hits, columns[index].rows) = (event, 0, 0)
  }

  private mutating func raise(_ index: Int) -> Change {
    let column = columns[index]
    columns[index].isRaised = true
    (columns[index].recentHits, columns[index].recentRows) = (RateWatch.memory, RateWatch.memory)
    columns[index].sums = Array(repeating: 0, count: RateWatch.places.count)
    columns[index].total = 0
    return Change(
      column: index, isOver: false, since: column.start, bound: column.bound,
      rate: column.hits / max(column.rows, 1), evidence: column.total)
  }

  /// Takes a block of a column that was declared; a change when it is over.
  private mutating func settle(_ index: Int, _ hits: Int, _ rows: Int, _ end: Int) -> Change? {
    let kept = exp(-Double(rows) / (RateWatch.memory / 4))
    columns[index].recentHits = columns[index].recentHits * kept + Double(hits)
    columns[index].recentRows = columns[index].recentRows * kept + Double(rows)
    let rate = columns[index].recentHits / columns[index].recentRows
    guard rate <= max(columns[index].bound, 0.02) else { return nil }
    columns[index].isRaised = false
    let since = columns[index].start
    begin(index, end)
    return Change(
      column: index, isOver: true, since: since, bound: columns[index].bound, rate: rate,
      evidence: 0)
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(columns) { writer, column in
      writer.write(column.isWatched)
      writer.write(column.isRaised)
      writer.write(column.start)
      writer.write([
        column.bound, column.total, column.hits, column.rows, column.recentHits, column.recentRows,
      ])
      writer.write(column.sums)
    }
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let count = columns.count
    let read = try reader.readList { reader throws(SnapshotError) in
      let (isWatched, isRaised) = (try reader.readBool(), try reader.readBool())
      let start = try reader.readInt()
      let numbers = try reader.readDoubles(count: 6)
      let sums = try reader.readDoubles(count: RateWatch.places.count)
      return (isWatched, isRaised, start, numbers, sums)
    }
    guard read.count == count else { throw .corrupt }
    for (index, state) in read.enumerated() where state.0 {
      watch(index, bound: state.3[0], event: state.2)
      columns[index].isRaised = state.1
      columns[index].total = state.3[1]
      (columns[index].hits, columns[index].rows) = (state.3[2], state.3[3])
      (columns[index].recentHits, columns[index].recentRows) = (state.3[4], state.3[5])
      columns[index].sums = state.4
    }
  }
}
