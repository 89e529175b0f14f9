import Foundation
import TestSupport
import Testing

/// What a run says of its predictions, and what is said of a version, a row or a change afterwards.
@Suite(.serialized) struct ExplainTests {
  /// a decides of the first half, b of the second; a word adds to both.
  private static let rows: [String] = {
    var random = SplitMix(seed: 21)
    return (0..<600).map { i in
      let (a, b) = (random.below(100), random.below(100))
      let word = ["red", "green", "blue"][random.below(3)]
      let y = (i < 300 ? 3 * a : 3 * b) + (word == "red" ? 40 : 0)
      let kind = y < 90 ? "low" : y < 200 ? "middle" : "high"
      return "e\(i),\(a),\(b),\(word),\(y),\(y > 150 ? "yes" : "no"),\(kind)"
    }
  }()
  private static func text(_ rows: some Sequence<String>) -> Data {
    Data((["id,a,b,word,y,isHigh,kind"] + rows).map { $0 + "\n" }.joined().utf8)
  }
  private static let options = [
    "--target", "y", "--id", "id", "--ignore", "isHigh,kind", "--task", "regression", "-q",
  ]

  private func lines(_ folder: URL, _ name: String) throws -> [[String]] {
    try String(contentsOf: folder.appending(path: name), encoding: .utf8)
      .split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
  }

  private func run(_ arguments: [String], in folder: URL) throws -> Weir.Result {
    let result = try Weir.run(arguments, in: folder)
    #expect(result.code == 0, "\(arguments): \(result.error)")
    return result
  }

  @Test(arguments: [
    ["--target", "y", "--ignore", "id,isHigh,kind", "--task", "regression"],
    ["--target", "isHigh", "--ignore", "id,y,kind", "--calibrate"],
    ["--target", "kind", "--ignore", "id,y,isHigh", "--model", "softmax:rate=0.1"],
  ]) func `contributions of each event add up to its prediction`(options: [String]) throws {
    try Weir.inFolder { folder in
      try ExplainTests.text(ExplainTests.rows.prefix(150)).write(
        to: folder.appending(path: "e.csv"))
      _ = try run(
        ["learn", "e.csv", "-q", "--contributions", "c.csv", "--background", "6"] + options,
        in: folder)
      let table = try lines(folder, "c.csv")
      #expect(
        table[0] == ["event", "prediction", "predictor", "base", "a", "b", "word", "others"])
      #expect(table.count == 151)
      for (event, line) in table.dropFirst().enumerated() {
        let values = line.compactMap(Double.init)
        #expect(values.count == 8 && values[0] == Double(event))
        let sum = values[3...].reduce(0, +)
        #expect(abs(sum - values[2]) <= 1e-9 * max(1, abs(values[2])), "\(line)")
        let said = options.contains("--calibrate") ? 1 / (1 + (-values[2]).exponential) : values[2]
        #expect(abs(said - values[1]) <= 1e-9 * max(1, abs(said)), "\(line)")
      }
    }
  }

  @Test func `a run that goes on explains as one that never stopped`() throws {
    try Weir.inFolder { folder in
      try ExplainTests.text(ExplainTests.rows.prefix(300)).write(
        to: folder.appending(path: "e.csv"))
      try ExplainTests.text(ExplainTests.rows.prefix(120)).write(
        to: folder.appending(path: "first.csv"))
      let options =
        ExplainTests.options + [
          "--importance", "100", "--background", "5", "--checkpoint", "k", "--model",
          "linear:rate=0.01",
        ]
      _ = try run(
        ["learn", "e.csv", "--contributions", "whole.csv", "--journal", "whole.jsonl"] + options,
        in: folder)
      try FileManager.default.removeItem(at: folder.appending(path: "k"))
      let files = ["--contributions", "parts.csv", "--journal", "parts.jsonl"]
      _ = try run(["learn", "first.csv"] + files + options, in: folder)
      _ = try run(["learn", "e.csv", "--resume"] + files + options, in: folder)
      #expect(try lines(folder, "whole.csv") == lines(folder, "parts.csv"))
      func importances(_ name: String) throws -> [[String]] {
        try lines(folder, name).filter { $0.contains("\"kind\":\"importance\"") }
      }
      #expect(try importances("whole.jsonl").count == 3)
      #expect(try importances("whole.jsonl") == importances("parts.jsonl"))
      let other = try Weir.run(
        ["learn", "e.csv", "--resume", "--background", "7", "--checkpoint", "k", "-q"], in: folder)
      #expect(other.code == 64 && other.error.contains("--background is 7"), "\(other.error)")
    }
  }

  @Test func `predictions, rows, versions and changes are explained`() throws {
    try Weir.inFolder { folder in
      try ExplainTests.text(ExplainTests.rows).write(to: folder.appending(path: "e.csv"))
      _ = try run(
        [
          "learn", "e.csv", "--registry", "reg", "--predictions", "p.ndjson", "--model",
          "rls:forgetting=0.95",
        ] + ExplainTests.options, in: folder)
      let from = ["explain", "--from", "reg@champion", "--background", "20"]
      let event = try run(
        from + ["--prediction", "e450", "--against", "p.ndjson", "--lime", "--top", "2"],
        in: folder)
      for piece in [
        "\"asRecorded\": true", "\"method\": \"linear\"", "\"exact\": true", "\"others\"",
        "\"fidelity\"", "\"usualRows\": 20",
      ] {
        #expect(event.out.contains(piece), "\(piece): \(event.out)")
      }
      let words = try run(from + ["--event", "450", "--text"], in: folder)
      #expect(words.out.hasPrefix("The predicted y of "), "\(words.out)")
      #expect(words.out.contains("Exact, set against 20 usual events."), "\(words.out)")

      try Data("word,b,a,id\nred,90,10,q1\nblue,10,10,q2\n".utf8).write(
        to: folder.appending(path: "r.csv"))
      let rows = try run(from + ["--row", "r.csv"], in: folder).out.split(separator: "\n")
      #expect(rows.count == 2 && rows[1].contains("\"id\":\"q2\""), "\(rows)")
      for row in rows {
        let values = row.matches(of: #/"(?:base|contribution)":([-0-9.e]+)/#)
          .compactMap { Double($0.1) }
        let said = try #require(
          row.firstMatch(of: #/"prediction":([-0-9.e]+)/#).flatMap { Double($0.1) })
        #expect(abs(values.reduce(0, +) - said) <= 1e-9 * max(1, abs(said)), "\(row)")
      }
      let global = try run(from + ["--global", "--text"], in: folder)
      #expect(global.out.contains("leans on b ("), "\(global.out)")
      for change in [
        ["--drift", "300", "--width", "150"], ["--between", "100..250", "450..600"],
      ] {
        let found = try run(from + change + ["--text"], in: folder)
        #expect(found.out.contains("the model leans on a ("), "\(found.out)")
        #expect(found.out.contains("the model leans on b ("), "\(found.out)")
      }
      let json = try run(from + ["--drift", "300", "--width", "100"], in: folder)
      #expect(json.out.contains("\"moved\""), "\(json.out)")
    }
  }

  @Test func `a version without its events needs usual rows from somewhere`() throws {
    try Weir.inFolder { folder in
      try ExplainTests.text(ExplainTests.rows.prefix(200)).write(
        to: folder.appending(path: "e.csv"))
      try ExplainTests.text(ExplainTests.rows.suffix(1)).write(to: folder.appending(path: "r.csv"))
      let learn = ["learn", "-", "--model", "rls"] + ExplainTests.options
      let input = ExplainTests.text(ExplainTests.rows.prefix(200))
      for (name, more) in [("bare", []), ("kept", ["--background", "9"])] {
        let result = try Weir.run(
          learn + ["--registry", name] + more, input: input, in: folder)
        #expect(result.code == 0, "\(result.error)")
      }
      let refused = try Weir.run(
        ["explain", "--from", "bare@champion", "--row", "r.csv"], in: folder)
      #expect(refused.code == 64 && refused.error.contains("--usual FILE"), "\(refused.error)")
      let given = try run(
        ["explain", "--from", "bare@champion", "--row", "r.csv", "--usual", "e.csv"], in: folder)
      #expect(given.out.contains("\"usualRows\":128"), "\(given.out)")
      let kept = try run(["explain", "--from", "kept@champion", "--row", "r.csv"], in: folder)
      #expect(kept.out.contains("\"usualRows\":9"), "\(kept.out)")
      let global = try run(["explain", "--from", "kept@champion", "--global"], in: folder)
      #expect(global.out.contains("\"rows\": 9"), "\(global.out)")
    }
  }
}
