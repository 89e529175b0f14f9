import ArgumentParser
import Catalogues
import Detectors
import Ingest
import Report
import Studies
import Telemetry

/// `weir study delays`: how late detectors see a change, at the same rate of false alarms.
struct DelayStudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delays",
    abstract: "Measure how late detectors see a change, at a matched rate of false alarms.",
    discussion: """
      With --match BUDGET each detector's strictness is first set so that on the stream without the change
      it names one drift in so many values.
      bootstrap makes a stream of a file of real errors (weir learn --losses). A delay beyond --horizon is missed and counted as the horizon.

      EXAMPLES
        weir study delays --stream errors:rate=.227,correlation=.49 --to errors:rate=.35,correlation=.49
        weir study delays --match 100000 --detect adwin --detect cusum --detect bcs …
        weir study delays --match 1000 --match 10000 --match 100000 --curve delays.svg …
        weir study delays --stream bootstrap:file=losses.csv,column=error,to=20000 \\
          --to bootstrap:file=losses.csv,column=error,from=20000,block=0 --match 10000
      """)

  @OptionGroup var options: StudyOptions
  @Option(help: "The stream before the change.")
  var stream: String
  @Option(help: "The stream after it.")
  var to: String
  @Option(help: "Values before the change.")
  var history = 10_000
  @Option(help: "Values after it, in which it can be seen.")
  var horizon = 10_000
  @Option(help: "Runs, each with other random numbers.")
  var runs = 200
  @Option(help: "Set each detector to one false alarm in so many values. Repeatable: a curve.")
  var match: [Double] = []
  @Option(help: "Values on which that is set.")
  var matchEvents = 2_000_000

  @Flag(
    help:
      "Set it on stretches of --history values, each before a detector that starts afresh, as in the runs: some alarm most while they are young."
  )
  var matchAfresh = false
  @Option(
    help:
      "Draw delays against false alarms into this file, as SVG: a line for each detector, a point for each --match."
  )
  var curve: String?
  @Option(help: "The study as one HTML page that stands for itself, with that picture.")
  var report: String?

  func validate() throws {
    let counts = [
      ("history", history), ("horizon", horizon), ("runs", runs), ("match-events", matchEvents),
    ]
    for (name, count) in counts where count < 1 {
      throw ValidationError("--\(name) \(count): expected at least 1")
    }
    for budget in match where !(budget > 1 && budget <= Double(matchEvents)) {
      throw ValidationError(
        "--match \(budget): expected more than 1 and at most --match-events \(matchEvents)")
    }
  }

  func run() throws {
    try reporting {
      let detectors = try options.detectors()
      let seed = options.seedBits
      let out = try OutputFile(path: "-")
      try out.append(
        "detector,budget,realised,mean,median,low,high,missed,false_alarms,runs,setting\n")
      try out.flush()
      var jobs: [(String, Double?)] = []
      for name in detectors {
        if match.isEmpty { jobs.append((name, nil)) }
        for budget in match { jobs.append((name, budget)) }
      }
      let progress = StudyProgress(
        jobs: jobs.count, steps: nil, interruption: Interruption.install())
      let picture = try curve.map { try OutputFile(path: $0) }
      let page = try report.map { try OutputFile(path: $0) }
      var rows: [[ReportTable.Cell]] = []
      var points: [String: [DelayCurve.Point]] = [:]
      do {
        try inParallel(jobs, options.threads, progress) { job -> (DelayStudy, Double?)? in
          var (name, realised) = (job.0, Double?.none)
          if let budget = job.1 {
            guard
              let found = try Matching.specification(
                of: name, on: stream, budget: budget, events: matchEvents, seed: seed &+ 7919,
                stretch: matchAfresh ? history : nil,
                goesOn: progress.advance)
            else { return nil }
            name = found.text
            realised = Double(found.events) / Double(found.alarms)
          }
          let study = try DelayStudy.run(
            [name], stream: stream, to: to, history: history, horizon: horizon, runs: runs,
            seed: seed,
            goesOn: progress.advance
          )[0]
          return (study, realised)
        } done: { job, result in
          guard let (study, realised) = result else {
            Terminal.say("weir: \(job.0) has no strictness that could be set; left out\n")
            return
          }
          let median = study.median(horizon: horizon)
          let cells = [
            StudyStreams.quoted(job.0), job.1.map(StudyStreams.whole) ?? "",
            realised.map(StudyStreams.whole) ?? "",
            StudyStreams.whole(study.mean(horizon: horizon)),
            StudyStreams.whole(median?.median), StudyStreams.whole(median?.interval.lowerBound),
            StudyStreams.whole(median?.interval.upperBound), "\(study.missed)",
            "\(study.falseAlarms)", "\(runs)", StudyStreams.quoted(study.detector),
          ]
          try out.append(cells.joined(separator: ",") + "\n")
          try out.flush()
          rows.append([
            .name(job.0), .number(job.1), .number(realised), .number(median?.median),
            .number(median?.interval.lowerBound), .number(median?.interval.upperBound),
            .whole(study.missed), .whole(study.falseAlarms), .name(study.detector),
          ])
          guard let median else { return }
          points[job.0, default: []].append(
            DelayCurve.Point(
              valuesPerAlarm: realised ?? Double(runs * history) / Double(study.falseAlarms),
              delay: median.median, interval: median.interval, isCut: study.missed > 0))
        }
      } catch IngestError.interrupted {
        // What was done before is drawn all the same.
      }
      let lines = detectors.map { DelayCurve.Line(name: $0, points: points[$0] ?? []) }
      let drawn = DelayCurve(stream: stream, to: to, lines: lines)
      try picture?.append(drawn.svg)
      try picture?.flush()
      guard page != nil else { return }
      var report = StudyPages.begin("Delay against false alarms", about: "\(stream) → \(to)")
      report.say(
        "How late a change is seen",
        [
          "\(runs) runs, each with \(history) values before the change and at most \(horizon) after it. A line further down is better at every rate of false alarms that it passes."
        ])
      report.begin("Delay against false alarms")
      report.add("Median delay by the rate of false alarms", picture: drawn)
      report.add(
        "All of it",
        ReportTable(
          "Delays",
          [
            "detector", "#values per false alarm asked for", "#realised", "#median delay", "#low",
            "#high", "#missed", "#false alarms", "as",
          ], rows: rows))
      try StudyPages.write(report, to: page)
    }
  }
}
