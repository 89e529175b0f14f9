import CLanes

/// Where the tokens of a record end: every blank, tab and colon and one byte more, found 64 bytes at a time.
final class TokenEnds {
  /// Offsets from the record's start; after the last one, as often as it is asked for, the record's length.
  private(set) var positions: UnsafeMutablePointer<Int32>
  private var capacity = 1024

  init() { positions = .allocate(capacity: capacity) }

  deinit { positions.deallocate() }

  /// Returns how many there are, the record's end among them. 64 bytes after the record's last must be readable.
  func find(or other: UInt8, in record: Field) -> Int {
    let length = record.count
    // A byte may end a token; one block may write eight more than it has, and two that end the record follow.
    if capacity < length + 80 {
      positions.deallocate()
      capacity = 2 * (length + 80)
      positions = .allocate(capacity: capacity)
    }
    let positions = positions
    var found = 0
    var offset = 0
    while offset < length {
      var hits = weir_token_ends(record.start + offset, other)
      if length &- offset < 64 { hits &= (1 &<< UInt64(length &- offset)) &- 1 }
      let count = hits.nonzeroBitCount
      // Eight at a time, though there may be fewer: what is no end is overwritten by the next block.
      var written = 0
      repeat {
        for _ in 0..<8 {
          positions[found &+ written] = Int32(
            truncatingIfNeeded: offset &+ hits.trailingZeroBitCount)
          hits &= hits &- 1
          written &+= 1
        }
      } while written < count
      found &+= count
      offset &+= 64
    }
    positions[found] = Int32(truncatingIfNeeded: length)
    positions[found + 1] = Int32(truncatingIfNeeded: length)
    return found + 1
  }
}
