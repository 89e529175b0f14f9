package import Batches
import Kernels
import Snapshots
package import Statistics

/// What the columns of an input are like: for each, counts, moments, quantiles, distinct values and those that come most
/// often, in one pass and bounded memory.
///
/// It takes the blocks of `RowBlock`, so that it does not depend on how the input was cut, and two profiles of two parts
/// of a stream are joined to one of the whole: counts exactly, moments up to rounding, sketches within their bounds.
/// Numbers are as they stood, missing ones left out; of those that are derived it is what the model gets.
///
/// What each number costs is what a stream of many columns can afford, so a long stream is sampled for quantiles and
/// distinct values: of its first `sketchedRows` rows every one, then one of two up to twice as many, one of four, and so
/// on; a quantile's rank is off by 1/√(4·sketchedRows) more, 0.8 % at most. `sketchedRows` = 0 takes every row.
package struct Profile: Snapshotted, Sendable {
  /// A column of numbers.
  package struct Number: Sendable {
    package let name: String
    package let isDerived: Bool
    package internal(set) var values = Moments()
    package internal(set) var missing = 0
    package internal(set) var quantiles: QuantileSketch
    package internal(set) var distinct = DistinctCount()
    package internal(set) var relation = PairMoments()
    package internal(set) var means: BlockMeans
    package internal(set) var blocks = SampledMeans()
  }

  /// A column of categories.
  package struct Category: Sendable {
    package let name: String
    package internal(set) var count = 0
    package internal(set) var missing = 0
    package internal(set) var distinct = DistinctCount(precision: 12)
    package internal(set) var top = FrequentItems()
    /// What the values are called, by their hashes; those beyond `LevelNames.most` are not there.
    package internal(set) var names: [UInt64: String] = [:]
    package internal(set) var hasAllNames = true
    /// Of whole blocks, how surprising their values were by what had come before.
    package internal(set) var blocks = SampledMeans()
  }

  package let columns: InputColumns
  package static let usualSketchedRows = 4096
  private let sketchedRows: Int
  package internal(set) var rows = 0
  package internal(set) var refused = 0
  package internal(set) var typeErrors: [String: Int] = [:]
  package internal(set) var firstTime: Double?
  package internal(set) var lastTime: Double?
  package internal(set) var longestGap = 0.0
  /// Seconds that a whole block took.
  package internal(set) var blockSeconds = Moments()
  package internal(set) var numbers: [Number]
  package internal(set) var categories: [Category]
  /// What is to be predicted, as it came with the rows; of classes their index.
  package internal(set) var target: Number
  /// Rows whose numbers went into the sketches.
  package internal(set) var looked = 0

  package init(_ columns: InputColumns, sketchedRows: Int = Profile.usualSketchedRows) {
    self.columns = columns
    self.sketchedRows = sketchedRows
    numbers = columns.numbers.prefix(RowBlock.mostNumbers).enumerated().map { j, column in
      Number(
        name: column.name, isDerived: column.isDerived,
        quantiles: QuantileSketch(k: 128, seed: UInt64(j + 1)),
        means: BlockMeans(rowsPerMean: RowBlock.length))
    }
    target = Number(
      name: "", isDerived: false, quantiles: QuantileSketch(k: 128, seed: 0),
      means: BlockMeans(rowsPerMean: RowBlock.length))
    categories = columns.categories.map { Category(name: $0) }
  }

  package mutating func add(_ block: RowBlock) {
    refused += block.refusedRows
    for fault in block.refused {
      let column = fault.column ?? fault.kind
      if typeErrors.count < RowBlock.mostNumbers || typeErrors[column] != nil {
        typeErrors[column, default: 0] += fault.count
      }
    }
    guard block.rows > 0 else { return }
    if !block.firstTime.isNaN {
      firstTime = min(firstTime ?? block.firstTime, block.firstTime)
      lastTime = max(lastTime ?? block.lastTime, block.lastTime)
      longestGap = max(longestGap, block.longestGap)
      if let seconds = block.seconds { blockSeconds.add(seconds) }
    }
    let picked = pick(block)
    looked += picked.places.count
    for j in numbers.indices { add(block, j, picked) }
    addTarget(block, picked)
    for c in categories.indices { add(block.levels[c], c, block.names) }
    rows += block.rows
  }

  /// Which rows of a block go into the sketches, counted from its first, and what level each has there.
  private func pick(_ block: RowBlock) -> (places: [Int], level: Int) {
    guard sketchedRows > 0, rows >= sketchedRows else { return (Array(0..<block.rows), 0) }
    let level = Int.bitWidth - (rows / sketchedRows).leadingZeroBitCount
    let group = 1 << level
    var places: [Int] = []
    // The groups lie from a multiple of their size on, and a block lies in one group or holds several.
    var start = rows & ~(group - 1)
    while start < rows + block.rows {
      var bits = RandomBits(seed: UInt64(start) ^ 0x5052_4F46)
      let row = start + bits.below(group) - rows
      if row >= 0, row < block.rows { places.append(row) }
      start += group
    }
    return (places, level)
  }

  private mutating func add(_ block: RowBlock, _ j: Int, _ picked: (places: [Int], level: Int)) {
    let present = block.present(j)
    numbers[j].missing += block.missing[j]
    numbers[j].means.add(rows: block.rows, present: present, mean: block.mean(j))
    guard present > 0 else { return }
    let (mean, deviations) = (block.mean(j), block.deviations(j))
    if block.rows == RowBlock.length { numbers[j].blocks.add(mean) }
    numbers[j].values.merge(
      Moments(
        count: Double(present), mean: mean, squares: deviations, least: block.sums.least(j),
        most: block.sums.most(j)))
    if block.labelled == block.rows, present == block.rows {
      let n = Double(block.rows)
      numbers[j].relation.merge(
        PairMoments(
          count: n, meanX: mean, meanY: block.targetShift + block.targetSum / n,
          squaresX: deviations,
          squaresY: max(0, block.targetSquares - block.targetSum * block.targetSum / n),
          products: block.sums.products(j) - block.sums.sum(j) * block.targetSum / n))
    }
    for place in picked.places {
      let value = block.recent(j, place, of: block.rows)
      guard !value.isNaN else { continue }
      numbers[j].quantiles.add(value, level: picked.level)
      numbers[j].distinct.add(value)
    }
  }

  private mutating func addTarget(_ block: RowBlock, _ picked: (places: [Int], level: Int)) {
    let (j, present) = (block.target, block.labelled)
    target.missing += block.rows - present
    target.means.add(rows: block.rows, present: present, mean: block.targetMean)
    guard present > 0 else { return }
    if block.rows == RowBlock.length { target.blocks.add(block.targetMean) }
    target.values.merge(
      Moments(
        count: Double(present), mean: block.targetMean, squares: block.deviations(j),
        least: block.least(j), most: block.most(j)))
    for place in picked.places {
      let value = block.recent(j, place, of: block.rows)
      guard !value.isNaN else { continue }
      target.quantiles.add(value, level: picked.level)
      target.distinct.add(value)
    }
  }

  private mutating func add(_ levels: [Int32], _ c: Int, _ names: LevelNames) {
    var counts: [Int32: Int] = [:]
    for level in levels { counts[level, default: 0] += 1 }
    if levels.count == RowBlock.length, categories[c].count >= Profile.settledRows {
      categories[c].blocks.add(surprise(counts, c, names))
    }
    for (level, count) in counts.sorted(by: { $0.key < $1.key }) {
      if level == InputRows.missing { categories[c].missing += count }
      guard let hash = names.hash(level, of: c) else { continue }
      categories[c].count += count
      categories[c].top.add(hash, times: count)
      categories[c].distinct.add(hash: hash)
      guard categories[c].names[hash] == nil else { continue }
      if categories[c].names.count < LevelNames.most,
        let name = names.name(Int(level), of: c)
      {
        categories[c].names[hash] = name
      } else {
        categories[c].hasAllNames = false
      }
    }
  }

  /// Values of a category after which those to come may be called surprising.
  private static let settledRows = 512

  private func surprise(_ counts: [Int32: Int], _ c: Int, _ names: LevelNames) -> Double {
    var (sum, rows) = (0.0, 0)
    for (level, count) in counts.sorted(by: { $0.key < $1.key }) {
      guard let hash = names.hash(level, of: c) else { continue }
      let before = categories[c].top.item(hash)?.count ?? 0
      sum += Double(count) * Reference.surprise(before, of: categories[c].count)
      rows += count
    }
    return rows > 0 ? CategorySurprise.rounded(sum / Double(rows)) : .nan
  }

  /// Adds the profile of a later part of the same input.
  package mutating func merge(_ other: Profile) {
    precondition(other.columns == columns, "profiles of other columns")
    rows += other.rows
    refused += other.refused
    looked += other.looked
    typeErrors.merge(other.typeErrors, uniquingKeysWith: +)
    if let first = other.firstTime { firstTime = min(firstTime ?? first, first) }
    if let last = other.lastTime { lastTime = max(lastTime ?? last, last) }
    longestGap = max(longestGap, other.longestGap)
    blockSeconds.merge(other.blockSeconds)
    for j in numbers.indices { numbers[j].merge(other.numbers[j]) }
    target.merge(other.target)
    for c in categories.indices {
      categories[c].count += other.categories[c].count
      categories[c].missing += other.categories[c].missing
      categories[c].distinct.merge(other.categories[c].distinct)
      categories[c].top.merge(other.categories[c].top)
      categories[c].blocks.merge(other.categories[c].blocks)
      for (hash, name) in other.categories[c].names.sorted(by: { $0.key < $1.key }) {
        if categories[c].names.count < LevelNames.most { categories[c].names[hash] = name }
      }
      categories[c].hasAllNames = categories[c].hasAllNames && other.categories[c].hasAllNames
    }
  }

  /// What checks compare with.
  package var reference: Reference {
    var reference = Reference()
    (reference.rows, reference.refused, reference.typeErrors) = (rows, refused, typeErrors)
    (reference.firstTime, reference.lastTime) = (firstTime, lastTime)
    reference.longestGap = longestGap
    if blockSeconds.count > 0 {
      reference.blockSeconds = Reference.BlockSeconds(
        least: blockSeconds.least, mean: blockSeconds.mean, most: blockSeconds.most)
    }
    reference.columns = columns.all
    for column in numbers { reference.numbers[column.name] = column.reference }
    if target.values.count > 0 { reference.target = target.reference }
    for column in categories {
      var category = Reference.Category()
      (category.count, category.missing) = (column.count, column.missing)
      category.distinct = column.distinct.estimate
      category.top = column.top.top.map { item in
        (column.names[item.key] ?? "#\(String(item.key, radix: 16))", item.count)
      }
      category.known = column.hasAllNames ? Set(column.names.keys) : nil
      // Of a category with more values than are counted one by one, most are equally surprising.
      category.blocks = column.distinct.estimate <= 64 ? column.blocks.means : []
      reference.categories[column.name] = category
    }
    return reference
  }
}
