import Glibc

/// How much of a file has been read, by whoever reads it.
package struct InputMeter: Sendable {
  private let descriptor: Int32

  init(descriptor: Int32) { self.descriptor = descriptor }

  /// Bytes of the file, and how many of them were read; nil once it is closed.
  package var progress: (read: Int, size: Int)? {
    var about = stat()
    let place = lseek(descriptor, 0, SEEK_CUR)
    guard place >= 0, fstat(descriptor, &about) == 0, about.st_size > 0 else { return nil }
    return (Int(place), Int(about.st_size))
  }
}
