import Foundation
import Registry
import Testing

/// Verifying and pruning.
@Suite struct CareTests {
  private func path(_ folder: String, _ blob: String) -> String {
    "\(folder)/blobs/\(blob.prefix(2))/\(blob.dropFirst(2))"
  }

  @Test func `every changed bit and every lost byte of a snapshot is found`() throws {
    try inFolder { folder in
      let registry = try Registry.open(folder, creates: true)
      _ = try registry.add(.sample(1), snapshot: bytes(1, count: 40))
      let blob = path(folder, try registry.version(1).blob)
      for byte in 0..<40 {
        var changed = bytes(1, count: 40)
        changed[byte] ^= 1 << (byte % 8)
        for content in [changed, Array(bytes(1, count: 40).prefix(byte))] {
          try Data(content).write(to: URL(filePath: blob))
          let error = RegistryError.damagedBlob(version: 1, path: blob, found: hash(content))
          #expect(throws: error) { try registry.snapshot(of: 1) }
          let finding = Finding.damaged(version: 1, path: blob, found: hash(content))
          #expect(try registry.verify().findings == [finding])
        }
      }
      // Adding the same bytes again mends it.
      _ = try registry.add(.sample(2), snapshot: bytes(1, count: 40))
      #expect(try registry.verify() == Verification(versions: 2, bytes: 40))
    }
  }

  @Test func `what is missing, unnamed, unfinished or foreign is told apart`() throws {
    try inFolder { folder in
      let registry = try Registry.open(folder, creates: true)
      for number in [1, 2, 3] { _ = try registry.add(.sample(number), snapshot: bytes(number % 2)) }
      let lost = path(folder, hash(bytes(1)))
      try FileManager.default.removeItem(atPath: lost)
      let unnamed = path(folder, hash(bytes(9)))
      for (path, content) in [
        (unnamed, bytes(9)), (folder + "/blobs/00/incoming-1-0", bytes(3, count: 7)),
        (folder + "/blobs/notes.txt", []),
      ] {
        let url = URL(filePath: path)
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(content).write(to: url)
      }
      let verification = try registry.verify()
      let findings: [Finding] = [
        .missing(version: 1, path: lost), .missing(version: 3, path: lost),
        .unfinished(path: folder + "/blobs/00/incoming-1-0", size: 7),
        .unnamed(path: unnamed, size: 1000), .foreign(path: folder + "/blobs/notes.txt"),
      ]
      #expect(!verification.isWhole)
      #expect(verification.findings.count == findings.count)
      for finding in findings { #expect(verification.findings.contains(finding)) }
      #expect(throws: RegistryError.missingBlob(version: 3, path: lost)) {
        try registry.snapshot(of: 3)
      }
    }
  }

  @Test func `pruning keeps the last, the named, the tagged and what a rollback wants`() throws {
    try inFolder { folder in
      let registry = try Registry.open(folder, creates: true)
      for number in 1...9 {
        let parent = number == 1 ? nil : number - 1
        _ = try registry.add(.sample(number, parent: parent), snapshot: bytes(number))
      }
      try registry.tag(2, "release", "1.0")
      try registry.move("champion", to: 3, reason: "", at: time(1))
      try registry.move("champion", to: 4, reason: "", at: time(2))
      try registry.move("champion", to: 6, reason: "", at: time(3))
      let before = try registry.versions()
      let trial = try registry.prune(keep: 2, at: time(9), before: 0, isTrial: true)
      #expect(trial.versions == [1, 3, 5, 7])
      #expect(trial.bytes == 4000)
      #expect(try registry.versions() == before)
      #expect(try registry.verify().findings.isEmpty)
      #expect(try registry.prune(keep: 2, at: time(9), before: 0) == trial)
      let after = try registry.versions()
      #expect(after.map(\.record) == before.map(\.record))
      #expect(after.filter { $0.pruned == time(9) }.map(\.number) == [1, 3, 5, 7])
      #expect(
        try registry.verify() == Verification(versions: 9, pruned: 4, bytes: 5000))
      #expect(throws: RegistryError.pruned(version: 5, when: time(9))) {
        try registry.snapshot(of: 5)
      }
      #expect(throws: RegistryError.pruned(version: 5, when: time(9))) {
        try registry.move("champion", to: 5, reason: "", at: time(10))
      }
      #expect(try registry.rollback("champion", reason: "", at: time(10)).version == 4)
      #expect(throws: RegistryError.pruned(version: 3, when: time(9))) {
        try registry.rollback("champion", reason: "", at: time(10))
      }
      #expect(try registry.prune(keep: 2, at: time(9), before: 0).versions == [6])
      #expect(try registry.add(.sample(10), snapshot: bytes(1)) == 10)
    }
  }

  @Test func `the same bytes stay while any version that is kept has them`() throws {
    try inFolder { folder in
      let registry = try Registry.open(folder, creates: true)
      for number in 1...4 { _ = try registry.add(.sample(number), snapshot: bytes(number % 2)) }
      let pruning = try registry.prune(keep: 1, at: time(1), before: 0)
      #expect(pruning.versions == [1, 2, 3])
      #expect(pruning.files == [path(folder, hash(bytes(1)))])
      #expect(try registry.snapshot(of: 4) == bytes(0))
      #expect(try registry.verify().findings.isEmpty)
    }
  }

  @Test func `what no version names goes only when it is old`() throws {
    try inFolder { folder in
      let disk = SimulatedDisk(folder)
      let registry = try Registry.open(folder, creates: true, files: disk)
      _ = try registry.add(.sample(1), snapshot: bytes(1))
      for (clock, name) in [(100, "a"), (200, "b")] {
        disk.clock = clock
        try disk.makeFolder(folder + "/blobs/0\(name)")
        for file in ["incoming-7-0", String(repeating: name, count: 62)] {
          let path = "\(folder)/blobs/0\(name)/\(file)"
          let descriptor = try #require(try disk.create(path))
          try disk.write([1, 2, 3], to: descriptor, path)
        }
      }
      let young = String(repeating: "b", count: 62)
      #expect(
        try registry.prune(keep: 1, at: time(1), before: 200)
          == Pruning(
            versions: [],
            files: [
              "\(folder)/blobs/0a/\(String(repeating: "a", count: 62))",
              "\(folder)/blobs/0a/incoming-7-0",
            ], bytes: 6))
      #expect(
        try registry.verify().findings == [
          .unnamed(path: "\(folder)/blobs/0b/\(young)", size: 3),
          .unfinished(path: "\(folder)/blobs/0b/incoming-7-0", size: 3),
        ])
    }
  }

  /// Somebody prunes with no grace at every instant of adding bytes that a pruned version had.
  @Test func `bytes that are pruned while they are added again are there`() throws {
    var added = 0
    for call in 0..<12 {
      try inFolder { folder in
        let disk = SimulatedDisk(folder)
        let registry = try Registry.open(folder, creates: true, files: disk)
        let other = try Registry.open(folder, patience: 0, files: disk)
        for number in 1...2 { _ = try registry.add(.sample(number), snapshot: bytes(number)) }
        disk.fault = .none
        disk.meanwhile = { now in
          // Within the transaction it finds the database held, and that is well.
          if now == call { _ = try? other.prune(keep: 1, at: time(3), before: .max) }
        }
        do throws(RegistryError) {
          #expect(try registry.add(.sample(3), snapshot: bytes(1)) == 3, "call \(call)")
          added += 1
        } catch {
          // The file was taken away while it was written.
          guard case .system("rename to", _, _) = error else { throw error }
        }
        disk.meanwhile = nil
        #expect(try registry.verify().isWhole, "call \(call)")
      }
    }
    #expect(added > 8)
  }

  /// The other way round: somebody adds the bytes that are about to go.
  @Test func `bytes that are added while they are pruned are there`() throws {
    for call in 0..<12 {
      try inFolder { folder in
        let disk = SimulatedDisk(folder)
        let registry = try Registry.open(folder, creates: true, files: disk)
        let other = try Registry.open(folder, patience: 0, files: disk)
        for number in 1...2 { _ = try registry.add(.sample(number), snapshot: bytes(number)) }
        disk.fault = .none
        disk.meanwhile = { now in
          if now == call { _ = try? other.add(.sample(3), snapshot: bytes(1)) }
        }
        _ = try registry.prune(keep: 1, at: time(3), before: .max)
        disk.meanwhile = nil
        #expect(try registry.verify().isWhole, "call \(call)")
      }
    }
  }
}
