import CLanes

/// Where the fields of a record end.
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
    return Int(
      weir_field_ends(record.start, Int64(record.count), delimiter, Int64(limit), positions))
  }
}
