import Glibc

/// The file system of this machine.
package struct SystemFiles: FileSystem {
  package init() {}

  package func makeFolder(_ path: String) throws(RegistryError) {
    guard mkdir(path, 0o777) != 0, errno != EEXIST else { return }
    throw SystemFiles.error("make the folder", path)
  }

  package func create(_ path: String) throws(RegistryError) -> Int32? {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    if descriptor < 0, errno == EEXIST { return nil }
    guard descriptor >= 0 else { throw SystemFiles.error("make", path) }
    return descriptor
  }

  package func write(
    _ bytes: [UInt8], to descriptor: Int32, _ path: String
  ) throws(RegistryError) {
    var written = 0
    while written < bytes.count {
      let some = bytes.withUnsafeBytes { buffer in
        Glibc.write(descriptor, buffer.baseAddress.map { $0 + written }, bytes.count - written)
      }
      if some < 0, errno == EINTR { continue }
      guard some > 0 else { throw SystemFiles.error("write", path) }
      written += some
    }
  }

  package func synchronise(_ descriptor: Int32, _ path: String) throws(RegistryError) {
    // A failed fsync is never tried again: the system may have dropped what it could not write.
    guard fsync(descriptor) == 0 else { throw SystemFiles.error("write out", path) }
  }

  package func close(_ descriptor: Int32) { _ = Glibc.close(descriptor) }

  package func rename(_ old: String, to new: String) throws(RegistryError) {
    guard Glibc.rename(old, new) == 0 else { throw SystemFiles.error("rename to", new) }
  }

  package func synchroniseFolder(_ path: String) throws(RegistryError) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemFiles.error("open", path) }
    defer { close(descriptor) }
    try synchronise(descriptor, path)
  }

  package func remove(_ path: String) throws(RegistryError) {
    guard unlink(path) != 0, errno != ENOENT else { return }
    throw SystemFiles.error("remove", path)
  }

  package func read(_ path: String) throws(RegistryError) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0, errno == ENOENT || errno == ENOTDIR { return nil }
    guard descriptor >= 0 else { throw SystemFiles.error("open", path) }
    defer { close(descriptor) }
    var about = stat()
    guard fstat(descriptor, &about) == 0 else { throw SystemFiles.error("read", path) }
    var bytes = [UInt8](repeating: 0, count: Int(about.st_size))
    var taken = 0
    while taken < bytes.count {
      let some = bytes.withUnsafeMutableBytes { buffer in
        Glibc.read(descriptor, buffer.baseAddress.map { $0 + taken }, buffer.count - taken)
      }
      if some < 0, errno == EINTR { continue }
      guard some >= 0 else { throw SystemFiles.error("read", path) }
      if some == 0 { break }
      taken += some
    }
    bytes.removeLast(bytes.count - taken)
    return bytes
  }

  package func names(in folder: String) throws(RegistryError) -> [String] {
    guard let stream = opendir(folder) else {
      if errno == ENOENT || errno == ENOTDIR { return [] }
      throw SystemFiles.error("list", folder)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { start in
        start.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  package func status(_ path: String) throws(RegistryError) -> FileStatus? {
    var about = stat()
    guard stat(path, &about) == 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw SystemFiles.error("look at", path)
    }
    return FileStatus(
      size: Int(about.st_size), modified: Int(about.st_mtim.tv_sec),
      isFolder: about.st_mode & S_IFMT == S_IFDIR)
  }

  private static func error(_ operation: String, _ path: String) -> RegistryError {
    .system(operation: operation, path: path, reason: String(cString: strerror(errno)))
  }
}
