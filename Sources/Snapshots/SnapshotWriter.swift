/// Writes a snapshot: the state of something that can be put to sleep and woken, bit for bit.
///
/// Layout of a sealed snapshot, little endian throughout:
///
///     offset  size  field
///     0       4     magic, the bytes "WEIR"
///     4       4     format version, UInt32 (now 1)
///     8       8     payload length in bytes, UInt64
///     16      n     payload: the fields in the order they were written, without tags
///     16+n    4     CRC-32 (IEEE 802.3) of the payload, UInt32
///
/// A Double is its bit pattern; an Int is 64 bits; a String or an array is its count and then its
/// elements; an optional is a Bool and then the value.
package struct SnapshotWriter: Sendable {
  package static let magic: [UInt8] = Array("WEIR".utf8)
  package static let version: UInt32 = 1

  /// What was written, without header and checksum.
  package private(set) var payload: [UInt8] = []

  package init() {}

  package mutating func write(_ value: UInt64) {
    withUnsafeBytes(of: value.littleEndian) { payload.append(contentsOf: $0) }
  }

  package mutating func write(_ value: Int) { write(UInt64(bitPattern: Int64(value))) }
  package mutating func write(_ value: Double) { write(value.bitPattern) }
  package mutating func write(_ value: Bool) { payload.append(value ? 1 : 0) }

  package mutating func write(_ value: String) {
    write(value.utf8.count)
    payload.append(contentsOf: value.utf8)
  }

  package mutating func write(_ value: Double?) {
    write(value != nil)
    if let value { write(value) }
  }

  package mutating func write(_ value: Int?) {
    write(value != nil)
    if let value { write(value) }
  }

  package mutating func write(_ value: String?) {
    write(value != nil)
    if let value { write(value) }
  }

  package mutating func write(_ values: [Double]) { values.withUnsafeBufferPointer { write($0) } }
  package mutating func write(_ values: [Int]) { values.withUnsafeBufferPointer { write($0) } }
  package mutating func write(_ values: [UInt64]) { values.withUnsafeBufferPointer { write($0) } }
  package mutating func write(_ values: [Int32]) { values.withUnsafeBufferPointer { write($0) } }
  package mutating func write(_ values: [UInt8]) { values.withUnsafeBufferPointer { write($0) } }

  package mutating func write(_ values: [String]) {
    write(values.count)
    for value in values { write(value) }
  }

  /// Numbers as they lie in memory, which is little endian wherever this runs.
  package mutating func write<Number: BitwiseCopyable>(_ values: UnsafeBufferPointer<Number>) {
    write(values.count)
    payload.append(contentsOf: UnsafeRawBufferPointer(values))
  }

  /// A list of anything, each by `body`.
  package mutating func write<Element>(
    _ values: [Element], _ body: (inout SnapshotWriter, Element) -> Void
  ) {
    write(values.count)
    for value in values { body(&self, value) }
  }

  /// The whole snapshot, with what another writer has written after all else.
  package func sealed(with rest: [UInt8]) -> [UInt8] {
    var whole = self
    whole.payload += rest
    return whole.sealed()
  }

  /// The whole snapshot: header, payload, checksum.
  package func sealed() -> [UInt8] {
    var bytes = SnapshotWriter.magic
    withUnsafeBytes(of: SnapshotWriter.version.littleEndian) { bytes.append(contentsOf: $0) }
    withUnsafeBytes(of: UInt64(payload.count).littleEndian) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: payload)
    withUnsafeBytes(of: Checksum.crc32(payload[...]).littleEndian) {
      bytes.append(contentsOf: $0)
    }
    return bytes
  }
}

/// Something whose whole state can be written to a snapshot and read back.
package protocol Snapshotted {
  /// Writes everything that shapes the future.
  func write(to writer: inout SnapshotWriter)

  /// Takes the state over; `self` was made with the same parameters as the one that was written.
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError)
}
