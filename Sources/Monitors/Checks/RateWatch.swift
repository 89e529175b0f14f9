import Detectors
import Glibc
import Kernels
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
/// Reference: as `EDetector`. Cost: that of `RateBets`.
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

  /// How much of the past a row's worth of memory keeps, by rows: some 256.
  private static let memory = 256.0

  private struct Column {
    var bound = 0.0
    var isWatched = false
    var isRaised = false
    var recentHits = 0.0
    var recentRows = 0.0
  }

  private let budget: JointBudget
  private var columns: [Column]
  private var bets: RateBets
  /// Columns that are declared, in ascending order: so they are after a restart.
  private var raised: [Int] = []
  /// Columns of which a block is taken by itself.
  private var single: [(column: Int, hits: Int, rows: Int, before: RateBets.Column)] = []

  package init(columns: Int, budget: Double) {
    self.budget = JointBudget(events: budget)
    self.columns = Array(repeating: Column(), count: columns)
    bets = RateBets(columns: columns)
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
    raised.removeAll { $0 == column }
    columns[column] = Column()
    bets.setBetting(column, false)
    guard bound < 0.9 else { return }
    columns[column].bound = bound
    columns[column].isWatched = true
    bets.begin(column, bound: bound, event: event)
  }

  /// Whether a column is watched at all.
  package func isWatched(_ column: Int) -> Bool { columns[column].isWatched }
  package func isRaised(_ column: Int) -> Bool { columns[column].isRaised }
  /// Whether any column is declared.
  package var hasRaised: Bool { !raised.isEmpty }

  /// Takes a block of `rows` rows from event `first` to `end`: for each column its hits and the rows that could be hits.
  package mutating func look(
    first: Int, end: Int, rows: Int, _ counts: (Int) -> (hits: Int, rows: Int)
  ) -> [Change] {
    for index in columns.indices where columns[index].isWatched {
      let (hits, own) = counts(index)
      if hits > 0 || own != rows || columns[index].isRaised {
        single.append((index, hits, own, bets[index]))
      }
    }
    return look(first, end, rows)
  }

  /// Takes a block of rows of which none is a hit in any column.
  package mutating func look(first: Int, end: Int, rows: Int) -> [Change] {
    for index in raised { single.append((index, 0, rows, bets[index])) }
    return look(first, end, rows)
  }

  private mutating func look(_ first: Int, _ end: Int, _ rows: Int) -> [Change] {
    var greatest = bets.take(rows: rows, event: first)
    var changes: [Change] = []
    for (index, hits, own, before) in single {
      bets[index] = before
      guard own > 0 else { continue }
      if columns[index].isRaised {
        if let change = settle(index, hits, own, end) { changes.append(change) }
      } else {
        bets.take(index, hits: hits, rows: own, event: first)
        greatest = max(greatest, bets.total(index))
      }
    }
    single.removeAll(keepingCapacity: true)
    guard greatest >= budget.events else { return changes }
    for index in budget.declared(bets.totals) { changes.append(raise(index)) }
    return changes
  }

  private mutating func raise(_ index: Int) -> Change {
    let column = bets[index]
    columns[index].isRaised = true
    raised.insert(index, at: raised.firstIndex { $0 > index } ?? raised.count)
    (columns[index].recentHits, columns[index].recentRows) = (RateWatch.memory, RateWatch.memory)
    bets.setBetting(index, false)
    bets[index].sums = Array(repeating: 0, count: column.sums.count)
    bets[index].total = 0
    return Change(
      column: index, isOver: false, since: column.start, bound: columns[index].bound,
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
    raised.removeAll { $0 == index }
    bets.setBetting(index, true)
    let since = bets[index].start
    (bets[index].start, bets[index].hits, bets[index].rows) = (end, 0, 0)
    return Change(
      column: index, isOver: true, since: since, bound: columns[index].bound, rate: rate,
      evidence: 0)
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(columns.count)
    for (index, column) in columns.enumerated() {
      let bet = bets[index]
      writer.write(column.isWatched)
      writer.write(column.isRaised)
      writer.write(bet.start)
      writer.write([
        column.bound, bet.total, bet.hits, bet.rows, column.recentHits, column.recentRows,
      ])
      writer.write(bet.sums)
    }
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    guard try reader.readInt() == columns.count else { throw .corrupt }
    for index in columns.indices {
      let (isWatched, isRaised) = (try reader.readBool(), try reader.readBool())
      let start = try reader.readInt()
      let numbers = try reader.readDoubles(count: 6)
      let sums = try reader.readDoubles(count: RateBets.places.count)
      guard isWatched else { continue }
      watch(index, bound: numbers[0], event: start)
      columns[index].isRaised = isRaised
      if isRaised {
        raised.append(index)
        bets.setBetting(index, false)
      }
      (columns[index].recentHits, columns[index].recentRows) = (numbers[4], numbers[5])
      bets[index] = RateBets.Column(
        sums: sums, total: numbers[1], start: start, hits: numbers[2], rows: numbers[3])
    }
  }
}
