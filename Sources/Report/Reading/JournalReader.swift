import Glibc

/// Takes a journal's bytes as they come, in pieces of any size, and makes a history of them.
package struct JournalReader {
  /// A line that is longer is no entry.
  private static let longestLine = 1 << 24

  package private(set) var history = RunHistory()
  /// The beginning of a line whose end has not come.
  private var rest: [UInt8] = []
  private var isPassingOver = false

  package init() {}

  package mutating func take(_ bytes: UnsafeRawBufferPointer) {
    var start = 0
    while let end = JournalReader.newline(in: bytes, from: start) {
      let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
      start = end + 1
      if isPassingOver {
        isPassingOver = false
      } else if rest.isEmpty {
        history.take(line: piece)
      } else {
        rest.append(contentsOf: piece)
        takeRest()
      }
    }
    guard !isPassingOver else { return }
    rest.append(contentsOf: bytes[start...])
    if rest.count > JournalReader.longestLine {
      rest.removeAll()
      isPassingOver = true
      history.passOver()
    }
  }

  /// The history, once all bytes have come.
  package mutating func finish() -> RunHistory {
    if !rest.isEmpty { takeRest() }
    return history
  }

  private mutating func takeRest() {
    rest.withUnsafeBytes { history.take(line: $0) }
    rest.removeAll(keepingCapacity: true)
  }

  private static func newline(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    guard start < bytes.count, let base = bytes.baseAddress,
      let found = memchr(base + start, 0x0A, bytes.count - start)
    else { return nil }
    return base.distance(to: UnsafeRawPointer(found))
  }
}
