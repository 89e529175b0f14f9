import Glibc
import Telemetry

/// Whole files that take the place of whole files.
enum CheckpointStore {
  static func replace(_ path: String, _ bytes: [UInt8]) throws {
    let name = path + ".new"
    let descriptor = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw failure(name) }
    do {
      defer { close(descriptor) }
      var written = 0
      while written < bytes.count {
        let some = bytes.withUnsafeBytes { buffer in
          write(descriptor, buffer.baseAddress.map { $0 + written }, bytes.count - written)
        }
        if some < 0, errno == EINTR { continue }
        guard some > 0 else { throw failure(name) }
        written += some
      }
      guard fsync(descriptor) == 0 else { throw failure(name) }
    }
    guard rename(name, path) == 0 else { throw failure(path) }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    let home = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard home >= 0 else { throw failure(folder) }
    defer { close(home) }
    guard fsync(home) == 0 else { throw failure(folder) }
  }

  /// The file's content; nil where there is none.
  static func read(_ path: String) throws -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0, errno == ENOENT { return nil }
    guard descriptor >= 0 else { throw failure(path) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let some = Glibc.read(descriptor, &piece, piece.count)
      if some < 0, errno == EINTR { continue }
      guard some >= 0 else { throw failure(path) }
      if some == 0 { return bytes }
      bytes += piece[..<some]
    }
  }

  private static func failure(_ path: String) -> OutputError {
    .cannotWrite(path: path, reason: String(cString: strerror(errno)))
  }
}
