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

  /// Reads a payload that stood whole in another snapshot.
  package init(payload: [UInt8]) {
    bytes = payload[...]
    cursor = 0
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

  package mutating func readDoubles() throws(SnapshotError) -> [Double] { try readNumbers(0) }
  package mutating func readInts() throws(SnapshotError) -> [Int] { try readNumbers(0) }
  package mutating func readWords() throws(SnapshotError) -> [UInt64] { try readNumbers(0) }
  package mutating func readInt32s() throws(SnapshotError) -> [Int32] { try readNumbers(0) }
  package mutating func readBytes() throws(SnapshotError) -> [UInt8] { try readNumbers(0) }

  private mutating func readNumbers<Number: BitwiseCopyable>(
    _ zero: Number
  ) throws(SnapshotError) -> [Number] {
    let size = MemoryLayout<Number>.stride
    let count = try readCount(ofSize: size)
    let start = cursor
    cursor += count * size
    let piece = bytes[start..<cursor]
    return Array(unsafeUninitializedCapacity: count) { buffer, filled in
      piece.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
      filled = count
    }
  }

  /// As many numbers as `buffer` has room for; any other count is refused.
  package mutating func read<Number: BitwiseCopyable>(
    into buffer: UnsafeMutableBufferPointer<Number>
  ) throws(SnapshotError) {
    let size = MemoryLayout<Number>.stride
    guard try readCount(ofSize: size) == buffer.count else { throw .corrupt }
    let start = cursor
    cursor += buffer.count * size
    bytes[start..<cursor].withUnsafeBytes {
      UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0)
    }
  }

  package mutating func readStrings() throws(SnapshotError) -> [String] {
    let count = try readCount(ofSize: 8)
    var values: [String] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(try readString()) }
    return values
  }

  package mutating func readOptionalDouble() throws(SnapshotError) -> Double? {
    try readBool() ? try readDouble() : nil
  }

  package mutating func readOptionalInt() throws(SnapshotError) -> Int? {
    try readBool() ? try readInt() : nil
  }

  package mutating func readOptionalString() throws(SnapshotError) -> String? {
    try readBool() ? try readString() : nil
  }

  /// A list of anything, each by `body`; an element takes at least `size` bytes.
  package mutating func readList<Element>(
    ofSize size: Int = 1, _ body: (inout SnapshotReader) throws(SnapshotError) -> Element
  ) throws(SnapshotError) -> [Element] {
    let count = try readCount(ofSize: size)
    var values: [Element] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(try body(&self)) }
    return values
  }

  /// The same numbers, of which there have to be as many.
  package mutating func readDoubles(count: Int) throws(SnapshotError) -> [Double] {
    let values = try readDoubles()
    guard values.count == count else { throw .corrupt }
    return values
  }

  /// Bytes that have not been read.
  package var left: Int { bytes.endIndex - cursor }

  package mutating func readCount(ofSize size: Int) throws(SnapshotError) -> Int {
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
