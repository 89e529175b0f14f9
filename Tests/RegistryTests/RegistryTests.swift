import Foundation
import Registry
import Testing

@Suite struct RegistryTests {
  @Test func `what was added comes back after the registry was closed`() throws {
    try inFolder { folder in
      let path = folder + "/models"
      let records = [VersionRecord.sample(1), .sample(2, parent: 1)]
      do {
        let registry = try Registry.open(path, creates: true)
        for (index, record) in records.enumerated() {
          let number = try registry.add(
            record, snapshot: bytes(index), tags: ["release-\(index)": "the first"])
          #expect(number == index + 1)
        }
      }
      let registry = try Registry.open(path)
      let versions = try registry.versions()
      #expect(versions.map(\.record) == records)
      #expect(versions.map(\.number) == [1, 2])
      #expect(versions[1].tags == ["release-1": "the first"])
      #expect(versions[1].size == 1000)
      #expect(try registry.version(2) == versions[1])
      #expect(try registry.versions(last: 1) == [versions[1]])
      #expect(try registry.versions(last: 7) == versions)
      #expect(try registry.snapshot(of: 1) == bytes(0))
      #expect(try registry.snapshot(of: 2) == bytes(1))
    }
  }

  @Test func `fields that are not known stay unknown`() throws {
    try inFolder { folder in
      let registry = try Registry.open(folder, creates: true)
      let record = VersionRecord(created: time(1), model: "rls", reason: "manual")
      _ = try registry.add(record, snapshot: [])
      #expect(try registry.version(1).record == record)
      #expect(try registry.snapshot(of: 1).isEmpty)
    }
  }

  @Test func `a path without a registry is refused, and nothing is made there`() throws {
    try inFolder { folder in
      for path in [folder, folder + "/none"] {
        #expect(throws: RegistryError.notARegistry(path: path)) { try Registry.open(path) }
      }
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(names.isEmpty)
    }
  }

  @Test func `a record that is not as it must be adds nothing`() throws {
    try inFolder { folder in
      let registry = try Registry.open(folder, creates: true)
      _ = try registry.add(.sample(1), snapshot: bytes(1))
      func refused(_ error: RegistryError, _ change: (inout VersionRecord) -> Void) {
        var record = VersionRecord.sample(2)
        change(&record)
        #expect(throws: error) { try registry.add(record, snapshot: bytes(2)) }
      }
      refused(.notJSON(field: "scores")) { $0.scoresJSON = "{mae: 3}" }
      refused(.notJSON(field: "evidence")) { $0.evidenceJSON = "" }
      refused(.badTime("2026-03-01 12:00")) { $0.created = "2026-03-01 12:00" }
      refused(.badName("Re train", noun: "a reason")) { $0.reason = "Re train" }
      refused(.badHash("00ff")) { $0.dataHash = "00ff" }
      refused(.unknownVersion(7, newest: 1)) { $0.parent = 7 }
      refused(.badRange(field: "learned", text: "-1")) { $0.learned = -1 }
      #expect(throws: RegistryError.badName("v7", noun: "an alias")) {
        try registry.add(.sample(2), snapshot: bytes(2), aliases: ["v7"])
      }
      #expect(try registry.add(.sample(2), snapshot: bytes(2)) == 2)
    }
  }

  @Test func `a version with a key is added once`() throws {
    try inFolder { folder in
      let registry = try Registry.open(folder, creates: true)
      #expect(try registry.number(key: "run/1") == nil)
      #expect(try registry.add(.sample(1), snapshot: bytes(1), aliases: ["champion"]) == 1)
      let record = VersionRecord.sample(2, key: "run/1")
      #expect(try registry.add(record, snapshot: bytes(2), aliases: ["champion"]) == 2)
      try registry.move("champion", to: 1, reason: "", at: time(1))
      // The same again, with other bytes: nothing is done, and no name moves.
      #expect(try registry.add(record, snapshot: bytes(3), aliases: ["champion"]) == 2)
      #expect(try registry.resolve("champion") == 1)
      #expect(try registry.snapshot(of: 2) == bytes(2))
      #expect(try registry.verify().findings.isEmpty)
      #expect(try registry.add(.sample(3, key: "run/2"), snapshot: bytes(2)) == 3)
      #expect(try registry.number(key: "run/1") == 2)
      #expect(try registry.add(.sample(1), snapshot: bytes(1)) == 4)
    }
  }

  @Test func `references are names, then numbers, then hashes`() throws {
    try inFolder { folder in
      let registry = try Registry.open(folder, creates: true)
      for number in 1...3 { _ = try registry.add(.sample(number), snapshot: bytes(number % 3)) }
      // The bytes of the first again: a hash means the newest of them.
      _ = try registry.add(.sample(4), snapshot: bytes(1))
      try registry.move("champion", to: 2, reason: "", at: time(1))
      #expect(try registry.resolve("champion") == 2)
      #expect(try registry.resolve("3") == 3)
      #expect(try registry.resolve("v3") == 3)
      let hash = try registry.version(1).blob
      #expect(try registry.resolve(hash) == 4)
      #expect(try registry.resolve(String(hash.prefix(6))) == 4)
      #expect(throws: RegistryError.unknownVersion(9, newest: 4)) { try registry.resolve("v9") }
      for text in ["shadow", "", "v", "-1", "ABCD", "0x", "champion "] {
        #expect(throws: RegistryError.unknownReference(text, aliases: ["champion"])) {
          try registry.resolve(text)
        }
      }
    }
  }

  @Test func `digits that begin two hashes are refused`() throws {
    try inFolder { folder in
      let registry = try Registry.open(folder, creates: true)
      // Found by trying: among 400 snapshots two hashes share four digits (chance of none .7).
      var seen: [Substring: Int] = [:]
      var number = 0
      while number < 5000 {
        number += 1
        let start = hash(bytes(number, count: 40)).prefix(4)
        if let other = seen[start] {
          _ = try registry.add(.sample(1), snapshot: bytes(other, count: 40))
          _ = try registry.add(.sample(2), snapshot: bytes(number, count: 40))
          let hashes = try registry.versions().map(\.blob).sorted()
          #expect(throws: RegistryError.ambiguousHash(String(start), hashes: hashes)) {
            try registry.resolve(String(start))
          }
          return
        }
        seen[start] = number
      }
      Issue.record("no two hashes share four digits")
    }
  }

  @Test func `addresses are a folder and a reference`() throws {
    #expect(
      try RegistryAddress("a/models@champion")
        == RegistryAddress(registry: "a/models", reference: "champion"))
    #expect(try RegistryAddress("me@home/m@v7")?.registry == "me@home/m")
    #expect(try RegistryAddress("me@home/model.weir") == nil)
    #expect(try RegistryAddress("model.weir") == nil)
    for text in ["@champion", "models@", "@"] {
      #expect(throws: RegistryError.badAddress(text)) { try RegistryAddress(text) }
    }
  }

  @Test func `tags are set, replaced and taken away`() throws {
    try inFolder { folder in
      let registry = try Registry.open(folder, creates: true)
      _ = try registry.add(.sample(1), snapshot: bytes(1))
      try registry.tag(1, "release", "one")
      try registry.tag(1, "release", "two")
      try registry.tag(1, "approved-by", "Ada")
      #expect(try registry.version(1).tags == ["release": "two", "approved-by": "Ada"])
      try registry.tag(1, "release", nil)
      #expect(try registry.versions()[0].tags == ["approved-by": "Ada"])
      #expect(throws: RegistryError.unknownVersion(2, newest: 1)) {
        try registry.tag(2, "release", "x")
      }
      #expect(throws: RegistryError.badName("Re", noun: "a tag")) { try registry.tag(1, "Re", "x") }
    }
  }

  @Test func `reads in one transaction see one state, and a follower sees a change`() throws {
    try inFolder { folder in
      let (reader, writer) = (
        try Registry.open(folder, creates: true), try Registry.open(folder, patience: 0)
      )
      _ = try writer.add(.sample(1), snapshot: bytes(1), aliases: ["champion"])
      let mark = try reader.changeMark()
      #expect(try reader.changeMark() == mark)
      let (before, error, after) = try reader.reading { () throws(RegistryError) in
        let before = try reader.versions()
        var found: RegistryError?
        do throws(RegistryError) {
          _ = try writer.add(.sample(2), snapshot: bytes(2))
        } catch {
          found = error
        }
        return (before, found, try reader.versions())
      }
      // The rollback journal lets nobody commit while another reads: refused, not waited for.
      #expect(error == .busy(path: folder + "/registry.sqlite", seconds: 0))
      #expect(before == after)
      #expect(try reader.changeMark() == mark)
      #expect(try writer.add(.sample(2), snapshot: bytes(2)) == 2)
      #expect(try reader.changeMark() != mark)
    }
  }
}
