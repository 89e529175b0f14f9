/// Bytes that a format had to rewrite (unescaped text), each piece followed by a line feed and a
/// margin, so that it can be read as any other field. Reused from record to record.
final class Scratch {
  private static let margin = 32
  private var storage: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private var cursor = 0

  init() {
    capacity = 1 << 12
    storage = .allocate(capacity: capacity)
    storage.initialize(repeating: 0, count: capacity)
  }

  deinit { storage.deallocate() }

  /// Forgets every piece and makes room for all that a record of so many bytes can need: a piece
  /// is never longer than its source, and there are at most as many pieces as bytes.
  func clear(atLeast count: Int) {
    cursor = 0
    let needed = count * 2 + Scratch.margin
    guard needed > capacity else { return }
    storage.deallocate()
    capacity = needed * 2
    storage = .allocate(capacity: capacity)
    storage.initialize(repeating: 0, count: capacity)
  }

  /// Where the next piece begins.
  func begin() -> UnsafePointer<UInt8> { UnsafePointer(storage + cursor) }

  func append(_ byte: UInt8) {
    storage[cursor] = byte
    cursor += 1
  }

  /// These bytes as the only piece.
  func piece(_ bytes: [UInt8]) -> Field {
    clear(atLeast: bytes.count)
    let start = begin()
    for byte in bytes { append(byte) }
    return Field(start: start, end: finish())
  }

  /// Ends the piece; returns its end.
  func finish() -> UnsafePointer<UInt8> {
    let end = UnsafePointer(storage + cursor)
    storage[cursor] = UInt8(ascii: "\n")
    cursor += 1
    return end
  }
}
