import ArgumentParser
import Catalogues
import Detectors
import Engine
import Ingest
import Report
import Studies
import Telemetry

/// `weir study reactions`: what each detector with each reaction bought, all in one pass over a stream.
struct ReactionStudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reactions",
    abstract: "Compare detectors and reactions on a stream: what did adapting buy?",
    discussion: """
      Each --detect with each of --on-drift is a model of its own; all learn the
      same events in one pass, beside one that never reacts. --on-drift takes
      several, joined by commas; without it, all of them. What a --config says of
      detectors and reactions is left aside. All other options are those of weir
      learn; features are not screened.

      A row for each, best first: the score over all events and from --score-since,
      or the first true change, on; bought is what it gained of that score against
      never reacting, on the same events (from there on, or all), with a 95 %
      interval by batch means, which allows for losses that cling together. alarms
      counts drifts, reactions those that took effect; kept and undone are the
      verdicts on those that were tried. seconds are a configuration's own.

      A stream is a data set, a file, - or a stream of weir catalogue, with --drift
      as in weir generate. With --truth, or where --drift says where it changes,
      alarms are judged as weir detect --truth does.

      EXAMPLES
        weir study reactions bikes --config Datasets/bikes/sgd.json
        weir study reactions bikes --config Datasets/bikes/sgd.json --report reactions.html
        weir study reactions sea --drift 20000=sea:concept=3 --detect error=ddm
        weir study reactions cards.csv --target Class --truth truth.json \\
          --detect loss=bcs --detect loss=adwin --on-drift window,restart --json
      """)

  @Argument(help: "Streams: a data set, a file, - for standard input, or NAME:key=value,…")
  var streams: [String] = ["-"]
  @Option(help: "A JSON file with options of weir learn under the same names.")
  var config: String?
  @Option(help: "Rows of a synthetic stream.")
  var rows = 100_000
  @Option(help: "AT=STREAM or START..END=STREAM: another law of a synthetic stream. Repeatable.")
  var drift: [String] = []
  @Option(help: "Seed of synthetic streams.")
  var seed = 1
  @Option(
    help:
      "Where a stream truly changes: a file of weir generate or inject, or rows: 10000,20000. One for all streams, or one for each, in their order."
  )
  var truth: [String] = []
  @Option(help: "Events after a true change in which an alarm still finds it.")
  var margin = 1000
  @Option(
    help: "The score that decides: mae of numbers; log-loss or accuracy of classes (log-loss).")
  var score: String?
  @Flag(help: "NDJSON.")
  var json = false
  @OptionGroup var options: LearnOptions

  func run() throws {
    try reporting {
      let plan = try ReactionPlan(options, config: config, score: score)
      let known = try StudyStream.all(streams, drifts: drift)
      guard [0, 1, known.count].contains(truth.count) else {
        throw LearnSettings.usage(
          "\(truth.count) times --truth for \(known.count) streams: expected one, or one for each")
      }
      guard rows >= 0, margin >= 0 else {
        throw LearnSettings.usage("--rows and --margin: expected 0 or more")
      }
      let truths = try known.enumerated().map { index, stream in
        truth.isEmpty
          ? stream.truth : try TruthFile.read(truth[truth.count == 1 ? 0 : index]).truth
      }
      let isJudged = truths.contains { $0 != nil }
      let interruption = Interruption.install()
      let out = try OutputFile(path: "-")
      var isHeaderDue = !json
      let page = try options.report.map { try OutputFile(path: $0) }
      var report = StudyPages.begin(
        "What adapting bought", about: known.map(\.text).joined(separator: ", "))
      for (stream, truth) in zip(known, truths) {
        let (bytes, target, size) = try stream.open(
          rows: rows, seed: UInt64(bitPattern: Int64(seed)), interruption: interruption,
          follows: options.follow)
        var own = plan
        own.learning.ingest.target = plan.learning.ingest.target ?? target
        let result = try ReactionRun.over(bytes, own, since: truth?.episodes.first?.start) {
          StudyProgress(
            jobs: 1, steps: size?.count, of: size?.unit ?? .events, interruption: interruption,
            isQuiet: options.quiet)
        }
        let table = ReactionTable(
          stream: stream.text, result: result, truth: truth, isJudged: isJudged, margin: margin)
        for cells in table.rows {
          if isHeaderDue { try out.append(DataTable.header(cells)) }
          isHeaderDue = false
          try out.append(DataTable.line(cells, asJSON: json))
        }
        try out.flush()
        if page != nil { table.tell(&report) }
        if result.isInterrupted { break }
      }
      try StudyPages.write(report, to: page)
    }
  }
}

/// What is compared, and how everything else is to go.
struct ReactionPlan {
  var learning: LearnSettings
  /// Whether curves are wanted, for a page.
  let keepsCurves: Bool
  let isAutomatic: Bool
  let score: String?
  let threads: Int
  /// Each detector with each reaction.
  let arms: [(watch: Watch, reaction: ReactionKind)]

  init(_ options: LearnOptions, config: String?, score: String?) throws {
    var merged = options
    if let config { try Configuration.merge(config, into: &merged) }
    let files: [(String, String?)] = [
      ("predictions", merged.predictions), ("losses", merged.losses), ("journal", merged.journal),
      ("summary", merged.summary), ("draw", merged.draw),
    ]
    if let (name, _) = files.first(where: { $0.1 != nil }) {
      throw LearnSettings.usage("--\(name) is an option of weir learn; a study writes one table")
    }
    // What is compared is said here and nowhere else.
    let watches = try LearnSettings.watches(
      options.detect.isEmpty ? ["loss=adwin", "loss=bcs"] : options.detect)
    let reactions = try ReactionPlan.reactions(options.onDrift)
    (merged.detect, merged.onDrift) = (["none"], nil)
    keepsCurves = merged.report != nil
    (merged.report, merged.scoreEvery) = (nil, nil)
    arms = watches.flatMap { watch in reactions.map { (watch, $0) } }
    learning = try LearnSettings(merged)
    guard learning.ingest.lateLabels == nil else {
      throw LearnSettings.usage(
        "weir study takes labels with their rows or --label-delay rows later, not by id")
    }
    guard learning.engine.update != .never else {
      throw LearnSettings.usage("--update never reacts to nothing: there is nothing to compare")
    }
    guard learning.engine.jointBudget == nil || arms.contains(where: { $0.watch.keepsBudget })
    else {
      throw LearnSettings.usage(
        "--alarm-budget: no detector keeps a budget; such are bcs, markov-betting and e-detector")
    }
    threads = learning.engine.threads
    learning.engine.threads = 1
    learning.engine.keepsLosses = true
    learning.engine.explainsAlarms = false
    learning.engine.reaction = .note
    // Threads that share out configurations want batches that are worth it.
    if merged.batch == nil { learning.engine.batchRows = 2048 }
    isAutomatic = merged.auto
    self.score = score
    guard score.map({ ["mae", "log-loss", "accuracy"].contains($0) }) ?? true else {
      throw LearnSettings.usage("--score \(score ?? ""): expected mae, log-loss or accuracy")
    }
  }

  private static func reactions(_ text: String?) throws -> [ReactionKind] {
    guard let text else { return ReactionKind.allCases }
    return try text.split(separator: ",").map { word in
      guard let kind = ReactionKind(rawValue: String(word)) else {
        let known = ReactionKind.allCases.map(\.rawValue).joined(separator: ", ")
        throw LearnSettings.usage("--on-drift \(word): expected one of \(known)")
      }
      return kind
    }
  }
}

extension Watch {
  /// Whether the detector is one of those among which a budget for all signals is shared out.
  var keepsBudget: Bool {
    let name = detector.prefix { $0 != ":" }
    let entry = Catalogue<Void, any DriftDetector>.detectors.entries.first { $0.name == name }
    return entry?.parameters.contains { $0.name == "budget" } ?? false
  }
}
