import Batches
import Catalogues
package import Snapshots

/// Columns whose level or spread has moved away from what it was.
///
/// Of each column of numbers two series are watched, the mean of its numbers and the logarithm of their spread over
/// stretches of rows, of each category how surprising its values are by their shares in the reference, and of the target
/// its mean; all of them on one budget over columns and time (`MeanWatch`).
/// A series that wanders as seasons do is whitened before it is judged, so that a warm week is no drift; what an alarm can
/// promise then is said with it (`guaranteed` 0). A column that only ever rose in the reference, or fell, is a clock or a
/// counter and has no level: that is noted once, and neither its level nor its range is watched.
///
/// Cost: some 500 ns a stretch and series, stretches growing with the stream.
package struct DistributionCheck: Check {
  static let entry = Entry<CheckContext, any Check>(
    "distribution", "columns whose level or spread has moved, on one budget of false alarms",
    parameters: [
      CheckEntry.action(.alarm), CheckEntry.budget,
      Parameter(
        "most", .integer(default: 4096, in: 64...1_000_000),
        "rows that are taken together at most, in a long stream"),
    ],
    make: { settings, context in DistributionCheck(settings, context) })

  static let runbook = Runbook(
    meaning:
      "The numbers of a column are no longer those of before: the people, machines or days that are asked about are others. The model may still be right about each of them; it has seen fewer of this kind.",
    lookAt: [
      "`expected` and `found`: the level before and after; `fault` says whether it is the level or the spread, or, as a note, that the column is a clock (`clock`), which has no level to watch.",
      "`guaranteed`: 1, the budget of false alarms is a theorem here; 0, the column depends on its own past (`autocorrelation`) and the budget rests on a model of that.",
      "Whether the scores fell (`--detect loss=…`), and whether `relation` speaks: if neither, the model copes.",
      "Several columns at once: what they have in common, a region or a source.",
    ],
    toDo: [
      "Nothing, if the change is real, known and the scores hold.",
      "If the scores fell: retrain on what came since (`--on-drift retrain`, or `action=retrain` for this check).",
      "If the column is wrong rather than the world: see `skew`, `range` and `missing`.",
    ])

  private let severity: Severity
  private let columns: InputColumns
  private let numbers: Int
  /// Means, spreads, then the target, then the categories.
  private var watch: MeanWatch
  private var surprise: CategorySurprise
  /// Columns that are not watched, until the first look.
  private var atBegin: [Finding] = []

  private init(_ settings: Settings, _ context: CheckContext) {
    severity = settings.severity
    columns = context.columns
    numbers = min(context.columns.numbers.count, RowBlock.mostNumbers)
    watch = MeanWatch(
      series: 2 * numbers + 1 + context.columns.categories.count,
      budget: settings.real("budget"), firstRows: RowBlock.length,
      mostRows: settings.integer("most"))
    surprise = CategorySurprise(context.columns, Reference())
  }

  package mutating func begin(_ reference: Reference, _ moment: Moment) {
    for index in 0..<numbers where !columns.numbers[index].isDerived {
      let known = reference.numbers[columns.numbers[index].name]
      if let known, known.isClock {
        atBegin.append(clock(columns.numbers[index].name, known, moment))
        continue
      }
      watch.watch(index, rowsPerMean: known?.rowsPerMean, means: known?.means ?? [])
      watch.watch(numbers + index)
    }
    watch.watch(
      2 * numbers, rowsPerMean: reference.target?.rowsPerMean,
      means: reference.target?.means ?? [])
    surprise = CategorySurprise(columns, reference)
    for place in columns.categories.indices { watch.watch(2 * numbers + 1 + place) }
  }

  package mutating func look(_ block: RowBlock, _ moment: Moment) -> [Finding] {
    guard block.rows > 0 else { return [] }
    defer { atBegin.removeAll() }
    let (numbers, surprise) = (numbers, surprise)
    let (means, spreads) = (block.figures.means, block.figures.logSpreads)
    let changes = watch.look(rows: block.rows, end: moment.event) { index in
      if index < numbers { return (block.present(index), means[index]) }
      if index == 2 * numbers { return (block.labelled, block.targetMean) }
      if index > 2 * numbers { return surprise.mean(index - 2 * numbers - 1, block) }
      return (1, spreads[index - numbers])
    }
    return atBegin + changes.map { finding($0, moment) }
  }

  private func clock(_ name: String, _ known: Reference.Number, _ moment: Moment) -> Finding {
    let rises = known.means[0] < known.means[1]
    return Finding(
      check: "distribution", severity: .note, column: name, event: moment.event,
      since: moment.event, kind: "clock",
      text: "\(name) only \(rises ? "rises" : "falls"), as a clock or a counter does: "
        + "its level and its range are not watched")
  }

  private func finding(_ change: MeanWatch.Change, _ moment: Moment) -> Finding {
    let series = change.series
    let (column, kind, what): (String?, String, String)
    if series < numbers {
      let name = columns.numbers[series].name
      (column, kind, what) = (name, "level", "the level of \(name)")
    } else if series < 2 * numbers {
      let name = columns.numbers[series - numbers].name
      (column, kind, what) = (name, "spread", "the logarithm of the spread of \(name)")
    } else if series == 2 * numbers {
      (column, kind, what) = (nil, "target", "the level of the target")
    } else {
      let name = columns.categories[series - 2 * numbers - 1]
      (column, kind, what) = (name, "mix", "how surprising the values of \(name) are")
    }
    return Finding(
      check: "distribution", severity: severity, column: column, event: moment.event,
      since: change.since, kind: kind, expected: change.before, found: change.after,
      evidence: [
        ("evidence", change.evidence), ("guaranteed", change.isGuaranteed ? 1 : 0),
        ("autocorrelation", change.autocorrelation),
      ],
      text: "\(what) moved from \(ShortNumber.text(change.before)) to "
        + ShortNumber.text(change.after))
  }

  package func write(to writer: inout SnapshotWriter) {
    watch.write(to: &writer)
    writer.write(atBegin) { $1.write(to: &$0) }
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try watch.restore(from: &reader)
    atBegin = try reader.readList { reader throws(SnapshotError) in try Finding(from: &reader) }
  }
}
