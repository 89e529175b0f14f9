/// CRC-32 as in IEEE 802.3, gzip and PNG (reflected polynomial 0xEDB88320).
package enum Checksum {
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in
      value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1
    }
  }

  package static func crc32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var value: UInt32 = ~0
    for byte in bytes { value = value >> 8 ^ table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] }
    return ~value
  }
}
