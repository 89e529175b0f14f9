import Batches
import Engine
import Explanations
import Ingest
import Snapshots

/// A run that is done once more, from the options and the first events that one of its versions carries, and from its input.
struct Rerun: ~Copyable {
  private(set) var source: EventSource
  private(set) var engine: Engine
  /// The rows that were taken last.
  private(set) var batch: MicroBatch
  /// Where events are collected, if they are.
  var sample: Background?
  /// Events at which the version was made, and the engine's states of that moment: several versions may be made before
  /// the next event comes.
  let moment: Int
  private(set) var states: [[UInt8]] = []
  /// How far the source had read by then.
  private let end: (events: Int, offset: Int?)
  private var progress = WorkProgress("learning the run again")
  /// What the columns were like so far, where somebody wants to know.
  private(set) var profile: RecourseProfile?

  /// - Parameters:
  ///   - version: a version of the run.
  ///   - path: where its events are to be read again.
  ///   - profiles: whether `profile` is wanted.
  ///   - explains: what is explained on the way; nil: nothing, though rows may be kept for it as they were.
  /// - Throws: `IngestError` where they cannot be, or the input begins with other ones; `SpecificationError` where the
  ///   options fit them no more.
  init(
    _ version: Checkpoint, path: String, profiles: Bool = false, explains: ExplainOptions? = nil
  ) throws {
    let options = try Configuration.options(of: version.options)
    var settings = try LearnSettings(options)
    // The files that explanations went to are not written again.
    settings.engine.explains?.from = nil
    if let explains { settings.engine.explains = explains }
    // Bad rows are counted as they were, but nothing is written.
    if case .quarantine = settings.ingest.badRows.action {
      settings.ingest.badRows = BadRowPolicy(
        action: .quarantine(path: "/dev/null"), limit: settings.ingest.badRows.limit)
    }
    let interruption = Interruption.install()
    let bytes = try DescriptorSource.open(path: path, interruption: interruption)
    let labels = try options.labels.map { path in
      let bytes = try DescriptorSource.open(path: path, interruption: interruption)
      return (bytes: GzipSource(bytes) as any ByteSource, isFile: bytes.isFile)
    }
    var state = version.source
    var source = try EventSource.reopened(settings.ingest, labels: labels, from: &state)
    try source.begin(GzipSource(bytes))
    if let text = options.reference {
      settings.engine.watching?.reference = try ReferenceOrigin.load(text)
    }
    if settings.engine.watching != nil { source.watchInput() }
    let guests = try RegistryGuests.load(options, &source)
    let engine = try LearnRun.engine(
      options, settings, source, keepsVersions: true, guests: guests)
    let end = try version.sourceEnd(settings)
    batch = MicroBatch(capacity: engine.options.batchRows, denseWidth: source.schema.denseWidth)
    moment = version.events
    self.end = end
    if profiles { profile = RecourseProfile(denseWidth: source.schema.denseWidth) }
    self.source = source
    self.engine = engine
  }

  /// The model as it is now, and the source, to be asked about the next event; that event is not learned.
  consuming func probed() -> ProbedModel { ProbedModel(source, engine, version: nil, counts: true) }

  /// Goes on until `events` events have been taken, which end a batch; false if the input ends before.
  mutating func advance(to events: Int) throws -> Bool {
    while source.accepted < events {
      let limit = min(events, engine.featuresChangeAt ?? events)
      guard try fill(upTo: limit) else { break }
      progress.update(done: source.accepted, of: events)
    }
    progress.finish()
    return source.accepted == events
  }

  /// Takes one more batch; false at the end of the input.
  mutating func advance() throws -> Bool { try fill(upTo: engine.featuresChangeAt ?? .max) }

  /// What the class is called whose probability is output `output`; nil where the target is a number.
  func className(_ output: Int) -> String? {
    let task = source.schema.task
    return task == .regression ? nil : ExplainedClass.name(output, task, source.classNames)
  }

  /// Goes on to where the source stood when the version was kept, so that the states of its moment are in `states`; false if
  /// the input ends before.
  mutating func advanceToEnd() throws -> Bool {
    guard try advance(to: moment) else { return false }
    states.append(engineState())
    // Labels and bad rows that were read after the last event leave traces too: record by record.
    batch = MicroBatch(capacity: 1, denseWidth: source.schema.denseWidth)
    source.stop(at: end.offset)
    while source.accepted < end.events || source.offset ?? 0 < end.offset ?? 0 {
      guard try fill(upTo: engine.featuresChangeAt ?? .max) else { break }
    }
    if engine.events == moment { states.append(engineState()) }
    return source.accepted >= end.events
  }

  /// Takes a batch; false at the end of the input.
  private mutating func fill(upTo limit: Int) throws -> Bool {
    batch.removeAll()
    let outcome = try source.fill(&batch, upTo: limit)
    if outcome == .interrupted { throw IngestError.interrupted }
    step()
    return outcome != .end
  }

  private mutating func step() {
    guard batch.count > 0 || !batch.input.isEmpty else { return }
    if let sample {
      for row in 0..<batch.count where batch.ticket(row).isEvent { sample.observe(batch, row) }
    }
    engine.step(batch)
    profile?.observe(batch)
    for made in engine.takeVersions() where made.event == moment { states.append(made.state) }
    let changes = engine.featureChanges()
    if !changes.isEmpty {
      source.change(changes)
      engine.adopt(source.families)
    }
    _ = source.takeNotices()
    _ = engine.takeEntries()
  }

  private mutating func engineState() -> [UInt8] {
    var writer = SnapshotWriter()
    engine.write(to: &writer)
    return writer.payload
  }

  /// The source's state, as a version has it.
  func sourceState() -> [UInt8] {
    var writer = SnapshotWriter()
    source.write(to: &writer)
    return writer.payload
  }
}

extension Checkpoint {
  /// Where the source stood when the snapshot was made: at the engine's last event, or some records farther.
  fileprivate func sourceEnd(
    _ settings: LearnSettings
  ) throws -> (events: Int, offset: Int?) {
    var ingest = settings.ingest
    ingest.badRows = BadRowPolicy()
    var state = source
    var reopened = try EventSource.reopened(
      ingest, labels: LearnRun.noLabels(try Configuration.options(of: options)), from: &state)
    try reopened.restore(from: &state)
    return (reopened.accepted, reopened.offset)
  }
}
