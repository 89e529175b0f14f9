import Batches
import Engine
import Ingest
import Registry

/// A model as it was kept, with the columns it reads: from a checkpoint, or from a registry.
struct ServedModel: ~Copyable {
  var source: EventSource
  var predictor: Predictor
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
    var source = try EventSource.reopened(settings.ingest, from: &state)
    var engine = try LearnRun.engine(options, settings, source, keepsVersions: false)
    try source.restore(from: &state)
    var rest = checkpoint.engine
    try engine.restore(from: &rest)
    self.source = source
    predictor = engine.predictor(rows: engine.options.batchRows)
    self.version = version ?? predictor.version
  }
}

/// Where a served model comes from, and whether it has moved.
final class ModelOrigin {
  private enum Place {
    case file(String)
    case registry(Registry, reference: String)
  }

  private let place: Place
  private var mark = 0

  /// `text` is a checkpoint's path, or REGISTRY@REF.
  init(_ text: String) throws {
    if try SystemFiles().status(text) == nil, let address = try RegistryAddress(text) {
      place = .registry(try Registry.open(address.registry), reference: address.reference)
    } else {
      place = .file(text)
    }
  }

  /// The snapshot as it is now, and its version's number in the registry.
  func snapshot() throws -> (bytes: [UInt8], version: Int?) {
    switch place {
    case .file(let path):
      guard let bytes = try CheckpointStore.read(path) else {
        throw Failure(message: "cannot read \(path): no such file", code: Exit.inputOutput)
      }
      return (bytes, nil)
    case .registry(let registry, let reference):
      mark = try registry.changeMark()
      let number = try registry.resolve(reference)
      return (try registry.snapshot(of: number), number)
    }
  }

  /// The version that is meant now, if something was written to the registry since it was looked at last.
  func moved() throws -> Int? {
    guard case .registry(let registry, let reference) = place else { return nil }
    let now = try registry.changeMark()
    guard now != mark else { return nil }
    mark = now
    return try registry.resolve(reference)
  }
}
