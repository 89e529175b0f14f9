import Batches
import Catalogues
package import Snapshots

/// Numbers outside of what the reference had.
///
/// A column's range is from the least to the greatest number of the reference, and `slack` of their distance beyond
/// both. The share of numbers outside is bet against what chance allows after so many rows without one (`RateWatch`), so
/// that one record heat is no alarm and a column in another unit is one within a block.
///
/// Cost: two comparisons a number, in the lanes of `BlockSums`.
package struct RangeCheck: Check {
  static let entry = Entry<CheckContext, any Check>(
    "range", "numbers outside of what the reference had",
    parameters: [
      CheckEntry.action(.alarm), CheckEntry.budget,
      Parameter(
        "slack", .real(default: 0.1, in: 0...1000),
        "what is let pass beyond both ends, in lengths of the range"),
      Parameter(
        "share", .real(default: 0.01, in: 0...0.5), "a share of numbers outside that is let pass"),
    ],
    make: { settings, context in RangeCheck(settings, context) })

  static let runbook = Runbook(
    meaning:
      "Numbers lie outside of everything that the model learned from. What it says of such rows is a guess beyond its knowledge.",
    lookAt: [
      "`least` and `most` against the range: by a factor or an offset it is a unit or a decimal point; some far-off values such as −999 stand for a missing one.",
      "Whether `skew` or a `cause` names a conversion of units for the same column.",
      "A season that the reference had not: `weir profile` of the same time last year.",
    ],
    toDo: [
      "A unit or a code: have it undone at the source, and learn nothing from these rows (`--bad-rows quarantine=FILE` after a `--schema` change, or go back with `weir models rollback`).",
      "True values: let the model learn on, and take a new reference when it has.",
    ])

  private let severity: Severity
  private let slack: Double
  private let share: Double
  private let columns: InputColumns
  private let numbers: Int
  private var watch: RateWatch
  private var known: [Reference.Number?]
  /// Columns that are out of range, with since when, of which it may still be found that it is a unit.
  private var unnamed: [Int?]
  private var least: [Double]
  private var most: [Double]
  /// The mean of the last block before a column was out of range; NaN where none was.
  private var before: [Double]
  /// The least and the greatest number since the last look that found nothing.
  private var seenLeast: [Double]
  private var seenMost: [Double]

  private init(_ settings: Settings, _ context: CheckContext) {
    severity = settings.severity
    slack = settings.real("slack")
    share = settings.real("share")
    columns = context.columns
    numbers = min(context.columns.numbers.count, RowBlock.mostNumbers)
    watch = RateWatch(columns: numbers, budget: settings.real("budget"))
    least = Array(repeating: -.infinity, count: numbers)
    most = Array(repeating: .infinity, count: numbers)
    seenLeast = most
    before = Array(repeating: .nan, count: numbers)
    seenMost = least
    known = Array(repeating: nil, count: numbers)
    unnamed = Array(repeating: nil, count: numbers)
  }

  package mutating func begin(_ reference: Reference, _ moment: Moment) {
    for index in 0..<numbers {
      guard let known = number(index, reference), known.count > 1, !known.isClock else { continue }
      self.known[index] = known
      (least[index], most[index]) = RangeCheck.bounds(known, slack: slack)
      watch.watch(
        index, bound: RateWatch.bound(hits: 0, of: known.count, slack: share), event: moment.event)
    }
  }

  private func number(_ index: Int, _ reference: Reference) -> Reference.Number? {
    let column = columns.numbers[index]
    return column.isDerived ? nil : reference.numbers[column.name]
  }

  /// The range of a column with its slack.
  static func bounds(_ known: Reference.Number, slack: Double) -> (least: Double, most: Double) {
    let length = known.most - known.least
    // Of a column that has always been the same every other number is outside.
    return (known.least - slack * length, known.most + slack * length)
  }

  package mutating func look(_ block: RowBlock, _ moment: Moment) -> [Finding] {
    guard block.rows > 0 else { return [] }
    if isQuiet, !block.hasGaps, isWithin(block) {
      let changes = watch.look(first: block.firstEvent, end: moment.event, rows: block.rows)
      for index in 0..<numbers { before[index] = block.figures.means[index] }
      return changes.map { finding($0, block, moment) }
    }
    for index in 0..<numbers {
      seenLeast[index] = min(seenLeast[index], block.least(index))
      seenMost[index] = max(seenMost[index], block.most(index))
    }
    let (low, high) = (least, most)
    let changes = watch.look(
      first: block.firstEvent, end: moment.event, rows: block.rows
    ) { index in
      (block.outside(index, low[index], high[index]), block.present(index))
    }
    defer {
      for index in 0..<numbers where !watch.isRaised(index) {
        (seenLeast[index], seenMost[index]) = (.infinity, -.infinity)
        if block.outside(index, low[index], high[index]) == 0 {
          before[index] = block.figures.means[index]
        }
      }
    }
    var found = nameUnits(block, moment)
    for change in changes {
      let finding = finding(change, block, moment)
      unnamed[change.column] = change.isOver || finding.kind == "unit" ? nil : change.since
      found.append(finding)
    }
    return found
  }

  /// Whether no column was out of range at the last look.
  private var isQuiet: Bool { !watch.hasRaised && unnamed.allSatisfy { $0 == nil } }

  /// Whether all numbers of a block are within their ranges.
  private func isWithin(_ block: RowBlock) -> Bool {
    for index in 0..<numbers where watch.isWatched(index) {
      if block.least(index) < least[index] || block.most(index) > most[index] { return false }
    }
    return true
  }

  /// Looks again at columns that are out of range, as long as it may be a unit that cannot be told yet.
  private mutating func nameUnits(_ block: RowBlock, _ moment: Moment) -> [Finding] {
    var found: [Finding] = []
    for index in unnamed.indices {
      guard let since = unnamed[index] else { continue }
      if moment.event - since > RangeCheck.mostWait { unnamed[index] = nil }
      guard let unit = unit(index, since, block, moment) else { continue }
      unnamed[index] = nil
      let name = columns.numbers[index].name
      found.append(
        Finding(
          check: "range", severity: severity, column: name, event: moment.event,
          since: since,
          kind: "unit", expected: known[index]?.mean, found: block.mean(index),
          text: "\(name) is as before once \(unit.name) is taken back"))
    }
    return found
  }

  /// The conversion that all numbers since then have gone through, if it is a known one.
  private func unit(
    _ index: Int, _ since: Int, _ block: RowBlock, _ moment: Moment
  ) -> UnitConversion? {
    guard let known = known[index] else { return nil }
    // The block in which it began has rows of before.
    let rows = min(
      RowBlock.recentRows, max(RowBlock.length, moment.event - since - RowBlock.length))
    return UnitGuess.conversion(
      known, block.recent(index, rows), before: before[index].isNaN ? nil : before[index])
  }

  /// Events after which a unit is no longer looked for.
  private static let mostWait = 512

  private func finding(
    _ change: RateWatch.Change, _ block: RowBlock, _ moment: Moment
  ) -> Finding {
    let j = change.column
    let name = columns.numbers[j].name
    let (low, high) = (least[j], most[j])
    var kind = "range"
    var text =
      change.isOver
      ? "\(name) is within its range again"
      : "\(ShortNumber.percent(change.rate)) of \(name) lie outside of "
        + "\(ShortNumber.text(low)) … \(ShortNumber.text(high)), as far as "
        + ShortNumber.text(seenMost[j] > high ? seenMost[j] : seenLeast[j])
    if !change.isOver, let unit = unit(j, change.since, block, moment) {
      kind = "unit"
      text += "; it is as before once \(unit.name) is taken back"
    }
    return Finding(
      check: "range", severity: change.isOver ? .note : severity, column: name,
      event: moment.event, since: change.since, kind: kind, expected: change.bound,
      found: change.rate,
      evidence: [
        ("rangeLeast", low), ("rangeMost", high), ("least", seenLeast[j]), ("most", seenMost[j]),
        ("evidence", change.evidence),
      ], text: text, isOver: change.isOver)
  }

  package func write(to writer: inout SnapshotWriter) {
    watch.write(to: &writer)
    for numbers in [least, most, seenLeast, seenMost, before] { writer.write(numbers) }
    writer.write(unnamed) { $0.write($1) }
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try watch.restore(from: &reader)
    least = try reader.readDoubles(count: numbers)
    most = try reader.readDoubles(count: numbers)
    seenLeast = try reader.readDoubles(count: numbers)
    seenMost = try reader.readDoubles(count: numbers)
    before = try reader.readDoubles(count: numbers)
    unnamed = try reader.readList { reader throws(SnapshotError) in try reader.readOptionalInt() }
    guard unnamed.count == numbers else { throw .corrupt }
  }
}
