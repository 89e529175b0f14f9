import Glibc

/// Why something could not be written.
package enum OutputError: Error, Equatable {
  case cannotOpen(path: String, reason: String)
  case cannotWrite(path: String, reason: String)
  /// A file that is to be gone on with has been cut short since.
  case tooShort(path: String, bytes: Int, expected: Int)
  /// The reader of our output has left. Not a failure.
  case readerLeft

  package var message: String {
    switch self {
    case .cannotOpen(let path, let reason): "cannot open \(path) for writing: \(reason)"
    case .cannotWrite(let path, let reason): "cannot write \(path): \(reason)"
    case .tooShort(let path, let bytes, let expected):
      "\(path) has \(bytes) bytes, but had \(expected) when the checkpoint was made; "
        + "name another file to go on without what it held"
    case .readerLeft: "the reader of the output has left"
    }
  }
}

/// Writes bytes to a file or to standard output, buffered until `flush`.
package final class OutputFile {
  private static let capacity = 1 << 16

  private let path: String
  private let descriptor: Int32
  /// Not yet written, `count` of them.
  private var buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: OutputFile.capacity + 4096)
  private var room = OutputFile.capacity + 4096
  private var count = 0
  private var line: [UInt8] = []

  /// Bytes written out so far, with those that were kept.
  package private(set) var length = 0

  /// Makes or empties the file at `path`; "-" is standard output. `keeping` are so many bytes of what is there.
  package init(path: String, keeping: Int = 0) throws(OutputError) {
    self.path = path == "-" ? "standard output" : path
    guard path != "-" else {
      descriptor = 1
      return
    }
    let emptied = keeping > 0 ? 0 : O_TRUNC
    descriptor = open(path, O_WRONLY | O_CREAT | emptied | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw .cannotOpen(path: path, reason: String(cString: strerror(errno)))
    }
    guard keeping > 0 else { return }
    var about = stat()
    // What is no file, a pipe say, has nothing to keep.
    guard fstat(descriptor, &about) == 0, about.st_mode & S_IFMT == S_IFREG else { return }
    guard about.st_size >= keeping else {
      throw .tooShort(path: path, bytes: Int(about.st_size), expected: keeping)
    }
    guard ftruncate(descriptor, keeping) == 0, lseek(descriptor, 0, SEEK_END) == keeping else {
      throw .cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
    length = keeping
  }

  /// What was written out is on the medium when this returns; only of a file is there anything to be done.
  package func synchronise() throws(OutputError) {
    guard descriptor > 1, fdatasync(descriptor) != 0, errno != EINVAL, errno != EROFS else {
      return
    }
    throw .cannotWrite(path: path, reason: String(cString: strerror(errno)))
  }

  deinit {
    buffer.deallocate()
    if descriptor > 1 { close(descriptor) }
  }

  package func append(_ bytes: some Sequence<UInt8>) throws(OutputError) {
    let bytes = Array(bytes)
    try append(atMost: bytes.count) { out in
      out.update(from: bytes, count: bytes.count)
      return bytes.count
    }
  }

  /// Appends what `body` writes, at most `most` bytes; it returns how many there were.
  package func append(
    atMost most: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Int
  ) throws(OutputError) {
    makeRoom(most)
    count += body(buffer + count)
    if count >= OutputFile.capacity { try flush() }
  }

  /// Appends what `body` appends.
  package func append(_ body: (inout [UInt8]) -> Void) throws(OutputError) {
    line.removeAll(keepingCapacity: true)
    body(&line)
    try append(line)
  }

  package func append(_ text: String) throws(OutputError) {
    var text = text
    let length = text.utf8.count
    try append(atMost: length) { out in
      text.withUTF8 { bytes in
        if let start = bytes.baseAddress { out.update(from: start, count: length) }
      }
      return length
    }
  }

  private func makeRoom(_ more: Int) {
    guard count + more > room else { return }
    room = 2 * (count + more)
    let wider = UnsafeMutablePointer<UInt8>.allocate(capacity: room)
    wider.update(from: buffer, count: count)
    buffer.deallocate()
    buffer = wider
  }

  /// Writes everything out.
  package func flush() throws(OutputError) {
    defer { count = 0 }
    var written = 0
    while written < count {
      let some = write(descriptor, buffer + written, count - written)
      if some < 0, errno == EINTR { continue }
      guard some > 0 else {
        let reason = errno
        if reason == EPIPE { throw .readerLeft }
        throw .cannotWrite(path: path, reason: String(cString: strerror(reason)))
      }
      written += some
      length += some
    }
  }
}
