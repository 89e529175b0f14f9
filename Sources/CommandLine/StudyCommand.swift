import ArgumentParser
import Catalogues
import Detectors
import Generators
import Kernels
import Studies
import Telemetry

/// `weir study`: several configurations compared.
struct StudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract: "Compare detectors: false alarms on streams without drift, delays on those with one.",
    subcommands: [AlarmStudyCommand.self, DelayStudyCommand.self])
}

/// What every study of detectors asks for.
struct StudyOptions: ParsableArguments {
  @Option(help: "A detector. Repeatable; without it, those of the catalogue.")
  var detect: [String] = []
  @Option(help: "Seed.")
  var seed = 1
  @Option(help: "Streams or detectors at a time.")
  var threads = 1

  var seedBits: UInt64 { UInt64(bitPattern: Int64(seed)) }

  /// The detectors' names; throws when one cannot be made.
  func detectors() throws -> [String] {
    let catalogue = Catalogue<Void, any DriftDetector>.detectors
    for name in detect { try catalogue.check(name) }
    return detect.isEmpty ? catalogue.names : detect
  }
}

/// `weir study alarms`: what is declared against what is realised, on streams that do not drift.
struct AlarmStudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alarms",
    abstract: "Count the alarms of detectors on streams that do not drift.",
    discussion: """
      A row for each stream and detector: values per false alarm, with a 95 % interval. Detectors of rows are
      shown all columns, others the last one.

      EXAMPLES
        weir study alarms --events 1000000
        weir study alarms --detect bcs:budget=10000 --detect adwin --stream errors:correlation=.8
      """)

  @OptionGroup var options: StudyOptions
  @Option(help: "A stream without drift. Repeatable; without it, ten that look as if they did.")
  var stream: [String] = []
  @Option(help: "Values of each stream.")
  var events = 8_000_000

  func run() throws {
    try reporting {
      let detectors = try options.detectors()
      let streams = stream.isEmpty ? StudyStreams.still : stream
      let out = try OutputFile(path: "-")
      try out.append("stream,detector,events,alarms,events_per_alarm,low,high\n")
      try inParallel(streams, options.threads) { stream in
        try FalseAlarms.count(
          detectors, on: stream, events: events, seed: options.seedBits)
      } done: { stream, counts in
        for (name, count) in zip(detectors, counts) {
          let range = Intervals.mean(ofCount: count.alarms)
          let all = Double(count.events)
          let cells = [
            StudyStreams.quoted(stream), StudyStreams.quoted(name), "\(count.events)",
            "\(count.alarms)", StudyStreams.whole(all / Double(count.alarms)),
            StudyStreams.whole(all / range.upperBound), StudyStreams.whole(all / range.lowerBound),
          ]
          try out.append(cells.joined(separator: ",") + "\n")
        }
        try out.flush()
      }

    }
  }
}

/// `weir study delays`: how late detectors see a change, at the same rate of false alarms.
struct DelayStudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delays",
    abstract: "Measure how late detectors see a change, at a matched rate of false alarms.",
    discussion: """
      With --match BUDGET each detector's strictness is first set so that on the stream without the change
      it names one drift in so many values. A delay beyond --horizon is missed and counted as the horizon.

      EXAMPLES
        weir study delays --stream errors:rate=.227,correlation=.49 --to errors:rate=.35,correlation=.49
        weir study delays --match 100000 --detect adwin --detect cusum --detect bcs …
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

  func run() throws {
    try reporting {
      let detectors = try options.detectors()
      let seed = options.seedBits
      let out = try OutputFile(path: "-")
      try out.append(
        "detector,budget,realised,mean,median,low,high,missed,false_alarms,runs,setting\n")
      var jobs: [(String, Double?)] = []
      for name in detectors {
        if match.isEmpty { jobs.append((name, nil)) }
        for budget in match { jobs.append((name, budget)) }
      }
      try inParallel(jobs, options.threads) { job -> (DelayStudy, Double?)? in
        var (name, realised) = (job.0, Double?.none)
        if let budget = job.1 {
          guard
            let found = try Matching.specification(
              of: name, on: stream, budget: budget, events: matchEvents, seed: seed &+ 7919)
          else { return nil }
          name = found.text
          realised = Double(found.events) / Double(found.alarms)
        }
        let study = try DelayStudy.run(
          [name], stream: stream, to: to, history: history, horizon: horizon, runs: runs, seed: seed
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
          realised.map(StudyStreams.whole) ?? "", StudyStreams.whole(study.mean(horizon: horizon)),
          StudyStreams.whole(median?.median), StudyStreams.whole(median?.interval.lowerBound),
          StudyStreams.whole(median?.interval.upperBound), "\(study.missed)",
          "\(study.falseAlarms)", "\(runs)", StudyStreams.quoted(study.detector),
        ]
        try out.append(cells.joined(separator: ",") + "\n")
        try out.flush()
      }
    }
  }
}

/// What is studied when nothing is said, and how figures are written.
enum StudyStreams {
  /// Streams of errors that do not drift, whatever they look like.
  static let still = [
    "errors", "errors:rate=0.227,correlation=0.49", "errors:rate=0.1,correlation=0.8",
    "latent-errors:persistence=0.98,deviation=0.8", "latent-errors:persistence=0.995,deviation=0.6",
    "latent-errors:persistence=0.999,deviation=0.5", "switching-errors:dwell=50",
    "switching-errors:dwell=500", "seasonal-errors:period=48", "seasonal-errors:period=1000",
  ]

  static func whole(_ value: Double?) -> String {
    guard let value, value.isFinite else { return "" }
    return String(Int(value.rounded()))
  }

  static func quoted(_ text: String) -> String { text.contains(",") ? "\"\(text)\"" : text }
}

/// Does each job, so many at a time, and tells of the results in the jobs' order once all of a round are done.
func inParallel<Job, Result>(
  _ jobs: [Job], _ threads: Int, _ body: (Job) throws -> Result,
  done: (Job, Result) throws -> Void
) throws {
  let workers = Workers(threads)
  var next = 0
  while next < jobs.count {
    let round = Array(jobs[next..<min(jobs.count, next + workers.count)])
    var results: [Swift.Result<Result, any Error>?] = round.map { _ in nil }
    workers.forEach(&results) { index, result in
      result = Swift.Result { try body(round[index]) }
    }
    for (job, result) in zip(round, results) {
      if let result { try done(job, try result.get()) }
    }
    next += round.count
  }
}
