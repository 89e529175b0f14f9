import Batches
import Engine
import Ingest
import Kernels
import Learners
import Monitors
import Registry
import Report
import Snapshots
import Telemetry

/// The files that a run writes, where they are wanted.
struct Outputs {
  let predictions: PredictionFile?
  let losses: LossFile?
  let contributions: ContributionFile?
  let journal: OutputFile?
  let summary: OutputFile?
  let report: OutputFile?
  /// For the learned tree, and whether it is wanted as a graph.
  let drawing: OutputFile?
  let isGraph: Bool

  /// `before`: the checkpoint that the run goes on from, whose files are gone on with as far as it knows them.
  init(_ options: LearnOptions, after before: Checkpoint?) throws {
    func kept(_ path: String) throws -> Int { try before?.bytes(of: path) ?? 0 }
    predictions = try options.predictions.map {
      try PredictionFile(path: $0, keeping: try kept($0))
    }
    losses = try options.losses.map { try LossFile(path: $0, keeping: try kept($0)) }
    contributions = try options.contributions.map {
      try ContributionFile(path: $0, keeping: try kept($0))
    }
    journal = try options.journal.map { try OutputFile(path: $0, keeping: try kept($0)) }
    summary = try options.summary.map { try OutputFile(path: $0) }
    report = try options.report.map { try OutputFile(path: $0) }
    drawing = try options.draw.map { try OutputFile(path: $0) }
    isGraph = options.draw?.hasSuffix(".dot") ?? false
  }

  /// The files that grow while the run goes on.
  var growing: [OutputFile] {
    [predictions?.file, losses?.file, contributions?.file, journal].compactMap { $0 }
  }

  /// Those that can be gone on with, with how many bytes they have.
  func lengths(_ options: LearnOptions) -> [(path: String, bytes: Int)] {
    let files = [
      (options.predictions, predictions?.file), (options.losses, losses?.file),
      (options.contributions, contributions?.file), (options.journal, journal),
    ]
    return files.compactMap { path, file in
      guard let path, let file, path != "-" else { return nil }
      return (path, file.length)
    }
  }
}

extension LearnOptions {
  /// The files that a run writes, by their options.
  var outputs: [(option: String, path: String?)] {
    [
      ("--predictions", predictions), ("--losses", losses), ("--contributions", contributions),
      ("--journal", journal), ("--summary", summary), ("--report", report), ("--draw", draw),
    ]
  }
}

/// One run of `weir learn`: pulls batches, steps the engine, writes what comes out.
struct LearnRun: ~Copyable {
  /// The options, with what an automatic recipe settled on.
  let options: LearnOptions
  var source: ReadAhead
  var engine: Engine
  let outputs: Outputs
  private var progress: Progress
  private let started = MonotonicTime.now()
  var checkpoints: Checkpoints?
  var versions: Versions?
  /// What the report is made of; nil where none is wanted.
  var history: RunHistory?
  /// Whether the run goes on from a checkpoint.
  var isResumed = false
  /// Events that the run it goes on from had taken.
  var eventsBefore = 0

  /// How many milliseconds the input may be silent; nil: as long as it likes.
  var patience: Int?
  /// How often the clock is looked at while no event comes, in milliseconds.
  static let look = 50
  private var silence = Silence()

  /// How long events take, where that is asked for.
  var latency: LatencyWatch?

  /// The options as they were given, which is what going on begins with.
  var given = ""

  /// Where a run keeps itself.
  struct Checkpoints {
    let lock: CheckpointLock?
    let file: CheckpointFile
    var schedule: CheckpointSchedule
    /// Whether the source's state was asked for in order to write one.
    var isWanted = false
  }

  /// Where a run keeps its model's versions, and what these were made from.
  struct Versions {
    var keeper: VersionKeeper
    var account: DataAccount
    var profile: ProfileRecorder
  }

  init(
    _ options: LearnOptions, _ source: consuming ReadAhead, _ engine: Engine, _ outputs: Outputs,
    meter: InputMeter? = nil
  ) {
    self.options = options
    self.source = source
    self.engine = engine
    self.outputs = outputs
    progress = Progress(isQuiet: options.quiet, meter: meter)
  }

  mutating func run() throws {
    do {
      try learn()
    } catch {
      // Whatever went wrong is not to be told in the middle of a picture.
      progress.finish()
      throw error
    }
  }

  private mutating func learn() throws {
    var batch = MicroBatch(
      capacity: engine.options.batchRows, denseWidth: source.schema.denseWidth)
    if isResumed {
      let opening = start
      if history?.start == nil { history?.take(opening) }
    } else {
      try write(start)
      // So that a run that ends before its first checkpoint begins again under its own name.
      if versions != nil, let state = source.stateNow() { try save(state) }
    }
    var isInterrupted = false
    reading: while true {
      batch.removeAll()
      requestState()
      let outcome = try fill(&batch)
      try step(batch)
      switch outcome {
      case .full, .late: continue
      case .end: break reading
      case .interrupted:
        isInterrupted = true
        break reading
      }
    }
    // Before what waits for labels is learned without them, as a run that goes on would wait.
    try saveLast()
    try finish(isInterrupted: isInterrupted)
  }

  /// Learns a batch and writes what came of it.
  private mutating func step(_ batch: borrowing MicroBatch) throws {
    guard batch.count > 0 else {
      // What was refused is to be heard of though no event came.
      if !batch.input.isEmpty {
        engine.step(batch)
        try writeNotices()
      }
      return
    }
    let first = engine.events
    var state = source.takeState()
    let taken = latency?.meter.now() ?? 0
    engine.step(batch)
    let learned = latency?.meter.now() ?? 0
    noteVersions(batch, first: first)
    let changes = engine.featureChanges()
    if !changes.isEmpty {
      source.change(changes)
      engine.adopt(source.families)
      // What was written is as it was before the change.
      if state != nil { state = source.stateNow() }
    }
    do {
      try outputs.losses?.append(engine.losses)
      try outputs.contributions?.append(
        engine.explanations, engine.predictions, families: engine.families.map(\.name),
        denseNames: engine.schema.denseNames)
      try outputs.predictions?.append(
        batch, engine.predictions, firstEvent: first, versions: engine.servedVersions,
        intervals: engine.intervals,
        task: source.schema.task, classes: source.classNames)
    } catch {
      // Whoever read the predictions is gone, but not whoever reads the account.
      try finish(isInterrupted: true)
      throw error
    }
    try writeNotices()
    try measure(batch, taken: taken, learned: learned, events: engine.events - first)
    if let state {
      // Before the checkpoint, which does not know of versions that wait.
      try addVersions(state)
      if checkpoints?.isWanted == true { try save(state) }
    }
    progress.update(engine)
  }

  /// Takes account of how long a batch took.
  private mutating func measure(
    _ batch: borrowing MicroBatch, taken: Int, learned: Int, events: Int
  ) throws {
    guard let written = latency?.meter.now() else { return }
    let verdict = latency?.record(
      LatencyMeter.Stamps(
        arrived: batch.arrived, filled: batch.filled, taken: taken, learned: learned,
        written: written), events: events, event: engine.events, skipped: engine.skipped)
    if let entry = latency?.takeTold() { try write(entry) }
    guard let verdict else { return }
    if let every = latency?.learnsEvery, every != engine.learnsEvery { engine.learnsEvery = every }
    try write(verdict.entry)
    try outputs.journal?.flush()
    if let text = latency?.text(verdict) { Terminal.say(text + "\n") }
    if verdict.isOver {
      engine.settle("latency")
    } else {
      engine.complain(
        "latency", .programBroken, "answers take longer than \(latency?.budget?.text ?? "")")
    }
    try writeNotices()
  }

  /// Asks for the source's state after one of the next batches, where a checkpoint is due or a version was made.
  private mutating func requestState() {
    if checkpoints?.schedule.isDue(events: engine.events) == true { checkpoints?.isWanted = true }
    if checkpoints?.isWanted == true || versions?.keeper.isWaiting == true {
      source.requestState()
    }
  }

  /// Adds the versions that are waiting to the registry.
  private mutating func addVersions(_ state: [UInt8]) throws {
    guard versions?.keeper.isWaiting == true else { return }
    let (given, schema, classes) = (given, source.schema, source.classNames)
    try versions?.keeper.add(schema: schema, classes: classes) { made in
      let writer = Checkpoint.begin(
        options: given, events: made.event, outputs: [], versions: nil, source: state)
      return writer.sealed(with: made.state)
    }
  }

  /// Takes account of a batch that was learned, and of the versions that were made on the way.
  private mutating func noteVersions(_ batch: borrowing MicroBatch, first: Int) {
    guard versions != nil else { return }
    var row = 0
    for made in engine.takeVersions() {
      // Where labels come by id rows are no events, and the batch counts as a whole.
      let end = engine.options.waitRows > 0 ? batch.count : made.event - first
      observe(batch, row..<end)
      row = end
      noteVersion(made)
    }
    observe(batch, row..<batch.count)
  }

  private mutating func observe(_ batch: borrowing MicroBatch, _ rows: Range<Int>) {
    versions?.account.observe(batch, rows)
    versions?.profile.observe(batch, rows)
  }

  /// Has a version kept, with what it was shown by now.
  private mutating func noteVersion(_ made: VersionMade) {
    guard let account = versions?.account, let recorder = versions?.profile else { return }
    versions?.keeper.note(made, account, recorder.isWhole ? recorder.profile.reference : nil)
  }

  /// Begins to write a checkpoint of what is now; the source's state is as of the last event learned.
  private mutating func save(_ state: [UInt8]) throws {
    guard checkpoints != nil else { return }
    for file in outputs.growing { try file.flush() }
    var writer = Checkpoint.begin(
      options: given, events: engine.events, outputs: outputs.lengths(options),
      versions: versions.map { ($0.keeper.identity, $0.account, $0.profile) }, source: state)
    engine.write(to: &writer)
    let bytes = writer.sealed()
    try checkpoints?.file.save(bytes)
    checkpoints?.isWanted = false
  }

  /// The last checkpoint of a run; none if nothing was learned.
  private mutating func saveLast() throws {
    guard checkpoints != nil || versions != nil, engine.events > 0 else { return }
    let hasLearned = engine.events > eventsBefore
    if let state = source.stateNow() {
      if hasLearned, engine.options.update == .continuous { noteVersion(engine.versionNow()) }
      try addVersions(state)
      try save(state)
    }
    try checkpoints?.file.finish()
  }

  /// Fills the batch; what came before an error is still learned and accounted for.
  private mutating func fill(_ batch: inout MicroBatch) throws -> FillOutcome {
    do {
      let outcome = try source.fill(&batch, upTo: engine.featuresChangeAt)
      try listen(batch.count)
      return outcome
    } catch {
      try step(batch)
      try finish(isInterrupted: false)
      throw error
    }
  }

  /// Says that the input is silent, or no longer, where somebody wants to know.
  private mutating func listen(_ events: Int) throws {
    guard let patience else { return }
    switch silence.hear(events, patience: patience) {
    case true?: engine.complain("silence", .silent, "no event came for \(options.silence ?? "")")
    case false?: engine.settle("silence")
    case nil: return
    }
    try writeNotices()
  }

  private mutating func writeNotices() throws {
    let notices = source.takeNotices()
    guard outputs.journal != nil || history != nil || progress.wantsEntries else {
      for entry in engine.takeEntries() { tellHealth(entry) }
      return
    }
    if engine.needsNames { source.settle() }
    let entries =
      (engine.needsNames
        ? engine.takeEntries(level: source.sparseNames) : engine.takeEntries())
      + notices.map { JournalEntry(event: $0.event, kind: $0.kind, [("text", .string($0.text))]) }
    for entry in entries.sorted(by: { $0.event < $1.event }) {
      tellHealth(entry)
      try write(entry)
      progress.note(entry)
    }
    if !entries.isEmpty { try outputs.journal?.flush() }
  }

  /// Says on standard error that the run's health is another one.
  private func tellHealth(_ entry: JournalEntry) {
    guard entry.kind == "health", !options.quiet else { return }
    Terminal.say(HealthText.line(entry))
  }

  private mutating func write(_ entry: JournalEntry) throws {
    try outputs.journal?.append(entry.json.text + "\n")
    history?.take(entry)
  }

  /// What the run begins with.
  private var start: JournalEntry {
    let schema = source.schema
    return JournalEntry(
      event: 0, kind: "start",
      [
        ("task", .string(schema.task.rawValue)), ("target", .string(schema.targetName)),
        ("inferredFrom", .int(source.inferredFrom)),
        ("features", .array(schema.denseNames.map { .string($0) })),
        ("models", .array(engine.modelNames.map { .string($0) })),
        ("options", Configuration.json(options)), ("version", .string(Version.text)),
      ])
  }

  private func draw() throws {
    guard let file = outputs.drawing else { return }
    guard let drawing = engine.models[0].drawing else { return }
    var names: [Int: String] = [:]
    for index in drawing.sparseFeatures { names[index] = source.sparseName(index) }
    let page = TreePage(
      drawing: drawing, denseNames: source.schema.denseNames, sparseNames: names,
      classNames: source.classNames)
    try file.append(outputs.isGraph ? page.dot : page.text)
    try file.flush()
  }

  private mutating func finish(isInterrupted: Bool) throws {
    source.close()
    engine.finish()
    try outputs.losses?.append(engine.losses)
    try writeNotices()
    if let entry = latency?.finish(event: engine.events, skipped: engine.skipped) {
      try write(entry)
    }
    if let entry = latency?.whole(event: engine.events) { try write(entry) }
    let elapsed = Double(MonotonicTime.now().nanoseconds - started.nanoseconds) / 1e9
    let account = RunAccount(
      engine: engine, schema: source.schema, refusals: source.refusals,
      passedOver: options.sequence != nil ? source.passedOver : nil, seconds: elapsed,
      isInterrupted: isInterrupted, classNames: source.classNames, joined: source.joined,
      latency: latency)
    try write(
      JournalEntry(
        event: engine.events, kind: "end",
        [("learned", .int(engine.labelled)), ("refused", .int(source.refusals.total))]))
    try outputs.journal?.flush()
    try outputs.summary?.append(account.json.indented() + "\n")
    try outputs.summary?.flush()
    if let history, let report = outputs.report {
      try report.append(RunReport(history, journal: options.journal).html)
      try report.flush()
    }
    try draw()
    progress.finish()
    if !options.quiet { Terminal.say(account.text(source.sparseNames)) }
  }
}

extension Task {
  /// The model of `--auto` where none is named. `hasPast`: whether lags are wished for; an error is of the past too.
  func automaticModel(hasPast: Bool) -> String {
    switch self {
    case .regression: "mixture:second-order=on,trees=forest" + (hasPast ? ",errors=on" : "")
    case .binary: "mixture:second-order=on,trees=tree"
    case .multiclass: "mixture:trees=tree"
    }
  }
}
