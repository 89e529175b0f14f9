import Glibc

/// A file, whatever its path is spelled like.
struct FileIdentity: Equatable {
  private let device: UInt
  private let number: UInt
  let size: Int
  /// Whether it is a regular file.
  let isFile: Bool

  /// Nil where there is nothing at `path`.
  init?(_ path: String) {
    var about = stat()
    guard stat(path, &about) == 0 else { return nil }
    (device, number) = (about.st_dev, about.st_ino)
    size = Int(about.st_size)
    isFile = about.st_mode & S_IFMT == S_IFREG
  }

  static func == (left: FileIdentity, right: FileIdentity) -> Bool {
    left.device == right.device && left.number == right.number
  }
}
