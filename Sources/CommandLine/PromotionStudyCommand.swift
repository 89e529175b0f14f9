import ArgumentParser
import Catalogues
import Comparisons
import Report
import Studies
import Telemetry

/// `weir study promotions`: how often a challenger is promoted that is no better, and how soon one that is.
struct PromotionStudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "promotions",
    abstract: "Count promotions of challengers that are no better, and how soon better ones are.",
    discussion: """
      A row for each pair of losses and each test, which is looked at after every event: the share of runs that
      promote, with a 95 % interval, and the median of events until then. Beside the tests stand a t-test that is
      looked at as often (repeated-t-test), and bets whose stakes follow what came lately (following-stakes).

      EXAMPLES
        weir study promotions --runs 200
        weir study promotions --losses normal:better=0.1 --test betting --test betting:block=32
      """)

  @Option(help: "A test from the catalogue, repeated-t-test or following-stakes. Repeatable.")
  var test: [String] = []
  @Option(help: "A pair of losses: NAME or NAME:better=B. Repeatable; without it, all of them.")
  var losses: [String] = []
  @Option(help: "Runs of each pair.")
  var runs = 1000
  @Option(help: "Events of each run.")
  var events = 10_000
  @Option(help: "The stated risk of promoting a challenger that is no better.")
  var risk = 0.05
  @Option(help: "Seed.")
  var seed = 1
  @Option(help: "Pairs at a time. No result depends on it.")
  var threads = 1
  @Option(help: "The study as one HTML page that stands for itself.")
  var report: String?

  /// Each pair as an equal, then challengers that are truly better, and one that is worse.
  static let usual =
    LossPairs.catalogue.names
    + [0.5, 0.2, 0.1, 0.05, 0.03].map { "normal:better=\($0)" }
    + [
      "heavy-tailed:better=0.1", "scales:better=0.1", "levels:better=0.1", "errors:better=0.1",
      "log-loss:better=0.5", "turns:better=0.1", "normal:better=-0.02",
    ]

  func run() throws {
    try reporting {
      guard risk > 0, risk < 1 else {
        throw LearnSettings.usage("--risk \(risk): expected a chance between 0 and 1")
      }
      let runs = try LearnSettings.check(runs, "runs", atLeast: 1) ?? 1
      let events = try LearnSettings.check(events, "events", atLeast: 1, atMost: 100_000_000) ?? 1
      let tests =
        test.isEmpty ? Catalogue.pairedTests.names + Promotions.rivals : test
      let pairs = losses.isEmpty ? PromotionStudyCommand.usual : losses
      for pair in pairs { try LossPairs.catalogue.check(pair) }
      let out = try OutputFile(path: "-")
      try out.append("losses,test,runs,events,promoted,share,low,high,median_events\n")
      try out.flush()
      let page = try report.map { try OutputFile(path: $0) }
      var report = StudyPages.begin(
        "Promotions", about: "tests that are looked at after every event")
      report.say(
        "How often a challenger is promoted",
        [
          "Of \(runs) runs of \(events) events each; the line is the stated risk of promoting one that is no better."
        ])
      let progress = StudyProgress(
        jobs: pairs.count, steps: pairs.count * runs * events, of: .events,
        interruption: Interruption.install())
      try inParallel(pairs, threads, progress) { pair in
        try Promotions.count(
          tests, on: pair, runs: runs, events: events, risk: risk,
          seed: UInt64(bitPattern: Int64(seed)), goesOn: progress.advance)
      } done: { pair, results in
        var estimates: [StudyReport.Estimate] = []
        for result in results {
          let range = Intervals.share(result.events.count, of: result.runs)
          let cells = [
            StudyStreams.quoted(pair), StudyStreams.quoted(result.test), "\(result.runs)",
            "\(events)", "\(result.events.count)", Figure.fixed(result.share, 3),
            Figure.fixed(range.lowerBound, 3), Figure.fixed(range.upperBound, 3),
            result.median.map { "\($0)" } ?? "",
          ]
          try out.append(cells.joined(separator: ",") + "\n")
          estimates.append(
            StudyReport.Estimate(
              result.test, result.share, low: range.lowerBound, high: range.upperBound))
        }
        try out.flush()
        report.begin(Markup.harmless(pair))
        report.add(
          "Share of runs that promote", estimates, unit: "share of runs that promote",
          reference: risk)
      }
      try StudyPages.write(report, to: page)
    }
  }
}
