import Foundation
import TestSupport
import Testing

/// Recourse as it is asked for: each answer is put into the row, which is then predicted by the same version.
@Suite(.serialized) struct RecourseTests {
  private struct Answer: Decodable {
    struct Change: Decodable {
      let column: String
      let from: Value
      let to: Value
      let cost: Double
    }
    struct Way: Decodable {
      let changes: [Change]
      let cost: Double
      let decision: String?
      let prediction: Double
      let verified: Bool
      let optimal: String
    }
    struct None: Decodable {
      let proved: Bool
      let blockedBy: [String]
    }
    /// A number or a category.
    enum Value: Decodable {
      case number(Double)
      case text(String)

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Double.self) {
          self = .number(number)
        } else {
          self = .text(try container.decode(String.self))
        }
      }

      var text: String {
        switch self {
        case .number(let value): "\(value)"
        case .text(let text): text
        }
      }
    }
    let event: Int
    let prediction: Double
    let isAsWanted: Bool
    let recourse: [Way]?
    let none: None?
    let fixed: [String: String]?
  }

  private static let header = "id,hour,income,debts,city,work,ok"

  /// Loans: income helps, debts do not, and the city counts; work counts by the hour.
  private static let rows: [String] = {
    var random = SplitMix(seed: 21)
    return (0..<615).map { i in
      let (income, debts) = (1000 + random.below(5000), Double(random.below(1000)) / 10)
      let city = ["north", "south", "west"][random.below(3)]
      let (hour, work) = (random.below(4), random.below(2))
      let score =
        Double(income) / 1000 - debts / 25 + (city == "west" ? 1.5 : 0)
        + (hour == 2 && work == 1 ? 1 : 0) - 1.5 + 0.5 * random.normal()
      return "e\(i),\(hour),\(income),\(debts),\(city),\(work),\(score > 0 ? "yes" : "no")"
    }
  }()

  private static func text(_ rows: some Sequence<String>) -> Data {
    Data(([header] + rows).map { $0 + "\n" }.joined().utf8)
  }

  /// Learns 600 rows, and has the rest to be served.
  private static func inFolder(
    _ model: [String], _ body: (URL) throws -> Void
  ) throws {
    try Weir.inFolder { folder in
      try text(rows.prefix(600)).write(to: folder.appending(path: "first.csv"))
      try text(rows.dropFirst(600)).write(to: folder.appending(path: "next.csv"))
      let learned = try Weir.run(
        [
          "learn", "first.csv", "--target", "ok", "--positive", "yes", "--id", "id",
          "--category", "work,hour", "--cross", "hour*work", "--checkpoint", "c.weir", "-q",
        ] + model, in: folder)
      #expect(learned.code == 0, "\(learned.error)")
      try body(folder)
    }
  }

  private static func answers(_ text: String) throws -> [Answer] {
    try text.split(separator: "\n").map {
      try JSONDecoder().decode(Answer.self, from: Data($0.utf8))
    }
  }

  /// Puts changes into a row, and has it predicted.
  private static func predicted(
    _ rows: [(row: String, way: Answer.Way)], in folder: URL
  ) throws -> [Double] {
    let names = header.split(separator: ",").map(String.init)
    let changed = rows.map { row, way in
      var fields = row.split(separator: ",").map(String.init)
      for change in way.changes {
        fields[names.firstIndex(of: change.column) ?? 0] = change.to.text
      }
      return fields.joined(separator: ",")
    }
    try text(changed).write(to: folder.appending(path: "changed.csv"))
    let result = try Weir.run(["predict", "changed.csv", "--from", "c.weir", "-q"], in: folder)
    #expect(result.code == 0, "\(result.error)")
    return result.out.split(separator: "\n").compactMap { Double($0) }
  }

  @Test(arguments: [
    ("logistic:rate=0.1", "proved"), ("hoeffding-tree:leaf=majority,grace=50", "either"),
    ("adaptive-random-forest:members=3", "not proved"), ("mixture", "not proved"),
  ]) func `every answer holds when the changed row is predicted`(model: String, proof: String)
    throws
  {
    try Self.inFolder(["--model", model]) { folder in
      let asked = try Weir.run(
        [
          "explain", "next.csv", "--from", "c.weir", "--recourse", "--served", "--want", "yes",
          "--range", "income=1000..9000", "--range", "debts=0..100",
        ], in: folder)
      #expect(asked.code == 0, "\(asked.error)")
      let answers = try Self.answers(asked.out)
      #expect(answers.count > 3 && asked.error.contains("of 15 rows are as wanted"))
      let next = Array(Self.rows.dropFirst(600))
      let ways = answers.compactMap { answer in
        (answer.recourse?.first).map { (row: next[answer.event], way: $0) }
      }
      #expect(ways.count == answers.count, "\(ways.count) of \(answers.count)")
      let predictions = try Self.predicted(ways, in: folder)
      for (prediction, (_, way)) in zip(predictions, ways) {
        #expect(way.verified && way.decision == "yes" && prediction >= 0.5)
        #expect(abs(prediction - way.prediction) <= 1e-5)
        if proof != "either" { #expect(way.optimal == proof, "\(model)") }
        #expect(!way.changes.isEmpty)
      }
    }
  }

  @Test func `what must not change does not, and the rest stays where it may go`() throws {
    try Self.inFolder(["--model", "logistic:rate=0.1"]) { folder in
      let asked = try Weir.run(
        [
          "explain", "next.csv", "--from", "c.weir", "--recourse", "--served", "--want", "yes",
          "--immutable", "city,hour", "--immutable", "work", "--range", "income=1000..9000",
          "--direction", "income=up", "--direction", "debts=down", "--alternatives", "3",
        ], in: folder)
      #expect(asked.code == 0, "\(asked.error)")
      let answers = try Self.answers(asked.out)
      #expect(answers.contains { $0.recourse?.count == 2 })
      for answer in answers {
        #expect(answer.fixed?["city"] == "--immutable" && answer.fixed?["work"] == "--immutable")
        for change in answer.recourse?.flatMap(\.changes) ?? [] {
          guard case .number(let from) = change.from, case .number(let to) = change.to else {
            Issue.record("\(change.column) is no number")
            continue
          }
          #expect(change.column == "income" ? to > from && to <= 9000 : to < from)
          // Whole numbers stay whole.
          if change.column == "income" { #expect(to == to.rounded()) }
        }
      }
    }
  }

  @Test func `an event of the run is answered by the model of its moment, in words too`() throws {
    try Self.inFolder(["--model", "logistic:rate=0.1"]) { folder in
      let said = try Weir.run(
        [
          "learn", "first.csv", "--target", "ok", "--positive", "yes", "--id", "id",
          "--category", "work,hour", "--cross", "hour*work", "--model", "logistic:rate=0.1",
          "--predictions", "-", "-q",
        ], in: folder)
      let predictions = said.out.split(separator: "\n").compactMap { Double($0) }
      #expect(predictions.count == 600)
      let event = try #require(predictions.indices.last { predictions[$0] < 0.3 })
      let asked = try Weir.run(
        ["explain", "first.csv", "--from", "c.weir", "--recourse", "--event", "\(event)"],
        in: folder)
      #expect(asked.code == 0, "\(asked.error)")
      let answer = try JSONDecoder().decode(Answer.self, from: Data(asked.out.utf8))
      // Predictions as text have six digits.
      #expect(answer.event == event && abs(answer.prediction - predictions[event]) <= 1e-5)
      let way = try #require(answer.recourse?.first)
      #expect(way.verified && way.optimal == "proved" && way.prediction >= 0.5)
      let byID = try Weir.run(
        [
          "explain", "first.csv", "--from", "c.weir", "--recourse", "--prediction", "e\(event)",
          "--text",
        ], in: folder)
      #expect(byID.out.hasPrefix("The decision was ok = no (probability of yes: 0."))
      #expect(byID.out.contains("0.5 was needed). It would have been yes if "))
      #expect(byID.out.contains("everything else the same. No smaller change does it.\n"))
    }
  }

  @Test func `where there is no way that is said, and what stands in it`() throws {
    try Self.inFolder(["--model", "logistic:rate=0.1"]) { folder in
      func ask(_ more: [String]) throws -> Weir.Result {
        try Weir.run(
          [
            "explain", "next.csv", "--from", "c.weir", "--recourse", "--served", "--want", "yes",
            "--threshold", "0.9",
          ] + more, in: folder)
      }
      let bound = [
        "--immutable", "income,city,hour,work", "--range", "debts=50..60",
      ]
      let answers = try Self.answers(try ask(bound).out)
      let none = answers.compactMap(\.none)
      #expect(!none.isEmpty && none.allSatisfy { $0.proved && !$0.blockedBy.isEmpty })
      #expect(answers.allSatisfy { ($0.none == nil) == ($0.recourse?.isEmpty == false) })
      let words = try ask(bound + ["--text"])
      #expect(words.out.contains("No change within the bounds would have turned it: "))
      #expect(words.out.contains("In the way stands what was said of "))
      let all = try ask(["--immutable", "income,city,hour,work,debts", "--text"])
      #expect(all.out.contains("Nothing that could change it may change: "), "\(all.out)")
      for (option, text, message) in [
        ("--immutable", "incme", "there is no column 'incme'; did you mean 'income'?"),
        ("--range", "city=north,noth", "'city' was never 'noth'; did you mean 'north'"),
        ("--range", "debts=a,b", "'debts' is a number; expected debts=LOW..HIGH"),
        ("--direction", "city=up", "'north' is no number"),
        ("--cost", "ok=2", "column 'ok' cannot change: it is the target"),
        ("--want", "maybe", "expected a class of ok: no or yes"),
      ] {
        let result = try ask([option, text])
        #expect(result.code == 64, "\(option) \(text): \(result.error)")
        #expect(
          result.error.contains(message) || result.error.contains("is no number"),
          "\(result.error)")
      }
    }
  }
}
