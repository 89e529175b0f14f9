/// What a JSON row is made of beside its values: the text before each of them, and after the last.
///
///     {"a":1,"in":{"b":"x"}}     {"a":   ,"in":{"b":   }}
///
/// Programs write their rows one like the other. A row with the same text between its values has
/// the same keys in the same objects, so that only the values are left to be read, whatever the
/// order of the keys and the blanks between them. A row may lack members that the template has,
/// where leaving them out leaves objects as they were.
///
/// A template only ever says how a row is read faster: rows that it does not fit are read without it.
final class RowTemplate {
  /// The text before a value, and whose value it is.
  struct Slot {
    fileprivate var first: UInt64 = 0
    fileprivate var firstBits: UInt64 = 0
    fileprivate var second: UInt64 = 0
    fileprivate var secondBits: UInt64 = 0
    fileprivate var length = 0
    fileprivate var offset = 0
    /// -1: no column's.
    fileprivate(set) var column = -1
    /// Whether a row may lack this member and be whole: the text is one comma and one key.
    fileprivate(set) var mayLack = false
  }

  /// One slot for each value and, last, one for the text after them.
  let slots: UnsafeMutablePointer<Slot>
  /// Values that a row has; 0: there is no template yet.
  private(set) var count = 0
  /// Columns that no slot is for.
  private(set) var others: [Int]
  /// Of each column whether a slot is for it, while that is found out.
  private let isThere: UnsafeMutablePointer<Bool>
  private let columnCount: Int
  /// A row with more values than this is not worth keeping room for.
  private let mostValues: Int
  private var text: UnsafeMutablePointer<UInt8>
  private var textRoom = 4096
  /// The values of the row at hand, as they are noted.
  private var values: [(column: Int, bytes: Field)] = []

  init(columns: Int) {
    columnCount = columns
    isThere = .allocate(capacity: columns)
    isThere.initialize(repeating: false, count: columns)
    others = []
    mostValues = 2 * columns + 64
    slots = .allocate(capacity: mostValues + 1)
    text = .allocate(capacity: textRoom)
    values.reserveCapacity(mostValues + 1)
  }

  deinit {
    isThere.deallocate()
    slots.deallocate()
    text.deallocate()
  }

  /// Forgets what was noted.
  func begin() { values.removeAll(keepingCapacity: true) }

  /// Notes the next value of a row that is being read without a template.
  func note(_ column: Int, _ bytes: Field) {
    if values.count <= mostValues { values.append((column, bytes)) }
  }

  /// Makes the row whose values were noted, and in which nothing is wrong, the template.
  func adopt(_ row: Field) {
    count = 0
    guard !values.isEmpty, values.count <= mostValues else { return }
    if row.count > textRoom {
      text.deallocate()
      textRoom = row.count * 2
      text = .allocate(capacity: textRoom)
    }
    var start = row.start
    var used = 0
    for (index, value) in values.enumerated() {
      slots[index] = slot(start, value.bytes.start, at: &used)
      slots[index].column = value.column
      start = value.bytes.end
    }
    slots[values.count] = slot(start, row.end, at: &used)
    count = values.count
    others.removeAll(keepingCapacity: true)
    for value in values where value.column >= 0 { isThere[value.column] = true }
    for column in 0..<columnCount {
      if !isThere[column] { others.append(column) }
      isThere[column] = false
    }
  }

  private func slot(
    _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, at used: inout Int
  ) -> Slot {
    let length = end - start
    (text + used).update(from: start, count: length)
    var slot = Slot()
    (slot.length, slot.offset) = (length, used)
    slot.firstBits = RowTemplate.bits(ofFirst: length)
    slot.secondBits = RowTemplate.bits(ofFirst: length - 8)
    slot.first = RowTemplate.load(start) & slot.firstBits
    slot.second = RowTemplate.load(start + 8) & slot.secondBits
    slot.mayLack = !UnsafeBufferPointer(start: start, count: length).contains {
      $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}")
    }
    used += length
    return slot
  }

  /// Where the text of a slot ends that stands at `cursor`; nil when other text stands there.
  ///
  /// The text holds no line feed, and the row is followed by one: what is loaded past the row's end
  /// differs before it could matter.
  @inline(__always)
  func end(
    of slot: UnsafePointer<Slot>, at cursor: UnsafePointer<UInt8>
  ) -> UnsafePointer<UInt8>? {
    let first = (RowTemplate.load(cursor) ^ slot.pointee.first) & slot.pointee.firstBits
    let second = (RowTemplate.load(cursor + 8) ^ slot.pointee.second) & slot.pointee.secondBits
    guard first | second == 0 else { return nil }
    let length = slot.pointee.length
    guard length <= 16 || isSame(slot, cursor) else { return nil }
    return cursor + length
  }

  /// Whether what stands from the 17th byte on is the slot's text too.
  @inline(__always)
  private func isSame(_ slot: UnsafePointer<Slot>, _ cursor: UnsafePointer<UInt8>) -> Bool {
    let text = UnsafePointer(text) + slot.pointee.offset
    let last = slot.pointee.length &- 8
    var place = 16
    while place < last {
      guard RowTemplate.load(text + place) == RowTemplate.load(cursor + place) else { return false }
      place &+= 8
    }
    return RowTemplate.load(text + last) == RowTemplate.load(cursor + last)
  }

  /// The bits of a word's first `count` bytes; all for more than it has.
  private static func bits(ofFirst count: Int) -> UInt64 {
    count <= 0 ? 0 : ~0 >> UInt64(64 - 8 * min(count, 8))
  }

  @inline(__always)
  private static func load(_ pointer: UnsafePointer<UInt8>) -> UInt64 {
    UInt64(littleEndian: UnsafeRawPointer(pointer).loadUnaligned(as: UInt64.self))
  }
}
