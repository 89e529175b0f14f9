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

/// How a run begins, or goes on.
extension LearnRun {
  /// Numbers in a batch at most.
  private static let mostNumbers = 1 << 21

  /// Opens everything: what cannot work is said before the first event is read.
  static func open(
    source path: String, _ options: LearnOptions, _ settings: LearnSettings
  ) throws -> LearnRun {
    let interruption = Interruption.install()
    // The checkpoint is this run's from before it is read.
    let others = [path] + options.outputs.compactMap(\.path)
    let lock = try options.checkpoint.map {
      try CheckpointLock(
        $0, others: others, isToBeRead: options.resume)
    }
    let before = try earlier(options)
    var (options, settings) = (options, settings)
    if let before {
      try Configuration.goOn(&options, from: before.options)
      settings = try LearnSettings(options)
    }
    if before == nil { try RegistryGuests.pin(&options) }
    if before == nil, let text = options.reference {
      settings.engine.watching?.reference = try ReferenceOrigin.load(text)
      options.reference = try ReferenceOrigin.pinned(text)
    }
    let given = options
    // A run that goes on cuts its files where the checkpoint knows of them: not before it is known that it can.
    let fresh = try before == nil ? Outputs(options, after: nil) : nil
    let bytes = try DescriptorSource.open(
      path: path, interruption: interruption, inputEndsByItself: interruption >= 0,
      follows: options.follow)
    let labels = try options.labels.map { path in
      let bytes = try DescriptorSource.open(path: path, interruption: interruption)
      return (bytes: GzipSource(bytes) as any ByteSource, isFile: bytes.isFile)
    }
    let input = GzipSource(bytes)
    var state = before?.source
    var source = try LearnRun.source(input, settings.ingest, labels, from: &state)
    // Before the state of a run that goes on is taken over, which may have families that came later.
    let features = source.schema.denseNames + source.families.map(\.name)
    let settled = options.settled(
      source.settled, models: LearnRun.models(options, settings, source.schema.task))
    if settings.engine.watching != nil || options.registry != nil { source.watchInput() }
    let guests = try before == nil ? RegistryGuests.load(options, &source) : [:]
    var engine = try engine(
      options, settings, source, keepsVersions: options.registry != nil, guests: guests)
    let served = engine.models[0]
    guard options.draw == nil || served.drawing != nil else {
      throw Failure(
        message: "--draw: \(engine.servedName ?? served.name) is no tree; one is --model "
          + "hoeffding-tree",
        code: Exit.usage)
    }
    if let before {
      if var reader = state { try source.restore(from: &reader) }
      if settings.engine.watching != nil || options.registry != nil { source.watchInput() }
      engine.know(levels: source.inputLevels)
      var rest = before.engine
      try engine.restore(from: &rest)
      guard engine.events == before.events, rest.left == 0 else { throw SnapshotError.corrupt }
      guard source.accepted == before.events else { throw CheckpointError.version }
      try tell(try source.attach(input, isFile: bytes.isFile), before.events, options)
    }
    let outputs = try fresh ?? Outputs(options, after: before)
    try outputs.contributions?.begin(features)
    let (columns, levels) = (source.inputColumns, source.inputLevels)
    // Reading ahead is what a second core is for, unless one thread is all that is wished for.
    if settings.patience != nil { source.idle = LearnRun.look }
    let ahead = ReadAhead(source, rows: engine.options.batchRows, isAhead: options.threads != 1)
    var run = LearnRun(settled, ahead, engine, outputs, meter: bytes.meter)
    run.isResumed = before != nil
    // The clock of the run before is not this one's.
    for key in ["latency", "silence"] { run.engine.settle(key) }
    run.latency = settings.latency
    run.patience = settings.patience
    run.history = try options.report.map { _ in try history(before, options) }
    run.eventsBefore = engine.events
    if let path = options.checkpoint {
      run.checkpoints = Checkpoints(
        lock: lock, file: CheckpointFile(path: path, outputs: outputs.growing),
        schedule: CheckpointSchedule(settings.checkpointEvery, events: run.engine.events))
    }
    run.given = Configuration.json(given).text
    if let registry = options.registry {
      var account = DataAccount(denseWidth: run.source.schema.denseWidth)
      var profile = ProfileRecorder(columns)
      profile.know(levels)
      if var reader = before?.account {
        try account.restore(from: &reader)
        try profile.restore(from: &reader)
      }
      run.versions = Versions(
        keeper: try VersionKeeper(
          path: registry, source: path, configuration: Configuration.json(settled).text,
          identity: before?.identity),
        account: account, profile: profile)
      run.outputs.predictions?.run = run.versions?.keeper.run
    }
    return run
  }

  /// The models that are wished for; with features made for it, it may as well be the best there is.
  private static func models(
    _ options: LearnOptions, _ settings: LearnSettings, _ task: Task
  ) -> [String] {
    guard options.auto, settings.engine.models.isEmpty else { return settings.engine.models }
    return [task.automaticModel(hasPast: options.lag != ["none"])]
  }

  /// The engine of a run with these options on that source.
  ///
  /// - Parameters:
  ///   - options: as they were given.
  ///   - settings: the same, checked.
  ///   - source: fresh, before its first row.
  ///   - keepsVersions: whether every version of the served model is wanted.
  ///   - guests: versions of registries that take part; those that are not there are still to be restored.
  /// - Returns: an engine that has seen nothing.
  /// - Throws: `SpecificationError` where something cannot be made.
  static func engine(
    _ options: LearnOptions, _ settings: LearnSettings, _ source: borrowing EventSource,
    keepsVersions: Bool, guests: [String: ReadyModel] = [:]
  ) throws -> Engine {
    var wish = settings.engine
    func known(_ text: String) throws -> String {
      try guests[text] == nil && RegistryGuests.address(text) != nil ? placeholder : text
    }
    wish.challengers = try options.challenger.map(known)
    wish.shadows = try options.shadow.map(known)
    if wish.season == nil { wish.season = source.settled.season }
    wish.models = models(options, settings, source.schema.task)
    wish.screens = options.settled(source.settled, models: wish.models).screen == "on"
    wish.keepsLosses = options.losses != nil
    wish.keepsVersions = keepsVersions
    wish.watching?.columns = source.inputColumns
    // Batches of very wide rows are shorter: where they end changes no result, and 256 rows of 100,000 numbers are 200 MB.
    let widest = LearnRun.mostNumbers / max(source.schema.denseWidth, 1)
    wish.batchRows = min(wish.batchRows, max(1, widest))
    return try Engine(wish, source.schema, families: source.families, guests: guests)
  }

  /// What stands where a model of another run will be restored: that knows its own kind.
  private static let placeholder = "no-change"

  /// What a report begins with: what the journal has of the run before, where there is one.
  private static func history(
    _ before: Checkpoint?, _ options: LearnOptions
  ) throws -> RunHistory {
    guard let before, let journal = options.journal, journal != "-" else { return RunHistory() }
    let kept = try before.bytes(of: journal)
    return kept > 0 ? try JournalFile.read(journal, most: kept) : RunHistory()
  }

  /// The checkpoint to go on from, where that is wished for and there is one.
  private static func earlier(_ options: LearnOptions) throws -> Checkpoint? {
    guard options.resume else { return nil }
    guard let path = options.checkpoint else {
      throw LearnSettings.usage(
        "--resume needs --checkpoint FILE: where the run before kept itself")
    }
    return try WholeFile.read(path).map { try Checkpoint($0) }
  }

  /// What stands for a second stream of labels, where the options name one, for those that only want its columns.
  static func noLabels(_ options: LearnOptions) -> (bytes: any ByteSource, isFile: Bool)? {
    options.labels != nil ? (MemorySource([]), true) : nil
  }

  private static func source(
    _ input: some ByteSource, _ options: IngestOptions,
    _ labels: (bytes: any ByteSource, isFile: Bool)?, from state: inout SnapshotReader?
  ) throws -> EventSource {
    guard var reader = state else {
      return try EventSource.open(input, options, labels: labels)
    }
    defer { state = reader }
    return try EventSource.reopened(options, labels: labels, from: &reader)
  }

  private static func tell(
    _ continuation: InputContinuation, _ events: Int, _ options: LearnOptions
  ) throws {
    guard !options.quiet else { return }
    let input =
      switch continuation {
      case .same(let bytes): "the input begins as before: \(bytes) bytes passed over"
      case .new: "the input is a new one"
      }
    Terminal.say("going on after \(events) events; \(input)\n")
  }
}
