import Batches
import Catalogues
package import Snapshots

/// Columns that come, go, are written otherwise, or are never filled any more.
///
/// Three things are looked at: the names and kinds of the columns against the reference's, once, at the beginning; columns
/// that had values and have had none in the last `rows` rows; and records that were refused because a column was no
/// longer what it had been, a letter in a number say, whose share is bet against the reference's (`RateWatch`).
///
/// Cost: a comparison a block and column, and a few multiplications a column that was ever at fault.
package struct SchemaCheck: Check {
  static let entry = Entry<CheckContext, any Check>(
    "schema", "columns that come, go, or are written otherwise",
    parameters: [
      CheckEntry.action(.alarm), CheckEntry.budget,
      Parameter(
        "rows", .integer(default: 128, in: 1...1_000_000),
        "rows without a value after which a column counts as gone"),
      Parameter(
        "slack", .real(default: 0.005, in: 0...0.5), "a share of refused rows more that is let pass"
      ),
    ],
    make: { settings, context in SchemaCheck(settings, context) })

  static let runbook = Runbook(
    meaning:
      "The input is no longer made the way it was: a column is gone or new, is no longer filled, or holds what it did not hold before. Rows that cannot be read are refused, so the model sees fewer of them, and others than before.",
    lookAt: [
      "`fault`: `gone`, `new`, `kind` (a number that is now a category, or the other way), `empty`, or the kind of refusal, such as `not-a-number`.",
      "The refused rows themselves: `--bad-rows quarantine=FILE` keeps them, the run's account shows the first five.",
      "What was released at the source at `since`.",
    ],
    toDo: [
      "Have the source write the column as before, or undo the change where it enters.",
      "Feed the quarantined rows in again once they can be read.",
      "If the new form is to stay, name its columns (`--number`, `--category`, `--ignore`) and train a new version on it.",
    ])

  /// A column that had values and has none any more.
  private struct Column {
    var emptyRows = 0
    var since = 0
    var isRaised = false
    var wasFilled = false
  }

  private let severity: Severity
  private let rows: Int
  private let slack: Double
  private let columns: InputColumns
  private let numbers: Int
  private var empty: [Column]
  /// Columns by the names under which their faults are told.
  private let names: [String]
  private var faults: RateWatch
  /// What was found of the columns' names, until the first look.
  private var atBegin: [Finding] = []
  /// The kind of refusal that came last, by column.
  private var kinds: [String: String] = [:]

  private init(_ settings: Settings, _ context: CheckContext) {
    severity = settings.severity
    rows = settings.integer("rows")
    slack = settings.real("slack")
    columns = context.columns
    numbers = min(context.columns.numbers.count, RowBlock.mostNumbers)
    empty = Array(repeating: Column(), count: numbers + context.columns.categories.count)
    // Records that are at fault as a whole are told under the kind of their fault.
    names = context.columns.all + ["wrong-field-count", "malformed", "too-long", "open-quote"]
    faults = RateWatch(columns: names.count, budget: settings.real("budget"))
  }

  private func name(_ index: Int) -> String {
    index < numbers ? columns.numbers[index].name : columns.categories[index - numbers]
  }

  package mutating func begin(_ reference: Reference, _ moment: Moment) {
    for index in empty.indices {
      let isDerived = index < numbers && columns.numbers[index].isDerived
      let number = reference.numbers[name(index)]
      let category = reference.categories[name(index)]
      let missing = number?.missingShare ?? category?.missingShare ?? 1
      empty[index] = Column()
      empty[index].wasFilled = !isDerived && missing < 0.5
    }
    let all = reference.rows + reference.refused
    for (index, name) in names.enumerated() {
      let bound = RateWatch.bound(
        hits: reference.typeErrors[name] ?? 0, of: all, slack: slack)
      faults.watch(index, bound: bound, event: moment.event)
    }
    compare(reference, moment)
  }

  /// Sets the columns beside those of the reference.
  private mutating func compare(_ reference: Reference, _ moment: Moment) {
    func tell(_ column: String, _ kind: String, _ text: String) {
      atBegin.append(
        Finding(
          check: "schema", severity: severity, column: column, event: moment.event,
          since: moment.event, kind: kind, text: text))
    }
    if !reference.columns.isEmpty, !columns.all.isEmpty {
      for name in reference.columns where !columns.all.contains(name) {
        tell(name, "gone", "column \(name) is no longer there")
      }
      for name in columns.all where !reference.columns.contains(name) {
        tell(name, "new", "column \(name) was not there before")
      }
    }
    for name in columns.categories where reference.numbers[name] != nil {
      tell(name, "kind", "\(name) was a number and now has other values")
    }
    for column in columns.numbers where reference.categories[column.name] != nil {
      tell(column.name, "kind", "\(column.name) was a category and now is a number")
    }
  }

  package mutating func look(_ block: RowBlock, _ moment: Moment) -> [Finding] {
    var found = atBegin
    atBegin = []
    for index in empty.indices where empty[index].wasFilled && block.rows > 0 {
      if index < numbers, block.missing[index] == 0, empty[index].emptyRows == 0 { continue }
      let missing =
        index < numbers
        ? block.missing[index]
        : block.levels[index - numbers].count { $0 == InputRows.missing }
      if let finding = look(index, missing, block, moment) { found.append(finding) }
    }
    return found + lookAtFaults(block, moment)
  }

  private mutating func look(
    _ index: Int, _ missing: Int, _ block: RowBlock, _ moment: Moment
  ) -> Finding? {
    guard missing == block.rows else {
      let wasRaised = empty[index].isRaised
      empty[index].emptyRows = 0
      empty[index].isRaised = false
      return wasRaised
        ? finding(index, moment, "\(name(index)) has values again", isOver: true) : nil
    }
    if empty[index].emptyRows == 0 { empty[index].since = block.firstEvent }
    empty[index].emptyRows += block.rows
    guard !empty[index].isRaised, empty[index].emptyRows >= rows else { return nil }
    empty[index].isRaised = true
    return finding(
      index, moment, "\(name(index)) has had no value in \(empty[index].emptyRows) rows",
      isOver: false)
  }

  private func finding(_ index: Int, _ moment: Moment, _ text: String, isOver: Bool) -> Finding {
    Finding(
      check: "schema", severity: isOver ? .note : severity, column: name(index),
      event: moment.event, since: empty[index].since, kind: "empty",
      found: Double(empty[index].emptyRows), text: text, isOver: isOver)
  }

  private mutating func lookAtFaults(_ block: RowBlock, _ moment: Moment) -> [Finding] {
    guard !block.refused.isEmpty else {
      let changes = faults.look(
        first: block.firstEvent, end: moment.event, rows: block.rows + block.refusedRows)
      return changes.map { finding($0, moment) }
    }
    var counts: [String: Int] = [:]
    for fault in block.refused where fault.kind != "not-utf8" {
      let name = fault.column ?? fault.kind
      counts[name, default: 0] += fault.count
      if names.contains(name) { kinds[name] = fault.kind }
    }
    let names = names
    let all = block.rows + block.refusedRows
    let changes = faults.look(first: block.firstEvent, end: moment.event, rows: all) { index in
      (counts[names[index]] ?? 0, all)
    }
    return changes.map { finding($0, moment) }
  }

  private func finding(_ change: RateWatch.Change, _ moment: Moment) -> Finding {
    let name = names[change.column]
    let kind = kinds[name] ?? "malformed"
    let share = ShortNumber.percent(change.rate)
    return Finding(
      check: "schema", severity: change.isOver ? .note : severity,
      column: columns.all.contains(name) ? name : nil, event: moment.event,
      since: change.since, kind: kind, expected: change.bound, found: change.rate,
      evidence: [("evidence", change.evidence)],
      text: change.isOver
        ? "\(name) can be read again"
        : "\(share) of the rows are refused for \(name): \(kind)",
      isOver: change.isOver)
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(empty) { writer, column in
      writer.write([column.emptyRows, column.since])
      writer.write(column.isRaised)
      writer.write(column.wasFilled)
    }
    faults.write(to: &writer)
    writer.write(atBegin) { $1.write(to: &$0) }
    let kinds = kinds.sorted { $0.key < $1.key }
    writer.write(kinds.map(\.key))
    writer.write(kinds.map(\.value))
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let count = empty.count
    empty = try reader.readList { reader throws(SnapshotError) in
      var column = Column()
      let counts = try reader.readInts()
      guard counts.count == 2 else { throw .corrupt }
      (column.emptyRows, column.since) = (counts[0], counts[1])
      column.isRaised = try reader.readBool()
      column.wasFilled = try reader.readBool()
      return column
    }
    guard empty.count == count else { throw .corrupt }
    try faults.restore(from: &reader)
    atBegin = try reader.readList { reader throws(SnapshotError) in try Finding(from: &reader) }
    let (names, values) = (try reader.readStrings(), try reader.readStrings())
    guard names.count == values.count else { throw .corrupt }
    kinds = Dictionary(zip(names, values), uniquingKeysWith: { $1 })
  }
}
