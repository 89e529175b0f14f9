import Batches
import Catalogues
package import Snapshots

/// Text in another encoding than before: bytes that are no UTF-8, and the traces of text that was read wrongly once.
///
/// Records with bytes that are not UTF-8 are refused, and counted by column. Text that was taken for Latin-1 and written
/// again as UTF-8 can be read, but shows it: "Ã¼" stands for "ü", "â€™" for "’"; what could not be kept shows as "�". The
/// share of rows with either is bet against the reference's (`RateWatch`).
///
/// Cost: a look-up a row and category.
package struct EncodingCheck: Check {
  static let entry = Entry<CheckContext, any Check>(
    "encoding", "text in another encoding than before",
    parameters: [
      CheckEntry.action(.alarm), CheckEntry.budget,
      Parameter(
        "slack", .real(default: 0.005, in: 0...0.5), "a share of such rows more that is let pass"),
    ],
    make: { settings, context in EncodingCheck(settings, context) })

  static let runbook = Runbook(
    meaning:
      "Text is written in another encoding than before, or was read in a wrong one on its way. Values that were one category are now several, and the model knows nothing of the new ones.",
    lookAt: [
      "`fault`: `not-utf8` are bytes in another encoding, and the rows are refused; `mojibake` is text that was converted twice; `replaced` is text that has lost letters for good.",
      "The first values of the column that have it: the journal's `new-category` entries.",
    ],
    toDo: [
      "Have the source write UTF-8 once; an `iconv -f latin1 -t utf-8` before `weir` repairs what is not UTF-8.",
      "Rows that were learned with broken values: go back to a version before `since` (`weir models rollback`).",
    ])

  private let severity: Severity
  private let slack: Double
  private let columns: InputColumns
  /// First every column for bytes that are no UTF-8, then every category for broken text.
  private var watch: RateWatch
  /// Of each category, of its levels in order: 0 sound, 1 mojibake, 2 replaced.
  private var broken: [[UInt8]]
  private var kinds: [UInt8]

  private init(_ settings: Settings, _ context: CheckContext) {
    severity = settings.severity
    slack = settings.real("slack")
    columns = context.columns
    watch = RateWatch(
      columns: columns.all.count + columns.categories.count, budget: settings.real("budget"))
    broken = columns.categories.map { _ in [] }
    kinds = columns.categories.map { _ in 1 }
  }

  package mutating func begin(_ reference: Reference, _ moment: Moment) {
    for (index, _) in columns.all.enumerated() {
      let bound = RateWatch.bound(
        hits: 0, of: reference.rows + reference.refused, slack: slack)
      watch.watch(index, bound: bound, event: moment.event)
    }
    for (place, name) in columns.categories.enumerated() {
      guard let known = reference.categories[name] else { continue }
      // What was there from the start is as it is.
      let hits = known.top.reduce(0) { $0 + (EncodingCheck.fault($1.name) > 0 ? $1.count : 0) }
      watch.watch(
        columns.all.count + place,
        bound: RateWatch.bound(hits: hits, of: known.count + known.missing, slack: slack),
        event: moment.event)
    }
  }

  /// 1: text that was converted twice; 2: text with letters that are lost; 0: neither can be seen.
  static func fault(_ text: String) -> UInt8 {
    var before: UInt32 = 0
    for scalar in text.unicodeScalars {
      let value = scalar.value
      if value == 0xFFFD { return 2 }
      // The first byte of two or three as a letter, and the next as one of those that follow it.
      if before == 0xC2 || before == 0xC3, (0x80...0xBF).contains(value) { return 1 }
      if before == 0xE2, value == 0x20AC || (0x80...0xBF).contains(value) { return 1 }
      before = value
    }
    return 0
  }

  package mutating func look(_ block: RowBlock, _ moment: Moment) -> [Finding] {
    var hits = Array(repeating: 0, count: columns.categories.count)
    for category in hits.indices {
      for level in block.levels[category] where level >= 0 {
        let kind = fault(Int(level), of: category, block.names)
        guard kind > 0 else { continue }
        hits[category] += 1
        kinds[category] = kind
      }
    }
    let all = columns.all
    let rows = block.rows + block.refusedRows
    let changes =
      block.refused.isEmpty && hits.allSatisfy { $0 == 0 }
      ? watch.look(first: block.firstEvent, end: moment.event, rows: rows)
      : watch.look(first: block.firstEvent, end: moment.event, rows: rows) { index in
        guard index < all.count else { return (hits[index - all.count], block.rows) }
        let refused = block.refused.first { $0.kind == "not-utf8" && $0.column == all[index] }
        return (refused?.count ?? 0, rows)
      }
    return changes.map { change in
      let isText = change.column >= all.count
      let name = isText ? columns.categories[change.column - all.count] : all[change.column]
      let isLost = isText && kinds[change.column - all.count] == 2
      let kind = !isText ? "not-utf8" : isLost ? "replaced" : "mojibake"
      let share = ShortNumber.percent(change.rate)
      return Finding(
        check: "encoding", severity: change.isOver ? .note : severity, column: name,
        event: moment.event, since: change.since, kind: kind, expected: change.bound,
        found: change.rate, evidence: [("evidence", change.evidence)],
        text: change.isOver
          ? "\(name) is in the usual encoding again"
          : isText
            ? "\(share) of \(name) is text that was read in a wrong encoding"
            : "\(share) of the rows have bytes in \(name) that are no UTF-8",
        isOver: change.isOver)
    }
  }

  private mutating func fault(_ level: Int, of category: Int, _ names: LevelNames) -> UInt8 {
    while broken[category].count <= level {
      let name = names.name(broken[category].count, of: category)
      broken[category].append(name.map(EncodingCheck.fault) ?? 0)
    }
    return broken[category][level]
  }

  package func write(to writer: inout SnapshotWriter) {
    watch.write(to: &writer)
    writer.write(kinds)
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try watch.restore(from: &reader)
    kinds = try reader.readBytes()
    guard kinds.count == columns.categories.count else { throw .corrupt }
  }
}
