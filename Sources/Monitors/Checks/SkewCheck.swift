import Batches
import Catalogues
package import Snapshots

/// Columns that are served otherwise than they were trained: training–serving skew, at once.
///
/// For the first `first` events after the reference was taken each block of 64 rows is set beside the blocks of the
/// reference, of which the means are known: for a column of numbers its mean, for a category the mean surprise
/// −ln p(value) of its values by how often they came; of the target, unless it has several classes, its mean. All columns and all looks share one budget (`MeanWatch`), so it may
/// be looked at after each event: with the usual 40,000 events a version without skew is accused in one of twenty
/// cases at most. A column that stands out is compared with the known conversions of units
/// (`UnitGuess`), and is watched until its blocks are among those of the reference again. Later changes are told by
/// `distribution` and `range`.
///
/// Cost: some 500 ns a block and column, for the first events only.
package struct SkewCheck: Check {
  static let entry = Entry<CheckContext, any Check>(
    "skew", "columns that are served otherwise than they were trained, in the first events",
    parameters: [
      CheckEntry.action(.alarm), CheckEntry.budget(of: 40_000),
      Parameter(
        "first", .integer(default: 2048, in: 64...1_000_000_000),
        "events after the reference in which it is looked for"),
    ],
    make: { settings, context in SkewCheck(settings, context) })

  static let runbook = Runbook(
    meaning:
      "What is served is not what was trained: from the very first events a column lies elsewhere than in the data of the model. As a rule the two are made by different code.",
    lookAt: [
      "`fault`: `unit` names the conversion that explains all of it; `skew` is any other difference; `mix` is a category whose values come in other shares.",
      "The code that makes this column in training and the one that makes it in serving, side by side.",
      "`weir profile --against` of the rows that are served: how far other columns are off.",
    ],
    toDo: [
      "Serve with the version before, or not at all, until both sides make the column in the same way (`weir models rollback`).",
      "If serving is right and training was wrong: train again with the column as it is served.",
      "If the world simply moved between training and serving, take newer data: train up to now.",
    ])

  private struct Raised {
    var since = 0
    var calm = 0
    /// Where it was in training, and where it is since.
    var before = 0.0
    var after = 0.0
  }

  private let severity: Severity
  private let first: Int
  private let columns: InputColumns
  private let numbers: Int
  private let task: Task
  private var watch: MeanWatch
  private var end = 0
  private var raised: [Raised?]
  /// The least and the greatest block mean of the reference.
  private var bounds: [(least: Double, most: Double)]
  private var known: [String: Reference.Number] = [:]
  private var target: Reference.Number?
  private var surprise: CategorySurprise

  private init(_ settings: Settings, _ context: CheckContext) {
    severity = settings.severity
    first = settings.integer("first")
    columns = context.columns
    numbers = min(context.columns.numbers.count, RowBlock.mostNumbers)
    task = context.task
    // Columns of numbers, categories, and the target.
    let series = numbers + context.columns.categories.count + 1
    watch = MeanWatch(
      series: series, budget: settings.real("budget"), firstRows: RowBlock.length,
      mostRows: RowBlock.length)
    raised = Array(repeating: nil, count: series)
    bounds = Array(repeating: (-.infinity, .infinity), count: series)
    surprise = CategorySurprise(context.columns, Reference())
  }

  package mutating func begin(_ reference: Reference, _ moment: Moment) {
    take(reference)
    end = moment.event + first
    for index in bounds.indices {
      let means = blocks(index, reference)
      guard means.count >= 8 else { continue }
      watch.watch(index, means: means)
    }
  }

  private func blocks(_ index: Int, _ reference: Reference) -> [Double] {
    guard index < bounds.count - 1 else {
      return task == .multiclass ? [] : reference.target?.blocks ?? []
    }
    guard index >= numbers else {
      let column = columns.numbers[index]
      guard !column.isDerived, let known = reference.numbers[column.name], !known.isClock else {
        return []
      }
      return known.blocks
    }
    return reference.categories[columns.categories[index - numbers]]?.blocks ?? []
  }

  private mutating func take(_ reference: Reference) {
    known = reference.numbers
    target = reference.target
    for index in bounds.indices {
      let means = blocks(index, reference)
      bounds[index] = (means.min() ?? -.infinity, means.max() ?? .infinity)
    }
    surprise = CategorySurprise(columns, reference)
  }

  package mutating func look(_ block: RowBlock, _ moment: Moment) -> [Finding] {
    guard block.rows > 0 else { return [] }
    var found: [Finding] = []
    for index in raised.indices where raised[index] != nil {
      if let finding = settle(index, block, moment) { found.append(finding) }
    }
    guard moment.event <= end else { return found }
    let (numbers, surprise, raised) = (numbers, surprise, raised)
    let changes = watch.look(rows: block.rows, end: moment.event) { index in
      guard raised[index] == nil else { return (0, .nan) }
      return SkewCheck.value(index, numbers, block, surprise)
    }
    for change in changes {
      self.raised[change.series] = Raised(
        since: change.since, before: change.before, after: change.after)
      found.append(finding(change, block, moment))
    }
    return found
  }

  private static func value(
    _ index: Int, _ numbers: Int, _ block: RowBlock, _ surprise: CategorySurprise
  ) -> (count: Int, mean: Double) {
    if index < numbers { return (block.present(index), block.mean(index)) }
    let category = index - numbers
    return category < block.columns.categories.count
      ? surprise.mean(category, block) : (block.labelled, block.targetMean)
  }

  /// Nil for the target.
  private func column(_ series: Int) -> String? {
    if series < numbers { return columns.numbers[series].name }
    return series < bounds.count - 1 ? columns.categories[series - numbers] : nil
  }

  private func finding(
    _ change: MeanWatch.Change, _ block: RowBlock, _ moment: Moment
  ) -> Finding {
    let column = column(change.series)
    let name = column ?? "the target"
    let isNumber = column == nil || change.series < numbers
    var kind = isNumber ? "skew" : "mix"
    var text =
      isNumber
      ? "\(name) is \(ShortNumber.text(change.after)) on average, and was "
        + "\(ShortNumber.text(change.before)) in training"
      : "the values of \(name) come in other shares than in training"
    let isClass = column == nil && task != .regression
    if isNumber, !isClass, let reference = column.map({ known[$0] }) ?? target {
      let rows = min(RowBlock.recentRows, max(RowBlock.length, moment.event - change.since))
      if let unit = UnitGuess.conversion(
        reference, block.recent(column == nil ? block.target : change.series, rows))
      {
        kind = "unit"
        text = "\(name) is as in training once \(unit.name) is taken back"
      }
    }
    return Finding(
      check: "skew", severity: severity, column: column, event: moment.event,
      since: change.since, kind: kind, expected: change.before, found: change.after,
      evidence: [
        ("evidence", change.evidence), ("guaranteed", change.isGuaranteed ? 1 : 0),
      ], text: text)
  }

  /// Whether a column that stood out no longer does: four blocks one after another are among those of the reference.
  private mutating func settle(_ index: Int, _ block: RowBlock, _ moment: Moment) -> Finding? {
    let value = SkewCheck.value(index, numbers, block, surprise)
    guard value.count > 0, var state = raised[index] else { return nil }
    // Among the blocks of the reference, and not still where it stood out: a January is among the months of a year.
    let isBack = abs(value.mean - state.before) < abs(value.mean - state.after)
    let isUsual =
      isBack && value.mean >= bounds[index].least && value.mean <= bounds[index].most
    state.calm = isUsual ? state.calm + 1 : 0
    raised[index] = state.calm < 4 ? state : nil
    guard state.calm >= 4 else { return nil }
    let column = column(index)
    let name = column ?? "the target"
    return Finding(
      check: "skew", severity: .note, column: column, event: moment.event, since: state.since,
      kind: "skew", found: value.mean, text: "\(name) is as in training again", isOver: true)
  }

  package func write(to writer: inout SnapshotWriter) {
    watch.write(to: &writer)
    writer.write(end)
    writer.write(raised) { writer, state in
      writer.write(state.map { [$0.since, $0.calm] } ?? [])
      writer.write(state.map { [$0.before, $0.after] } ?? [])
    }
  }

  /// What was known of the reference is taken from it anew, before (`begin`).
  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let count = raised.count
    try watch.restore(from: &reader)
    end = try reader.readInt()
    raised = try reader.readList { reader throws(SnapshotError) in
      let numbers = try reader.readInts()
      let levels = try reader.readDoubles()
      guard numbers.count == 2, levels.count == 2 else { return nil }
      return Raised(
        since: numbers[0], calm: numbers[1], before: levels[0], after: levels[1])
    }
    guard raised.count == count else { throw .corrupt }
  }
}
