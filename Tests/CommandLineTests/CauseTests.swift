import Foundation
import TestSupport
import Testing

/// What an alarm says of its cause, from the command line.
@Suite struct CauseTests {
  /// From row 3,000 on y is another for those of the third kind.
  private static let text: String = {
    var random = SplitMix(seed: 21)
    var text = "a,kind,when,y\n"
    for i in 0..<4_000 {
      let a = (random.normal() * 100).rounded() / 100
      let kind = random.below(3)
      let y = 3 * a + (kind == 2 && i >= 3_000 ? 12 : 0) + random.normal() / 4
      text += "\(a),k\(kind),d\(i / 24),\((y * 100).rounded() / 100)\n"
    }
    return text
  }()

  @Test func `the journal names who it is about, however many threads`() throws {
    try Weir.inFolder { folder in
      var journals: [[Substring]] = []
      for threads in ["1", "2"] {
        let result = try Weir.run(
          [
            "learn", "--target", "y", "--ignore", "when", "--update", "never", "--warmup", "2000",
            "--model", "linear:optimizer=sgd,rate=0.01", "--threads", threads, "--journal",
            "j.jsonl",
            "--summary", "s.json",
          ], input: Data(CauseTests.text.utf8), in: folder)
        #expect(result.code == 0)
        #expect(result.error.contains("cause: the relation moved, most where kind=k2"))
        let journal = try String(contentsOf: folder.appending(path: "j.jsonl"), encoding: .utf8)
        // The first line has the options, which differ.
        journals.append(Array(journal.split(separator: "\n").dropFirst()))
      }
      #expect(journals[0] == journals[1])
      let cause = try #require(journals[0].first { $0.contains("\"kind\":\"cause\"") })
      for piece in [
        "\"signal\":\"loss\"", "\"cause\":\"relation\"", "\"rows\":\"kind=k2\"", "\"features\":[]",
      ] { #expect(cause.contains(piece), "\(cause)") }
      let summary = try String(contentsOf: folder.appending(path: "s.json"), encoding: .utf8)
      #expect(summary.contains("\"cause\": \"relation\""))
    }
  }

  @Test func `the journal has the distributions before and after of what moved`() throws {
    var random = SplitMix(seed: 4)
    var text = "a,kind,y\n"
    for i in 0..<3_000 {
      let isLate = i >= 2_000
      let a = (random.normal() * 100).rounded() / 100 + (isLate ? 6 : 0)
      let kind = isLate ? 2 + random.below(2) : random.below(3)
      text += "\(a),k\(kind),\(((a * a + random.normal()) * 100).rounded() / 100)\n"
    }
    try Weir.inFolder { folder in
      let result = try Weir.run(
        [
          "learn", "--target", "y", "--update", "never", "--warmup", "1000", "--model",
          "linear:optimizer=sgd,rate=0.01", "-q", "--journal", "j.jsonl",
        ], input: Data(text.utf8), in: folder)
      #expect(result.code == 0)
      let journal = try String(contentsOf: folder.appending(path: "j.jsonl"), encoding: .utf8)
      let cause = try #require(
        journal.split(separator: "\n").first { $0.contains("\"bins\"") })
      let entry = try #require(
        try JSONSerialization.jsonObject(with: Data(cause.utf8)) as? [String: Any])
      let features = try #require(entry["features"] as? [[String: Any]])
      let rows = try #require(entry["rowsBefore"] as? Int)
      let later = try #require(entry["rowsAfter"] as? Int)
      #expect(features.compactMap { $0["name"] as? String }.sorted() == ["a", "kind"])
      for feature in features {
        let bins = try #require(feature["bins"] as? [String: Any])
        let before = try #require(bins["before"] as? [Int])
        let after = try #require(bins["after"] as? [Int])
        #expect(before.reduce(0, +) == rows && after.reduce(0, +) == later)
        if let edges = bins["edges"] as? [Double] {
          // Below all, between two edges, beyond them, and missing.
          #expect(before.count == edges.count + 2 && after.count == before.count)
          #expect(zip(edges, edges.dropFirst()).allSatisfy { $0 < $1 })
          #expect(after[edges.count] > later / 2)
        } else {
          let levels = try #require(bins["levels"] as? [String])
          #expect(Set(levels) == ["kind=k0", "kind=k1", "kind=k2", "kind=k3"])
          #expect(before.count == levels.count + 1)
        }
      }
    }
  }

  @Test func `detect looks at the other columns, and not at those that are new every day`() throws {
    try Weir.inFolder { folder in
      let result = try Weir.run(
        ["detect", "--json", "--column", "y", "--detect", "adwin"],
        input: Data(CauseTests.text.utf8), in: folder)
      let alarm = try #require(result.out.split(separator: "\n").first)
      for piece in ["\"cause\":\"relation\"", "\"rows\":\"kind=k2\""] {
        #expect(alarm.contains(piece), "\(alarm)")
      }
      #expect(!alarm.contains("when"))
      // Without --json the column is all that is read.
      let plain = try Weir.run(
        ["detect", "--column", "y", "--detect", "adwin"], input: Data(CauseTests.text.utf8),
        in: folder)
      #expect(
        plain.out.split(separator: "\n").count
          == result.out.split(separator: "\n").count + 1)
    }
  }
}
