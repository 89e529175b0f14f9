/// What a store of blobs asks of the system, one call each, so that tests can let any of them fail.
package protocol FileSystem {
  /// Makes a folder; one that is there is fine.
  func makeFolder(_ path: String) throws(RegistryError)
  /// Makes a file that is not there yet, for writing; nil when there is one.
  func create(_ path: String) throws(RegistryError) -> Int32?
  /// Writes all bytes at the descriptor's end.
  func write(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws(RegistryError)
  /// What was written is on the medium when this returns.
  func synchronise(_ descriptor: Int32, _ path: String) throws(RegistryError)
  func close(_ descriptor: Int32)
  /// At once, in place of what had the name `new`.
  func rename(_ old: String, to new: String) throws(RegistryError)
  /// The names in a folder are on the medium when this returns.
  func synchroniseFolder(_ path: String) throws(RegistryError)
  /// Removes a file; one that is not there is fine.
  func remove(_ path: String) throws(RegistryError)
  /// A file's content; nil when there is none.
  func read(_ path: String) throws(RegistryError) -> [UInt8]?
  /// Names in a folder, in order; none when there is no such folder.
  func names(in folder: String) throws(RegistryError) -> [String]
  /// Nil when there is nothing of that name.
  func status(_ path: String) throws(RegistryError) -> FileStatus?
}

package struct FileStatus: Sendable, Equatable {
  /// Bytes.
  package let size: Int
  /// Last written, seconds since 1970.
  package let modified: Int
  package let isFolder: Bool

  package init(size: Int, modified: Int, isFolder: Bool) {
    (self.size, self.modified, self.isFolder) = (size, modified, isFolder)
  }
}
