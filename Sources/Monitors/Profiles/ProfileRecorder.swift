package import Batches
package import Snapshots

/// Makes a profile of rows as they come in batches.
///
/// Blocks begin at multiples of 64 rows, however the batches fall. A recorder that goes on from a snapshot of before there
/// were profiles knows only of the rows since (`isWhole`).
package struct ProfileRecorder: Snapshotted, Sendable {
  private var block: RowBlock
  private var made: Profile
  private var rows = 0
  /// Whether it has seen the stream from its first row on.
  package private(set) var isWhole = true

  /// `sketchedRows`: see `Profile`.
  package init(_ columns: InputColumns, sketchedRows: Int = Profile.usualSketchedRows) {
    block = RowBlock(columns)
    made = Profile(columns, sketchedRows: sketchedRows)
  }

  /// Says what the levels of categories are called that rows had before the first that will be shown.
  package mutating func know(_ levels: [[String]]) { block.know(levels) }

  /// Takes rows that follow each other.
  package mutating func observe(_ batch: borrowing MicroBatch, _ range: Range<Int>) {
    for fault in batch.input.refused {
      let isLast = range.upperBound == batch.count && fault.row == batch.count
      guard range.contains(fault.row) || isLast else { continue }
      block.addRefused(fault.column, fault.kind, count: fault.count, event: rows)
    }
    var row = range.lowerBound
    while row < range.upperBound {
      let end = min(range.upperBound, row + RowBlock.length - block.rows)
      block.learnNames(batch, row..<end)
      block.add(batch, row..<end, firstEvent: rows, takesTargets: true)
      rows += end - row
      row = end
      guard block.rows == RowBlock.length else { continue }
      made.add(block)
      if made.rows == RowBlock.length { block.centre(on: made) }
      block.removeAll()
    }
  }

  /// What is known so far, the rows of a block that is not over included.
  package var profile: Profile {
    var whole = made
    if block.rows > 0 || block.refusedRows > 0 { whole.add(block) }
    return whole
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(rows)
    writer.write(isWhole)
    block.write(to: &writer)
    made.write(to: &writer)
  }

  /// Reads nothing where there is nothing: then it only knows of what comes.
  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    guard reader.left > 0 else {
      isWhole = false
      return
    }
    rows = try reader.readInt()
    isWhole = try reader.readBool()
    try block.restore(from: &reader)
    try made.restore(from: &reader)
  }
}
