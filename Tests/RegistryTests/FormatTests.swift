import CSQLite
import Foundation
import Registry
import TestSupport
import Testing

/// What stands on disk, and what is refused.
@Suite struct FormatTests {
  private func execute(_ sql: String, in folder: String) {
    var handle: OpaquePointer?
    sqlite3_open(folder + "/registry.sqlite", &handle)
    #expect(sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK)
    sqlite3_close(handle)
  }

  @Test func `a newer registry, another program's and no database at all are refused`() throws {
    try inFolder { folder in
      _ = try Registry.open(folder, creates: true)
      execute("PRAGMA user_version = 9", in: folder)
      let file = folder + "/registry.sqlite"
      #expect(throws: RegistryError.newer(path: file, version: 9)) { try Registry.open(folder) }
      #expect(RegistryError.newer(path: "f", version: 9).message.hasSuffix("use the newer weir"))
      execute("PRAGMA user_version = 1; PRAGMA application_id = 7", in: folder)
      #expect(throws: RegistryError.foreign(path: file)) { try Registry.open(folder) }
      try Data("a text that is long enough not to be taken for an empty file".utf8).write(
        to: URL(filePath: file))
      #expect(throws: RegistryError.foreign(path: file)) { try Registry.open(folder) }
      #expect(throws: RegistryError.foreign(path: file)) {
        try Registry.open(folder, creates: true)
      }
      // A crash at the very start leaves an empty file.
      try Data().write(to: URL(filePath: file))
      #expect(throws: RegistryError.notARegistry(path: folder)) { try Registry.open(folder) }
      #expect(try Registry.open(folder, creates: true).versions().isEmpty)
    }
  }

  @Test func `a damaged database is told`() throws {
    try inFolder { folder in
      do {
        let registry = try Registry.open(folder, creates: true)
        for number in 1...40 { _ = try registry.add(.sample(number), snapshot: bytes(number)) }
      }
      let file = URL(filePath: folder + "/registry.sqlite")
      var content = try Data(contentsOf: file)
      for page in stride(from: 4096 * 2, to: content.count, by: 4096) {
        for byte in page..<(page + 40) { content[byte] = 0xA5 }
      }
      try content.write(to: file)
      let registry = try Registry.open(folder)
      let isTold: Bool
      do throws(RegistryError) {
        isTold = !(try registry.verify().isWhole)
      } catch {
        guard case .damagedDatabase = error else { throw error }
        isTold = true
      }
      #expect(isTold)
    }
  }

  @Test func `the tables are those of FORMAT.md, and so is the layout`() throws {
    try inFolder { folder in
      let registry = try Registry.open(folder, creates: true)
      _ = try registry.add(.sample(1), snapshot: Array("abc".utf8))
      let page = try String(
        contentsOf: Golden.project.appending(path: "Sources/Registry/FORMAT.md"), encoding: .utf8)
      var handle: OpaquePointer?
      sqlite3_open(folder + "/registry.sqlite", &handle)
      defer { sqlite3_close(handle) }
      var statement: OpaquePointer?
      let tables = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%'"
      sqlite3_prepare_v2(handle, tables, -1, &statement, nil)
      defer { sqlite3_finalize(statement) }
      var count = 0
      while sqlite3_step(statement) == SQLITE_ROW {
        count += 1
        let sql = sqlite3_column_text(statement, 0).map { String(cString: $0) } ?? ""
        #expect(page.contains(sql + ";"), "\(sql)")
      }
      #expect(count == 6)
      // The example of the page.
      let blob = "blobs/ba/7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
      #expect(page.contains(blob))
      #expect(try Data(contentsOf: URL(filePath: "\(folder)/\(blob)")) == Data("abc".utf8))
    }
  }

  @Test func `a registry that may only be read is read`() throws {
    try inFolder { folder in
      do {
        let registry = try Registry.open(folder, creates: true)
        _ = try registry.add(.sample(1), snapshot: bytes(1), aliases: ["champion"])
      }
      // At rest there is one file and the blobs.
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
          == ["blobs", "registry.sqlite"])
      let file = folder + "/registry.sqlite"
      try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: file)
      let registry = try Registry.open(folder)
      #expect(try registry.snapshot(of: registry.resolve("champion")) == bytes(1))
      // Root may write whatever the mode says.
      guard geteuid() != 0 else { return }
      #expect(throws: RegistryError.readOnly(path: file)) {
        try registry.add(.sample(2), snapshot: bytes(2))
      }
    }
  }
}
