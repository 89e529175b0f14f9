import Foundation
import TestSupport
import Testing

/// The rooms and the floors they stand on: imports go strictly downwards.
@Suite struct ArchitectureTests {
  /// Each room with its floor and, of the system's modules, the ones it may use.
  static let floors: [String: (floor: Int, system: Set<String>)] = [
    "CBLAS": (0, []), "CZlib": (0, []), "CSQLite": (0, []), "CLanes": (0, []),
    "Catalogues": (1, []), "Kernels": (1, ["Glibc", "Synchronization"]), "Snapshots": (1, []),
    "Batches": (2, []), "Comparisons": (2, ["Glibc"]), "Detectors": (2, ["Glibc"]),
    "Statistics": (2, ["Glibc"]),
    "Generators": (3, ["Glibc"]), "Ingest": (3, ["Glibc", "Synchronization"]),
    "Learners": (3, ["Glibc"]),
    "Monitors": (3, ["Glibc"]), "Registry": (3, ["Glibc"]), "Scores": (3, ["Glibc"]),
    "Telemetry": (3, ["Glibc", "Histogram"]),
    "Explanations": (4, ["Glibc"]), "Report": (4, ["Glibc"]), "Studies": (4, ["Glibc"]),
    "Engine": (5, ["Glibc"]),
    "CommandLine": (6, ["Glibc", "Synchronization", "ArgumentParser", "FoundationEssentials"]),
    "weir": (7, []),
  ]

  private func swiftFiles(_ room: String) throws -> [URL] {
    let folder = Golden.project.appending(path: "Sources/\(room)")
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    return (files?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "swift" }
  }

  private func imports(_ file: URL) throws -> [String] {
    try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard let position = words.firstIndex(of: "import"), position <= 1, !line.hasPrefix(" "),
        position == 0 || ["package", "public", "internal", "private"].contains(words[0])
      else { return nil }
      return words.last.map(String.init)
    }
  }

  @Test func `every room is in the table, and the table names only rooms`() throws {
    let folder = Golden.project.appending(path: "Sources")
    let rooms = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(Set(rooms) == Set(ArchitectureTests.floors.keys))
  }

  @Test(arguments: floors.keys.sorted()) func `imports go strictly downwards`(room: String) throws {
    let own = try #require(ArchitectureTests.floors[room])
    for file in try swiftFiles(room) {
      for name in try imports(file) {
        if let other = ArchitectureTests.floors[name] {
          #expect(other.floor < own.floor, "\(file.lastPathComponent) imports \(name)")
        } else {
          #expect(own.system.contains(name), "\(file.lastPathComponent) imports \(name)")
        }
      }
    }
  }

  /// An import that only works because something else was built before is found here, not on a clean machine.
  @Test func `what a room imports its target declares`() throws {
    let manifest = try String(
      contentsOf: Golden.project.appending(path: "Package.swift"), encoding: .utf8)
    var declared: [String: Set<String>] = [:]
    for match in manifest.matches(of: #/room\(\s*"(\w+)"(?:,\s*on:\s*\[([^\]]*)\])?/#) {
      let names = (match.2 ?? "").matches(of: #/"(\w+)"/#).map { String($0.1) }
      declared[String(match.1)] = Set(names)
    }
    #expect(declared.count > 8)
    for (room, names) in declared {
      for file in try swiftFiles(room) {
        for name in try imports(file) where ArchitectureTests.floors[name] != nil {
          #expect(names.contains(name), "\(room)/\(file.lastPathComponent) imports \(name)")
        }
      }
    }
  }

  @Test func `the engine knows neither bytes nor screens`() throws {
    for file in try swiftFiles("Engine") {
      let names = try imports(file)
      #expect(!names.contains("Ingest"), "\(file.lastPathComponent)")
    }
  }

  /// A file that declares an entry is in its catalogue: what is in the folder can be named.
  @Test(arguments: [
    ("Comparisons", "Comparisons/Catalogue.swift"),
    ("Detectors", "Detectors/Catalogue.swift"),
    ("Generators/Injection", "Generators/Injection/Injector.swift"),
    ("Generators/Series", "Generators/Catalogue.swift"),
    ("Generators/Classes", "Generators/Catalogue.swift"),
    ("Generators/Numbers", "Generators/Catalogue.swift"),
    ("Generators/Lectures", "Generators/Catalogue.swift"),
    ("Learners", "Learners/Catalogue.swift"),
    ("Monitors/Checks", "Monitors/Checks/Catalogue.swift"),
    ("Ingest/Formats", "Ingest/Formats/RecordFormat.swift"), ("Scores", "Scores/Catalogue.swift"),
    ("Learners/Optimizers", "Learners/Optimizers/Optimizer.swift"),
  ]) func `the folder and the catalogue agree`(folder: String, catalogue: String) throws {
    let sources = Golden.project.appending(path: "Sources")
    let listed = try String(contentsOf: sources.appending(path: catalogue), encoding: .utf8)
    for file in try swiftFiles(folder) {
      if folder == "Learners", file.path.contains("/Optimizers/") { continue }
      let text = try String(contentsOf: file, encoding: .utf8)
      let declaration = try Regex(#"static let (\w+)(?:: Entry<[^>]*> =| = (?:Entry<|entry\())"#)
      var owner = ""
      for line in text.split(separator: "\n") {
        if let type = try Regex(#"^(?:package )?(?:struct|enum|final class) (\w+)"#).firstMatch(
          in: String(line))
        {
          owner = String(type.output[1].substring ?? "")
        }
        guard let match = try declaration.firstMatch(in: String(line)) else { continue }
        let name = String(match.output[1].substring ?? "")
        #expect(listed.contains("\(owner).\(name)"), "\(owner).\(name) is in no catalogue")
      }
    }
  }
}
