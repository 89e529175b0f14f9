import Foundation
import TestSupport
import Testing

/// Traffic that is split among versions: each event is answered by one of them, and by the same one whatever is around it.
@Suite(.serialized) struct SplitTests {
  /// Two columns whose relation turns over half-way, with a category and its past.
  private static let rows: [String] = {
    var random = SplitMix(seed: 31)
    return (0..<3000).map { i in
      let (a, b) = (random.below(100), random.below(100))
      let word = ["red", "green", "blue"][random.below(3)]
      let y = (i < 1500 ? 3 * a - b : b - 2 * a) + (word == "red" ? 40 : 0) + random.below(5)
      return "e\(i),\(a),\(b),\(word),\(y)"
    }
  }()
  private static let header = "id,a,b,word,y"

  private func write(_ rows: some Sequence<String>, _ name: String, in folder: URL) throws {
    let text = ([SplitTests.header] + rows).map { $0 + "\n" }.joined()
    try Data(text.utf8).write(to: folder.appending(path: name))
  }

  private func lines(_ folder: URL, _ name: String) throws -> [Substring] {
    try String(contentsOf: folder.appending(path: name), encoding: .utf8).split(separator: "\n")
  }

  private func weir(_ arguments: [String], in folder: URL) throws {
    let result = try Weir.run(arguments, in: folder)
    #expect(result.code == 0, "\(arguments): \(result.error)")
  }

  /// Two versions that were made with different features and batches, `new.csv` with what is to be predicted, and what
  /// each version alone says of it, `1.ndjson` and `2.ndjson`.
  private func withVersions(_ body: (URL) throws -> Void) throws {
    try Weir.inFolder { folder in
      try write(SplitTests.rows.prefix(1000), "old.csv", in: folder)
      try write(SplitTests.rows.prefix(1300), "later.csv", in: folder)
      try write(SplitTests.rows[1300...], "new.csv", in: folder)
      let common = [
        "--registry", "reg", "--target", "y", "--id", "id", "--task", "regression", "-q",
      ]
      try weir(
        ["learn", "old.csv", "--model", "linear:optimizer=sgd,rate=0.01", "--number", "a,b"]
          + common, in: folder)
      try weir(
        [
          "learn", "later.csv", "--model", "rls", "--lag", "a=1,2", "--cross", "word*b",
          "--batch", "100",
        ] + common, in: folder)
      for version in ["1", "2"] {
        try weir(
          [
            "predict", "new.csv", "--from", "reg@\(version)", "--predictions", "\(version).ndjson",
            "-q",
          ], in: folder)
      }
      try body(folder)
    }
  }

  private struct Line {
    let id: Substring
    let version: Substring
    let origin: Substring?
    let prediction: Double

    init?(_ text: Substring) {
      guard let id = text.firstMatch(of: #/"id":"(\w+)"/#)?.1,
        let version = text.firstMatch(of: #/"version":(\d+)/#)?.1,
        let prediction = text.firstMatch(of: #/"prediction":([-0-9.e]+)/#).flatMap({ Double($0.1) })
      else { return nil }
      (self.id, self.version, self.prediction) = (id, version, prediction)
      origin = text.firstMatch(of: #/"origin":"([^"]+)"/#)?.1
    }
  }

  private func answers(_ folder: URL, _ name: String) throws -> [Line] {
    try lines(folder, name).compactMap { Line($0) }
  }

  @Test func `each event is answered as its version alone would, in about the shares`() throws {
    try withVersions { folder in
      try weir(
        [
          "predict", "new.csv", "--from", "reg@1", "--split", "reg@2=0.25", "--predictions",
          "p.ndjson", "--summary", "s.json", "-q",
        ], in: folder)
      let alone = [
        "1": try answers(folder, "1.ndjson"), "2": try answers(folder, "2.ndjson"),
      ]
      let said = try answers(folder, "p.ndjson")
      #expect(said.count == 1700)
      var errors: [Substring: (sum: Double, count: Int)] = [:]
      for (row, line) in said.enumerated() {
        let want = try #require(alone[String(line.version)])[row]
        #expect(line.id == "e\(1300 + row)" && line.id == want.id)
        // Batches are cut elsewhere than alone, and a batch is predicted as a product of matrices.
        #expect(abs(line.prediction - want.prediction) <= 1e-9 * max(abs(want.prediction), 1))
        #expect(line.origin == "reg@\(line.version)")
        let label = Double(SplitTests.rows[1300 + row].split(separator: ",")[4]) ?? .nan
        errors[line.version, default: (0, 0)].sum += abs(label - line.prediction)
        errors[line.version, default: (0, 0)].count += 1
      }
      // Four deviations of a binomial of 1,700 events around 425.
      #expect(abs((errors["2"]?.count ?? 0) - 425) < 72, "\(errors)")
      let summary = try #require(
        try JSONSerialization.jsonObject(
          with: Data(contentsOf: folder.appending(path: "s.json"))) as? [String: Any])
      #expect(summary["events"] as? Int == 1700)
      let parts = try #require(summary["byVersion"] as? [[String: Any]])
      #expect(parts.map { $0["origin"] as? String } == ["reg@1", "reg@2"])
      for part in parts {
        let version = Substring("\(part["version"] ?? "")")
        let (sum, count) = try #require(errors[version])
        #expect(part["events"] as? Int == count)
        let mae = try #require((part["metrics"] as? [String: Any])?["mae"] as? Double)
        #expect(abs(mae - sum / Double(count)) < 1e-6 * mae)
      }
    }
  }

  @Test func `an id meets the same version again, in another order and by itself`()
    throws
  {
    try withVersions { folder in
      try write(SplitTests.rows[1300...].reversed(), "turned.csv", in: folder)
      func versions(
        _ arguments: [String], salt: String = "spring"
      ) throws -> [Substring: Substring] {
        try weir(
          [
            "predict", "--from", "reg@1", "--split", "reg@2=0.5", "--salt", salt, "--predictions",
            "p.ndjson", "-q",
          ] + arguments, in: folder)
        let said = try answers(folder, "p.ndjson")
        #expect(said.count == 1700)
        return Dictionary(uniqueKeysWithValues: said.map { ($0.id, $0.version) })
      }
      let once = try versions(["new.csv"])
      #expect(try versions(["turned.csv"]) == once)
      let otherwise = try versions(["new.csv"], salt: "autumn")
      let moved = once.count { otherwise[$0.key] != $0.value }
      #expect(abs(moved - 850) < 83, "\(moved)")
      // A larger share keeps those that it had.
      try weir(
        [
          "predict", "new.csv", "--from", "reg@1", "--split", "reg@2=0.6", "--salt", "spring",
          "--predictions", "p.ndjson", "-q",
        ], in: folder)
      let more = try answers(folder, "p.ndjson")
      #expect(more.allSatisfy { $0.version == "2" || once[$0.id] == "1" })
      // And an event by itself is answered by the same.
      for row in [1301, 2000] {
        try write([SplitTests.rows[row]], "one.csv", in: folder)
        try weir(
          [
            "predict", "one.csv", "--from", "reg@1", "--split", "reg@2=0.5", "--salt", "spring",
            "--predictions", "p.ndjson", "-q",
          ], in: folder)
        #expect(try answers(folder, "p.ndjson").first?.version == once["e\(row)"])
      }
    }
  }

  @Test func `without an id the number chooses, and a refused row takes none`() throws {
    try Weir.inFolder { folder in
      let text = { (rows: ArraySlice<String>) in
        Data(([SplitTests.header] + rows).map { $0 + "\n" }.joined().utf8)
      }
      let common = ["--registry", "reg", "--target", "y", "--task", "regression", "-q"]
      for model in ["linear:optimizer=sgd,rate=0.01", "rls"] {
        let learned = try Weir.run(
          ["learn", "--ignore", "id", "--model", model] + common,
          input: text(SplitTests.rows[..<500]), in: folder)
        #expect(learned.code == 0, "\(learned.error)")
      }
      let arguments = [
        "predict", "--from", "reg@1", "--split", "reg@2=0.5", "--predictions", "p.ndjson",
      ]
      _ = try Weir.run(arguments, input: text(SplitTests.rows[500..<800]), in: folder)
      func versions() throws -> [Substring?] {
        try lines(folder, "p.ndjson").map { $0.firstMatch(of: #/"version":(\d+)/#)?.1 }
      }
      let plain = try versions()
      #expect(Set(plain) == ["1", "2"])
      var rows = SplitTests.rows[500..<800]
      rows.insert("x,what,3,red,1", at: 600)
      let result = try Weir.run(arguments, input: text(rows), in: folder)
      #expect(try versions() == plain)
      #expect(result.error.contains("300 events") && result.error.contains("1 refused"))
    }
  }

  @Test func `versions whose labels come by id answer what they have learned like anything else`()
    throws
  {
    try withVersions { folder in
      let common = ["--target", "y", "--id", "id", "--task", "regression", "-q", "--late-labels"]
      for file in ["old.csv", "later.csv"] {
        try weir(["learn", file, "--model", "rls", "--registry", "late"] + common, in: folder)
      }
      try weir(
        [
          "predict", "later.csv", "--from", "late@1", "--split", "late@2=0.5", "--predictions",
          "p.ndjson", "--summary", "s.json", "-q",
        ], in: folder)
      #expect(try answers(folder, "p.ndjson").map(\.id) == (0..<1300).map { "e\($0)" })
      // A label by itself is no event, and nothing is scored by it.
      var rows = SplitTests.rows[1300..<1400].map { $0.prefix { $0 != "," } + ",1,2,red," }
      rows.append("e1300,,,,7")
      try write(rows.map { String($0) }, "asked.csv", in: folder)
      for split in [[], ["--split", "late@2=0.5"]] {
        try weir(
          [
            "predict", "asked.csv", "--from", "late@1", "--predictions", "p.ndjson", "--summary",
            "s.json", "-q",
          ] + split, in: folder)
        #expect(try lines(folder, "p.ndjson").count == 100)
        let summary = try String(
          contentsOf: folder.appending(path: "s.json"), encoding: .utf8)
        #expect(summary.contains("\"events\": 100,") && !summary.contains("mae"), "\(summary)")
      }
      let both = try Weir.run(
        ["predict", "asked.csv", "--from", "late@1", "--split", "reg@1=0.5"], in: folder)
      #expect(both.code == 65 && both.error.contains("--late-labels"), "\(both.error)")
    }
  }

  @Test func `an alias in a split is followed as it moves`() throws {
    try withVersions { folder in
      try weir(["models", "promote", "reg", "1", "--alias", "challenger"], in: folder)
      let process = Weir.process(
        [
          "predict", "--from", "reg@2", "--split", "reg@challenger=0.5", "--predictions",
          "out.ndjson", "--max-delay", "0", "-q", "--summary", "s.json",
        ], in: folder)
      let input = Pipe()
      process.standardInput = input
      process.standardError = FileHandle.nullDevice
      try process.run()
      let writer = input.fileHandleForWriting
      func write(_ rows: ArraySlice<String>) throws {
        try writer.write(contentsOf: Data(rows.map { $0 + "\n" }.joined().utf8))
      }
      try write([SplitTests.header])
      try write(SplitTests.rows[1300..<1400])
      while ((try? lines(folder, "out.ndjson").count) ?? 0) < 100 { usleep(10_000) }
      // Another version with the features of the first.
      try self.write(SplitTests.rows.prefix(1200), "between.csv", in: folder)
      try weir(
        [
          "learn", "between.csv", "--registry", "reg", "--target", "y", "--id", "id", "--task",
          "regression", "--model", "linear", "-q",
        ], in: folder)
      try weir(["models", "promote", "reg", "3", "--alias", "challenger"], in: folder)
      usleep(400_000)
      try write(SplitTests.rows[1400..<1500])
      try writer.close()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      let said = try answers(folder, "out.ndjson")
      #expect(said.map(\.id) == (1300..<1500).map { "e\($0)" })
      #expect(Set(said.prefix(100).map(\.version)) == ["2", "1"])
      #expect(Set(said.suffix(100).map(\.version)) == ["2", "3"])
      #expect(said.allSatisfy { ($0.version == "2") == ($0.origin == "reg@2") })
      try weir(
        ["predict", "new.csv", "--from", "reg@3", "--predictions", "3.ndjson", "-q"], in: folder)
      let alone = try answers(folder, "3.ndjson")
      for (row, line) in said.enumerated() where line.version == "3" {
        // It has no memory of rows: what it says does not depend on where it came in.
        #expect(abs(line.prediction - alone[row].prediction) < 1e-9 * abs(line.prediction))
      }
    }
  }

  @Test func `what cannot share the events is refused in words`() throws {
    try withVersions { folder in
      func refusal(_ splits: [String], from: String = "reg@1") throws -> (Int32, String) {
        let result = try Weir.run(
          ["predict", "new.csv", "--from", from] + splits.flatMap { ["--split", $0] }, in: folder)
        return (result.code, result.error)
      }
      #expect(try refusal(["reg@2"]).0 == 64)
      #expect(try refusal(["reg@2=1.5"]).0 == 64)
      #expect(try refusal(["reg@1=0.5"]).1.contains("already"))
      let much = try refusal(["reg@2=0.6", "reg@champion=0.4"])
      #expect(much.0 == 64 && much.1.contains("less than 1"), "\(much)")
      let common = ["--registry", "reg", "-q", "--model", "linear"]
      try weir(["learn", "old.csv", "--target", "a", "--id", "id"] + common, in: folder)
      let other = try refusal(["reg@3=0.5"])
      #expect(other.0 == 65 && other.1.contains("it predicts a"), "\(other)")
      try weir(["learn", "old.csv", "--target", "y", "--ignore", "id"] + common, in: folder)
      let nameless = try refusal(["reg@4=0.5"])
      #expect(nameless.0 == 65 && nameless.1.contains("--id"), "\(nameless)")
      let json = #"{"id":"e","a":1,"b":2,"word":"red","y":5}"# + "\n"
      try Data(String(repeating: json, count: 50).utf8).write(
        to: folder.appending(path: "old.ndjson"))
      try weir(
        ["learn", "old.ndjson", "--target", "y", "--task", "regression", "--id", "id"] + common,
        in: folder)
      let format = try refusal(["reg@5=0.5"])
      #expect(format.0 == 65 && format.1.contains("another format"), "\(format)")
    }
  }
}
