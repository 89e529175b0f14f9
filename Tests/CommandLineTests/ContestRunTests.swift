import Foundation
import TestSupport
import Testing

/// Challengers as users meet them: journal, summary, predictions.
@Suite struct ContestRunTests {
  private typealias Fields = [String: Any]

  private func objects(_ file: String, in folder: URL) throws -> [Fields] {
    try String(contentsOf: folder.appending(path: file), encoding: .utf8).split(separator: "\n")
      .compactMap { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? Fields }
  }

  private func summary(_ folder: URL) throws -> Fields {
    let data = try Data(contentsOf: folder.appending(path: "s.json"))
    return try #require(try JSONSerialization.jsonObject(with: data) as? Fields)
  }

  private let bikes = [
    "--target", "cnt", "--ignore", "instant,casual,registered", "--time", "dteday,hr", "--detect",
    "none", "-q", "--summary", "s.json", "--journal", "j.jsonl", "--predictions", "p.ndjson",
  ]
  private let hours = Golden.project.appending(path: "Datasets/bikes/hour.csv").path

  @Test func `on bikes a tree takes over from a slow model, and predictions say so`() throws {
    try Weir.inFolder { folder in
      let result = try Weir.run(
        [
          "learn", hours, "--model", "linear:optimizer=sgd,rate=0.03", "--challenger",
          "hoeffding-tree-regressor", "--shadow", "running-mean",
        ] + bikes, in: folder)
      #expect(result.code == 0, "\(result.error)")
      let promotions = try objects("j.jsonl", in: folder).filter {
        $0["kind"] as? String == "promotion"
      }
      #expect(promotions.count == 1)
      let promotion = try #require(promotions.first)
      #expect(promotion["to"] as? String == "hoeffding-tree-regressor")
      let event = try #require(promotion["event"] as? Int)
      let risk = try #require(promotion["risk"] as? Double)
      #expect(try #require(promotion["eValue"] as? Double) >= 1 / risk)
      // The version changes there and nowhere else, and what was said is what is scored.
      var errors = 0.0
      let predictions = try objects("p.ndjson", in: folder)
      for (place, line) in predictions.enumerated() {
        #expect(line["version"] as? Int == (place < event ? 0 : 3))
        errors += abs(
          try #require(line["label"] as? Double) - (try #require(line["prediction"] as? Double)))
      }
      let account = try summary(folder)
      #expect(account["served"] as? String == "hoeffding-tree-regressor")
      let mae = ((account["metrics"] as? Fields)?["mae"] as? Fields)?["all"] as? Double
      #expect(abs(try #require(mae) - errors / Double(predictions.count)) < 1e-5)
      let models = try #require(account["models"] as? [Fields])
      #expect(models.map { $0["role"] as? String } == [nil, "challenger", "served", "shadow"])
      let comparisons = try #require(account["comparisons"] as? [Fields])
      #expect(comparisons.map { $0["role"] as? String } == ["shadow", "challenger"])
    }
  }

  @Test func `one that is worse is never served`() throws {
    try Weir.inFolder { folder in
      let result = try Weir.run(
        [
          "learn", hours, "--model", "linear", "--challenger", "running-mean", "--challenger",
          "linear:optimizer=sgd,rate=0.00001",
        ] + bikes, in: folder)
      #expect(result.code == 0, "\(result.error)")
      #expect(
        try objects("j.jsonl", in: folder).allSatisfy { $0["kind"] as? String != "promotion" })
      #expect(try summary(folder)["served"] as? String == "linear")
    }
  }

  @Test func `when the concept turns a fresh start takes over from a tree that knows the old one`()
    throws
  {
    try Weir.inFolder { folder in
      let stream = try Weir.run(
        ["generate", "stagger", "--rows", "12000", "--drift", "6000=stagger:concept=3"], in: folder)
      #expect(stream.code == 0, "\(stream.error)")
      let result = try Weir.run(
        [
          "learn", "-", "--target", "label", "--model", "hoeffding-tree:leaf=majority", "--detect",
          "loss=page-hinkley",
          "--on-drift", "challenger", "-q", "--summary", "s.json", "--journal", "j.jsonl",
        ],
        input: Data(stream.out.utf8), in: folder)
      #expect(result.code == 0, "\(result.error)")
      let kinds = try objects("j.jsonl", in: folder).compactMap { $0["kind"] as? String }
      #expect(kinds.contains("challenger-started") && kinds.contains("promotion"), "\(kinds)")
      #expect(
        try #require(try summary(folder)["served"] as? String).hasPrefix(
          "hoeffding-tree:leaf=majority@"))
    }
  }
}
