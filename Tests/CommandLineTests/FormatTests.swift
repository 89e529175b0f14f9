import Foundation
import TestSupport
import Testing

/// The same events in any format give the same weights, and so the same answers.
@Suite struct FormatTests {
  private static let texts: [String: String] = {
    var random = SplitMix(seed: 17)
    let names = ["1", "2", "3", "4", "5"]
    var texts = [
      "csv": names.joined(separator: ",") + ",label\n", "ndjson": "", "vw": "", "libsvm": "",
      "arff": "@relation e\n" + names.map { "@attribute \($0) real\n" }.joined()
        + "@attribute label real\n@data\n",
    ]
    for row in 0..<600 {
      var values = names.map { _ in "\(Double(random.below(2000) - 1000) / 16)" }
      values[4] = "\(row % 4)"
      let label = "\(Double(random.below(100)) / 4 + Double(row % 4))"
      let pairs = zip(names, values)
      texts["csv"]? += (values + [label]).joined(separator: ",") + "\n"
      texts["arff"]? += (values + [label]).joined(separator: ",") + "\n"
      texts["ndjson"]? +=
        "{" + pairs.map { "\"\($0)\":\($1)," }.joined() + "\"label\":\(label)}\n"
      texts["vw"]? += label + " |f " + pairs.map { "\($0):\($1)" }.joined(separator: " ") + "\n"
      texts["libsvm"]? += label + pairs.map { " \($0):\($1)" }.joined() + "\n"
    }
    return texts
  }()

  private func answers(_ format: String, _ arguments: [String]) throws -> String {
    try Weir.inFolder { folder in
      let result = try Weir.run(
        ["learn", "--target", "label", "--predictions", "-", "-q"] + arguments,
        input: Data((FormatTests.texts[format] ?? "").utf8), in: folder)
      #expect(result.code == 0, "\(result.error)")
      return result.out
    }
  }

  @Test(arguments: [
    [], ["--auto"], ["--category", "5", "--cross", "5*1", "--model", "linear"],
    ["--model", "hoeffding-tree-regressor", "--category", "5"],
    [
      "--model", "linear:optimizer=adagrad", "--lag", "label=1", "--mean", "label=5", "--category",
      "5",
    ],
  ]) func `the same events in any format give the same answers`(arguments: [String]) throws {
    let csv = try answers("csv", arguments)
    #expect(csv.split(separator: "\n").count == 600)
    for format in ["ndjson", "vw", "libsvm", "arff"] {
      #expect(try answers(format, arguments) == csv, "\(format)")
    }
  }

  /// Sparse rows are learned too, one after another, whatever the batches and threads.
  @Test(arguments: ["logistic:optimizer=sgd", "logistic:optimizer=adagrad", "mixture", "softmax"])
  func `words are learned`(model: String) throws {
    var random = SplitMix(seed: 23)
    let rows = (0..<3000).map { _ in
      let words = (0..<12).map { _ in random.below(400) }
      let score = words.reduce(0) { $0 + ($1 % 2 == 0 ? 1 : -1) }
      return (score > 0 ? "1" : "-1") + " |w " + words.map { "word\($0)" }.joined(separator: " ")
    }
    let text = Data((rows.joined(separator: "\n") + "\n").utf8)
    try Weir.inFolder { folder in
      let command = ["learn", "-q", "--model", model, "--predictions", "-"]
      let result = try Weir.run(command + ["--summary", "s.json"], input: text, in: folder)
      let other = try Weir.run(
        command + ["--batch", "7", "--threads", "1"], input: text, in: folder)
      #expect(result.out == other.out)
      let hits = zip(result.out.split(separator: "\n"), rows).suffix(1000).count { answer, row in
        (Double(answer) ?? .nan > 0.5) == row.hasPrefix("1")
      }
      #expect(hits > 800, "\(model): \(hits) of 1000")
    }
  }
}
