import Batches
import Engine
import Glibc
import Ingest
import Monitors
import Registry

/// A model as it was kept, with the columns it reads: from a checkpoint, or from a registry.
struct ServedModel: ~Copyable {
  var source: EventSource
  /// The whole run as it was then; never stepped.
  let engine: Engine
  /// The number of its version: in the registry, or in its run.
  let version: Int

  /// Makes one of the bytes of a checkpoint or of a version.
  ///
  /// - Parameters:
  ///   - bytes: the snapshot.
  ///   - version: its number in the registry; nil: the one that it has in its run.
  ///   - change: what the caller wants otherwise than the run that made it.
  /// - Throws: `SnapshotError` or `CheckpointError` where the bytes are no such snapshot.
  init(
    _ bytes: [UInt8], version: Int?, _ change: (inout IngestOptions) -> Void
  ) throws {
    let checkpoint = try Checkpoint(bytes)
    let options = try Configuration.options(of: checkpoint.options)
    var settings = try LearnSettings(options)
    settings.ingest.badRows = BadRowPolicy()
    change(&settings.ingest)
    var state = checkpoint.source
    var source = try EventSource.reopened(
      settings.ingest, labels: LearnRun.noLabels(options), from: &state)
    var engine = try LearnRun.engine(options, settings, source, keepsVersions: false)
    try source.restore(from: &state)
    source.dropLabels()
    var rest = checkpoint.engine
    try engine.restore(from: &rest)
    self.source = source
    self.version = version ?? engine.predictor(rows: 1).version
    self.engine = engine
  }

  /// The model by itself, for batches as long as those of its run.
  var predictor: Predictor { engine.predictor(rows: engine.options.batchRows) }

  /// The model and the source, to be asked about single events.
  consuming func probed() -> ProbedModel {
    ProbedModel(source, engine, version: version, counts: false)
  }

  /// What it reads, for batches as long as it can predict.
  consuming func branch() -> SplitBranch {
    let rows = engine.options.batchRows
    return SplitBranch(source, rows: rows)
  }
}

/// Where a served model comes from, and whether it has moved.
final class ModelOrigin {
  private enum Place {
    case file(String)
    case registry(Registry, reference: String)
  }

  private let place: Place
  /// The last change of the registry that was looked at; nil: it is to be looked at anew.
  private var mark: Int?

  /// `text` is a checkpoint's path, or REGISTRY@REF.
  init(_ text: String) throws {
    if try SystemFiles().status(text) == nil, let address = try RegistryAddress(text) {
      // Events must not wait for those who write: what is busy is looked at again.
      let registry = try ModelOrigin.waiting { try Registry.open(address.registry, patience: 0) }
      place = .registry(registry, reference: address.reference)
    } else {
      place = .file(text)
    }
  }

  /// The snapshot as it is now, and its version's number in the registry; waits for those who write.
  func snapshot() throws -> (bytes: [UInt8], version: Int?) {
    try ModelOrigin.waiting { try look() }
  }

  /// What the data of a version were like; nil where that is not known.
  func profile(of version: Int) throws -> Reference? {
    guard case .registry(let registry, _) = place else { return nil }
    let record = try ModelOrigin.waiting { try registry.version(version).record }
    return Reference(VersionText.value(record.profileJSON))
  }

  /// Does what is done again while the registry is held by those who write.
  private static func waiting<Value>(_ body: () throws -> Value) throws -> Value {
    while true {
      do {
        return try body()
      } catch RegistryError.busy {
        usleep(5000)
      }
    }
  }

  private func look() throws -> (bytes: [UInt8], version: Int?) {
    switch place {
    case .file(let path):
      guard let bytes = try WholeFile.read(path) else {
        throw Failure(message: "cannot read \(path): no such file", code: Exit.inputOutput)
      }
      return (bytes, nil)
    case .registry(let registry, let reference):
      let now = try registry.changeMark()
      let number = try registry.resolve(reference)
      let bytes = try registry.snapshot(of: number)
      mark = now
      return (bytes, number)
    }
  }

  /// The snapshot that is meant now, if it is of another version than `version`; nil also where the registry is busy, and
  /// then it is looked at again the next time.
  func moved(from version: Int) throws -> (bytes: [UInt8], version: Int?)? {
    guard case .registry(let registry, let reference) = place else { return nil }
    do {
      let now = try registry.changeMark()
      guard now != mark else { return nil }
      guard try registry.resolve(reference) != version else {
        mark = now
        return nil
      }
      return try look()
    } catch RegistryError.busy {
      return nil
    }
  }
}
