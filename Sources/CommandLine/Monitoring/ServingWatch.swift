import Batches
import Engine
import Ingest
import Monitors
import Telemetry

/// Compares what a version is asked with what it was trained on.
struct ServingWatch {
  private let command: PredictCommand
  private let journal: OutputFile?
  private var monitor: Monitor?
  private var found: [Finding] = []
  private var count = 0

  init(_ command: PredictCommand) throws {
    self.command = command
    journal = try command.journal.map { try OutputFile(path: $0) }
  }

  /// Begins to watch what a server is asked, with the profile of the version that it has now.
  mutating func begin(_ server: Server) throws {
    let health = monitor?.health
    monitor = nil
    guard !command.unwatched else { return }
    let given = try command.reference.map { try ReferenceOrigin.load($0) }
    guard let reference = try given ?? server.profile() else { return }
    let wish = try CheckWish(all: true, named: command.check)
    let source = server.branch
    source.source.watchInput()
    var monitor = try Monitor(
      wish.specifications, source.source.inputColumns, task: source.source.schema.task,
      reference: reference)
    monitor.know(source.source.inputLevels)
    if let health { monitor.health = health }
    self.monitor = monitor
  }

  /// Takes the rows of a batch that are events.
  mutating func observe(_ batch: borrowing MicroBatch, _ rows: Range<Int>, firstEvent: Int) throws {
    guard monitor != nil else { return }
    monitor?.observe(batch, rows, firstEvent: firstEvent, takesTargets: true)
    if rows.upperBound == batch.count { monitor?.observeRest(batch) }
    try tell()
  }

  private mutating func tell() throws {
    guard var monitor = monitor.take() else { return }
    for finding in monitor.takeFindings() {
      count += 1
      if found.count < 10_000 { found.append(finding) }
      try journal?.append(finding.entry.json.text + "\n")
      if !command.quiet { Terminal.say("check: \(finding.line)\n") }
      monitor.health.note(finding)
      if let change = monitor.health.ask(event: finding.event) {
        try journal?.append(change.entry.json.text + "\n")
        if !command.quiet { Terminal.say(HealthText.line(change.entry)) }
      }
    }
    try journal?.flush()
    self.monitor = monitor
  }

  /// For the summary.
  var members: [(String, JSONValue)] {
    guard let monitor else { return [] }
    return [
      ("health", monitor.health.json), ("findings", .int(count)),
      ("checks", .array(found.map(\.summary))),
    ]
  }
}
