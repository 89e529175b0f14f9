import Batches
import Engine
import Ingest
import Snapshots

/// A run that is done once more, from the options that one of its versions carries and from the same events.
struct Rerun: ~Copyable {
  private(set) var source: EventSource
  private(set) var engine: Engine
  /// The version that was made last.
  private var made: VersionMade?
  /// The rows that were taken last.
  private(set) var batch: MicroBatch

  /// - Parameters:
  ///   - version: a version of the run.
  ///   - path: where its events are to be read again.
  /// - Throws: `IngestError` where they cannot be, `SpecificationError` where the options fit them no more.
  init(_ version: Checkpoint, path: String) throws {
    let options = try Configuration.options(of: version.options)
    var settings = try LearnSettings(options)
    settings.ingest.isResumable = true
    // Bad rows are counted as they were, but nothing is written.
    if case .quarantine = settings.ingest.badRows.action {
      settings.ingest.badRows = BadRowPolicy(
        action: .quarantine(path: "/dev/null"), limit: settings.ingest.badRows.limit)
    }
    let bytes = try DescriptorSource.open(path: path, interruption: Interruption.install())
    var source = try EventSource.open(GzipSource(bytes), settings.ingest)
    let guests = try RegistryGuests.load(options, &source)
    let engine = try LearnRun.engine(
      options, settings, source, keepsVersions: true, guests: guests)
    batch = MicroBatch(capacity: engine.options.batchRows, denseWidth: source.schema.denseWidth)
    self.source = source
    self.engine = engine
  }

  /// Goes on until `events` events have been taken, which end a batch; false if the input ends before.
  mutating func advance(to events: Int) throws -> Bool {
    while source.accepted < events {
      batch.removeAll()
      let limit = min(events, engine.featuresChangeAt ?? events)
      let outcome = try source.fill(&batch, upTo: limit)
      if outcome == .interrupted { throw IngestError.interrupted }
      step()
      if outcome == .end { break }
    }
    return source.accepted == events
  }

  private mutating func step() {
    guard batch.count > 0 else { return }
    engine.step(batch)
    made = engine.takeVersions().last
    let changes = engine.featureChanges()
    if !changes.isEmpty {
      source.change(changes)
      engine.adopt(source.families)
    }
    _ = source.takeNotices()
    _ = engine.takeEntries()
  }

  /// The engine's state, as a version has it: as of the moment at which it was made, if it was made by the last event.
  mutating func engineState() -> [UInt8] {
    if let made, made.event == engine.events { return made.state }
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
  /// Events that the source had read when the snapshot was made: those of the engine, or some more.
  func sourceEvents() throws -> Int {
    let options = try Configuration.options(of: options)
    var settings = try LearnSettings(options)
    settings.ingest.badRows = BadRowPolicy()
    var state = source
    var reopened = try EventSource.reopened(settings.ingest, from: &state)
    try reopened.restore(from: &state)
    return reopened.accepted
  }
}
