import Kernels

/// Some records that stand one after another, on their way through parsing: the framing thread puts a copy of them in,
/// any thread parses them all, and the encoding thread takes them row by row.
///
/// It has a format of its own, so that two blocks have nothing in common.
final class RecordBlock: @unchecked Sendable {
  /// Small enough that what is taken up by a few of them stays in a core's cache.
  static let mostRows = 64
  private static let margin = 64

  /// What comes after a block's records.
  enum Ending {
    case more
    case late
    case end
    case interrupted
    case failure(IngestError)
  }

  /// Where a record stands in the block, and in the input.
  private struct Place {
    let start: Int
    let end: Int
    let line: Int
    let offset: Int
    let hasQuotes: Bool
  }

  /// How often this block has been parsed.
  let parsed = Milestone(patience: 20_000)
  private var storage: UnsafeMutablePointer<UInt8>
  private var capacity = 1 << 14
  private var used = RecordBlock.margin
  private var places: [Place] = []
  /// Records that could not be framed, with the number of the row before which each stood.
  private(set) var refusals: [(row: Int, refusal: Refusal)] = []
  private(set) var ending = Ending.more
  private var format: any RecordFormat
  private let columns: [RowColumns]
  private var faults: [(row: Int, fault: Fault)] = []

  init(_ format: any RecordFormat, columns count: Int) {
    self.format = format.forked()
    columns = (0..<RecordBlock.mostRows).map { _ in RowColumns(count: count) }
    storage = .allocate(capacity: capacity)
    storage.initialize(repeating: 0x0A, count: capacity)
    places.reserveCapacity(RecordBlock.mostRows)
  }

  deinit { storage.deallocate() }

  var count: Int { places.count }

  // MARK: - Framing

  /// Takes records from the reader until the block is full or the reader has no more at hand.
  func fill(_ reader: inout RecordReader) {
    places.removeAll(keepingCapacity: true)
    refusals.removeAll(keepingCapacity: true)
    faults.removeAll(keepingCapacity: true)
    used = RecordBlock.margin
    ending = .more
    let now = MonotonicTime.now()
    do throws(IngestError) {
      while places.count < RecordBlock.mostRows, refusals.count < RecordBlock.mostRows {
        switch try reader.next(until: now) {
        case .record(let record): add(record)
        case .refused(let refusal): refusals.append((places.count, refusal))
        case .late: return ending = .late
        case .end: return ending = .end
        case .interrupted: return ending = .interrupted
        }
      }
    } catch {
      ending = .failure(error)
    }
  }

  private func add(_ record: Record) {
    let length = record.body.count
    if used + length + RecordBlock.margin > capacity { grow(by: length) }
    (storage + used).update(from: record.body.start, count: length)
    // What ends any number.
    storage[used + length] = 0x0A
    places.append(
      Place(
        start: used, end: used + length, line: record.line, offset: record.offset,
        hasQuotes: record.hasQuotes))
    used += length + 1
  }

  private func grow(by more: Int) {
    let wider = 2 * (capacity + more + RecordBlock.margin)
    let fresh = UnsafeMutablePointer<UInt8>.allocate(capacity: wider)
    fresh.initialize(repeating: 0x0A, count: wider)
    fresh.update(from: storage, count: used)
    storage.deallocate()
    (storage, capacity) = (fresh, wider)
  }

  // MARK: - Parsing

  func parse() {
    format.forgetFields()
    for row in 0..<places.count {
      if let fault = format.parse(record(row), into: columns[row]) { faults.append((row, fault)) }
    }
  }

  // MARK: - Taking

  func record(_ row: Int) -> Record {
    let place = places[row]
    return Record(
      body: Field(
        start: UnsafePointer(storage + place.start), end: UnsafePointer(storage + place.end)),
      line: place.line, offset: place.offset, hasQuotes: place.hasQuotes)
  }

  func line(_ row: Int) -> Int { places[row].line }

  func offset(_ row: Int) -> Int { places[row].offset }

  func columns(_ row: Int) -> RowColumns { columns[row] }

  /// Why row `row` could not be parsed. Rows are to be asked for in order.
  func takeFault(_ row: Int) -> Fault? {
    guard !faults.isEmpty, faults[0].row == row else { return nil }
    return faults.removeFirst().fault
  }

  /// The next record before row `row` that could not be framed.
  func takeRefusal(before row: Int) -> Refusal? {
    guard !refusals.isEmpty, refusals[0].row <= row else { return nil }
    return refusals.removeFirst().refusal
  }
}
