package import Batches
import Glibc
package import Kernels
package import Snapshots
import Statistics

/// The rows from one look to the next: what each column was like in them.
///
/// Numbers are added up as they come (`BlockSums`), missing ones are counted and left out; of the last rows the numbers
/// themselves are kept, in a ring. Where a number of a column is asked for, `target` asks for the target. Of categories the levels of each row are kept until the block is over.
package struct RowBlock: Sendable {
  /// Rows of a whole block.
  package static let length = 64
  /// Numbers beyond this many columns are not watched.
  package static let mostNumbers = 1024
  /// Rows whose numbers are kept.
  package static let recentRows = 256

  /// Records that were refused in the same way.
  package struct Refused: Sendable, Equatable {
    /// Nil: the record as a whole.
    package let column: String?
    package let kind: String
    package fileprivate(set) var count: Int
  }

  /// Ways of being refused that are told apart.
  private static let mostFaults = 256

  package let columns: InputColumns
  package private(set) var rows = 0
  /// The event with which it began.
  package private(set) var firstEvent = 0
  package internal(set) var sums: BlockSums
  package private(set) var missing: [Int]
  /// Levels of each category in the order of the rows; `InputRows.missing` for none.
  package private(set) var levels: [[Int32]]
  /// Records that were refused, by column and kind.
  package private(set) var refused: [Refused] = []
  package private(set) var refusedRows = 0
  /// Targets of the rows that have one, about `targetShift`.
  package private(set) var labelled = 0
  package private(set) var targetSum = 0.0
  package private(set) var targetSquares = 0.0
  package private(set) var targetShift = 0.0
  private var hasTargetShift = false
  /// The time of the last row before the block, of its first and of its last; NaN where there is none.
  package private(set) var timeBefore = Double.nan
  package private(set) var firstTime = Double.nan
  package private(set) var lastTime = Double.nan
  /// The longest time from one row to the next, and the event that it came before.
  package private(set) var longestGap = 0.0
  package private(set) var gapEvent = 0

  /// What levels are called.
  package internal(set) var names: LevelNames

  private let width: Int
  private let stride: Int
  /// The targets of the rows in the ring, NaN where there is none; the extremes of those of the block.
  private var recentTargets: [Double]
  private var (targetLeast, targetMost) = (Double.infinity, -Double.infinity)
  /// A ring of `recentRows` rows of `width` numbers, NaN where one is missing.
  private var ring: [Double]
  private var seen = 0
  private var scratch: [Double] = []

  package init(_ columns: InputColumns) {
    self.columns = columns
    width = min(columns.numbers.count, RowBlock.mostNumbers)
    stride = (width + 3) & ~3
    sums = BlockSums(width: width)
    missing = Array(repeating: 0, count: width)
    levels = columns.categories.map { _ in [] }
    names = LevelNames(categories: columns.categories.count)
    ring = Array(repeating: .nan, count: RowBlock.recentRows * stride)
    recentTargets = Array(repeating: .nan, count: RowBlock.recentRows)
    figures.means = Array(repeating: .nan, count: stride)
    figures.logSpreads = figures.means
    figures.relations = figures.means
  }

  /// Watched columns of numbers.
  package var numbers: Int { width }
  /// What stands for the target among the columns of numbers.
  package var target: Int { width }

  /// The extremes of a column's numbers; ±∞ the other way round where none is there.
  package func least(_ j: Int) -> Double { j == target ? targetLeast : sums.least(j) }
  package func most(_ j: Int) -> Double { j == target ? targetMost : sums.most(j) }
  /// From which numbers of a column are added up; to be changed between two blocks only.
  mutating func setShift(_ shift: Double, _ j: Int) { sums.setShift(shift, j) }
  package func present(_ j: Int) -> Int { j == target ? labelled : rows - missing[j] }
  /// The mean of a column's numbers that are there; NaN where none is.
  package func mean(_ j: Int) -> Double {
    guard j != target else { return targetMean }
    let count = present(j)
    return count > 0 ? sums.shift(j) + sums.sum(j) / Double(count) : .nan
  }
  /// Seconds from the last row before a whole block to its last; nil where they are not known.
  package var seconds: Double? {
    let seconds = lastTime - timeBefore
    return rows == RowBlock.length && seconds >= 0 ? seconds : nil
  }
  /// Σ(x − mean)² of them.
  package func deviations(_ j: Int) -> Double {
    let count = Double(present(j))
    guard count > 0 else { return 0 }
    guard j != target else { return max(0, targetSquares - targetSum * targetSum / count) }
    return max(0, sums.squares(j) - sums.sum(j) * sums.sum(j) / count)
  }

  /// How many numbers of a column of the block lie outside of bounds.
  package func outside(_ j: Int, _ low: Double, _ high: Double) -> Int {
    guard least(j) < low || most(j) > high else { return 0 }
    return recent(j, rows).count { $0 < low || $0 > high }
  }

  /// The numbers of a column in the last `count` rows, oldest first; NaN where one was missing.
  package func recent(_ j: Int, _ count: Int) -> [Double] {
    let there = min(count, seen, RowBlock.recentRows)
    return (0..<there).map { recent(j, $0, of: there) }
  }

  /// The number of row `place` of the last `count` rows; NaN where it was missing.
  package func recent(_ j: Int, _ place: Int, of count: Int) -> Double {
    let row = (seen - count + place) % RowBlock.recentRows
    return j == target ? recentTargets[row] : ring[row * stride + j]
  }

  /// The mean of the targets that there are; NaN where there is none.
  package var targetMean: Double {
    labelled > 0 ? targetShift + targetSum / Double(labelled) : .nan
  }

  /// Whether any number of the block is missing; told once it is whole.
  package private(set) var hasGaps = false

  /// Figures of each column, made once for all who look.
  package private(set) var figures = Figures()

  package struct Figures: Sendable {
    /// NaN where no number is there.
    package fileprivate(set) var means: [Double] = []
    /// The logarithm of the spread in the block, Σ(x − mean)²/n as its square; NaN where it does not vary.
    package fileprivate(set) var logSpreads: [Double] = []
    /// artanh of Pearson's correlation with the target, of at most ±.999; NaN where a row lacks either, or one does not
    /// vary.
    package fileprivate(set) var relations: [Double] = []
  }

  private static let mostCorrelation = 0.999

  /// The block is whole: makes its figures.
  mutating func end() {
    hasGaps = !missing.allSatisfy { $0 == 0 }
    guard !hasGaps, rows > 0 else {
      for j in 0..<width {
        figures.means[j] = mean(j)
        figures.logSpreads[j] = logSpread(j)
        figures.relations[j] = relation(j)
      }
      return
    }
    sums.figures(
      rows: rows, targets: labelled == rows ? (targetSum, targetSquares) : nil,
      limit: RowBlock.mostCorrelation, means: &figures.means, logSpreads: &figures.logSpreads,
      relations: &figures.relations)
  }

  private func logSpread(_ j: Int) -> Double {
    let count = present(j)
    let variance = count > 1 ? deviations(j) / Double(count) : 0
    let size = max(abs(sums.shift(j)), abs(sums.most(j)))
    return variance > size * size * 1e-18 ? 0.5 * log(variance) : .nan
  }

  private func relation(_ j: Int) -> Double {
    guard rows > 2, labelled == rows, missing[j] == 0 else { return .nan }
    let n = Double(rows)
    let targets = targetSquares - targetSum * targetSum / n
    let own = deviations(j)
    guard own > 1e-12 * sums.squares(j), targets > 1e-12 * targetSquares, own > 0 else {
      return .nan
    }
    let products = sums.products(j) - sums.sum(j) * targetSum / n
    let r = products / (own * targets).squareRoot()
    return atanh(max(-RowBlock.mostCorrelation, min(RowBlock.mostCorrelation, r)))
  }

  /// Adds events that follow each other. `takesTargets`: whether their labels are known by now.
  mutating func add(
    _ batch: borrowing MicroBatch, _ range: Range<Int>, firstEvent event: Int, takesTargets: Bool
  ) {
    guard !range.isEmpty else { return }
    if rows == 0 { firstEvent = event }
    if seen == 0 {
      for j in 0..<width { sums.setShift(batch.dense(range.lowerBound)[j], j) }
    }
    addTargets(batch, range, takesTargets)
    addTimes(batch, range, event)
    if batch.hasAbsent {
      for row in range { addRow(batch, row) }
    } else if width > 0 {
      scratch.withUnsafeBufferPointer { targets in
        guard let targets = targets.baseAddress else { return }
        sums.add(
          batch.dense(range.lowerBound), targets: targets, count: range.count,
          stride: batch.stride)
      }
      keep(batch, range)
    }
    for category in levels.indices {
      for row in range { levels[category].append(batch.input.level(row, category)) }
    }
    if !batch.hasAbsent { seen += range.count }
    rows += range.count
  }

  /// Puts whole rows into the ring.
  private mutating func keep(_ batch: borrowing MicroBatch, _ range: Range<Int>) {
    let (width, stride, seen) = (width, stride, seen)
    ring.withUnsafeMutableBufferPointer { ring in
      guard let base = ring.baseAddress else { return }
      for (i, row) in range.enumerated() {
        let place = (seen + i) % RowBlock.recentRows * stride
        (base + place).update(from: batch.dense(row), count: width)
      }
    }
  }

  /// Adds a row that may not have all its numbers.
  private mutating func addRow(_ batch: borrowing MicroBatch, _ row: Int) {
    let dense = batch.dense(row)
    let target = scratch[row - scratchStart]
    let place = seen % RowBlock.recentRows * stride
    for j in 0..<width {
      if batch.isAbsent(row, j) {
        missing[j] += 1
        ring[place + j] = .nan
      } else {
        sums.add(dense[j], target: target, j)
        ring[place + j] = dense[j]
      }
    }
    seen += 1
  }

  /// The row of the batch whose target is the first of `scratch`.
  private var scratchStart = 0

  private mutating func addTargets(
    _ batch: borrowing MicroBatch, _ range: Range<Int>, _ takes: Bool
  ) {
    scratchStart = range.lowerBound
    scratch.removeAll(keepingCapacity: true)
    for (place, row) in range.enumerated() {
      let target = takes ? batch.targets[row] : .nan
      recentTargets[(seen + place) % RowBlock.recentRows] = target
      guard !target.isNaN else {
        scratch.append(0)
        continue
      }
      if !hasTargetShift { (targetShift, hasTargetShift) = (target, true) }
      let deviation = target - targetShift
      labelled += 1
      if target < targetLeast { targetLeast = target }
      if target > targetMost { targetMost = target }
      targetSum += deviation
      targetSquares += deviation * deviation
      scratch.append(deviation)
    }
  }

  private mutating func addTimes(
    _ batch: borrowing MicroBatch, _ range: Range<Int>, _ event: Int
  ) {
    let times = batch.times
    for row in range {
      let time = times[row]
      guard !time.isNaN else { continue }
      if firstTime.isNaN { firstTime = time }
      let before = lastTime.isNaN ? timeBefore : lastTime
      if time - before > longestGap {
        (longestGap, gapEvent) = (time - before, event + row - range.lowerBound)
      }
      lastTime = time
    }
  }

  /// Takes over what new levels of rows are called.
  mutating func learnNames(_ batch: borrowing MicroBatch, _ range: Range<Int>) {
    for new in batch.input.newLevels where range.contains(new.row) {
      names.add(new.name, to: new.category)
    }
  }

  /// Says what levels are called that rows had before.
  mutating func know(_ levels: [[String]]) {
    for (category, names) in levels.enumerated() {
      for name in names { self.names.add(name.utf8, to: category) }
    }
  }

  /// From here on numbers are added up from near their means so far.
  mutating func centre(on profile: Profile) {
    for j in 0..<width where profile.numbers[j].values.count > 0 {
      sums.setShift(profile.numbers[j].values.mean, j)
    }
  }

  /// Adds records that were refused before event `event`.
  mutating func addRefused(_ column: String?, _ kind: String, count: Int, event: Int) {
    if rows == 0, refusedRows == 0 { firstEvent = event }
    refusedRows += count
    if let place = refused.firstIndex(where: { $0.column == column && $0.kind == kind }) {
      refused[place].count += count
    } else if refused.count < RowBlock.mostFaults {
      refused.append(Refused(column: column, kind: kind, count: count))
    }
  }

  /// Begins the next block.
  mutating func removeAll() {
    sums.removeAll()
    for j in missing.indices { missing[j] = 0 }
    for category in levels.indices { levels[category].removeAll(keepingCapacity: true) }
    refused.removeAll(keepingCapacity: true)
    (rows, refusedRows, labelled, targetSum, targetSquares) = (0, 0, 0, 0, 0)
    (targetLeast, targetMost) = (.infinity, -.infinity)
    if !lastTime.isNaN { timeBefore = lastTime }
    (firstTime, lastTime, longestGap) = (.nan, .nan, 0)
  }
}

extension RowBlock: Snapshotted {
  package func write(to writer: inout SnapshotWriter) {
    writer.write([rows, firstEvent, refusedRows, labelled, gapEvent, seen])
    writer.write([
      targetSum, targetSquares, targetShift, timeBefore, firstTime, lastTime, longestGap,
      targetLeast, targetMost,
    ])
    writer.write(recentTargets)
    writer.write(hasTargetShift)
    writer.write(sums.numbers)
    writer.write(missing)
    for levels in levels { writer.write(levels) }
    writer.write(refused) { writer, refused in
      writer.write(refused.column)
      writer.write(refused.kind)
      writer.write(refused.count)
    }
    writer.write(ring)
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let counts = try reader.readInts()
    guard counts.count == 6, counts.allSatisfy({ $0 >= 0 }) else { throw .corrupt }
    (rows, firstEvent, refusedRows) = (counts[0], counts[1], counts[2])
    (labelled, gapEvent, seen) = (counts[3], counts[4], counts[5])
    let numbers = try reader.readDoubles(count: 9)
    (targetSum, targetSquares, targetShift) = (numbers[0], numbers[1], numbers[2])
    (timeBefore, firstTime) = (numbers[3], numbers[4])
    (lastTime, longestGap) = (numbers[5], numbers[6])
    (targetLeast, targetMost) = (numbers[7], numbers[8])
    recentTargets = try reader.readDoubles(count: RowBlock.recentRows)
    hasTargetShift = try reader.readBool()
    sums.numbers = try reader.readDoubles(count: sums.numbers.count)
    missing = try reader.readInts()
    guard missing.count == width else { throw .corrupt }
    for category in levels.indices { levels[category] = try reader.readInt32s() }
    refused = try reader.readList { reader throws(SnapshotError) in
      Refused(
        column: try reader.readOptionalString(), kind: try reader.readString(),
        count: try reader.readInt())
    }
    ring = try reader.readDoubles(count: ring.count)
  }
}
