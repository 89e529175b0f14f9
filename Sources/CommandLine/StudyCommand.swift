import ArgumentParser
import Catalogues
import Detectors
import Ingest
import Kernels
import Report
import Telemetry

/// `weir study`: several configurations compared.
struct StudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract: "Compare detectors and reactions: what they find, how late, and what it bought.",
    discussion: """
      EXAMPLES
        weir study alarms --events 1000000 --detect bcs --detect adwin
        weir study delays --stream errors:rate=.2 --to errors:rate=.3 \\
          --match 10000 --match 100000 --curve delays.svg
        weir study reactions bikes --config Datasets/bikes/sgd.json \\
          --detect loss=adwin --detect loss=bcs
        weir study promotions --runs 200
      """,
    subcommands: [
      AlarmStudyCommand.self, DelayStudyCommand.self, ReactionStudyCommand.self,
      PromotionStudyCommand.self,
    ])
}

/// What every study of detectors asks for.
struct StudyOptions: ParsableArguments {
  @Option(help: "A detector. Repeatable; without it, those of the catalogue.")
  var detect: [String] = []
  @Option(help: "Seed.")
  var seed = 1
  @Option(help: "Streams or detectors at a time. No result depends on it.")
  var threads = 1

  var seedBits: UInt64 { UInt64(bitPattern: Int64(seed)) }

  /// The detectors' names; throws when one cannot be made.
  func detectors() throws -> [String] {
    let catalogue = Catalogue<Void, any DriftDetector>.detectors
    for name in detect { try catalogue.check(name) }
    return detect.isEmpty ? catalogue.names : detect
  }
}

/// A study's page.
enum StudyPages {
  /// Begins one that names the command of this process.
  static func begin(_ heading: String, about: String) -> StudyReport {
    let words = CommandLine.arguments.dropFirst().map(CommandWords.quoted)
    return StudyReport(
      heading: heading, about: about, command: (["weir"] + words).joined(separator: " "),
      version: Version.text)
  }

  static func write(_ report: StudyReport, to file: OutputFile?) throws {
    try file?.append(report.html)
    try file?.flush()
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

  static func quoted(_ text: String) -> String { DataTable.quoted(text) }
}

/// Does each job, so many at a time, and tells of the results in the jobs' order once all of a round are done.
///
/// When the user asks for an end, what is under way throws `IngestError.interrupted`; what was done by then is
/// told all the same.
func inParallel<Job, Result>(
  _ jobs: [Job], _ threads: Int, _ progress: StudyProgress, _ body: (Job) throws -> Result,
  done: (Job, Result) throws -> Void
) throws {
  defer { progress.finish() }
  let workers = Workers(threads)
  var next = 0
  while next < jobs.count {
    let round = Array(jobs[next..<min(jobs.count, next + workers.count)])
    var results: [Swift.Result<Result, any Error>?] = round.map { _ in nil }
    workers.forEach(&results) { index, result in
      result = Swift.Result {
        let value = try body(round[index])
        if progress.isEnded { throw IngestError.interrupted }
        progress.jobDone()
        return value
      }
    }
    progress.clear()
    for (job, result) in zip(round, results) {
      do {
        if let result { try done(job, try result.get()) }
      } catch IngestError.interrupted {
        continue
      }
    }
    if progress.isEnded { throw IngestError.interrupted }
    next += round.count
  }
}
