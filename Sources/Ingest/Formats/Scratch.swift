/// Bytes that a format had to rewrite (unescaped text), each piece followed by a line feed and a
/// margin, so that it can be read as any other field.
///
/// Reused from record to record, or, where fields of many records are kept, from `reset` to `reset`.
final class Scratch {
  private static let margin = 32

  private let keeps: Bool
  /// Storage that is full, where pieces are kept.
  private var full: [UnsafeMutablePointer<UInt8>] = []
  private var storage: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private var cursor = 0

  /// `keeps`: pieces stay when room is made for the next record.
  init(keeps: Bool = false) {
    self.keeps = keeps
    capacity = 1 << 12
    storage = .allocate(capacity: capacity)
    storage.initialize(repeating: 0, count: capacity)
  }

  deinit {
    storage.deallocate()
    for storage in full { storage.deallocate() }
  }

  /// Forgets every piece.
  func reset() {
    cursor = 0
    guard !full.isEmpty else { return }
    for storage in full { storage.deallocate() }
    full.removeAll(keepingCapacity: true)
  }

  /// Makes room for all that a record of so many bytes can need: a piece is never longer than its source, and
  /// there are at most as many pieces as bytes. Earlier pieces are forgotten, unless they are to be kept.
  func makeRoom(for count: Int) {
    let needed = count * 2 + Scratch.margin
    if !keeps { cursor = 0 }
    guard cursor + needed > capacity else { return }
    if keeps, cursor > 0 { full.append(storage) } else { storage.deallocate() }
    cursor = 0
    capacity = max(capacity, needed * 2)
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
    makeRoom(for: bytes.count)
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
