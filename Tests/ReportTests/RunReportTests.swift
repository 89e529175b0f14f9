import Foundation
import Report
import Telemetry
import TestSupport
import Testing

@Suite struct RunReportTests {
  /// A run of 10,000 events whose error doubles at 5,000; two reactions, the second undone.
  static func history(baseline: Double = 12, ends: Bool = true) -> RunHistory {
    var history = RunHistory()
    func take(_ event: Int, _ kind: String, _ fields: [(String, JSONValue)]) {
      history.take(JournalEntry(event: event, kind: kind, fields))
    }
    take(
      0, "start",
      [
        ("task", .string("regression")), ("target", .string("cnt")),
        ("features", .array([.string("temp")])), ("models", .array([.string("rls")])),
        (
          "options",
          .members([("target", .string("cnt")), ("detect", .array([.string("loss=adwin")]))])
        ), ("version", .string("weir 0.1.0")),
      ])
    for event in stride(from: 100, through: 10_000, by: 100) {
      take(
        event, "scores",
        [
          ("model", .string("rls")), ("over", .int(1000)),
          ("metrics", .members([("mae", .double(event <= 5_000 ? 5 : 10)), ("r2", .double(0.9))])),
          (
            "baselines",
            .members([
              ("no-change", .members([("mae", .double(baseline)), ("r2", .double(0.1))])),
              ("running-mean", .members([("mae", .double(20)), ("r2", .double(0))])),
            ])
          ),
        ])
    }
    take(
      5_200, "alarm",
      [
        ("model", .string("rls")), ("signal", .string("loss")), ("detector", .string("adwin")),
        ("level", .string("drift")), ("since", .int(5_000)), ("before", .double(5)),
        ("after", .double(10)),
      ])
    take(
      5_248, "cause",
      [
        ("model", .string("rls")), ("signal", .string("loss")), ("alarm", .int(5_200)),
        ("since", .int(5_000)), ("cause", .string("inputs")),
        (
          "features",
          .array([
            .members([
              ("name", .string("temp")), ("distance", .double(0.8)), ("usual", .double(0.1)),
              ("before", .double(10)), ("after", .double(50)),
              (
                "bins",
                .members([
                  ("edges", .array([.double(0), .double(10), .double(20)])),
                  ("before", .array([0, 30, 60, 10, 0].map { .int($0) })),
                  ("after", .array([0, 0, 5, 45, 0].map { .int($0) })),
                ])
              ),
            ])
          ])
        ),
      ])
    for (index, (event, kind)) in [(5_600, "kept"), (8_000, "undone")].enumerated() {
      take(
        event - 512, "retrain",
        [
          ("model", .string("rls")), ("reason", .string("adwin on loss at event 5200")),
          ("fromVersion", .int(index)), ("rows", .int(336)), ("method", .string("exact")),
        ])
      take(
        event, kind,
        [
          ("model", .string("rls")), ("reason", .string("adwin on loss at event 5200")),
          ("fromVersion", .int(index + 1)), ("startedAt", .int(event - 512)), ("events", .int(512)),
          ("lossAfter", .double(kind == "kept" ? 6 : 9)), ("lossWithout", .double(8)),
          ("standardErrors", .double(3)), ("version", .int(index + 1)),
        ] + (kind == "undone" ? [("to", .int(3))] : []))
    }
    guard ends else { return history }
    take(
      10_000, "scores",
      [
        ("model", .string("rls")), ("over", .string("all")),
        ("metrics", .members([("mae", .double(7.5)), ("r2", .double(0.9))])),
        (
          "baselines",
          .members([
            ("no-change", .members([("mae", .double(baseline))])),
            ("running-mean", .members([("mae", .double(20))])),
          ])
        ),
      ])
    take(10_000, "end", [("learned", .int(9_990)), ("refused", .int(3))])
    return history
  }

  private func text(_ history: RunHistory) -> String {
    RunReport(history, journal: "run.jsonl").text(
      width: 400, TerminalStyle(hasColour: false, hasUnicode: true)
    ).split(separator: "\n").joined(separator: " ")
  }

  @Test func `the verdict comes in words, with the numbers`() {
    let text = text(RunReportTests.history())
    for piece in [
      "Better than every baseline", "mean absolute error was 7.5",
      "no-change, had 12, so that the model’s is 38 % lower",
      "1 drift was named; in 1 the inputs had moved",
      "2 reactions were tried against what was there before: 1 kept, 1 undone",
      "3 rows could not be read",
    ] { #expect(text.contains(piece), "\(piece) in \(text)") }
  }

  @Test func `a baseline that does better is the first thing that is said`() {
    let text = text(RunReportTests.history(baseline: 4))
    #expect(text.contains("No better than no-change"))
    #expect(text.contains("88 % higher"))
    let html = RunReport(RunReportTests.history(baseline: 4), journal: nil).html
    #expect(html.contains("class=\"verdict bad\""))
  }

  @Test func `a journal without an end says so`() {
    #expect(text(RunReportTests.history(ends: false)).contains("The journal has no end"))
  }

  @Test func `a journal without scores says how to have them`() {
    var history = RunHistory()
    history.take(JournalEntry(event: 0, kind: "start", [("target", .string("y"))]))
    history.take(JournalEntry(event: 9, kind: "end"))
    #expect(text(history).contains("--score-every auto"))
    #expect(RunReport(history, journal: nil).html.contains("--score-every auto"))
  }

  @Test func `each figure names its command and stands on its own`() {
    let html = RunReport(RunReportTests.history(), journal: "my run.jsonl").html
    #expect(HTMLOutline(html).problems == [])
    let figures = html.components(separatedBy: "<figure").dropFirst()
    #expect(figures.count >= 6)
    for figure in figures { #expect(figure.contains("class=\"command\""), "\(figure.prefix(200))") }
    #expect(html.contains("weir report &#39;my run.jsonl&#39; --data scores"))
    // Nothing comes from elsewhere.
    for piece in ["http://", "https://", "src=", "@import", "url("] {
      #expect(!html.contains(piece), "\(piece)")
    }
    // Every chart has its numbers in a table nearby.
    #expect(html.components(separatedBy: "role=\"img\"").count > 2)
    #expect(html.contains("<details><summary>The numbers</summary>"))
  }

  @Test func `versions make a tree, with what became of each`() throws {
    let table = try #require(
      RunReport(RunReportTests.history(), journal: nil).data("versions"))
    #expect(table.rows.map { $0[0] } == [.whole(0), .whole(1), .whole(2), .whole(3)])
    #expect(table.rows.map { $0[1] } == [.whole(nil), .whole(0), .whole(1), .whole(1)])
    #expect(table.rows.map { $0[5] } == [.text(""), .text("kept"), .text("undone"), .text("")])
  }

  @Test func `the numbers behind a picture are those of the journal`() throws {
    let report = RunReport(RunReportTests.history(), journal: nil)
    let scores = try #require(report.data("scores"))
    #expect(scores.rows.count == 100)
    #expect(scores.csv.hasPrefix("event,rls mae,rls r2,no-change mae,"))
    #expect(scores.csv.contains("\n5100,10.0,0.9,12.0,0.1,20.0,0.0\n"))
    let causes = try #require(report.data("causes"))
    #expect(causes.csv.contains("5200,5000,temp,10 – 20,0.6,0.1\n"))
    #expect(report.data("latency") == nil)
  }

  @Test func `how long events took is drawn by windows, and told by stage`() throws {
    var history = RunReportTests.history()
    var watch = LatencyWatch(LatencyBudget("5ms"), thins: false, meter: LatencyMeter { 0 })
    var clock = 0
    for batch in 1...40 {
      // Later batches take ten milliseconds each, the first one.
      let slow = batch > 20 ? 10_000_000 : 1_000_000
      let verdict = watch.record(
        LatencyMeter.Stamps(
          arrived: clock, filled: clock + 1000, taken: clock + 2000, learned: clock + slow,
          written: clock + slow + 1000), events: 100, event: 100 * batch, skipped: 0)
      clock += slow + 1000
      if let entry = watch.takeTold() { history.take(entry) }
      if let verdict { history.take(verdict.entry) }
    }
    history.take(watch.whole(event: 4000))
    let report = RunReport(history, journal: nil)
    let windows = try #require(report.data("latency"))
    #expect(windows.rows.map { $0[0] } == [1000, 2000, 3000, 4000].map { .whole($0) })
    #expect(windows.rows[0][2] == .number(1.001) && windows.rows[3][3] == .number(10.001))
    for text in ["By stage, over the whole run", "Where the budget was passed", "exceeded"] {
      #expect(report.html.contains(text), "\(text)")
    }
  }

  @Test func `estimates stand beside what came, and frozen copies are told by age`() throws {
    var history = RunReportTests.history()
    func mae(_ value: Double) -> JSONValue { .members([("mae", .double(value))]) }
    for (from, state, came) in [(0, "estimated", 1.0), (0, "realised", 21), (1000, "realised", 31)]
    {
      history.take(
        JournalEntry(
          event: from + 1000, kind: "estimate",
          [
            ("state", .string(state)), ("from", .int(from)), ("to", .int(from + 1000)),
            ("labels", .int(990)), ("estimated", mae(20)), ("realised", mae(came)),
            ("lastKnown", mae(18)),
          ]))
    }
    history.take(
      JournalEntry(
        event: 5000, kind: "decay",
        [
          (
            "ages",
            .array([
              .members([
                ("from", .int(0)), ("to", .int(256)), ("rows", .int(90)), ("loss", .double(7)),
                ("excess", .double(2)), ("interval", .array([.double(1), .double(3)])),
              ])
            ])
          )
        ]))
    let report = RunReport(history, journal: nil)
    let estimates = try #require(report.data("estimates"))
    #expect(
      estimates.csv == """
        from,to,labels,estimated,came,last known
        0,1000,990,20.0,21.0,18.0
        1000,2000,990,20.0,31.0,18.0

        """, "\(estimates.csv)")
    let decay = try #require(report.data("decay"))
    #expect(
      decay.rows == [
        [.whole(0), .whole(256), .whole(90), .number(7), .number(2), .number(1), .number(3)]
      ])
    #expect(report.html.contains("Estimated before the labels came"))
    #expect(report.html.contains("What age costs a model that is not updated"))
  }

  @Test func `alarms are all counted and marked, however many, and the page stays small`() throws {
    var history = RunReportTests.history()
    var random = SplitMix(seed: 8)
    var event = 0
    let line = (0..<50_000).map { _ -> String in
      event += random.below(10)
      return
        "{\"event\":\(event),\"kind\":\"alarm\",\"model\":\"rls\",\"signal\":\"s\(event % 40)\","
        + "\"detector\":\"adwin\",\"level\":\"drift\",\"since\":1,\"before\":1,\"after\":2}\n"
    }.joined()
    var reader = JournalReader()
    Array(line.utf8).withUnsafeBytes { reader.take($0) }
    history = reader.finish()
    #expect(history.alarms.drifts.count == 50_000)
    let html = RunReport(history, journal: nil).html
    #expect(html.utf8.count < 1_000_000)
    #expect(html.contains("<span class=\"lc\">50,000</span>"))
    #expect(html.contains("The first 500 of 50,000 alarms"))
  }

  @Test func `a year of hours with all there is stays under a megabyte`() {
    var history = RunReportTests.history()
    var random = SplitMix(seed: 12)
    for hour in 0..<8_784 {
      history.take(
        JournalEntry(
          event: 10_000 + hour, kind: "scores",
          [
            ("model", .string("rls")), ("over", .int(1000)),
            (
              "metrics",
              .members(
                ["mae", "rmse", "r2"].map { ($0, .double(abs(random.normal()))) })
            ),
            (
              "baselines",
              .members(
                ["no-change", "running-mean", "seasonal-naive"].map { name in
                  (
                    name,
                    .members(["mae", "rmse", "r2"].map { ($0, .double(abs(random.normal()))) })
                  )
                })
            ),
          ]))
      guard hour % 24 == 0 else { continue }
      history.take(
        JournalEntry(
          event: 10_000 + hour, kind: "importance",
          [
            ("model", .string("rls")),
            (
              "features", .members((0..<30).map { ("feature\($0)", .double(abs(random.normal()))) })
            ),
          ]))
      history.take(
        JournalEntry(
          event: 10_000 + hour, kind: "check",
          [
            ("check", .string("range")), ("severity", .string("alarm")),
            ("text", .string("beyond")),
          ]))
    }
    let size = RunReport(history, journal: nil).html.utf8.count
    #expect(size < 1_000_000, "\(size) bytes")
  }
}
