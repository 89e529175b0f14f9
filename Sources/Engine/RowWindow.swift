import Batches
import Snapshots

/// The latest rows, kept for retraining: at most `capacity` of them, the oldest leaving first.
///
/// Rows are kept as encoded, so that refitting needs no second look at the input. The storage holds
/// twice the capacity and is moved together when full: an amortised copy a row.
final class RowWindow {
  let capacity: Int
  private let denseWidth: Int
  private var storage: MicroBatch
  /// Position in the storage of the oldest row in the window.
  private var first = 0
  /// Event number of the row at position 0.
  private var firstEvent = 0

  init(capacity: Int, denseWidth: Int) {
    self.capacity = capacity
    self.denseWidth = denseWidth
    storage = MicroBatch(capacity: min(2 * capacity, 1024), denseWidth: denseWidth)
  }

  var count: Int { storage.count - first }
  /// Event number of the oldest row.
  var start: Int { firstEvent + first }

  /// Takes over rows; they follow those that are here.
  func append(_ batch: borrowing MicroBatch, _ rows: Range<Int>) {
    for row in rows {
      if storage.isFull { makeRoom() }
      storage.append(row: row, of: batch)
    }
    if count > capacity { first = storage.count - capacity }
  }

  private func makeRoom() {
    let kept = min(count, capacity)
    let room =
      kept * 2 < storage.capacity ? storage.capacity : min(storage.capacity * 2, 2 * capacity + 1)
    var fresh = MicroBatch(capacity: max(room, kept + 1), denseWidth: denseWidth)
    let from = storage.count - kept
    for row in from..<storage.count { fresh.append(row: row, of: storage) }
    firstEvent += from
    first = 0
    storage = fresh
  }

  /// Rows of events before `event` leave; returns how many did.
  @discardableResult
  func drop(before event: Int) -> Int {
    let position = min(max(event - firstEvent, first), storage.count)
    defer { first = position }
    return position - first
  }

  /// Everything leaves, and the next row will be that of `event`.
  func clear(next event: Int) {
    storage.removeAll()
    (first, firstEvent) = (0, event)
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(start)
    withRows { $0.write(to: &writer) }
  }

  func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    firstEvent = try reader.readInt()
    first = 0
    storage = try MicroBatch.read(
      denseWidth: denseWidth, capacity: min(2 * capacity, 1024), from: &reader)
    guard count <= capacity else { throw .corrupt }
  }

  /// Lends a copy of the rows to `body`, oldest first.
  func withRows<Result>(_ body: (borrowing MicroBatch) -> Result) -> Result {
    var rows = MicroBatch(capacity: max(count, 1), denseWidth: denseWidth)
    for row in first..<storage.count { rows.append(row: row, of: storage) }
    return body(rows)
  }
}
