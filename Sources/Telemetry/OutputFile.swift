import Glibc

/// Why something could not be written.
package enum OutputError: Error, Equatable {
  case cannotOpen(path: String, reason: String)
  case cannotWrite(path: String, reason: String)
  /// The reader of our output has left. Not a failure.
  case readerLeft

  package var message: String {
    switch self {
    case .cannotOpen(let path, let reason): "cannot open \(path) for writing: \(reason)"
    case .cannotWrite(let path, let reason): "cannot write \(path): \(reason)"
    case .readerLeft: "the reader of the output has left"
    }
  }
}

/// Writes bytes to a file or to standard output, buffered until `flush`.
package final class OutputFile {
  private static let capacity = 1 << 16

  private let path: String
  private let descriptor: Int32
  private var buffer: [UInt8] = []

  /// Makes or empties the file at `path`; "-" is standard output.
  package init(path: String) throws(OutputError) {
    self.path = path == "-" ? "standard output" : path
    buffer.reserveCapacity(OutputFile.capacity + 4096)
    guard path != "-" else {
      descriptor = 1
      return
    }
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw .cannotOpen(path: path, reason: String(cString: strerror(errno)))
    }
  }

  deinit { if descriptor > 1 { close(descriptor) } }

  /// Appends what `body` appends to the buffer.
  package func append(_ body: (inout [UInt8]) -> Void) throws(OutputError) {
    body(&buffer)
    if buffer.count >= OutputFile.capacity { try flush() }
  }

  package func append(_ text: String) throws(OutputError) {
    try append { $0.append(contentsOf: text.utf8) }
  }

  /// Writes everything out.
  package func flush() throws(OutputError) {
    var written = 0
    while written < buffer.count {
      let count = buffer.withUnsafeBytes { bytes in
        write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let reason = errno
        buffer.removeAll(keepingCapacity: true)
        if reason == EPIPE { throw .readerLeft }
        throw .cannotWrite(path: path, reason: String(cString: strerror(reason)))
      }
      written += count
    }
    buffer.removeAll(keepingCapacity: true)
  }
}
