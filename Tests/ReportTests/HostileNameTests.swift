import Foundation
import Report
import Telemetry
import TestSupport
import Testing

/// Column names, categories and file names come from strangers.
@Suite struct HostileNameTests {
  /// A run in which the name stands wherever a name can.
  static func history(_ name: String) -> RunHistory {
    var history = RunHistory()
    let text = JSONValue.string(name)
    func take(_ event: Int, _ kind: String, _ fields: [(String, JSONValue)]) {
      history.take(JournalEntry(event: event, kind: kind, fields))
    }
    take(
      0, "start",
      [
        ("task", text), ("target", text), ("features", .array([text, text])),
        ("models", .array([text])), ("version", text),
        ("options", .members([("target", text), ("category", text), (name, text)])),
      ])
    let scores = JSONValue.members([("mae", .double(1)), (name, .double(2))])
    for event in [100, 200] {
      take(
        event, "scores",
        [
          ("model", text), ("over", .int(100)), ("metrics", scores),
          ("baselines", .members([(name, scores)])),
        ])
      take(
        event, "group",
        [
          ("column", text),
          (
            "groups",
            .array([
              .members([
                ("group", text), ("rows", .int(3)),
                (
                  "metrics",
                  .members([(name, .members([("all", .double(1)), ("window", .double(1))]))])
                ),
              ])
            ])
          ),
        ])
      take(event, "importance", [("model", text), ("features", .members([(name, .double(1))]))])
      take(event, "latency", [(name, .members([("p50", .double(1))]))])
    }
    let alarm: [(String, JSONValue)] = [
      ("model", text), ("signal", text), ("detector", text), ("level", text), ("since", .int(90)),
      ("before", .double(1)), ("after", .double(2)),
    ]
    take(150, "alarm", alarm)
    take(
      151, "cause",
      [
        ("model", text), ("signal", text), ("alarm", .int(150)), ("since", .int(90)),
        ("cause", text), ("fault", text),
        (
          "features",
          .array([
            .members([
              ("name", text), ("distance", .double(0.5)), ("usual", .double(0.1)),
              (
                "bins",
                .members([
                  ("levels", .array([text])), ("before", .array([.int(1), .int(2)])),
                  ("after", .array([.int(3), .int(4)])),
                ])
              ),
            ])
          ])
        ),
      ])
    take(
      160, "retrain",
      [("model", text), ("reason", text), ("fromVersion", .int(0)), ("method", text)])
    take(
      180, "kept",
      [
        ("model", text), ("reason", text), ("fromVersion", .int(1)), ("startedAt", .int(160)),
        ("lossAfter", .double(1)), ("lossWithout", .double(2)), ("version", .int(1)),
      ])
    take(185, "promotion", [("from", text), ("to", text), ("toVersion", .int(2))])
    take(
      190, "check",
      [
        ("check", text), ("severity", text), ("column", text), ("expected", text), ("found", text),
        ("text", text), ("runbook", text),
      ])
    take(191, "health", [("state", text), ("why", text)])
    take(
      192, "group-gap",
      [("column", text), ("quantity", text), ("high", text), ("low", text), ("gap", .double(1))])
    take(193, name, [(name, text)])
    return history
  }

  private static let plain = HTMLOutline(
    RunReport(history("plain"), journal: "plain").html)

  @Test(arguments: HostileNames.all.indices)
  func `a page stays well formed, whatever names there are`(index: Int) throws {
    let (what, name) = HostileNames.all[index]
    let report = RunReport(HostileNameTests.history(name), journal: name)
    let html = report.html
    let outline = HTMLOutline(html)
    #expect(outline.problems == [], "\(what)")
    // A page of plain names shows which tags and attributes there may be.
    let known = HostileNameTests.plain
    #expect(outline.tags.isSubset(of: known.tags), "\(what)")
    #expect(outline.attributes.isSubset(of: known.attributes.union(["title"])), "\(what)")
    #expect(
      !html.unicodeScalars.contains { scalar in
        (scalar.value < 0x20 && scalar != "\n") || (0x202A...0x202E).contains(scalar.value)
          || (0x2066...0x2069).contains(scalar.value) || (0x7F..<0xA0).contains(scalar.value)
      }, "\(what)")
    // However long names are, each is shown short.
    #expect(html.utf8.count < 500_000, "\(what): \(html.utf8.count) bytes")
  }

  @Test(arguments: HostileNames.all.indices)
  func `text for a terminal moves no cursor`(index: Int) {
    let (what, name) = HostileNames.all[index]
    let report = RunReport(HostileNameTests.history(name), journal: name)
    for hasUnicode in [true, false] {
      let text = report.text(
        width: 80, TerminalStyle(hasColour: false, hasUnicode: hasUnicode))
      #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" }, "\(what)")
      #expect(!text.unicodeScalars.contains { (0x7F..<0xA0).contains($0.value) }, "\(what)")
      #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 }, "\(what)")
      if !hasUnicode { #expect(text.utf8.allSatisfy { $0 < 0x80 }, "\(what)") }
    }
  }

  @Test(arguments: HostileNames.all.indices)
  func `CSV of it reads back as it was`(index: Int) throws {
    let (_, name) = HostileNames.all[index]
    let report = RunReport(HostileNameTests.history(name), journal: name)
    let table = try #require(report.data("alarms"))
    #expect(table.rows.count == 1)
    let field =
      name.utf8.contains { [0x2C, 0x22, 0x0A, 0x0D].contains($0) }
      ? "\"" + name.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : name
    #expect(table.csv.contains(",\(field),"))
  }
}
