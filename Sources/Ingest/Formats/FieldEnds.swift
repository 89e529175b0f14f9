/// Where the fields of a record end, found eight bytes at a time.
final class FieldEnds {
  /// Offsets from the record's start, one for each field.
  let positions: UnsafeMutablePointer<Int32>
  private let capacity: Int

  init(capacity: Int) {
    self.capacity = capacity
    // A word may hold eight delimiters more than there is room for.
    positions = .allocate(capacity: capacity + 9)
  }

  deinit { positions.deallocate() }

  /// Writes the ends of the record's fields and returns how many fields there are; past `limit`,
  /// they are only counted.
  func find(_ delimiter: UInt8, in record: Field, atMost limit: Int) -> Int {
    precondition(limit <= capacity, "\(limit) fields in room for \(capacity)")
    let pattern = UInt64(delimiter) &* 0x0101_0101_0101_0101
    let low: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
    let length = record.count
    var found = 0
    var offset = 0
    while offset < length {
      let word = UnsafeRawPointer(record.start + offset).loadUnaligned(as: UInt64.self)
      let difference = UInt64(littleEndian: word) ^ pattern
      // The top bit of a byte is set exactly where the byte is the delimiter: no borrow, no carry.
      var hits = ~((difference & low &+ low) | difference | low)
      if offset &+ 8 > length { hits &= ~0 >> UInt64(8 * (offset &+ 8 &- length)) }
      if found > limit {
        found &+= hits.nonzeroBitCount
      } else {
        while hits != 0 {
          if found <= limit {
            positions[found] = Int32(truncatingIfNeeded: offset &+ hits.trailingZeroBitCount >> 3)
          }
          found &+= 1
          hits &= hits &- 1
        }
      }
      offset &+= 8
    }
    if found <= limit { positions[found] = Int32(truncatingIfNeeded: length) }
    return found + 1
  }
}
