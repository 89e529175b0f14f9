import Registry
import TestSupport
import Testing

/// Every call of the file system fails once, the process dies at every call, and the power is cut at every call.
@Suite struct CrashTests {
  /// The registry with one version, on a disk whose calls then fail as told. The database is on the real one.
  private func withRegistry(
    _ body: (Registry, SimulatedDisk, String) throws -> Void
  ) throws {
    try inFolder { folder in
      let disk = SimulatedDisk(folder)
      let registry = try Registry.open(folder, creates: true, files: disk)
      _ = try registry.add(.sample(1), snapshot: bytes(1), aliases: ["champion"])
      try body(registry, disk, folder)
    }
  }

  /// How many calls one more version takes.
  private func callsOfAdding() throws -> Int {
    var calls = 0
    try withRegistry { registry, disk, _ in
      disk.fault = .none
      _ = try registry.add(.sample(2), snapshot: bytes(2))
      calls = disk.calls
    }
    return calls
  }

  @Test func `a call that fails leaves what was, and a second attempt succeeds`() throws {
    let calls = try callsOfAdding()
    #expect(calls >= 8)
    for call in 0..<calls {
      try withRegistry { registry, disk, _ in
        disk.fault = .error(at: call)
        #expect(throws: RegistryError.self, "call \(call)") {
          try registry.add(.sample(2), snapshot: bytes(2))
        }
        disk.fault = .none
        let verification = try registry.verify()
        #expect(verification.isWhole && verification.versions == 1, "call \(call)")
        #expect(try registry.add(.sample(2), snapshot: bytes(2)) == 2, "call \(call)")
        #expect(try registry.snapshot(of: 2) == bytes(2), "call \(call)")
      }
    }
  }

  @Test func `death and a power cut at every call leave a good registry`() throws {
    for call in 0..<(try callsOfAdding()) {
      for seed in 0..<8 as Range<UInt64> {
        try withRegistry { registry, disk, folder in
          disk.fault = .death(at: call)
          #expect(throws: RegistryError.self, "call \(call)") {
            try registry.add(.sample(2), snapshot: bytes(2))
          }
          let later = disk.afterPowerCut(seed: seed)
          let again = try Registry.open(folder, files: later)
          let verification = try again.verify()
          #expect(verification.isWhole && verification.versions == 1, "call \(call), seed \(seed)")
          #expect(try again.snapshot(of: 1) == bytes(1))
          #expect(try again.add(.sample(2), snapshot: bytes(2)) == 2)
          #expect(try again.verify().isWhole, "call \(call), seed \(seed)")
          // What was left goes once it is old.
          later.clock = 10
          _ = try again.prune(keep: 9, at: time(3), before: 1)
          #expect(try again.verify().findings.isEmpty, "call \(call), seed \(seed)")
        }
      }
    }
  }

  @Test func `a version whose number was told outlives a power cut`() throws {
    for seed in 0..<8 as Range<UInt64> {
      try withRegistry { registry, disk, folder in
        // The second has the bytes of the first, the third its own.
        for number in 2...3 {
          _ = try registry.add(.sample(number), snapshot: bytes(max(1, number - 1)))
          let again = try Registry.open(folder, files: disk.afterPowerCut(seed: seed))
          #expect(try again.verify().findings.isEmpty, "seed \(seed)")
          #expect(try again.snapshot(of: number) == bytes(number - 1), "seed \(seed)")
        }
      }
    }
  }

  @Test func `pruning that dies at any call loses nothing that was kept`() throws {
    var calls = 1
    var call = 0
    while call < calls {
      try withRegistry { registry, disk, folder in
        for number in 2...5 { _ = try registry.add(.sample(number), snapshot: bytes(number)) }
        if call == 0 {
          disk.fault = .none
          _ = try registry.prune(keep: 2, at: time(9), before: 0, isTrial: true)
          // A trial makes the same calls but for the removals, of which there are two.
          calls = disk.calls + 2
        }
        disk.fault = .death(at: call)
        #expect(throws: RegistryError.self, "call \(call)") {
          try registry.prune(keep: 2, at: time(9), before: 0)
        }
        let later = disk.afterPowerCut(seed: UInt64(call))
        let again = try Registry.open(folder, files: later)
        #expect(try again.verify().isWhole, "call \(call)")
        _ = try again.prune(keep: 2, at: time(10), before: 0)
        #expect(try again.verify().findings.isEmpty, "call \(call)")
        // The first is the champion.
        #expect(try again.versions().filter { $0.pruned == nil }.map(\.number) == [1, 4, 5])
        for number in [1, 4, 5] { #expect(try again.snapshot(of: number) == bytes(number)) }
      }
      call += 1
    }
  }

  @Test func `a registry that died while it was made is made the next time`() throws {
    for call in 0..<4 {
      try inFolder { folder in
        let disk = SimulatedDisk(folder)
        disk.fault = .error(at: call)
        #expect(throws: RegistryError.self) {
          try Registry.open(folder, creates: true, files: disk)
        }
        let registry = try Registry.open(folder, creates: true)
        #expect(try registry.add(.sample(1), snapshot: bytes(1)) == 1)
      }
    }
  }
}
