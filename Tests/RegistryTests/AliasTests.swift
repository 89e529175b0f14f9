import Registry
import TestSupport
import Testing

@Suite struct AliasTests {
  @Test func `a rollback goes where the alias pointed before, and again before that`() throws {
    try inFolder { folder in
      let registry = try Registry.open(folder, creates: true)
      for number in 1...4 { _ = try registry.add(.sample(number), snapshot: bytes(number)) }
      for number in 1...3 {
        try registry.move(
          "champion", to: number, reason: "better", evidence: #"{"e":\#(number)}"#,
          at: time(number))
      }
      #expect(try registry.rollback("champion", reason: "worse", at: time(4)).version == 2)
      try registry.move("champion", to: 4, reason: "better", at: time(5))
      #expect(try registry.rollback("champion", reason: "worse", at: time(6)).version == 2)
      #expect(try registry.rollback("champion", reason: "worse", at: time(7)).version == 1)
      #expect(throws: RegistryError.nothingBefore(alias: "champion")) {
        try registry.rollback("champion", reason: "worse", at: time(8))
      }
      let history = try registry.history("champion")
      #expect(history.map(\.version) == [1, 2, 3, 2, 4, 2, 1])
      #expect(history[2].evidenceJSON == #"{"e":3}"#)
      #expect(history[3].kind == .rollback)
      #expect(history[3].reason == "worse")
    }
  }

  @Test func `which version was champion at any moment`() throws {
    try inFolder { folder in
      let registry = try Registry.open(folder, creates: true)
      for number in 1...2 { _ = try registry.add(.sample(number), snapshot: bytes(number)) }
      try registry.move("champion", to: 1, reason: "", at: "2026-03-01T12:00:00Z")
      try registry.move("champion", to: 2, reason: "", at: "2026-03-01T12:00:00.5Z")
      try registry.remove("champion", reason: "", at: "2026-03-02T00:00:00Z")
      for (moment, expected) in [
        ("2026-03-01T11:59:59.999Z", nil), ("2026-03-01T12:00:00Z", 1),
        ("2026-03-01T12:00:00.49Z", 1), ("2026-03-01T12:00:00.5Z", 2),
        ("2026-03-01T23:59:59Z", 2), ("2027-01-01T00:00:00Z", nil),
      ] as [(String, Int?)] {
        #expect(try registry.version(of: "champion", at: moment) == expected, "\(moment)")
      }
      #expect(throws: RegistryError.unknownReference("champion", aliases: [])) {
        try registry.resolve("champion")
      }
      #expect(try registry.rollback("champion", reason: "", at: time(9)).version == 2)
    }
  }

  @Test func `a promotion to where the alias points already writes nothing`() throws {
    try inFolder { folder in
      let registry = try Registry.open(folder, creates: true)
      _ = try registry.add(.sample(1), snapshot: bytes(1), aliases: ["champion"])
      #expect(try registry.move("champion", to: 1, reason: "again", at: time(2)) == nil)
      let history = try registry.history()
      #expect(history.count == 1)
      #expect(history[0].reason == "retrain")
      #expect(history[0].evidenceJSON == VersionRecord.sample(1).evidenceJSON)
    }
  }

  @Test func `what cannot be is refused`() throws {
    try inFolder { folder in
      let registry = try Registry.open(folder, creates: true)
      _ = try registry.add(.sample(1), snapshot: bytes(1))
      #expect(throws: RegistryError.unknownVersion(2, newest: 1)) {
        try registry.move("champion", to: 2, reason: "", at: time(1))
      }
      for name in ["", "7", "v7", "Champion", "-a", "a-", "a--b", "a b", "é", "a@b"] {
        #expect(throws: RegistryError.badName(name, noun: "an alias")) {
          try registry.move(name, to: 1, reason: "", at: time(1))
        }
      }
      #expect(throws: RegistryError.notJSON(field: "evidence")) {
        try registry.move("champion", to: 1, reason: "", evidence: "x", at: time(1))
      }
      #expect(throws: RegistryError.unknownAlias("shadow", aliases: [])) {
        try registry.rollback("shadow", reason: "", at: time(1))
      }
      #expect(try registry.history().isEmpty)
    }
  }

  @Test(arguments: [
    "2026-03-01", "2026-13-01T00:00:00Z", "2026-03-01T24:00:00Z", "2026-03-01T00:00:00",
    "2026-03-01T00:00:00.Z", "2026-03-01T00:00:00+01:00", "2026-03-01T00:00:00.1234567890Z", "",
  ]) func `a time that is not UTC as agreed is refused`(text: String) throws {
    try inFolder { folder in
      let registry = try Registry.open(folder, creates: true)
      #expect(throws: RegistryError.badTime(text)) {
        try registry.version(of: "champion", at: text)
      }
    }
  }

  /// A stack for each alias, kept beside.
  @Test func `moves of several aliases are stacks`() throws {
    for seed in 1...2 as ClosedRange<UInt64> {
      try inFolder { folder in
        let registry = try Registry.open(folder, creates: true)
        for number in 1...5 { _ = try registry.add(.sample(number), snapshot: bytes(number)) }
        var random = SplitMix(seed: seed)
        let names = ["champion", "challenger", "shadow"]
        var stacks: [String: [Int]] = [:]
        for step in 1...60 {
          let name = names[random.below(3)]
          var stack = stacks[name] ?? []
          if random.below(3) > 0 {
            let version = 1 + random.below(5)
            try registry.move(name, to: version, reason: "", at: time(step))
            if stack.last != version { stack.append(version) }
          } else if stack.count > 1 {
            try registry.rollback(name, reason: "", at: time(step))
            stack.removeLast()
          } else {
            #expect(throws: RegistryError.self) {
              try registry.rollback(name, reason: "", at: time(step))
            }
          }
          stacks[name] = stack
          let expected = names.sorted().compactMap { name in stacks[name]?.last.map { (name, $0) } }
          let found = try registry.aliases()
          #expect(found.map(\.name) == expected.map(\.0), "seed \(seed), step \(step)")
          #expect(found.map(\.version) == expected.map(\.1), "seed \(seed), step \(step)")
        }
      }
    }
  }
}
