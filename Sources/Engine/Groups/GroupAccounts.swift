import Batches
import Comparisons
import Glibc
import Scores

/// How the served model does with each group of rows, and whether groups are treated alike.
///
/// **Scores.** Each group has a board of its own over the whole stream; the window's scores are of the group's rows among
/// the last `scoreWindow` labelled ones of the stream. What is told of a group is of its labelled rows alone. Groups of
/// fewer than `leastRows` are merged into "(small groups)" when it is told: their counts are exact there, and no gap is
/// told of them.
///
/// **Gaps.** Of each quantity q (`GroupQuantity`) of each group g a confidence sequence (`BoundedMean`) at risk
///
///     risk/(columns · quantities) · 1/((k + 1)(k + 2))        k: the group's place in the order of appearance
///
/// which sum to at most `risk`: all intervals of all groups hold at all times together but for that chance. The gap of
/// two groups then lies between the differences of their intervals' ends, whichever two are picked and whenever one looks.
/// What the interval holds is the average, over the group's rows so far, of what was to be expected of each given all that
/// came before: rows may hang together and the model may learn. It says nothing of rows that are still to come.
///
/// Rates are between 0 and 1 by themselves. Losses have no bound, and without one nothing can be said of their mean: log
/// loss counts for log 100 at most, as if no probability were below .01; errors of numbers count up to
/// five times the mean distance of the first 100 labels from their mean, and those of these 100 rows not at all. The gap of
/// such a quantity is one of capped values.
///
/// Memory: a board (480 KB for two classes, for the ranking; a few hundred bytes otherwise) for each group that is told
/// apart (`IngestOptions.groupLimit`), and the window's rows once. Cost: a board and six sums a row and column.
struct GroupAccounts: Sendable {
  let options: GroupOptions
  let task: Task
  let quantities: [GroupQuantity]
  /// By column, by group.
  var tallies: [[GroupTally]]
  var names: [[String]]
  /// What losses count for at most; nil: not known yet.
  var cap: Double?
  /// The first labels of a regression, which say it.
  var first: [Double] = []
  // The last labelled rows of the stream, in a ring, with the groups they are of.
  let windowRows: Int
  var recent: [Outcome] = []
  var recentLevels: [Int32] = []
  var next = 0
  /// Where labels come late: the groups of the rows that wait, by slot.
  var waiting: [Int32] = []
  /// When the gaps are looked at next, and the journal told.
  var nextLook = 0
  var nextTelling: Int
  /// Gaps that were found, by column, quantity, and both groups: the event.
  var found: [Found: Int] = [:]

  /// A gap whose interval left out 0.
  struct Found: Hashable, Comparable, Sendable {
    let column, quantity, high, low: Int

    static func < (a: Found, b: Found) -> Bool {
      (a.column, a.quantity, a.high, a.low) < (b.column, b.quantity, b.high, b.low)
    }
  }

  private static let rowsForCap = 100

  init(_ options: GroupOptions, _ task: Task, windowRows: Int) {
    (self.options, self.task, self.windowRows) = (options, task, windowRows)
    quantities = GroupQuantity.all(task)
    tallies = options.columns.map { _ in [] }
    names = options.columns.map { _ in [] }
    cap = task == .regression ? nil : log(100)
    nextTelling = options.every ?? 0
  }

  // MARK: - Rows

  /// Takes over what groups are called that come for the first time.
  mutating func learnNames(_ batch: borrowing MicroBatch) {
    for name in batch.groupNames {
      while names[name.column].count <= name.level { names[name.column].append("") }
      names[name.column][name.level] = name.text
    }
  }

  /// Takes rows of a batch, whose labelled ones have these outcomes, in order.
  mutating func observe(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>, _ outcomes: [Outcome]
  ) {
    var k = 0
    let columns = options.columns.count
    for row in rows where !batch.targets[row].isNaN {
      observe(outcomes[k...k]) { batch.group(row, column: $0, of: columns) }
      k += 1
    }
  }

  /// Keeps the groups of a row that waits for its label in `slot`.
  mutating func ask(_ batch: borrowing MicroBatch, _ row: Int, slot: Int) {
    let columns = options.columns.count
    while waiting.count < (slot + 1) * columns { waiting.append(-1) }
    for column in 0..<columns {
      waiting[slot * columns + column] = Int32(
        truncatingIfNeeded: batch.group(row, column: column, of: columns))
    }
  }

  /// Takes the outcome of the row that waited in `slot`; none if no label came for it.
  mutating func absorb(_ slot: Int, _ outcomes: [Outcome]) {
    guard !outcomes.isEmpty else { return }
    let columns = options.columns.count
    let levels = waiting[slot * columns..<(slot + 1) * columns]
    observe(outcomes[0...0]) { Int(levels[levels.startIndex + $0]) }
  }

  /// Waiting rows have got smaller slots.
  mutating func moveSlots(_ kept: [Int]) {
    let columns = options.columns.count
    for (slot, old) in kept.enumerated() where slot != old {
      for column in 0..<columns {
        waiting[slot * columns + column] = waiting[old * columns + column]
      }
    }
  }

  private mutating func observe(_ one: ArraySlice<Outcome>, _ level: (Int) -> Int) {
    let outcome = one[one.startIndex]
    let isRoomy = recent.count < windowRows
    if isRoomy { recent.append(outcome) } else { recent[next] = outcome }
    for column in options.columns.indices {
      let level = level(column)
      let word = Int32(truncatingIfNeeded: level)
      if isRoomy {
        recentLevels.append(word)
      } else {
        recentLevels[next * options.columns.count + column] = word
      }
      guard level >= 0 else { continue }
      while tallies[column].count <= level {
        tallies[column].append(GroupTally(task, quantities, cap: cap))
      }
      tallies[column][level].observe(
        outcome, one: one, quantities, task, threshold: options.threshold, hasCap: cap != nil)
    }
    if !isRoomy { next = next + 1 == windowRows ? 0 : next + 1 }
    if cap == nil { learnCap(outcome.label) }
  }

  private mutating func learnCap(_ label: Double) {
    first.append(label)
    guard first.count == GroupAccounts.rowsForCap else { return }
    let n = Double(first.count)
    let mean = first.reduce(0, +) / n
    let distance = first.reduce(0) { $0 + abs($1 - mean) } / n
    let cap = distance > 0 && distance.isFinite ? 5 * distance : 1
    for column in tallies.indices {
      for group in tallies[column].indices {
        tallies[column][group].means = GroupTally(task, quantities, cap: cap).means
      }
    }
    self.cap = cap
    first.removeAll()
  }
}
