import CLanes

/// Where the fields of a record end, found 64 bytes at a time.
final class FieldEnds {
  /// Offsets from the record's start, one for each field; before the first stands −1.
  let positions: UnsafeMutablePointer<Int32>
  private let storage: UnsafeMutablePointer<Int32>
  private let capacity: Int

  init(capacity: Int) {
    self.capacity = capacity
    // One block may hold 64 delimiters more than there is room for.
    let room = 8 + capacity + 65
    storage = .allocate(capacity: room)
    storage.initialize(repeating: -1, count: room)
    positions = storage + 8
  }

  deinit { storage.deallocate() }

  /// Lets seven fields of no bytes follow the first `count`, for who takes eight at a time.
  @inline(__always)
  func pad(after count: Int) {
    UnsafeMutableRawPointer(positions + count).storeBytes(
      of: SIMD8(repeating: positions[count - 1]), as: SIMD8<Int32>.self)
  }

  /// Writes the ends of the record's fields and returns how many fields there are; past `limit`,
  /// they are only counted. 64 bytes after the record's last must be readable.
  func find(_ delimiter: UInt8, in record: Field, atMost limit: Int) -> Int {
    precondition(limit <= capacity, "\(limit) fields in room for \(capacity)")
    let positions = positions
    let length = record.count
    var found = 0
    var offset = 0
    while offset < length {
      var hits = weir_equal_bytes(record.start + offset, delimiter)
      if length &- offset < 64 { hits &= (1 &<< UInt64(length &- offset)) &- 1 }
      let count = hits.nonzeroBitCount
      if found < limit {
        // Eight at a time, though there may be fewer: what is no end is overwritten by the next
        // block. A loop over the hits would have the processor guess their number at every block.
        var written = 0
        repeat {
          for _ in 0..<8 {
            positions[found &+ written] = Int32(
              truncatingIfNeeded: offset &+ hits.trailingZeroBitCount)
            hits &= hits &- 1
            written &+= 1
          }
        } while written < count
      }
      found &+= count
      offset &+= 64
    }
    if found < limit { positions[found] = Int32(truncatingIfNeeded: length) }
    return found + 1
  }
}
