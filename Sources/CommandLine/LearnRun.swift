import Batches
import Engine
import Ingest
import Kernels
import Learners
import Telemetry

/// The files that a run writes, where they are wanted.
struct Outputs {
  let predictions: PredictionFile?
  let losses: LossFile?
  let journal: OutputFile?
  let summary: OutputFile?
  /// For the learned tree, and whether it is wanted as a graph.
  let drawing: OutputFile?
  let isGraph: Bool

  init(_ options: LearnOptions) throws {
    predictions = try options.predictions.map { try PredictionFile(path: $0) }
    losses = try options.losses.map { try LossFile(path: $0) }
    journal = try options.journal.map { try OutputFile(path: $0) }
    summary = try options.summary.map { try OutputFile(path: $0) }
    drawing = try options.draw.map { try OutputFile(path: $0) }
    isGraph = options.draw?.hasSuffix(".dot") ?? false
  }
}

/// One run of `weir learn`: pulls batches, steps the engine, writes what comes out.
struct LearnRun: ~Copyable {
  /// The options, with what an automatic recipe settled on.
  let options: LearnOptions
  private var source: ReadAhead
  private var engine: Engine
  private let outputs: Outputs
  private var progress: Progress
  private let started = MonotonicTime.now()

  /// Numbers in a batch at most.
  private static let mostNumbers = 1 << 21

  /// Opens everything: what cannot work is said before the first event is read.
  static func open(
    source path: String, _ options: LearnOptions, _ settings: LearnSettings
  ) throws -> LearnRun {
    let interruption = Interruption.install()
    let outputs = try Outputs(options)
    let bytes = try DescriptorSource.open(
      path: path, interruption: interruption, inputEndsByItself: interruption >= 0,
      follows: options.follow)
    let source = try EventSource.open(GzipSource(bytes), settings.ingest)
    var wish = settings.engine
    if wish.season == nil { wish.season = source.settled.season }
    // With features made for it, the model may as well be the best there is.
    if options.auto, wish.models.isEmpty {
      wish.models = [source.schema.task.automaticModel(hasPast: options.lag != ["none"])]
    }
    let settled = options.settled(source.settled, models: wish.models)
    wish.screens = settled.screen == "on"
    wish.keepsLosses = options.losses != nil
    // Batches of very wide rows are shorter: where they end changes no result, and 256 rows of 100,000 numbers are 200 MB.
    let widest = LearnRun.mostNumbers / max(source.schema.denseWidth, 1)
    wish.batchRows = min(wish.batchRows, max(1, widest))
    let engine = try Engine(wish, source.schema, families: source.families)
    let served = engine.models[0]
    guard options.draw == nil || served.drawing != nil else {
      throw Failure(
        message: "--draw: \(engine.servedName ?? served.name) is no tree; one is --model "
          + "hoeffding-tree",
        code: Exit.usage)
    }
    // Reading ahead is what a second core is for, unless one thread is all that is wished for.
    let ahead = ReadAhead(source, rows: wish.batchRows, isAhead: options.threads != 1)
    return LearnRun(settled, ahead, engine, outputs)
  }

  private init(
    _ options: LearnOptions, _ source: consuming ReadAhead, _ engine: Engine, _ outputs: Outputs
  ) {
    self.options = options
    self.source = source
    self.engine = engine
    self.outputs = outputs
    progress = Progress(isQuiet: options.quiet)
  }

  mutating func run() throws {
    var batch = MicroBatch(
      capacity: engine.options.batchRows, denseWidth: source.schema.denseWidth)
    try write(start)
    var isInterrupted = false
    reading: while true {
      batch.removeAll()
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
    try finish(isInterrupted: isInterrupted)
  }

  /// Learns a batch and writes what came of it.
  private mutating func step(_ batch: borrowing MicroBatch) throws {
    guard batch.count > 0 else { return }
    let first = engine.events
    engine.step(batch)
    let changes = engine.featureChanges()
    if !changes.isEmpty {
      source.change(changes)
      engine.adopt(source.families)
    }
    do {
      try outputs.losses?.append(engine.losses)
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
    progress.update(engine)
  }

  /// Fills the batch; what came before an error is still learned and accounted for.
  private mutating func fill(_ batch: inout MicroBatch) throws -> FillOutcome {
    do {
      return try source.fill(&batch, upTo: engine.featuresChangeAt)
    } catch {
      try step(batch)
      try finish(isInterrupted: false)
      throw error
    }
  }

  private mutating func writeNotices() throws {
    let notices = source.takeNotices()
    guard outputs.journal != nil else {
      _ = engine.takeEntries()
      return
    }
    if engine.needsNames { source.settle() }
    let entries =
      (engine.needsNames
        ? engine.takeEntries(level: source.sparseNames) : engine.takeEntries())
      + notices.map { JournalEntry(event: $0.event, kind: $0.kind, [("text", .string($0.text))]) }
    for entry in entries.sorted(by: { $0.event < $1.event }) { try write(entry) }
    if !entries.isEmpty { try outputs.journal?.flush() }
  }

  private mutating func write(_ entry: JournalEntry) throws {
    try outputs.journal?.append(entry.json.text + "\n")
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
    let elapsed = Double(MonotonicTime.now().nanoseconds - started.nanoseconds) / 1e9
    let account = RunAccount(
      engine: engine, schema: source.schema, refusals: source.refusals, seconds: elapsed,
      isInterrupted: isInterrupted, classNames: source.classNames)
    try write(
      JournalEntry(
        event: engine.events, kind: "end",
        [("learned", .int(engine.labelled)), ("refused", .int(source.refusals.total))]))
    try outputs.journal?.flush()
    try outputs.summary?.append(account.json.indented() + "\n")
    try outputs.summary?.flush()
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
