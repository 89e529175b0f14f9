import Foundation
import TestSupport
import Testing

/// A study's one pass against runs of their own.
@Suite struct StudyTests {
  /// A row of a table, or a summary.
  private typealias Fields = [String: Any]

  private func rows(_ text: String) throws -> [Fields] {
    try text.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? Fields)
    }
  }

  private func summary(_ folder: URL) throws -> Fields {
    let data = try Data(contentsOf: folder.appending(path: "s.json"))
    return try #require(try JSONSerialization.jsonObject(with: data) as? Fields)
  }

  private func number(_ fields: Fields?, _ path: String...) -> Double? {
    var value: Any? = fields
    for key in path { value = (value as? Fields)?[key] }
    return (value as? NSNumber)?.doubleValue
  }

  private func losses(_ folder: URL) throws -> [(event: Int, loss: Double)] {
    try String(contentsOf: folder.appending(path: "l.csv"), encoding: .utf8)
      .split(separator: "\n").dropFirst().map { line in
        let fields = line.split(separator: ",")
        return (try #require(Int(fields[0])), try #require(Double(fields[1])))
      }
  }

  private func study(_ arguments: [String], in folder: URL) throws -> String {
    let result = try Weir.run(["study", "reactions"] + arguments, in: folder)
    #expect(result.code == 0, "\(result.error)")
    return result.out
  }

  struct Setting: Sendable, CustomTestStringConvertible {
    let name: String
    let score: String
    let options: [String]
    var testDescription: String { name }
  }

  private static let bikes = Golden.project.appending(path: "Datasets/bikes")
  /// The header and the first 5,000 hours.
  private static let firstHours: Data = {
    let text = (try? String(contentsOf: bikes.appending(path: "hour.csv"), encoding: .utf8)) ?? ""
    let lines = text.split(whereSeparator: \.isNewline).prefix(5001)
    return Data(lines.joined(separator: "\n").utf8)
  }()
  private static let settings = [
    Setting(
      name: "bikes, fitted again when the world shifts", score: "mae",
      options: [
        "--config", bikes.appending(path: "triggered.json").path, "--warmup", "2000",
      ]),
    Setting(
      name: "bikes, learned always, labels a day late", score: "mae",
      options: [
        "--config", bikes.appending(path: "sgd.json").path, "--label-delay", "24", "--window",
        "500", "--trial", "200",
      ]),
    Setting(
      name: "bikes, a tree of two classes", score: "log-loss",
      options: [
        "--target", "workingday", "--task", "binary", "--ignore", "instant,weekday,holiday",
        "--time", "dteday,hr", "--model", "hoeffding-tree",
      ]),
  ]

  /// The law: what a study says of a configuration is what `weir learn` says of it, to the last digit.
  @Test(arguments: settings) func `one pass says what runs of their own say`(
    setting: Setting
  ) throws {
    try Weir.inFolder { folder in
      let file = "b.csv"
      try StudyTests.firstHours.write(to: folder.appending(path: file))
      let table = try rows(
        try study(
          [
            file, "--json", "--detect", "loss=adwin", "--detect", "prediction=page-hinkley",
            "--score-since", "2500",
          ] + setting.options, in: folder))
      // Two detectors by five reactions, never reacting, the best baseline.
      #expect(table.count == 12)
      func run(_ detector: String, _ reaction: String) throws -> Fields {
        let result = try Weir.run(
          [
            "learn", file, "-q", "--detect", detector, "--on-drift", reaction, "--summary",
            "s.json", "--losses", "l.csv", "--score-since", "2500",
          ] + setting.options, in: folder)
        #expect(result.code == 0, "\(result.error)")
        return try summary(folder)
      }
      _ = try run("none", "note")
      let never = try losses(folder)
      var scores: [Double] = []
      for row in table {
        let detector = try #require(row["detector"] as? String)
        let reaction = try #require(row["reaction"] as? String)
        scores.append(try #require(number(row, "since")))
        guard !detector.isEmpty || reaction == "never-reacts" else { continue }
        let own = try run(
          detector.isEmpty ? "none" : detector, detector.isEmpty ? "note" : reaction)
        let about = "\(detector) \(reaction)"
        #expect(number(row, "all") == number(own, "metrics", setting.score, "all"), "\(about)")
        #expect(number(row, "since") == number(own, "metrics", setting.score, "since"), "\(about)")
        #expect(number(row, "accuracy") == number(own, "metrics", "accuracy", "all"), "\(about)")
        let reactions = try #require(own["reactions"] as? [Fields])
        for (kind, other) in [("kept", "promotion"), ("undone", "rollback")] {
          let count = reactions.count { [kind, other].contains($0["kind"] as? String) }
          #expect(number(row, kind).map { Int($0) } == count, "\(about) \(kind)")
        }
        if !detector.isEmpty {
          let drifts = (own["alarms"] as? [Fields])?.count { $0["level"] as? String == "drift" }
          #expect(number(row, "alarms").map { Int($0) } == drifts, "\(about)")
        }
        let pairs = zip(never, try losses(folder)).filter { $0.0.event >= 2500 }
        let gained = pairs.reduce(0) { $0 + $1.0.loss - $1.1.loss } / Double(pairs.count)
        let bought = try #require(number(row, "bought"))
        // The file has nine digits of each loss.
        #expect(abs(bought - gained) < 1e-6, "\(about): \(bought) and \(gained)")
        let low = try #require(number(row, "bought_low"))
        #expect(low <= bought && bought <= (number(row, "bought_high") ?? -.infinity))
      }
      #expect(scores == scores.sorted(), "the best comes first")
    }
  }

  @Test func `a synthetic stream is the one that is generated`() throws {
    try Weir.inFolder { folder in
      let drift = ["--drift", "4000=sea:concept=3,noise=0"]
      let stream = ["sea:noise=0", "--rows", "8000", "--seed", "7"] + drift
      let generated = try Weir.run(["generate"] + stream + ["--truth", "t.json"], in: folder)
      let table = try rows(
        try study(
          stream + [
            "--detect", "error=ddm", "--on-drift", "restart", "--json", "--score", "accuracy",
          ], in: folder))
      let learned = try Weir.run(
        [
          "learn", "--target", "label", "-q", "--detect", "error=ddm", "--on-drift", "restart",
          "--summary", "s.json", "--score-since", "4000",
        ], input: Data(generated.out.utf8), in: folder)
      #expect(learned.code == 0, "\(learned.error)")
      let row = try #require(table.first { $0["reaction"] as? String == "restart" })
      let own = try summary(folder)
      #expect(number(row, "all") == number(own, "metrics", "accuracy", "all"))
      #expect(number(row, "since") == number(own, "metrics", "accuracy", "since"))
      // The drift is the truth, and the same as a file of it.
      #expect(number(row, "episodes") == 1)
      try Data(generated.out.utf8).write(to: folder.appending(path: "sea.csv"))
      let judged = try rows(
        try study(
          [
            "sea.csv", "--target", "label", "--truth", "t.json", "--detect", "error=ddm",
            "--on-drift", "restart", "--json", "--score", "accuracy",
          ], in: folder))
      #expect(judged.count == table.count)
      for (left, right) in zip(table, judged) {
        for key in ["all", "since", "bought", "alarms", "delay", "false_per_1000", "f1"] {
          #expect(number(left, key) == number(right, key), "\(key)")
        }
      }
      #expect(judged.suffix(2).map { $0["detector"] as? String } == ["always-fire", "never-fire"])
    }
  }

  @Test func `neither threads nor batches change what a study says`() throws {
    try Weir.inFolder { folder in
      try StudyTests.firstHours.write(to: folder.appending(path: "b.csv"))
      func bikes(_ extra: [String]) throws -> [Substring] {
        // The last column is the time that it took.
        try study(
          [
            "b.csv", "--config", StudyTests.bikes.appending(path: "sgd.json").path,
            "--score-since", "2500", "--truth", "2500", "--detect", "loss=adwin", "--detect",
            "temp=adwin",
          ] + extra, in: folder
        ).split(separator: "\n").map { $0[..<($0.lastIndex(of: ",") ?? $0.endIndex)] }
      }
      let expected = try bikes([])
      #expect(expected.count == 1 + 10 + 2 + 2)
      for extra in [["--threads", "2"], ["--threads", "5", "--batch", "100"], ["--batch", "7"]] {
        #expect(try bikes(extra) == expected, "\(extra)")
      }
    }
  }
}
