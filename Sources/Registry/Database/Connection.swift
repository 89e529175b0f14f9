import CSQLite

/// A connection to one SQLite file; to be used by one thread at a time.
final class Connection {
  let path: String
  /// Milliseconds that another's lock is waited for.
  let patience: Int
  private let handle: OpaquePointer

  /// Opens the file at `path`; makes it if `creates`.
  init(path: String, creates: Bool, patience: Int) throws(RegistryError) {
    (self.path, self.patience) = (path, patience)
    var opened: OpaquePointer?
    let flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
      | (creates ? SQLITE_OPEN_CREATE : 0)
    let code = sqlite3_open_v2(path, &opened, flags, nil)
    guard code == SQLITE_OK, let opened else {
      sqlite3_close_v2(opened)
      throw .system(
        operation: "open", path: path, reason: String(cString: sqlite3_errstr(code & 0xFF)))
    }
    handle = opened
    sqlite3_busy_timeout(handle, Int32(patience))
  }

  deinit { sqlite3_close_v2(handle) }

  /// Whether the file can only be read.
  var isReadOnly: Bool { sqlite3_db_readonly(handle, "main") == 1 }
  /// The number that the last insertion gave its row.
  var lastNumber: Int { Int(sqlite3_last_insert_rowid(handle)) }
  /// Rows that the last change touched.
  var changes: Int { Int(sqlite3_changes(handle)) }

  func prepare(_ sql: String) throws(RegistryError) -> Statement {
    var statement: OpaquePointer?
    let code = sqlite3_prepare_v2(handle, sql, -1, &statement, nil)
    guard code == SQLITE_OK, let statement else { throw error(code) }
    return Statement(statement, of: self)
  }

  /// Runs one statement to its end.
  func run(_ sql: String, _ values: [Value] = []) throws(RegistryError) {
    let statement = try prepare(sql)
    try statement.bind(values)
    while try statement.step() {}
  }

  /// Runs several statements, separated by semicolons.
  func script(_ sql: String) throws(RegistryError) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw error(code) }
  }

  /// What `read` makes of each row.
  func rows<Row>(
    _ sql: String, _ values: [Value] = [], _ read: (Statement) -> Row
  ) throws(RegistryError) -> [Row] {
    let statement = try prepare(sql)
    try statement.bind(values)
    var rows: [Row] = []
    while try statement.step() { rows.append(read(statement)) }
    return rows
  }

  /// The first column of the first row, a whole number.
  func number(_ sql: String, _ values: [Value] = []) throws(RegistryError) -> Int? {
    try rows(sql, values) { $0.int(0) }.first ?? nil
  }

  /// Kinds of transaction: one that reads has one state before it from its first read to its end; one that writes
  /// takes the write lock at its start, so that what it read is still so when it writes.
  enum Transaction: String {
    case reading = "DEFERRED"
    case writing = "IMMEDIATE"
  }

  /// Runs `body` in a transaction: all of it is done, or, when it throws, nothing. Reading within a transaction is
  /// part of it.
  func transaction<Result>(
    _ kind: Transaction, _ body: () throws(RegistryError) -> Result
  ) throws(RegistryError) -> Result {
    guard sqlite3_get_autocommit(handle) != 0 else {
      precondition(kind == .reading, "a transaction that writes within another")
      return try body()
    }
    try run("BEGIN \(kind.rawValue)")
    let result: Result
    do {
      result = try body()
      try run("COMMIT")
    } catch {
      // After some failures SQLite has rolled back by itself.
      if sqlite3_get_autocommit(handle) == 0 { try? run("ROLLBACK") }
      throw error
    }
    return result
  }

  /// What a result code of SQLite's means here.
  func error(_ code: Int32) -> RegistryError {
    let text = String(cString: sqlite3_errmsg(handle))
    return switch code & 0xFF {
    case SQLITE_BUSY, SQLITE_LOCKED: .busy(path: path, seconds: patience / 1000)
    case SQLITE_NOTADB: .foreign(path: path)
    case SQLITE_CORRUPT: .damagedDatabase(path: path, detail: text)
    case SQLITE_READONLY: .readOnly(path: path)
    case SQLITE_FULL, SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_PERM:
      .system(operation: "read or write", path: path, reason: text)
    default: .database(path: path, detail: "\(text) (\(code))")
    }
  }
}
