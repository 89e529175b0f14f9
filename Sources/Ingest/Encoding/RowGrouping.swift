import Batches
import Snapshots

/// Says of each row which groups it is of: a number for each column of groups, given in the order of appearance, and
/// once what the number is called.
///
/// Memory: the names of as many groups a column as are told apart; those that come later share one number.
struct RowGrouping: Snapshotted {
  private let columns: [GroupingColumn]
  private var tables: [LevelTable]
  /// Of columns that are cut, which pieces' names were told.
  private var told: [UInt64]
  private var levels: [Int32]

  init(_ columns: [GroupingColumn], limit: Int) {
    self.columns = columns
    tables = columns.map { _ in LevelTable(limit: limit) }
    told = columns.map { _ in 0 }
    levels = columns.map { _ in 0 }
  }

  /// Tells it of the row that was ended last.
  ///
  /// Never inlined: what rows without groups go through would be longer by it.
  @inline(never)
  mutating func tell(_ row: RowColumns, _ batch: inout MicroBatch) {
    for k in 0..<columns.count {
      let column = columns[k].column
      if columns[k].cuts.isEmpty {
        let field = row.fields[column].trimmed
        let level = tables[k].level(field)
        levels[k] = Int32(truncatingIfNeeded: level.index)
        guard level.isNew else { continue }
        let name = field.isEmpty ? "(missing)" : tables[k].name(level.index)
        batch.name(GroupName(column: k, level: level.index, text: name))
      } else {
        let piece = columns[k].piece(row.numbers[column])
        levels[k] = Int32(truncatingIfNeeded: piece)
        guard told[k] >> UInt64(piece) & 1 == 0 else { continue }
        told[k] |= 1 << UInt64(piece)
        batch.name(GroupName(column: k, level: piece, text: columns[k].name(piece)))
      }
    }
    batch.setLastGroups(levels)
  }

  /// Nothing where there are no groups. Names of pieces are told again by whoever goes on, which does no harm.
  func write(to writer: inout SnapshotWriter) {
    for table in tables { table.write(to: &writer) }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    for k in tables.indices { try tables[k].restore(from: &reader) }
  }
}
