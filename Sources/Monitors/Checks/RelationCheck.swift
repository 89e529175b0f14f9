import Batches
import Catalogues
import Glibc
package import Snapshots

/// Columns that go together with the target otherwise than before.
///
/// In each block of rows Pearson's correlation r of a column with the target is taken as Fisher's z = artanh r, whose spread
/// hardly depends on r; its means over stretches of rows are watched, all columns on one budget (`MeanWatch`). A change
/// of units or of levels leaves r as it is, so this speaks of the relation alone. Only where labels come with their
/// rows, and for a number or two classes.
///
/// Reference: R. A. Fisher, On the probable error of a coefficient of correlation, Metron 1 (1921). Cost: one multiplication
/// a number, in the lanes of `BlockSums`, and some 500 ns a stretch and column.
package struct RelationCheck: Check {
  static let entry = Entry<CheckContext, any Check>(
    "relation", "columns that correlate with the target otherwise than before",
    parameters: [
      CheckEntry.action(.alarm), CheckEntry.budget,
      Parameter(
        "most", .integer(default: 4096, in: 64...1_000_000),
        "rows that are taken together at most, in a long stream"),
    ],
    make: { settings, context in RelationCheck(settings, context) })

  static let runbook = Runbook(
    meaning:
      "What a column says of the target has changed: the inputs may look as ever, and mean something else. This is the decay that a model cannot see in its inputs.",
    lookAt: [
      "`expected` and `found`: the mean of artanh r before and after; 0 is no relation, a changed sign its opposite.",
      "The journal's `cause` entries for alarms on the loss, with the segment in which it rose.",
      "What else happened at `since`: a price, a rule, an adversary that learned.",
    ],
    toDo: [
      "Retrain on what came since (`--on-drift retrain`), or let a fresh model challenge the old one (`--on-drift challenger`).",
      "Where the labels are late, do not wait for the scores to show it.",
    ])

  private let severity: Severity
  private let isWatching: Bool
  private let columns: InputColumns
  private let numbers: Int
  private var watch: MeanWatch

  private init(_ settings: Settings, _ context: CheckContext) {
    severity = settings.severity
    isWatching = context.task != .multiclass
    columns = context.columns
    numbers = min(context.columns.numbers.count, RowBlock.mostNumbers)
    watch = MeanWatch(
      series: numbers, budget: settings.real("budget"), firstRows: RowBlock.length,
      mostRows: settings.integer("most"))
  }

  package mutating func begin(_ reference: Reference, _ moment: Moment) {
    for index in 0..<numbers where isWatching { watch.watch(index) }
  }

  package mutating func look(_ block: RowBlock, _ moment: Moment) -> [Finding] {
    guard isWatching, block.rows > 0 else { return [] }
    let relations = block.figures.relations
    let changes = watch.look(rows: block.rows, end: moment.event) { (1, relations[$0]) }
    return changes.map { change in
      let name = columns.numbers[change.series].name
      let (before, after) = (tanh(change.before), tanh(change.after))
      return Finding(
        check: "relation", severity: severity, column: name, event: moment.event,
        since: change.since, kind: "relation", expected: before, found: after,
        evidence: [
          ("evidence", change.evidence), ("guaranteed", change.isGuaranteed ? 1 : 0),
          ("autocorrelation", change.autocorrelation),
        ],
        text: "the correlation of \(name) with the target moved from \(ShortNumber.text(before)) "
          + "to \(ShortNumber.text(after))")
    }
  }

  package func write(to writer: inout SnapshotWriter) { watch.write(to: &writer) }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try watch.restore(from: &reader)
  }
}
