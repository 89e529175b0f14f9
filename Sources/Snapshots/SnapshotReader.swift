/// Reads what a `SnapshotWriter` wrote; refuses anything cut short, changed, newer or foreign.
package struct SnapshotReader {
  private let bytes: ArraySlice<UInt8>
  private var cursor: Int

  /// Checks magic, version, length and checksum before a single field is read.
  package init(_ sealed: [UInt8]) throws(SnapshotError) {
    guard sealed.count >= 20 else { throw .truncated(expected: 20, found: sealed.count) }
    guard sealed.starts(with: SnapshotWriter.magic) else { throw .foreign }
    let version = UInt32(SnapshotReader.word(sealed, at: 4, bytes: 4))
    guard version <= SnapshotWriter.version else { throw .newer(version: version) }
    guard version > 0 else { throw .corrupt }
    let length = SnapshotReader.word(sealed, at: 8, bytes: 8)
    guard length == UInt64(sealed.count - 20) else {
      let expected = length > UInt64(Int.max - 20) ? Int.max : Int(length) + 20
      throw .truncated(expected: expected, found: sealed.count)
    }
    bytes = sealed[16..<(sealed.count - 4)]
    let stored = UInt32(SnapshotReader.word(sealed, at: sealed.count - 4, bytes: 4))
    guard stored == Checksum.crc32(bytes) else { throw .corrupt }
    cursor = 16
  }

  private static func word(_ bytes: [UInt8], at offset: Int, bytes count: Int) -> UInt64 {
    var value: UInt64 = 0
    for i in (0..<count).reversed() { value = value << 8 | UInt64(bytes[offset + i]) }
    return value
  }

  package mutating func readWord() throws(SnapshotError) -> UInt64 {
    guard cursor + 8 <= bytes.endIndex else { throw .corrupt }
    var value: UInt64 = 0
    for i in (0..<8).reversed() { value = value << 8 | UInt64(bytes[cursor + i]) }
    cursor += 8
    return value
  }

  package mutating func readInt() throws(SnapshotError) -> Int {
    Int(Int64(bitPattern: try readWord()))
  }

  package mutating func readDouble() throws(SnapshotError) -> Double {
    Double(bitPattern: try readWord())
  }

  package mutating func readBool() throws(SnapshotError) -> Bool {
    guard cursor < bytes.endIndex else { throw .corrupt }
    cursor += 1
    return bytes[cursor - 1] != 0
  }

  package mutating func readString() throws(SnapshotError) -> String {
    let count = try readCount(ofSize: 1)
    cursor += count
    return String(decoding: bytes[(cursor - count)..<cursor], as: UTF8.self)
  }

  package mutating func readDoubles() throws(SnapshotError) -> [Double] {
    let count = try readCount(ofSize: 8)
    var values: [Double] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(try readDouble()) }
    return values
  }

  package mutating func readInts() throws(SnapshotError) -> [Int] {
    let count = try readCount(ofSize: 8)
    var values: [Int] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(try readInt()) }
    return values
  }

  private mutating func readCount(ofSize size: Int) throws(SnapshotError) -> Int {
    let count = try readInt()
    guard count >= 0, count <= (bytes.endIndex - cursor) / size else { throw .corrupt }
    return count
  }
}

/// Why a snapshot was refused, and what to do.
package enum SnapshotError: Error, Equatable {
  case foreign
  case newer(version: UInt32)
  case truncated(expected: Int, found: Int)
  case corrupt

  package var message: String {
    switch self {
    case .foreign:
      "not a Weir snapshot (it does not begin with WEIR); check the path"
    case .newer(let version):
      "written in snapshot format \(version), newer than this program reads "
        + "(\(SnapshotWriter.version)); use the newer weir"
    case .truncated(let expected, let found):
      "cut short: \(expected) bytes expected, \(found) found; use an earlier snapshot"
    case .corrupt:
      "damaged: its checksum does not match its content; use an earlier snapshot"
    }
  }
}
