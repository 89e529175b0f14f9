/// Versions of models: what each was made from, why, from which data, and where the names point.
///
/// A folder with an SQLite database and the snapshots under their hashes; `FORMAT.md` describes it. Any number of
/// processes may use it at a time. Who writes takes the database's write lock first, so that numbers have no gaps
/// and nothing that was decided on is old; who reads sees one state, before a change or after it. A snapshot is on
/// the medium before the row that names it. One connection is for one thread; a thread opens its own.
///
/// The rollback journal is used, not the write-ahead log: at rest the database is one file, which can be copied,
/// stand on a medium that can only be read, and be shared by machines. The write-ahead log would let readers go on
/// during a commit, which takes milliseconds and happens once for a version; it needs memory shared by all who use
/// the database.
package final class Registry {
  package let path: String
  let database: Connection
  let blobs: BlobStore

  /// Opens the registry in the folder `path`; with `creates`, one is made where there is none.
  ///
  /// `patience` is how many milliseconds to wait for others who write.
  package static func open(
    _ path: String, creates: Bool = false, patience: Int = 10_000,
    files: any FileSystem = SystemFiles()
  ) throws(RegistryError) -> Registry {
    let file = "\(path)/registry.sqlite"
    if creates {
      try files.makeFolder(path)
      try files.makeFolder("\(path)/blobs")
    } else if try files.status(file) == nil {
      throw .notARegistry(path: path)
    }
    let registry = Registry(
      path, try Connection(path: file, creates: creates, patience: patience), files)
    try registry.prepare(creates: creates)
    if creates {
      try files.synchroniseFolder(path)
      try files.synchroniseFolder(Registry.parent(of: path))
    }
    return registry
  }

  private init(_ path: String, _ database: Connection, _ files: any FileSystem) {
    (self.path, self.database) = (path, database)
    blobs = BlobStore(folder: "\(path)/blobs", files: files)
  }

  private func prepare(creates: Bool) throws(RegistryError) {
    try database.run("PRAGMA foreign_keys = ON")
    // FULL and, after a commit, the folder too: else a power cut could bring back the journal, and with it undo
    // what was said to be done.
    try database.run("PRAGMA synchronous = EXTRA")
    guard try !isMade() else { return }
    guard creates else { throw .notARegistry(path: path) }
    guard !database.isReadOnly else { throw .readOnly(path: database.path) }
    try database.transaction(.writing) { () throws(RegistryError) in
      // Another may have made it since.
      guard try !isMade() else { return }
      try database.script(
        """
        \(Tables.sql)
        PRAGMA application_id = \(Tables.application);
        PRAGMA user_version = \(Tables.version);
        """)
    }
  }

  /// Whether the tables are there; false for an empty file, as a crash at the very start leaves.
  private func isMade() throws(RegistryError) -> Bool {
    try database.transaction(.reading) { () throws(RegistryError) in
      let application = try database.number("PRAGMA application_id") ?? 0
      let version = try database.number("PRAGMA user_version") ?? 0
      if application == 0, version == 0, try database.number("PRAGMA schema_version") == 0 {
        return false
      }
      guard application == Tables.application, version > 0 else {
        throw .foreign(path: database.path)
      }
      guard version <= Tables.version else { throw .newer(path: database.path, version: version) }
      return true
    }
  }

  /// Runs `body`, whose reads all see the same state.
  package func reading<Result>(
    _ body: () throws(RegistryError) -> Result
  ) throws(RegistryError) -> Result {
    try database.transaction(.reading, body)
  }

  func writing<Result>(
    _ body: () throws(RegistryError) -> Result
  ) throws(RegistryError) -> Result {
    guard !database.isReadOnly else { throw .readOnly(path: database.path) }
    return try database.transaction(.writing, body)
  }

  /// A number that changes when another connection has changed the registry: for following an alias at the price of
  /// one look at the file's first page. What this connection changes does not count.
  package func changeMark() throws(RegistryError) -> Int {
    try database.number("PRAGMA data_version") ?? 0
  }

  private static func parent(of path: String) -> String {
    var trimmed = path[...]
    while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
    guard let slash = trimmed.lastIndex(of: "/") else { return "." }
    return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
  }
}
