package import Batches
import Snapshots

/// A column of a row that is held, and what a change of it would change.
package struct HeldColumn: Sendable {
  /// What the column is for.
  package enum Role: String, Sendable {
    case feature, target, id, weight, sequence, key, time
    /// Nothing that is predicted depends on its value of now.
    case unused
  }

  /// How features read it.
  package enum Reading: Sendable {
    case number, category, both
  }

  package let name: String
  package let role: Role
  package let reading: Reading
  /// As the record has it; empty: missing.
  package let text: String
  /// NaN where it is missing, or no number is read of it.
  package let number: Double
  /// The values that were met, in order of appearance, where it is read as a category.
  package let levels: [String]
  /// The dense feature that it is, as it stands.
  package let denseFeature: Int?
  /// The sparse feature that each of `levels` is, as it stands; −1 where it is none.
  package let sparseFeatures: [Int]
  /// Whether records have it.
  fileprivate let isThere: Bool
  /// Whether it is in no feature but as it stands.
  package let isDirect: Bool
  /// The columns with which it makes features together.
  package let partners: Set<Int>
}

/// A row before it is taken: its columns, to be changed and encoded again and again.
package final class HeldRow {
  package let columns: [HeldColumn]
  /// Whether the row has features that no column stands for.
  package let hasTokens: Bool
  fileprivate let numbers: [Double]
  fileprivate let fields: [Field]
  fileprivate let needs: [FeaturePlan.Need]
  fileprivate let levels: [[Field]]
  /// The encoder when the row had been taken.
  fileprivate let after: [UInt8]
  private let scratch: Scratch

  /// Another value of a column.
  package enum Value: Sendable, Equatable {
    case number(Double)
    /// By its place among the column's levels.
    case level(Int)
  }

  fileprivate init(_ encoder: borrowing RowEncoder, _ columns: [HeldColumn], after: [UInt8]) {
    let scratch = Scratch(keeps: true)
    self.columns = columns
    self.after = after
    self.scratch = scratch
    let (needs, ownNumbers, ownFields) = (encoder.plan.needs, encoder.numbers, encoder.fields)
    self.needs = needs
    hasTokens = encoder.hasTokens
    numbers = columns.indices.map { ownNumbers[$0] }
    // Of what is read as a number alone, or not at all, no bytes are put down.
    fields = columns.indices.map {
      needs[$0] == .number || needs[$0] == [] || !columns[$0].isThere
        ? RowColumns.nothing : scratch.piece(Array(ownFields[$0].bytes))
    }
    levels = columns.map { $0.levels.map { scratch.piece(Array($0.utf8)) } }
  }
}

extension EventSource {
  /// Reads on to the next event and holds it: the source stands before it. `batch` has it as it is; nil at the end of
  /// the input. What comes before it and is no event, a label of an earlier row, is shown to `passing`.
  package mutating func hold(
    _ batch: inout MicroBatch, passing: (borrowing MicroBatch) -> Void
  ) throws -> HeldRow? {
    precondition(batch.capacity == 1, "a batch of \(batch.capacity) rows to hold one")
    while true {
      var before = SnapshotWriter()
      encoder.write(to: &before)
      let events = accepted
      batch.removeAll()
      let outcome = try fill(&batch, upTo: events + 1)
      if outcome == .interrupted { throw IngestError.interrupted }
      if accepted > events {
        var after = SnapshotWriter()
        encoder.write(to: &after)
        let columns = try heldColumns(before: before.payload)
        return HeldRow(encoder, columns, after: after.payload)
      }
      if batch.count > 0 { passing(batch) }
      if outcome == .end { return nil }
    }
  }

  /// Takes the held row after all, and what it leaves behind.
  package mutating func release(_ row: HeldRow) throws {
    try putBack(row.after)
  }

  /// Appends the held row as it would be with other values in some columns, without a label. False where it cannot be.
  package mutating func probe(
    _ row: HeldRow, _ changes: [(column: Int, value: HeldRow.Value)], into batch: inout MicroBatch
  ) -> Bool {
    for column in row.columns.indices {
      encoder.numbers[column] = row.numbers[column]
      encoder.fields[column] = row.fields[column]
    }
    for (column, value) in changes {
      switch value {
      case .number(let number):
        guard row.needs[column] == .number else { return false }
        encoder.numbers[column] = number
      case .level(let level): encoder.fields[column] = row.levels[column][level]
      }
    }
    return encoder.probe(into: &batch)
  }

  /// Goes back to `before`, from where the columns of the row that was just taken are described.
  private mutating func heldColumns(before: [UInt8]) throws -> [HeldColumn] {
    try putBack(before)
    let plan = encoder.plan
    let dense = plan.denseDependence
    let active = encoder.active
    let families = active.map { family in
      plan.sparse[family].dense.reduce(plan.dependence(ofLevels: plan.sparse[family].columns)) {
        $0.union(dense[$1])
      }
    }
    let features = dense + families
    let (encoded, tables) = (encoder.families, encoder.tables)
    let (numbers, fields) = (encoder.numbers, encoder.fields)
    return plan.columns.indices.map { column in
      let own = plan.dense.firstIndex(of: .column(column))
      let plain = active.first {
        plan.sparse[$0].columns == [column] && plan.sparse[$0].dense.isEmpty
      }
      let users = features.filter { $0.contains(column) }
      let isLevel = plan.needs[column].contains(.level)
      let isText = column != plan.target && plan.needs[column].contains(.text)
      let reads = (own != nil ? 1 : 0) + (plain != nil ? 1 : 0)
      let isThere = !(encoder.isTargetApart && column == plan.target)
      let isRead = isThere && plan.needs[column] != [] && plan.needs[column] != .number
      let number = isThere && plan.needs[column].contains(.number) ? numbers[column] : .nan
      let levels = isLevel ? tables[column].names : []
      return HeldColumn(
        name: plan.columns[column], role: plan.role(column, isUsed: !users.isEmpty),
        reading: isLevel ? (own != nil ? .both : .category) : isText ? .category : .number,
        text: isRead ? fields[column].trimmed.text : number.isNaN ? "" : "\(number)",
        number: number, levels: levels, denseFeature: own,
        sparseFeatures: levels.indices.map { level in
          plain.flatMap { encoded[$0].index(level) } ?? -1
        },
        isThere: isThere, isDirect: users.count == reads,
        partners: users.reduce(Set<Int>()) { $0.union($1) }.subtracting([column]))
    }
  }

  private mutating func putBack(_ state: [UInt8]) throws {
    var reader = SnapshotReader(payload: state)
    encoder.last.removeAll()
    try encoder.restore(from: &reader)
    _ = encoder.takeNotices()
  }
}

extension FeaturePlan {
  fileprivate func role(_ column: Int, isUsed: Bool) -> HeldColumn.Role {
    if column == target { return .target }
    if column == id { return .id }
    if column == weight { return .weight }
    if column == sequence { return .sequence }
    if column == key { return .key }
    if time.contains(column), isUsed || column == time.first { return .time }
    return isUsed ? .feature : .unused
  }
}

extension LevelTable {
  /// All values that have a number of their own.
  var names: [String] { (0..<count - (isFull ? 1 : 0)).map { name($0) } }
}
