import Batches
import Engine
import Ingest
import Kernels
import Monitors
import Telemetry

/// One run of `weir monitor` over a stream: pulls batches, shows them to the checks, and says what they find.
struct MonitorRun: ~Copyable {
  private static let batchRows = 256
  /// How often the clock is looked at while no event comes.
  private static let look = 50

  private let command: MonitorCommand
  private let patience: Int?
  private var progress: WorkProgress
  private let meter: InputMeter?
  private var source: EventSource
  private var monitor: Monitor
  private let journal: OutputFile?
  private let summary: OutputFile?
  private let out: OutputFile
  private var events = 0
  private var found: [Finding] = []
  private var count = 0
  private var gravest = HealthState.ok

  static func open(_ command: MonitorCommand, patience: Int?) throws -> MonitorRun {
    let reference = try command.reference.map { try ReferenceOrigin.load($0) }
    let rows = try LearnSettings.check(command.referenceRows, "reference-rows", atLeast: 64)
    let wish = try CheckWish(all: !command.only, named: command.check)
    let interruption = Interruption.install()
    let bytes = try DescriptorSource.open(
      path: command.source, interruption: interruption, inputEndsByItself: interruption >= 0,
      follows: command.input.follow)
    var source = try EventSource.open(
      GzipSource(bytes), try command.input.ingest(like: command.reference))
    source.watchInput()
    let monitor = try Monitor(
      wish.specifications, source.inputColumns, task: source.schema.task, reference: reference,
      referenceRows: rows ?? Monitor.usualReferenceRows)
    let journal = try command.journal.map { try OutputFile(path: $0) }
    let summary = try command.summary.map { try OutputFile(path: $0) }
    return MonitorRun(
      command, patience, source, monitor, journal, summary, bytes.meter,
      out: try OutputFile(path: "-"))
  }

  private init(
    _ command: MonitorCommand, _ patience: Int?, _ source: consuming EventSource,
    _ monitor: Monitor, _ journal: OutputFile?, _ summary: OutputFile?, _ meter: InputMeter?,
    out: OutputFile
  ) {
    (self.command, self.patience, self.monitor) = (command, patience, monitor)
    self.source = source
    (self.journal, self.summary, self.out, self.meter) = (journal, summary, out, meter)
    progress = WorkProgress("watching \(command.source)", isQuiet: command.quiet, writes: true)
  }

  /// Watches to the end; the state that the exit code tells.
  mutating func run() throws -> HealthState {
    var batch = MicroBatch(
      capacity: MonitorRun.batchRows, denseWidth: source.schema.denseWidth)
    while true {
      try waitForInput()
      batch.removeAll()
      let outcome = try source.fill(&batch, upTo: nil)
      monitor.observe(batch, 0..<batch.count, firstEvent: events, takesTargets: true)
      monitor.observeRest(batch)
      events += batch.count
      if batch.count > 0 { monitor.health.settle("silence") }
      try tellFindings()
      progress.update(meter)
      guard outcome == .full || outcome == .late else { break }
    }
    return try finish()
  }

  /// Waits until there is something to be read; after `patience` without any the stream is silent.
  private mutating func waitForInput() throws {
    guard let patience else { return }
    var waited = 0
    while try !source.isReady(milliseconds: MonitorRun.look) {
      waited += MonitorRun.look
      guard waited >= patience, waited - MonitorRun.look < patience else { continue }
      monitor.health.complain(
        "silence", .silent, "no event came for \(command.silence ?? "")", until: nil)
      try tellHealth()
    }
  }

  private mutating func tellFindings() throws {
    for finding in monitor.takeFindings() {
      count += 1
      if found.count < 10_000 { found.append(finding) }
      try journal?.append(finding.entry.json.text + "\n")
      try out.append(finding.line + "\n")
      monitor.health.note(finding)
      try tellHealth(event: finding.event)
    }
    try tellHealth()
    try out.flush()
    try journal?.flush()
  }

  private mutating func tellHealth(event: Int? = nil) throws {
    guard let change = monitor.health.ask(event: event ?? events) else { return }
    gravest = gravest.graver(change.state)
    try journal?.append(change.entry.json.text + "\n")
    if !command.quiet { Terminal.say(HealthText.line(change.entry)) }
  }

  private mutating func finish() throws -> HealthState {
    source.close()
    progress.finish()
    let state = command.last ? monitor.health.state : gravest
    let end = JournalEntry(
      event: events, kind: "end",
      [("health", .string(state.rawValue)), ("refused", .int(source.refusals.total))])
    try journal?.append(end.json.text + "\n")
    try journal?.flush()
    let json = JSONValue.members([
      ("events", .int(events)), ("refused", .int(source.refusals.total)),
      ("health", monitor.health.json), ("gravest", .string(gravest.rawValue)),
      ("findings", .int(count)), ("checks", .array(found.map(\.summary))),
    ])
    try summary?.append(json.indented() + "\n")
    try summary?.flush()
    if !command.quiet {
      Terminal.say(
        "\(events) events, \(source.refusals.total) refused, \(count) findings; health: "
          + "\(monitor.health.state.rawValue), at its gravest \(gravest.rawValue)\n")
    }
    return state
  }
}
