package import Kernels

/// Bytes that are already in memory, handed out in pieces of a chosen size.
package struct MemorySource: ByteSource {
  private let bytes: [UInt8]
  private let pieces: [Int]
  private var cursor = 0
  private var piece = 0

  /// - Parameters:
  ///   - bytes: the whole content.
  ///   - pieces: sizes of the reads, used in turn and again from the start; empty: all at once.
  package init(_ bytes: [UInt8], pieces: [Int] = []) {
    self.bytes = bytes
    self.pieces = pieces
  }

  package mutating func read(
    into buffer: UnsafeMutableRawBufferPointer, until deadline: MonotonicTime?
  ) throws(IngestError) -> ReadOutcome {
    guard cursor < bytes.count else { return .end }
    let wish = pieces.isEmpty ? bytes.count : max(1, pieces[piece % pieces.count])
    piece += 1
    let count = min(wish, buffer.count, bytes.count - cursor)
    bytes.withUnsafeBytes { source in
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[cursor..<(cursor + count)]))
    }
    cursor += count
    return .bytes(count)
  }
}
