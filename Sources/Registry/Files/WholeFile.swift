/// Files that are there as a whole or not at all: each takes the place of the one before in a moment.
///
/// The new content is written under another name, made durable, and renamed; then the name is made durable too.
/// Whatever the instant of a crash or a power cut, what has the name is the old content or the new, and once `replace` has
/// returned it is the new.
package enum WholeFile {
  /// What the content is called until it has its name.
  private static let unfinished = ".new"

  /// Puts a file with these bytes in place of what is at `path`.
  package static func replace(
    _ path: String, _ bytes: [UInt8], files: any FileSystem = SystemFiles()
  ) throws(RegistryError) {
    let name = path + unfinished
    // What a crash left behind.
    try files.remove(name)
    guard let descriptor = try files.create(name) else {
      throw .system(operation: "make", path: name, reason: "another process writes it")
    }
    do {
      try fill(descriptor, bytes, name, files)
      try files.rename(name, to: path)
    } catch {
      // On a full disk it is the room that going on takes.
      try? files.remove(name)
      throw error
    }
    try files.synchroniseFolder(folder(of: path))
  }

  private static func fill(
    _ descriptor: Int32, _ bytes: [UInt8], _ name: String, _ files: any FileSystem
  ) throws(RegistryError) {
    defer { files.close(descriptor) }
    try files.write(bytes, to: descriptor, name)
    try files.synchronise(descriptor, name)
  }

  /// The content; nil where there is no such file.
  package static func read(
    _ path: String, files: any FileSystem = SystemFiles()
  ) throws(RegistryError) -> [UInt8]? {
    try files.read(path)
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
