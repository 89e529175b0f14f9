import Batches
import Catalogues
package import Snapshots

/// Values that are missing more often than they were.
///
/// Each column's share of missing values is bet against the highest share that the reference allows, plus `slack`
/// (`RateWatch`): so the alarm keeps its budget however often it is looked at, and it comes the sooner the more is
/// missing: of a column that was never missing and now is in half of the rows, within one block of 64 rows.
///
/// Cost: a few multiplications a block and column.
package struct MissingCheck: Check {
  static let entry = Entry<CheckContext, any Check>(
    "missing", "values that are missing more often than in the reference",
    parameters: [
      CheckEntry.action(.alarm), CheckEntry.budget,
      Parameter(
        "slack", .real(default: 0.01, in: 0...0.5),
        "a share of missing values more that is let pass"),
    ],
    make: { settings, context in MissingCheck(settings, context) })

  static let runbook = Runbook(
    meaning:
      "A column lacks values more often than it did in the data that the model learned from. The model gets a substitute for each, so it goes on predicting, and worse.",
    lookAt: [
      "`found` and `expected`: a share of 1 is a column that is no longer written; some per cent are a source among several.",
      "`since`: what was released or moved at that time.",
      "`weir profile` of the rows since then: whether other columns lack values in the same rows.",
    ],
    toDo: [
      "Have the source repaired; rows that it can deliver again can be learned again.",
      "Until then: `--missing COLUMN=last` or `mean`, or `--ignore COLUMN` and a retraining without it.",
      "If it is to stay so, take a new reference (`--reference`) once the model has been retrained.",
    ])

  private let severity: Severity
  private let slack: Double
  private let columns: InputColumns
  private let numbers: Int
  private var watch: RateWatch

  private init(_ settings: Settings, _ context: CheckContext) {
    severity = settings.severity
    slack = settings.real("slack")
    columns = context.columns
    numbers = min(context.columns.numbers.count, RowBlock.mostNumbers)
    watch = RateWatch(
      columns: numbers + context.columns.categories.count, budget: settings.real("budget"))
  }

  private func name(_ index: Int) -> String {
    index < numbers ? columns.numbers[index].name : columns.categories[index - numbers]
  }

  package mutating func begin(_ reference: Reference, _ moment: Moment) {
    for index in 0..<numbers {
      // What is made of other columns lacks values where its past begins.
      guard !columns.numbers[index].isDerived,
        let known = reference.numbers[columns.numbers[index].name]
      else { continue }
      start(index, known.missing, known.count + known.missing, moment)
    }
    for (place, name) in columns.categories.enumerated() {
      guard let known = reference.categories[name] else { continue }
      start(numbers + place, known.missing, known.count + known.missing, moment)
    }
  }

  private mutating func start(_ index: Int, _ missing: Int, _ rows: Int, _ moment: Moment) {
    watch.watch(
      index, bound: RateWatch.bound(hits: missing, of: rows, slack: slack), event: moment.event)
  }

  package mutating func look(_ block: RowBlock, _ moment: Moment) -> [Finding] {
    guard block.rows > 0 else { return [] }
    let numbers = numbers
    if columns.categories.isEmpty, !block.hasGaps {
      return watch.look(first: block.firstEvent, end: moment.event, rows: block.rows)
        .map { finding($0, moment) }
    }
    let changes = watch.look(
      first: block.firstEvent, end: moment.event, rows: block.rows
    ) { index in
      guard index >= numbers else { return (block.missing[index], block.rows) }
      let missing = block.levels[index - numbers].count { $0 == InputRows.missing }
      return (missing, block.rows)
    }
    return changes.map { finding($0, moment) }
  }

  private func finding(_ change: RateWatch.Change, _ moment: Moment) -> Finding {
    let name = name(change.column)
    return Finding(
      check: "missing", severity: change.isOver ? .note : severity, column: name,
      event: moment.event, since: change.since, kind: "missing", expected: change.bound,
      found: change.rate, evidence: [("evidence", change.evidence)],
      text: change.isOver
        ? "\(name) has its values again"
        : "\(name) is missing in \(ShortNumber.percent(change.rate)) of the rows, "
          + "\(ShortNumber.percent(change.bound)) at most were expected",
      isOver: change.isOver)
  }

  package func write(to writer: inout SnapshotWriter) { watch.write(to: &writer) }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try watch.restore(from: &reader)
  }
}
