import Foundation
import TestSupport
import Testing

/// `weir models` over several commands, and by several processes at a time.
@Suite struct ModelsTests {
  private func weir(_ arguments: [String], in folder: URL) throws -> String {
    let result = try Weir.run(["models"] + arguments, in: folder)
    #expect(result.code == 0, "\(arguments): \(result.error)")
    return result.out
  }

  /// A registry `m` with three versions; the second is the champion.
  private func withModels(_ body: (URL) throws -> Void) throws {
    try Weir.inFolder { folder in
      for number in 1...3 {
        try Data("snapshot \(number)".utf8).write(to: folder.appending(path: "\(number).weir"))
        try Data(#"{"target":"cnt","lag":["cnt=\#(number)"]}"#.utf8).write(
          to: folder.appending(path: "\(number).json"))
        let parent = number > 1 ? ["--parent", "\(number - 1)"] : []
        let added = try weir(
          [
            "add", "m", "\(number).weir", "--model", "rls:leak=0.\(number)", "--why", "for a test",
            "--config", "\(number).json", "--scores", #"{"mae":{"all":\#(50 - number).5}}"#,
          ] + parent + (number == 2 ? ["--alias", "champion"] : []), in: folder)
        #expect(added == "\(number)\n")
      }
      try body(folder)
    }
  }

  @Test func `versions are listed, shown and compared`() throws {
    try withModels { folder in
      let list = try weir(["list", "m"], in: folder).split(separator: "\n")
      #expect(list.count == 4)
      #expect(list[0].hasPrefix("version  parent  created"))
      #expect(list[2].contains("manual") && list[2].contains("mae.all 48.50"))
      #expect(list[2].contains("champion") && list[2].hasSuffix("rls:leak=0.2"))
      let last = try weir(["list", "m", "--last", "1", "--json"], in: folder)
      #expect(last.hasPrefix(#"{"version":3,"parent":2,"#))
      let page = try weir(["show", "m@champion"], in: folder)
      for piece in ["version 2\n", "rls:leak=0.2", "from version 1", "lag [\"cnt=2\"]"] {
        #expect(page.contains(piece), "\(page)")
      }
      // The registry is a folder of that name even where an @ is in it.
      try FileManager.default.copyItem(
        at: folder.appending(path: "m"), to: folder.appending(path: "a@b"))
      #expect(try weir(["show", "a@b", "v3"], in: folder).hasPrefix("version 3\n"))
      let difference = try weir(["diff", "m", "3"], in: folder)
      #expect(difference.contains("mae.all  48.5"))
      #expect(difference.contains("47.5") && difference.contains("-1\n"))
      #expect(!difference.contains("target"))
      let json = try weir(["diff", "m", "1", "champion", "--json"], in: folder)
      #expect(json.hasPrefix("{\n  \"from\": 1,\n  \"to\": 2,"))
    }
  }

  @Test func `names move, move back, and their history says who was champion when`() throws {
    try withModels { folder in
      #expect(try weir(["history", "m", "--at", "2020-01-01T00:00:00Z"], in: folder) == "none\n")
      #expect(
        try weir(["promote", "m", "3", "--why", "it is better"], in: folder)
          == "champion: 2 → 3\n")
      #expect(try weir(["promote", "m@v3"], in: folder) == "champion: 3, as it was\n")
      #expect(
        try weir(["rollback", "m", "--why", "it is not"], in: folder) == "champion: 3 → 2\n")
      #expect(try weir(["promote", "m", "1", "--alias", "shadow"], in: folder).hasSuffix("→ 1\n"))
      #expect(try weir(["unalias", "m", "shadow"], in: folder) == "shadow: 1 → nowhere\n")
      let history = try weir(["history", "m", "--alias", "champion"], in: folder)
      let lines = history.split(separator: "\n")
      #expect(lines.count == 3)
      #expect(lines[1].hasSuffix("champion → 3, promotion: it is better"))
      #expect(lines[2].hasSuffix("champion → 2, rollback: it is not"))
      let moment = String(lines[1].prefix { $0 != " " })
      #expect(try weir(["history", "m", "--at", moment], in: folder) == "3\n")
      #expect(try weir(["history", "m", "--at", "2999-01-01T00:00:00Z"], in: folder) == "2\n")
    }
  }

  @Test func `a snapshot comes out as it went in, until it is pruned or damaged`() throws {
    try withModels { folder in
      #expect(try weir(["export", "m@champion", "-"], in: folder) == "snapshot 2")
      _ = try weir(["export", "m", "3", "out.weir", "--manifest", "out.json"], in: folder)
      #expect(
        try String(contentsOf: folder.appending(path: "out.weir"), encoding: .utf8) == "snapshot 3")
      let manifest = try JSONDecoder().decode(
        Manifest.self, from: Data(contentsOf: folder.appending(path: "out.json")))
      #expect(manifest.version == 3 && manifest.parent == 2 && manifest.bytes == 10)
      #expect(manifest.configuration.lag == ["cnt=3"])
      _ = try weir(["tag", "m", "3", "release=1.0"], in: folder)
      #expect(
        try weir(["prune", "m", "--keep", "0", "--dry-run"], in: folder)
          == "would prune version 1; 1 files, 10 bytes\n")
      #expect(
        try weir(["prune", "m", "--keep", "0"], in: folder)
          == "pruned version 1; 1 files, 10 bytes\n")
      #expect(try weir(["list", "m"], in: folder).contains("(pruned)"))
      let refused = try Weir.run(["models", "export", "m", "1", "-"], in: folder)
      #expect(refused.code == 65)
      #expect(refused.error.contains("its record is all there is"))
      #expect(
        try weir(["verify", "m"], in: folder).hasPrefix("whole: 3 versions, 1 of them pruned"))
      let hash = manifest.sha256
      try Data("snapshot X".utf8).write(
        to: folder.appending(path: "m/blobs/\(hash.prefix(2))/\(hash.dropFirst(2))"))
      let damaged = try Weir.run(["models", "verify", "m"], in: folder)
      #expect(damaged.code == 65)
      #expect(damaged.out.hasPrefix("version 3: damaged: m/blobs/"))
      #expect(damaged.out.contains("NOT whole"))
      let torn = try Weir.run(["models", "export", "m", "3", "torn.weir"], in: folder)
      #expect(torn.code == 65)
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "torn.weir").path))
    }
  }

  private struct Manifest: Decodable {
    struct Configuration: Decodable { let lag: [String] }
    let version: Int
    let parent: Int?
    let bytes: Int
    let sha256: String
    let configuration: Configuration
  }

  /// `make soak` does the same for a minute.
  @Test func `processes on one registry tear nothing and lose nothing`() throws {
    try Weir.inFolder { folder in
      let process = Process()
      process.executableURL = Golden.project.appending(path: "scripts/registry-soak")
      process.arguments = ["--rounds", "4"]
      var environment = ProcessInfo.processInfo.environment
      environment["WEIR"] = Weir.path
      process.environment = environment
      let out = Pipe()
      process.standardOutput = out
      try process.run()
      let text = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationStatus == 0, "\(text)")
      #expect(text.contains("nothing torn, nothing lost"))
    }
  }
}
