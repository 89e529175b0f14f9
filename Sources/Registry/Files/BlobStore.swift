import Glibc
import Kernels

/// Content under the name of its hash: `blobs/ab/cdef…`, two digits of the SHA-256 and the other 62.
///
/// A blob is written under another name, made durable (fsync), renamed, and its folders made durable; only then may
/// a row name it. Whatever the instant of a crash, a name of 64 digits has its whole content. What a crash can leave
/// is a file called `incoming-PID-N`, or a blob that no row names.
struct BlobStore {
  let folder: String
  let files: any FileSystem

  static let unfinished = "incoming-"

  func folder(of hash: String) -> String { "\(folder)/\(hash.prefix(2))" }
  func path(_ hash: String) -> String { "\(folder(of: hash))/\(hash.dropFirst(2))" }

  /// Keeps `bytes` under their hash; durable when this returns.
  func put(_ bytes: [UInt8], hash: String) throws(RegistryError) {
    let (home, path) = (folder(of: hash), path(hash))
    try files.makeFolder(folder)
    try files.makeFolder(home)
    // What is there counts only if it is whole: a disk may have damaged it since.
    if try files.read(path) != bytes {
      let (descriptor, name) = try unfinishedFile(in: home)
      do {
        do {
          defer { files.close(descriptor) }
          try files.write(bytes, to: descriptor, name)
          try files.synchronise(descriptor, name)
        }
        try files.rename(name, to: path)
      } catch {
        try? files.remove(name)
        throw error
      }
    }
    // Also for a blob that was there: who made it may not have come so far.
    try files.synchroniseFolder(home)
    try files.synchroniseFolder(folder)
  }

  private func unfinishedFile(in home: String) throws(RegistryError) -> (Int32, String) {
    // Process numbers are used again, and two containers may share a folder: a name that is taken is passed over.
    var count = 0
    while true {
      let name = "\(home)/\(BlobStore.unfinished)\(getpid())-\(count)"
      if let descriptor = try files.create(name) { return (descriptor, name) }
      count += 1
    }
  }

  /// The content; nil when there is none of that hash.
  func bytes(_ hash: String) throws(RegistryError) -> [UInt8]? { try files.read(path(hash)) }

  func holds(_ hash: String) throws(RegistryError) -> Bool { try files.status(path(hash)) != nil }

  /// A file below the folder.
  struct Entry {
    enum Kind: Equatable {
      case blob(hash: String)
      case unfinished
      case foreign
    }
    let path: String
    let kind: Kind
    let status: FileStatus
  }

  /// Every file there is, in the order of paths.
  func entries() throws(RegistryError) -> [Entry] {
    var found: [Entry] = []
    for name in try files.names(in: folder) {
      let home = "\(folder)/\(name)"
      guard let status = try files.status(home) else { continue }
      guard status.isFolder, name.utf8.count == 2, Names.isHexadecimal(name) else {
        found.append(Entry(path: home, kind: .foreign, status: status))
        continue
      }
      for rest in try files.names(in: home) {
        let path = "\(home)/\(rest)"
        guard let status = try files.status(path) else { continue }
        var kind = Entry.Kind.foreign
        if rest.hasPrefix(BlobStore.unfinished) {
          kind = .unfinished
        } else if rest.utf8.count == 62, Names.isHexadecimal(rest) {
          kind = .blob(hash: name + rest)
        }
        found.append(Entry(path: path, kind: kind, status: status))
      }
    }
    return found
  }

  static func hash(_ bytes: [UInt8]) -> String { SHA256.hex(bytes) }
}
