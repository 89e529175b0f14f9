package import Snapshots

/// A few rows on their way through the engine: owned once, lent to every step.
///
/// Shapes, for `count` rows of `denseWidth` numeric features:
///
///     dense     count × stride, row-major; stride = denseWidth rounded up to 4, the rest zeros
///     sparse    for row i the triples (index, value, family) from sparseStarts[i] to
///               sparseStarts[i+1]; indices count from 0 and grow as categories appear; the family
///               tells what the feature is a level of (`FeatureFamily`)
///     target    count; a number, or the class's index; NaN where no label came
///     weight    count; importance, 1 unless a column says otherwise
///     time      count; seconds since 1970, NaN where no column tells
///     line      count; the row's first line in its source, from 1
///     absent    a bit for each dense feature of each row: no value stood there, the one that does is a substitute
///
/// Memory is taken when the batch is made (sparse pairs and ids may grow it) and reused for ever.
package struct MicroBatch: ~Copyable {
  package let capacity: Int
  package let denseWidth: Int
  package let stride: Int
  package private(set) var count = 0
  /// One more than the largest sparse index that any row so far has used.
  package private(set) var sparseWidth = 0

  private let denseStorage: UnsafeMutablePointer<Double>
  private let targetStorage: UnsafeMutablePointer<Double>
  private let weightStorage: UnsafeMutablePointer<Double>
  private let timeStorage: UnsafeMutablePointer<Double>
  private let lineStorage: UnsafeMutablePointer<Int>
  private let starts: UnsafeMutablePointer<Int>
  /// For each row one more than its largest sparse index.
  private let widths: UnsafeMutablePointer<Int32>
  /// The same of the row in the making.
  private var rowWidth: Int32 = 0
  /// 64 features a word, `absentWords` a row.
  private let absentStorage: UnsafeMutablePointer<UInt64>
  private let absentWords: Int
  /// Whether any feature of any row is absent.
  package private(set) var hasAbsent = false
  private var sparseCapacity: Int
  private var sparseCount = 0
  private var indexStorage: UnsafeMutablePointer<Int32>
  private var valueStorage: UnsafeMutablePointer<Double>
  private var familyStorage: UnsafeMutablePointer<Int16>
  private var idBytes: [UInt8] = []
  private var idStarts: [Int] = [0]
  /// What each row has to do with its label; empty where labels are not joined by id.
  private var tickets: [LabelTicket] = []
  /// What stood in the input beside the features, where it is watched.
  package var input = InputRows()

  /// Room for `capacity` rows of `denseWidth` dense features.
  package init(capacity: Int, denseWidth: Int) {
    precondition(capacity > 0, "a batch of \(capacity) rows")
    precondition(denseWidth >= 0, "a row of \(denseWidth) features")
    self.capacity = capacity
    self.denseWidth = denseWidth
    stride = (denseWidth + 3) & ~3
    denseStorage = .allocate(capacity: max(capacity * stride, 1))
    denseStorage.initialize(repeating: 0, count: max(capacity * stride, 1))
    targetStorage = .allocate(capacity: capacity)
    weightStorage = .allocate(capacity: capacity)
    timeStorage = .allocate(capacity: capacity)
    lineStorage = .allocate(capacity: capacity)
    absentWords = (denseWidth + 63) / 64
    absentStorage = .allocate(capacity: max(capacity * absentWords, 1))
    absentStorage.initialize(repeating: 0, count: max(capacity * absentWords, 1))
    starts = .allocate(capacity: capacity + 1)
    starts[0] = 0
    widths = .allocate(capacity: capacity)
    sparseCapacity = capacity * 4
    indexStorage = .allocate(capacity: sparseCapacity)
    valueStorage = .allocate(capacity: sparseCapacity)
    familyStorage = .allocate(capacity: sparseCapacity)
  }

  deinit {
    denseStorage.deallocate()
    targetStorage.deallocate()
    weightStorage.deallocate()
    timeStorage.deallocate()
    lineStorage.deallocate()
    absentStorage.deallocate()
    starts.deallocate()
    widths.deallocate()
    indexStorage.deallocate()
    valueStorage.deallocate()
    familyStorage.deallocate()
  }
}

// MARK: - Reading

extension MicroBatch {
  package var isFull: Bool { count == capacity }

  /// The dense features of row `i`: `stride` elements.
  package func dense(_ i: Int) -> UnsafePointer<Double> { UnsafePointer(denseStorage + i * stride) }
  /// Whether no value stood where row `i` has dense feature `j`.
  package func isAbsent(_ i: Int, _ j: Int) -> Bool {
    hasAbsent && absentStorage[i * absentWords + j >> 6] >> UInt64(j & 63) & 1 == 1
  }
  /// All targets, `count` elements.
  package var targets: UnsafePointer<Double> { UnsafePointer(targetStorage) }
  /// All weights, `count` elements.
  package var weights: UnsafePointer<Double> { UnsafePointer(weightStorage) }
  /// All times, `count` elements.
  package var times: UnsafePointer<Double> { UnsafePointer(timeStorage) }
  /// All line numbers, `count` elements.
  package var lines: UnsafePointer<Int> { UnsafePointer(lineStorage) }
  /// The sparse features of row `i`.
  package func sparse(_ i: Int) -> SparseRow {
    SparseRow(
      indices: UnsafePointer(indexStorage + starts[i]),
      values: UnsafePointer(valueStorage + starts[i]),
      families: UnsafePointer(familyStorage + starts[i]), count: starts[i + 1] - starts[i])
  }
  /// One more than the largest sparse index in `rows`; 0 when they have none.
  package func sparseWidth(of rows: Range<Int>) -> Int {
    var width: Int32 = 0
    for row in rows { width = max(width, widths[row]) }
    return Int(width)
  }
  /// The id of row `i` as it stood in the source; empty when there is no id column.
  package func id(_ i: Int) -> ArraySlice<UInt8> {
    i + 1 < idStarts.count ? idBytes[idStarts[i]..<idStarts[i + 1]] : []
  }
  /// What row `i` has to do with its label.
  package func ticket(_ i: Int) -> LabelTicket {
    i < tickets.count ? tickets[i] : LabelTicket(.whole)
  }
}

/// The sparse features of one row: `count` triples of an index, a value and a family.
package struct SparseRow {
  package let indices: UnsafePointer<Int32>
  package let values: UnsafePointer<Double>
  package let families: UnsafePointer<Int16>
  package let count: Int
}

// MARK: - Filling

extension MicroBatch {
  /// Forgets every row; memory stays.
  package mutating func removeAll() {
    count = 0
    sparseCount = 0
    sparseWidth = 0
    if hasAbsent {
      absentStorage.update(repeating: 0, count: capacity * absentWords)
      hasAbsent = false
    }
    idBytes.removeAll(keepingCapacity: true)
    idStarts.removeAll(keepingCapacity: true)
    idStarts.append(0)
    tickets.removeAll(keepingCapacity: true)
    input.removeAll()
  }

  /// Where the next row's dense features go; `denseWidth` elements, the padding is not to be touched.
  ///
  /// Mutating, as others of another module would be handed a copy of the whole struct: 3 % of a run.
  package var nextDense: UnsafeMutablePointer<Double> {
    mutating get {
      precondition(count < capacity, "row \(count) in a batch of \(capacity)")
      return denseStorage + count * stride
    }
  }

  /// Says of the row in the making that no value stood where it has dense feature `j`.
  package mutating func markAbsent(_ j: Int) {
    absentStorage[count * absentWords + j >> 6] |= 1 << UInt64(j & 63)
    hasAbsent = true
  }

  /// Adds a sparse feature to the row in the making.
  package mutating func addSparse(_ index: Int, _ value: Double, family: Int = 0) {
    if sparseCount == sparseCapacity { growSparse() }
    familyStorage[sparseCount] = Int16(truncatingIfNeeded: family)
    indexStorage[sparseCount] = Int32(truncatingIfNeeded: index)
    valueStorage[sparseCount] = value
    sparseCount += 1
    rowWidth = max(rowWidth, Int32(truncatingIfNeeded: index + 1))
  }

  /// Adds sparse features that belong to no family to the row in the making; the last ones, as families come in
  /// ascending order.
  package mutating func addSparse(
    _ indices: UnsafePointer<Int32>, _ values: UnsafePointer<Double>, count: Int
  ) {
    while sparseCount + count > sparseCapacity { growSparse() }
    (indexStorage + sparseCount).update(from: indices, count: count)
    (valueStorage + sparseCount).update(from: values, count: count)
    (familyStorage + sparseCount).update(repeating: FeatureFamily.none, count: count)
    sparseCount += count
    var width = rowWidth
    for k in 0..<count { width = max(width, indices[k] &+ 1) }
    rowWidth = width
  }

  /// Makes the row in the making row `count`.
  package mutating func endRow(target: Double, weight: Double, time: Double, line: Int) {
    targetStorage[count] = target
    weightStorage[count] = weight
    timeStorage[count] = time
    lineStorage[count] = line
    widths[count] = rowWidth
    sparseWidth = max(sparseWidth, Int(rowWidth))
    rowWidth = 0
    count += 1
    starts[count] = sparseCount
  }

  /// Gives the row that was ended last its id.
  package mutating func setLastID(_ bytes: UnsafeRawBufferPointer) {
    while idStarts.count < count { idStarts.append(idBytes.count) }
    idBytes.append(contentsOf: bytes)
    idStarts.append(idBytes.count)
  }

  /// Says of the row that was ended last what it has to do with its label. Of all rows of a batch, or of none.
  package mutating func setLastTicket(_ ticket: LabelTicket) {
    precondition(tickets.count == count - 1, "\(tickets.count) tickets before row \(count - 1)")
    tickets.append(ticket)
  }

  /// Gives row `i` the label that has come for it.
  package mutating func setLabel(_ i: Int, _ label: Double, weight: Double) {
    targetStorage[i] = label
    weightStorage[i] = weight
  }

  /// Appends row `i` of another batch of the same width, without its id.
  package mutating func append(row i: Int, of other: borrowing MicroBatch) {
    precondition(
      other.denseWidth == denseWidth, "\(other.denseWidth) features for \(denseWidth)")
    nextDense.update(from: other.dense(i), count: stride)
    if other.hasAbsent {
      for j in 0..<denseWidth where other.isAbsent(i, j) { markAbsent(j) }
    }
    addSparse(other.sparse(i), width: other.widths[i])
    endRow(
      target: other.targets[i], weight: other.weights[i], time: other.times[i],
      line: other.lines[i])
  }

  private mutating func addSparse(_ row: SparseRow, width: Int32) {
    while sparseCount + row.count > sparseCapacity { growSparse() }
    (indexStorage + sparseCount).update(from: row.indices, count: row.count)
    (valueStorage + sparseCount).update(from: row.values, count: row.count)
    (familyStorage + sparseCount).update(from: row.families, count: row.count)
    sparseCount += row.count
    rowWidth = width
  }

  private mutating func growSparse() {
    let wider = sparseCapacity * 2
    let indices = UnsafeMutablePointer<Int32>.allocate(capacity: wider)
    let values = UnsafeMutablePointer<Double>.allocate(capacity: wider)
    indices.update(from: indexStorage, count: sparseCount)
    let families = UnsafeMutablePointer<Int16>.allocate(capacity: wider)
    values.update(from: valueStorage, count: sparseCount)
    families.update(from: familyStorage, count: sparseCount)
    indexStorage.deallocate()
    valueStorage.deallocate()
    familyStorage.deallocate()
    (indexStorage, valueStorage, familyStorage) = (indices, values, families)
    sparseCapacity = wider
  }
}

// MARK: - Snapshots

extension MicroBatch {
  /// Writes the rows, not the room.
  package func write(to writer: inout SnapshotWriter) {
    writer.write(count)
    writer.write(UnsafeBufferPointer(start: denseStorage, count: count * stride))
    for numbers in [targetStorage, weightStorage, timeStorage] {
      writer.write(UnsafeBufferPointer(start: numbers, count: count))
    }
    writer.write(UnsafeBufferPointer(start: lineStorage, count: count))
    writer.write(hasAbsent)
    if hasAbsent {
      writer.write(UnsafeBufferPointer(start: absentStorage, count: count * absentWords))
    }
    writer.write(UnsafeBufferPointer(start: starts, count: count + 1))
    writer.write(UnsafeBufferPointer(start: widths, count: count))
    writer.write(UnsafeBufferPointer(start: indexStorage, count: sparseCount))
    writer.write(UnsafeBufferPointer(start: valueStorage, count: sparseCount))
    writer.write(UnsafeBufferPointer(start: familyStorage, count: sparseCount))
    writer.write(idBytes)
    writer.write(idStarts)
  }

  /// Reads rows of `denseWidth` features into a batch with room for `least` at least.
  package static func read(
    denseWidth: Int, capacity least: Int, from reader: inout SnapshotReader
  ) throws(SnapshotError) -> MicroBatch {
    let rows = try reader.readInt()
    // A row takes five words at least: more cannot be there, and must not be made room for.
    guard rows >= 0, rows <= reader.left / 40 else { throw .corrupt }
    var batch = MicroBatch(capacity: max(rows, least, 1), denseWidth: denseWidth)
    try batch.take(rows, from: &reader)
    return batch
  }

  private mutating func take(
    _ rows: Int, from reader: inout SnapshotReader
  ) throws(SnapshotError) {
    try reader.read(into: UnsafeMutableBufferPointer(start: denseStorage, count: rows * stride))
    for numbers in [targetStorage, weightStorage, timeStorage] {
      try reader.read(into: UnsafeMutableBufferPointer(start: numbers, count: rows))
    }
    try reader.read(into: UnsafeMutableBufferPointer(start: lineStorage, count: rows))
    hasAbsent = try reader.readBool()
    if hasAbsent {
      try reader.read(
        into: UnsafeMutableBufferPointer(start: absentStorage, count: rows * absentWords))
    }
    try reader.read(into: UnsafeMutableBufferPointer(start: starts, count: rows + 1))
    try reader.read(into: UnsafeMutableBufferPointer(start: widths, count: rows))
    let pairs = starts[rows]
    guard pairs >= 0, starts[0] == 0 else { throw .corrupt }
    for row in 0..<rows where starts[row] > starts[row + 1] { throw .corrupt }
    while sparseCapacity < pairs { growSparse() }
    try reader.read(into: UnsafeMutableBufferPointer(start: indexStorage, count: pairs))
    try reader.read(into: UnsafeMutableBufferPointer(start: valueStorage, count: pairs))
    try reader.read(into: UnsafeMutableBufferPointer(start: familyStorage, count: pairs))
    sparseCount = pairs
    count = rows
    for row in 0..<rows { sparseWidth = max(sparseWidth, Int(widths[row])) }
    idBytes = try reader.readBytes()
    idStarts = try reader.readInts()
    guard idStarts.last ?? 0 <= idBytes.count, !idStarts.isEmpty else { throw .corrupt }
  }
}
