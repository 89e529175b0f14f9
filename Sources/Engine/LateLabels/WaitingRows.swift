import Batches
import Snapshots

/// Rows that were predicted and whose labels are still under way, oldest first.
///
/// A row keeps its slot until `moveToFront`; what models said of it is kept by the same slot
/// (`Answers`).
final class WaitingRows {
  let capacity: Int
  private(set) var rows: MicroBatch
  /// Where rows are moved to.
  private var spare: MicroBatch
  /// The slot of the oldest row.
  private(set) var first = 0

  init(delay: Int, denseWidth: Int) {
    capacity = WaitingRows.slots(delay: delay)
    rows = MicroBatch(capacity: capacity, denseWidth: denseWidth)
    spare = MicroBatch(capacity: capacity, denseWidth: denseWidth)
  }

  /// Room for as many rows as wait, twice, so that they are moved rarely.
  static func slots(delay: Int) -> Int { 2 * delay + 64 }

  var count: Int { rows.count - first }
  var isFull: Bool { rows.isFull }

  func write(to writer: inout SnapshotWriter) {
    writer.write(first)
    rows.write(to: &writer)
  }

  func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    first = try reader.readInt()
    rows = try MicroBatch.read(denseWidth: rows.denseWidth, capacity: capacity, from: &reader)
    guard rows.capacity == capacity, (0...rows.count).contains(first) else { throw .corrupt }
  }

  /// Takes over a row; returns its slot.
  func append(_ batch: borrowing MicroBatch, _ row: Int) -> Int {
    rows.append(row: row, of: batch)
    return rows.count - 1
  }

  /// The oldest row leaves; returns its slot.
  func removeFirst() -> Int {
    defer { first += 1 }
    return first
  }

  /// Gives the rows the slots from 0 on; returns by how much they moved.
  func moveToFront() -> Int {
    spare.removeAll()
    for row in first..<rows.count { spare.append(row: row, of: rows) }
    swap(&rows, &spare)
    defer { first = 0 }
    return first
  }
}
