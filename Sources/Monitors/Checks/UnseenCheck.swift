import Batches
import Catalogues
package import Snapshots

/// Categories that the reference never had.
///
/// The share of rows with a value that is not among those of the reference is bet against the share that new values
/// came with there: by Good and Turing's estimate, the values that came once among all (`RateWatch`). A column whose
/// values are nearly all new, an id say, is not watched; neither is one that had more values than are remembered.
///
/// Reference: I. J. Good, The population frequencies of species, Biometrika 40 (1953). Cost: a look-up a row and category.
package struct UnseenCheck: Check {
  static let entry = Entry<CheckContext, any Check>(
    "unseen-category", "categories that the reference never had",
    parameters: [
      CheckEntry.action(.alarm), CheckEntry.budget,
      Parameter(
        "slack", .real(default: 0.02, in: 0...0.5), "a share of unseen values more that is let pass"
      ),
    ],
    make: { settings, context in UnseenCheck(settings, context) })

  static let runbook = Runbook(
    meaning:
      "Many rows have values of a category that the model never learned. It treats them as nothing in particular, so its answers there are those of an average row.",
    lookAt: [
      "The values: the journal's `new-category` entries, or `weir profile` of the rows since then.",
      "One new value is a new product, region or partner; many at once are codes that changed (letter case, blanks, another key) or a broken join.",
      "`encoding` for the same column.",
    ],
    toDo: [
      "Codes that changed: map them back at the source.",
      "True new values: let the model learn them (`--update continuous`), or retrain once there are rows enough.",
      "Watch the scores of the group meanwhile (`--group`).",
    ])

  private let severity: Severity
  private let slack: Double
  private let columns: InputColumns
  private var watch: RateWatch
  private var known: [Set<UInt64>]

  private init(_ settings: Settings, _ context: CheckContext) {
    severity = settings.severity
    slack = settings.real("slack")
    columns = context.columns
    watch = RateWatch(columns: columns.categories.count, budget: settings.real("budget"))
    known = columns.categories.map { _ in [] }
  }

  package mutating func begin(_ reference: Reference, _ moment: Moment) {
    for (place, name) in columns.categories.enumerated() {
      guard let before = reference.categories[name], let values = before.known,
        before.count > 0
      else { continue }
      known[place] = values
      let isWhole = values.count <= before.top.count
      let once = isWhole ? before.top.count { $0.count == 1 } : values.count
      watch.watch(
        place, bound: RateWatch.bound(hits: once, of: before.count, slack: slack),
        event: moment.event)
    }
  }

  package mutating func look(_ block: RowBlock, _ moment: Moment) -> [Finding] {
    let known = known
    let changes = watch.look(
      first: block.firstEvent, end: moment.event, rows: block.rows
    ) { category in
      var (unseen, there) = (0, 0)
      for level in block.levels[category] {
        guard let hash = block.names.hash(level, of: category) else { continue }
        there += 1
        if !known[category].contains(hash) { unseen += 1 }
      }
      return (unseen, there)
    }
    return changes.map { change in
      let name = columns.categories[change.column]
      let share = ShortNumber.percent(change.rate)
      return Finding(
        check: "unseen-category", severity: change.isOver ? .note : severity, column: name,
        event: moment.event, since: change.since, kind: "unseen", expected: change.bound,
        found: change.rate, evidence: [("evidence", change.evidence)],
        text: change.isOver
          ? "\(name) has the values that are known again"
          : "\(share) of the rows have values of \(name) that were never there before",
        isOver: change.isOver)
    }
  }

  package func write(to writer: inout SnapshotWriter) {
    watch.write(to: &writer)
    for values in known { writer.write(values.sorted()) }
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try watch.restore(from: &reader)
    for category in known.indices { known[category] = Set(try reader.readWords()) }
  }
}
