import Glibc
package import Kernels

/// Reads a file descriptor: a file, a pipe, a terminal, or a named pipe across its writers.
package struct DescriptorSource: ByteSource {
  private let descriptor: Int32
  /// Becomes readable when the user asks for an end; -1 when nothing can.
  private let interruption: Int32
  /// Whether reads end by themselves when that happens, so that what has no deadline need not be polled first.
  private let endsByItself: Bool
  private let follows: Bool
  /// Whether all of it is there from the beginning.
  package let isFile: Bool
  private var hadWriter = false

  /// How far a file was read; nil for what is no file.
  package var meter: InputMeter? { isFile ? InputMeter(descriptor: descriptor) : nil }

  /// Linux's F_SETPIPE_SZ, which the C library's module hides.
  private static let setPipeSize: Int32 = 1031

  /// - Parameters:
  ///   - descriptor: open for reading; stays the caller's.
  ///   - interruption: a descriptor that becomes readable when reading is to stop, or -1.
  ///   - endsByItself: whether from then on a read of the descriptor finds its end, and one that waits is interrupted;
  ///     a call of `poll` less for each event of a slow stream.
  ///   - follows: whether to wait for another writer when the last one leaves.
  package init(
    descriptor: Int32, interruption: Int32 = -1, endsByItself: Bool = false, follows: Bool = false
  ) {
    self.descriptor = descriptor
    self.interruption = interruption
    self.endsByItself = endsByItself && !follows
    self.follows = follows
    var status = stat()
    isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    // A larger pipe lets a fast writer run ahead.
    if !isFile { _ = fcntl(descriptor, DescriptorSource.setPipeSize, 1 << 20) }
  }

  /// Opens `path`, or standard input for "-". Opening a named pipe does not wait for its writer.
  ///
  /// `inputEndsByItself`: see `endsByItself`; for standard input alone.
  package static func open(
    path: String, interruption: Int32 = -1, inputEndsByItself: Bool = false, follows: Bool = false
  ) throws(IngestError) -> DescriptorSource {
    guard path != "-" else {
      return DescriptorSource(
        descriptor: 0, interruption: interruption, endsByItself: inputEndsByItself,
        follows: follows)
    }
    let descriptor = Glibc.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw .cannotOpen(path: path, reason: String(cString: strerror(errno)))
    }
    var status = stat()
    if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      close(descriptor)
      throw .cannotOpen(path: path, reason: "it is a directory")
    }
    return DescriptorSource(descriptor: descriptor, interruption: interruption, follows: follows)
  }

  package mutating func read(
    into buffer: UnsafeMutableRawBufferPointer, until deadline: MonotonicTime?
  ) throws(IngestError) -> ReadOutcome {
    var polls = !endsByItself || deadline != nil
    while true {
      if isFile {
        if pause(milliseconds: 0) { return .interrupted }
      } else {
        if deadline == .past { return .late }
        if polls, let outcome = try wait(until: deadline) { return outcome }
      }
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count > 0 {
        hadWriter = true
        return .bytes(count)
      }
      if count < 0 {
        guard errno == EINTR || errno == EAGAIN else {
          throw .cannotRead(reason: String(cString: strerror(errno)))
        }
        // Who opened it may have it not wait.
        polls = true
        continue
      }
      if endsByItself, pause(milliseconds: 0) { return .interrupted }
      guard follows, !isFile else { return .end }
      if hadWriter {
        hadWriter = false
        return .gap
      }
      if pause(milliseconds: 5) { return .interrupted }
      // A pipe without a writer makes poll return at once, so that it never sees the deadline.
      if let deadline, MonotonicTime.now() >= deadline { return .late }
    }
  }

  /// Waits until there is something to read; an outcome when there is something else to say.
  private func wait(until deadline: MonotonicTime?) throws(IngestError) -> ReadOutcome? {
    while true {
      var watched = (
        pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
        pollfd(fd: interruption, events: Int16(POLLIN), revents: 0)
      )
      let ready = withUnsafeMutablePointer(to: &watched) { pointer in
        pointer.withMemoryRebound(to: pollfd.self, capacity: 2) { descriptors in
          guard let deadline else { return poll(descriptors, 2, -1) }
          let left = max(0, deadline.nanoseconds - MonotonicTime.now().nanoseconds)
          return poll(descriptors, 2, Int32((left + 999_999) / 1_000_000))
        }
      }
      if watched.1.revents != 0 { return .interrupted }
      if ready == 0 { return .late }
      if ready > 0 { return nil }
      guard errno == EINTR || errno == EAGAIN else {
        throw .cannotRead(reason: String(cString: strerror(errno)))
      }
    }
  }

  /// Sleeps while a named pipe has no writer, which `poll` reports without waiting; true when the
  /// user asked for an end.
  private func pause(milliseconds: Int32) -> Bool {
    guard interruption >= 0 || milliseconds > 0 else { return false }
    var watched = pollfd(fd: interruption, events: Int16(POLLIN), revents: 0)
    return poll(&watched, 1, milliseconds) > 0
  }
}
