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

  private static let golden = Golden.folder.appending(path: "registry")

  /// Registries of every format that was ever written; each was made by the line in `Tests/Golden/README.md`.
  @Test(arguments: [1])
  func `a registry of each format can be read and added to`(format: Int) throws {
    try inFolder { folder in
      let path = folder + "/models"
      try FileManager.default.copyItem(
        atPath: FormatTests.golden.appending(path: "\(format)").path, toPath: path)
      let registry = try Registry.open(path)
      try FormatTests.check(registry)
      #expect(try registry.add(.sample(4, parent: 3), snapshot: bytes(4)) == 4)
      #expect(try registry.rollback("champion", reason: "", at: time(9)).version == 1)
    }
  }

  private static func check(_ registry: Registry) throws {
    #expect(
      try registry.versions().map(\.record)
        == [.sample(1), .sample(2, parent: 1), .sample(3, parent: 1, key: "run/3")])
    #expect(try registry.version(3).tags == ["release": "1.0 “é”"])
    #expect(try registry.snapshot(of: 1) == bytes(1))
    #expect(throws: RegistryError.pruned(version: 2, when: time(7))) {
      try registry.snapshot(of: 2)
    }
    #expect(try registry.history().map(\.version) == [1, 2, nil, 2, 1, 3])
    #expect(try registry.resolve("champion") == 3)
    #expect(try registry.verify() == Verification(versions: 3, pruned: 1, bytes: 2000))
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["WEIR_WRITE_GOLDEN"] != nil))
  func `the golden registry is made anew`() throws {
    let folder = FormatTests.golden.appending(path: "1").path
    try? FileManager.default.removeItem(atPath: folder)
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true)
    let registry = try Registry.open(folder, creates: true)
    _ = try registry.add(.sample(1), snapshot: bytes(1), aliases: ["champion"])
    _ = try registry.add(.sample(2, parent: 1), snapshot: bytes(2), aliases: ["champion"])
    try registry.remove("champion", reason: "for a while", at: time(3))
    try registry.rollback("champion", reason: "it was no good", at: time(4))
    try registry.rollback("champion", reason: "nor that", evidence: "[1.5]", at: time(5))
    let tags = ["release": "1.0 “é”"]
    _ = try registry.add(
      .sample(3, parent: 1, key: "run/3"), snapshot: bytes(3), tags: tags, aliases: ["champion"])
    _ = try registry.prune(keep: 0, at: time(7), before: 0)
    try FormatTests.check(registry)
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
