/// The bytes that have been read and not yet been used, in one piece, with a margin on both sides.
///
/// The margin after the last byte lets number parsing load whole words without looking where the
/// input ends; its first byte is always a line feed, which ends any number.
struct InputBuffer: ~Copyable {
  private static let margin = 64

  private var storage: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private(set) var start = 0
  private(set) var end = 0
  /// Position in the whole input of the byte at `start`.
  private(set) var offset = 0
  /// Bytes before this position are kept although they were used; -1: none are.
  private var mark = -1

  init(capacity: Int) {
    self.capacity = capacity
    storage = .allocate(capacity: capacity + 2 * InputBuffer.margin)
    storage.initialize(repeating: 0, count: capacity + 2 * InputBuffer.margin)
  }

  deinit { storage.deallocate() }

  var count: Int { end - start }
  /// The first unused byte.
  var first: UnsafeMutablePointer<UInt8> { storage + InputBuffer.margin + start }

  /// Uses up `count` bytes.
  mutating func advance(_ count: Int) {
    start += count
    offset += count
  }

  /// From here on nothing is forgotten until `rewind`.
  mutating func setMark() { mark = start }

  /// Goes back to the mark and takes it away.
  mutating func rewind() {
    precondition(mark >= 0, "rewind without a mark")
    offset -= start - mark
    start = mark
    mark = -1
  }

  /// What was used since the mark.
  var marked: UnsafeRawBufferPointer {
    precondition(mark >= 0, "no mark")
    return UnsafeRawBufferPointer(
      start: storage + InputBuffer.margin + mark, count: start - mark)
  }

  /// From here on what is used is forgotten again.
  mutating func removeMark() { mark = -1 }

  /// Space for more bytes, at least one; grows when what is kept fills the buffer.
  mutating func space() -> UnsafeMutableRawBufferPointer {
    let kept = mark >= 0 ? mark : start
    if kept > 0, capacity - end < capacity / 2 || kept == end {
      let base = storage + InputBuffer.margin
      base.update(from: base + kept, count: end - kept)
      start -= kept
      end -= kept
      if mark >= 0 { mark = 0 }
    }
    if end == capacity { grow() }
    return UnsafeMutableRawBufferPointer(
      start: storage + InputBuffer.margin + end, count: capacity - end)
  }

  /// Takes over `count` bytes that were written into `space()`.
  mutating func append(_ count: Int) {
    end += count
    storage[InputBuffer.margin + end] = UInt8(ascii: "\n")
  }

  private mutating func grow() {
    let wider = capacity * 2
    let fresh = UnsafeMutablePointer<UInt8>.allocate(capacity: wider + 2 * InputBuffer.margin)
    fresh.initialize(repeating: 0, count: wider + 2 * InputBuffer.margin)
    (fresh + InputBuffer.margin).update(from: storage + InputBuffer.margin, count: end)
    storage.deallocate()
    (storage, capacity) = (fresh, wider)
  }
}
