import Batches
import Engine
import Ingest
import Kernels
import Monitors
import Telemetry

/// One run of `weir monitor` over a stream: pulls batches, shows them to the checks, and says what they find.
struct MonitorRun: ~Copyable {
  private static let batchRows = 256
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
  private var silence = Silence()
  private var found: [Finding] = []
  private var count = 0
  private var gravest = HealthState.ok

  static func open(_ command: MonitorCommand, patience: Int?) throws -> MonitorRun {
    let reference = try command.reference.map { try ReferenceOrigin.load($0) }
    let rows = try LearnSettings.check(command.referenceRows, "reference-rows", atLeast: 64)
    let wish = try CheckWish(all: !command.only, named: command.check)
    guard !wish.specifications.isEmpty else {
      throw LearnSettings.usage("--only watches by what --check names: name one")
    }
    if let score = wish.specifications.lazy.compactMap({ MetricCondition.score(of: $0) }).first {
      throw LearnSettings.usage(
        "--check metric of \(score): there is no model here whose scores could be looked at; "
          + "weir learn and weir predict have one")
    }
    let interruption = Interruption.install()
    let bytes = try DescriptorSource.open(
      path: command.source, interruption: interruption, inputEndsByItself: interruption >= 0,
      follows: command.input.follow)
    var source = try EventSource.open(
      GzipSource(bytes), try command.input.ingest(like: command.reference))
    source.watchInput()
    if patience != nil { source.idle = LearnRun.look }
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
      batch.removeAll()
      let outcome = try source.fill(&batch, upTo: nil)
      monitor.observe(batch, 0..<batch.count, firstEvent: events, takesTargets: true)
      monitor.observeRest(batch)
      events += batch.count
      try listen(batch.count)
      try tellFindings()
      progress.update(meter)
      guard outcome == .full || outcome == .late else { break }
    }
    return try finish()
  }

  /// Says that the stream is silent, or no longer, where somebody wants to know.
  private mutating func listen(_ events: Int) throws {
    guard let patience else { return }
    switch silence.hear(events, patience: patience) {
    case true?:
      monitor.health.complain(
        "silence", .silent, "no event came for \(command.silence ?? "")", until: nil)
    case false?: monitor.health.settle("silence")
    case nil: return
    }
    try tellHealth()
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
    if events == 0, source.refusals.total > 0 {
      monitor.health.complain("schema", .dataBroken, "every record was refused", until: nil)
      try tellHealth()
    }
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
      if monitor.reference == nil {
        Terminal.say(
          "nothing was compared: the first \(monitor.referenceRows) events are what others are set "
            + "beside (--reference-rows, or --reference)\n")
      }
      Terminal.say(
        "\(events) events, \(source.refusals.total) refused, \(count) findings; health: "
          + "\(monitor.health.state.rawValue), at its gravest \(gravest.rawValue)\n")
    }
    return state
  }
}
