import CZlib
package import Kernels

/// Inflates what another source reads, when it begins as gzip does; else hands it on as it is.
///
/// Members may follow one another, as `cat a.gz b.gz` makes them. Reference: RFC 1952.
package struct GzipSource<Base: ByteSource>: ByteSource {
  private enum State { case unknown, plain, inflating, betweenMembers }

  private var base: Base
  private var state = State.unknown
  private let inflater: Inflater

  package init(_ base: Base) {
    self.base = base
    inflater = Inflater()
  }

  package mutating func read(
    into buffer: UnsafeMutableRawBufferPointer, until deadline: MonotonicTime?
  ) throws(IngestError) -> ReadOutcome {
    while true {
      switch state {
      case .plain:
        let kept = inflater.takeRaw(into: buffer)
        return kept > 0 ? .bytes(kept) : try base.read(into: buffer, until: deadline)
      case .unknown:
        if inflater.available >= 2 {
          state = inflater.beginsAsGzip ? .inflating : .plain
        } else if let outcome = try refill(deadline) {
          guard outcome == .end || outcome == .gap, inflater.available > 0 else { return outcome }
          state = .plain
        }
      case .betweenMembers:
        if inflater.available == 0, let outcome = try refill(deadline) { return outcome }
        state = .inflating
      case .inflating:
        if inflater.available == 0, let outcome = try refill(deadline) {
          guard outcome == .end || outcome == .gap else { return outcome }
          throw .damagedCompression(reason: "it ends in the middle")
        }
        let (count, isMemberDone) = try inflater.inflate(into: buffer)
        if isMemberDone { state = .betweenMembers }
        if count > 0 { return .bytes(count) }
      }
    }
  }

  /// Reads more compressed bytes; an outcome when there were none.
  private mutating func refill(_ deadline: MonotonicTime?) throws(IngestError) -> ReadOutcome? {
    let outcome = try base.read(into: inflater.freeSpace, until: deadline)
    guard case .bytes(let count) = outcome else { return outcome }
    inflater.added(count)
    return nil
  }
}

/// zlib's state and the compressed bytes it has not yet taken.
private final class Inflater {
  private static let capacity = 1 << 16
  private let input = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
  private var start = 0
  private var end = 0
  private var stream = z_stream()
  private var isStarted = false

  deinit {
    if isStarted { inflateEnd(&stream) }
    input.deallocate()
  }

  var available: Int { end - start }
  var beginsAsGzip: Bool { input[start] == 0x1F && input[start + 1] == 0x8B }

  var freeSpace: UnsafeMutableRawBufferPointer {
    if start > 0 {
      input.update(from: input + start, count: end - start)
      (start, end) = (0, end - start)
    }
    return UnsafeMutableRawBufferPointer(start: input + end, count: Inflater.capacity - end)
  }

  func added(_ count: Int) { end += count }

  func takeRaw(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(available, buffer.count)
    guard count > 0 else { return 0 }
    buffer.baseAddress?.copyMemory(from: input + start, byteCount: count)
    start += count
    return count
  }

  func inflate(
    into buffer: UnsafeMutableRawBufferPointer
  ) throws(IngestError) -> (count: Int, isMemberDone: Bool) {
    if !isStarted {
      guard weir_inflate_start(&stream) == Z_OK else {
        throw .damagedCompression(reason: "zlib could not start")
      }
      isStarted = true
    }
    stream.next_in = input + start
    stream.avail_in = UInt32(available)
    stream.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.avail_out = UInt32(buffer.count)
    let status = CZlib.inflate(&stream, Z_NO_FLUSH)
    start = end - Int(stream.avail_in)
    let count = buffer.count - Int(stream.avail_out)
    if status == Z_STREAM_END {
      inflateReset(&stream)
      return (count, true)
    }
    guard status == Z_OK || status == Z_BUF_ERROR else {
      let reason = stream.msg.map { String(cString: $0) } ?? "zlib error \(status)"
      throw .damagedCompression(reason: reason)
    }
    return (count, false)
  }
}
