import Foundation
import TestSupport
import Testing

/// Versions of a registry that challenge the models of another run: they go on from what they know, or are refused.
@Suite struct GuestTests {
  /// Two numbers and a word that says much; `words` in the order in which they are met.
  private static func rows(_ count: Int, words: [String], seed: UInt64) -> [String] {
    var random = SplitMix(seed: seed)
    return (0..<count).map { i in
      let (a, b) = (random.below(100), random.below(100))
      let word = words[i < words.count ? i : random.below(words.count)]
      let level = 100 * (word.utf8.first.map(Int.init) ?? 0) % 700
      let kind = ["high", "low", "middle"][min(a / 34, 2)]
      return "\(a),\(b),\(word),\(kind),\(3 * a - b + level + random.below(9))"
    }
  }
  private static let header = "a,b,word,kind,y"
  private static let old = rows(1500, words: ["red", "green", "blue", "pink"], seed: 5)
  /// The words in another order, and one that is new.
  private static let new = rows(1500, words: ["pink", "grey", "blue", "red", "green"], seed: 6)

  private func write(_ rows: some Sequence<String>, _ name: String, in folder: URL) throws {
    let text = ([GuestTests.header] + rows).map { $0 + "\n" }.joined()
    try Data(text.utf8).write(to: folder.appending(path: name))
  }

  private func weir(_ arguments: [String], in folder: URL) throws {
    let result = try Weir.run(arguments + ["-q"], in: folder)
    #expect(result.code == 0, "\(arguments): \(result.error)")
  }

  private func objects(_ file: String, in folder: URL) throws -> [[String: Any]] {
    try String(contentsOf: folder.appending(path: file), encoding: .utf8).split(separator: "\n")
      .compactMap { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }
  }

  private func withFiles(_ body: (URL) throws -> Void) throws {
    try Weir.inFolder { folder in
      try write(GuestTests.old, "old.csv", in: folder)
      try write(GuestTests.new, "new.csv", in: folder)
      try body(folder)
    }
  }

  private static let target = ["--target", "y", "--task", "regression", "--detect", "none"]

  /// What was learned before goes on as if its own run had: with numbers only, and with categories whose levels come in
  /// another order here.
  @Test(arguments: [
    ["--ignore", "word,kind", "--model", "rls"],
    ["--ignore", "kind", "--model", "linear:optimizer=sgd,rate=0.01", "--cross", "word*b"],
    ["--ignore", "kind", "--model", "mixture", "--cross", "word*b"],
    ["--ignore", "kind", "--model", "hoeffding-tree-regressor"],
  ]) func `a version learns on where its run left it`(options: [String]) throws {
    try withFiles { folder in
      let made = ["--checkpoint", "c"] + options + GuestTests.target
      try weir(["learn", "old.csv", "--registry", "reg"] + made, in: folder)
      try weir(
        ["learn", "new.csv", "--resume", "--predictions", "own.ndjson"] + made, in: folder)
      var error = 0.0
      for line in try objects("own.ndjson", in: folder).suffix(1500) {
        error += abs(
          try #require(line["label"] as? Double) - (try #require(line["prediction"] as? Double)))
      }
      var rest = options
      let model = try #require(rest.firstIndex(of: "--model"))
      rest.removeSubrange(model...(model + 1))
      try weir(
        [
          "learn", "new.csv", "--model", "running-mean", "--shadow", "reg@1", "--summary",
          "s.json", "--journal", "j.jsonl",
        ] + rest + GuestTests.target, in: folder)
      let mae = try guestScore("mae", in: folder)
      #expect(abs(mae - error / 1500) < 1e-6 * mae, "\(mae) \(error / 1500)")
      #expect(
        try objects("j.jsonl", in: folder).contains {
          $0["kind"] as? String == "comparison" && $0["model"] as? String == "reg@1"
        })
    }
  }

  @Test func `it is promoted under its number, and goes on without its registry`() throws {
    try withFiles { folder in
      let features = ["--ignore", "kind"] + GuestTests.target
      try weir(
        ["learn", "old.csv", "--model", "rls", "--registry", "reg"] + features, in: folder)
      let arguments =
        [
          "learn", "in.csv", "--model", "linear:optimizer=sgd,rate=0.0001", "--challenger",
          "reg@champion", "--predictions", "p.ndjson", "--journal", "j.jsonl",
        ] + features
      try write(GuestTests.new, "in.csv", in: folder)
      try weir(arguments + ["--registry", "other"], in: folder)
      let want = try Data(contentsOf: folder.appending(path: "p.ndjson"))
        .split(separator: UInt8(ascii: "\n"))
        .map { String(decoding: $0, as: UTF8.self).replacing(#/"run":"\w+",/#, with: "") }
      let promotions = try objects("j.jsonl", in: folder).filter {
        $0["kind"] as? String == "promotion"
      }
      #expect(promotions.first?["to"] as? String == "reg@1")
      let event = try #require(promotions.first?["event"] as? Int)
      #expect((64..<1000).contains(event))
      let again = try Weir.run(["models", "rebuild", "other", "1"], in: folder)
      #expect(again.code == 0 && again.out.contains("the same"), "\(again.out)\(again.error)")
      // The run ends before the promotion, and once more after it; by then there is no registry any more.
      for name in ["p.ndjson", "j.jsonl"] {
        try FileManager.default.removeItem(at: folder.appending(path: name))
      }
      for (round, rows) in [event - 10, event + 200, 1500].enumerated() {
        try write(GuestTests.new.prefix(rows), "in.csv", in: folder)
        try weir(arguments + ["--checkpoint", "c", "--resume"], in: folder)
        if round == 0 { try FileManager.default.removeItem(at: folder.appending(path: "reg")) }
        let served = try Weir.run(["predict", "new.csv", "--from", "c", "-q"], in: folder)
        #expect(served.code == 0, "\(served.error)")
      }
      let said = try Data(contentsOf: folder.appending(path: "p.ndjson"))
        .split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
      #expect(said == want)
      let other = try Weir.run(
        arguments.map { $0 == "reg@champion" ? "reg@2" : $0 } + ["--checkpoint", "c", "--resume"],
        in: folder)
      #expect(other.code == 64 && other.error.contains("reg@1"), "\(other.error)")
    }
  }

  @Test func `more than two classes are numbered as the version has them`() throws {
    try withFiles { folder in
      func met(_ rows: [String]) -> [Substring] {
        rows.reduce(into: []) { met, row in
          let kind = row.split(separator: ",")[3]
          if !met.contains(kind) { met.append(kind) }
        }
      }
      #expect(met(GuestTests.old) != met(GuestTests.new))
      let features = ["--target", "kind", "--ignore", "y,word", "--detect", "none"]
      let made = features + ["--model", "softmax", "--checkpoint", "c"]
      try weir(["learn", "old.csv", "--registry", "reg"] + made, in: folder)
      try weir(
        ["learn", "new.csv", "--resume", "--predictions", "own.ndjson"] + made, in: folder)
      let right = try objects("own.ndjson", in: folder).suffix(1500).count {
        $0["label"] as? String == $0["prediction"] as? String
      }
      try weir(
        [
          "learn", "new.csv", "--model", "majority", "--shadow", "reg@1", "--summary", "s.json",
        ] + features, in: folder)
      let accuracy = try guestScore("accuracy", in: folder)
      #expect(abs(accuracy - Double(right) / 1500) < 1e-9, "\(accuracy) \(right)")
    }
  }

  /// A score of `reg@1` in the summary `s.json`.
  private func guestScore(_ name: String, in folder: URL) throws -> Double {
    let summary = try #require(
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: folder.appending(path: "s.json"))) as? [String: Any])
    let guest = try #require(
      (summary["models"] as? [[String: Any]])?.first { $0["name"] as? String == "reg@1" })
    return try #require(
      ((guest["metrics"] as? [String: Any])?[name] as? [String: Any])?["all"] as? Double)
  }

  @Test func `what does not fit is refused, and says why`() throws {
    try withFiles { folder in
      let common = GuestTests.target + ["--registry", "reg"]
      for options in [
        ["old.csv", "--ignore", "kind"], ["new.csv", "--ignore", "kind"],
        ["old.csv", "--ignore", "kind,a"], ["old.csv", "--ignore", "kind", "--season", "24"],
      ] {
        try weir(["learn", "--model", "rls"] + options + common, in: folder)
      }
      func refusal(_ options: [String]) throws -> String {
        let result = try Weir.run(
          ["learn", "new.csv", "--model", "rls", "-q", "--ignore", "kind"] + GuestTests.target
            + options, in: folder)
        #expect(result.code == 64 || result.code == 65, "\(options): \(result.code)")
        return result.error
      }
      #expect(
        try refusal(["--challenger", "reg@3"]).contains("reg@3 cannot take part in this run"))
      #expect(try refusal(["--challenger", "reg@3"]).contains("it has no a"))
      let two = try refusal(["--challenger", "reg@1", "--shadow", "reg@2"])
      #expect(two.contains("reg@2") && two.contains("another order"), "\(two)")
      #expect(try refusal(["--challenger", "reg@1", "--cross", "word*a"]).contains("crosses"))
      #expect(try refusal(["--challenger", "reg@4"]).contains("--season"))
      #expect(try refusal(["--challenger", "reg@9"]).contains("9"))
      #expect(try refusal(["--challenger", "nothing"]).contains("unknown learner"))
      let otherwise = try Weir.run(
        ["learn", "new.csv", "--target", "a", "--challenger", "reg@1", "-q"], in: folder)
      #expect(otherwise.code == 65 && otherwise.error.contains("it predicts y"))
    }
  }
}
