import Batches
import Snapshots

/// What a category was so many rows or seconds ago, kept apart by key: a category itself, of one level
/// more, for what is not known.
struct EarlierLevels: Snapshotted {
  /// The level of what lies before the first row.
  static let unknown = 0

  private let back: StreamInterval
  private var rows: LagHistory
  private var moments: TimedHistory

  /// A clock has no past and is never asked for it.
  init(_ level: DerivedLevel) {
    var (longest, longestSeconds) = (1, 0.0)
    back = if case .earlier(_, _, let back) = level { back } else { .events(1) }
    switch back {
    case .events(let count): longest = count
    case .seconds(let seconds): longestSeconds = seconds
    }
    rows = LagHistory(longest: longest)
    moments = TimedHistory(longest: longestSeconds)
  }

  /// What the level was, counted from 1; `unknown` where nothing was seen yet.
  func level(time: Double, key: Int) -> Int {
    let value =
      switch back {
      case .events(let count): rows.value(count, key: key)
      case .seconds(let seconds): moments.value(at: time - seconds, key: key)
      }
    return value.isNaN ? EarlierLevels.unknown : Int(value)
  }

  func write(to writer: inout SnapshotWriter) {
    rows.write(to: &writer)
    moments.write(to: &writer)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try rows.restore(from: &reader)
    try moments.restore(from: &reader)
  }

  /// Takes the level of a row, counted from 0.
  mutating func add(_ level: Int, time: Double, key: Int) {
    switch back {
    case .events: rows.add(Double(level + 1), key: key)
    case .seconds: moments.add(Double(level + 1), time: time, key: key)
    }
  }
}
