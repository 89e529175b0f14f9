import Monitors
import Snapshots

/// Everything that a run is, at one moment between two events.
///
/// Layout of the snapshot's payload (`SnapshotWriter` has what is around it):
///
///     String    "checkpoint"
///     Int       layout of what follows (now 1); another one is refused
///     String    the program that wrote it
///     String    the options of the run, as `--write-config` writes them
///     Int       events taken
///     Int       n, then n times: String path, Int bytes   the files that were being written, as far as they were
///     Bool      whether versions go to a registry; if so: String the run's name, Int? its last version, and what it was
///               shown (`DataAccount.write`, then `ProfileRecorder.write`), as [UInt8]
///     [UInt8]   the source's state (`EventSource.write`): the bytes that fixed the schema, the place in the input,
///               what was seen of each column, the rows that were refused
///     rest      the engine's state (`Engine.write`): for each model the learner, scores, detectors, window, reaction
struct Checkpoint {
  static let layout = 1
  private static let kind = "checkpoint"

  let program: String
  /// As JSON.
  let options: String
  let events: Int
  /// Files that were being written, with how many bytes they had.
  let outputs: [(path: String, bytes: Int)]
  let identity: RunIdentity?
  private(set) var account: SnapshotReader?
  /// The source's state, and after it what will have been read of it.
  var source: SnapshotReader
  /// The engine's state begins here.
  var engine: SnapshotReader

  init(_ bytes: [UInt8]) throws {
    var reader = try SnapshotReader(bytes)
    guard try reader.readString() == Checkpoint.kind else { throw CheckpointError.other }
    let layout = try reader.readInt()
    program = try reader.readString()
    guard layout == Checkpoint.layout else {
      throw CheckpointError.layout(layout, program: program)
    }
    options = try reader.readString()
    events = try reader.readInt()
    outputs = try reader.readList { reader throws(SnapshotError) in
      (try reader.readString(), try reader.readInt())
    }
    if try reader.readBool() {
      identity = RunIdentity(
        name: try reader.readString(), parent: try reader.readOptionalInt())
      account = SnapshotReader(payload: try reader.readBytes())
    } else {
      identity = nil
    }
    source = SnapshotReader(payload: try reader.readBytes())
    engine = reader
  }

  /// Bytes that were written of the file at `path`, however it is spelled; 0 where there is none yet. Throws where there is
  /// a file that the run knows nothing of: going on would empty it.
  func bytes(of path: String) throws -> Int {
    if let known = outputs.last(where: { $0.path == path }) { return known.bytes }
    guard path != "-", let file = FileIdentity(path), file.isFile else { return 0 }
    if let known = outputs.last(where: { FileIdentity($0.path) == file }) { return known.bytes }
    guard file.size > 0 else { return 0 }
    throw Failure(
      message: "\(path) has \(file.size) bytes that the checkpoint knows nothing of; name another "
        + "file, or move it away", code: Exit.usage)
  }

  /// A checkpoint with everything but the engine's state.
  static func begin(
    options: String, events: Int, outputs: [(path: String, bytes: Int)],
    versions: (identity: RunIdentity, account: DataAccount, profile: ProfileRecorder)?,
    source: [UInt8],
    program: String = Version.text
  ) -> SnapshotWriter {
    var writer = SnapshotWriter()
    writer.write(kind)
    writer.write(layout)
    writer.write(program)
    writer.write(options)
    writer.write(events)
    writer.write(outputs) { writer, output in
      writer.write(output.path)
      writer.write(output.bytes)
    }
    writer.write(versions != nil)
    if let versions {
      writer.write(versions.identity.name)
      writer.write(versions.identity.parent)
      var account = SnapshotWriter()
      versions.account.write(to: &account)
      versions.profile.write(to: &account)
      writer.write(account.payload)
    }
    writer.write(source)
    return writer
  }
}

/// Why a checkpoint is not taken.
enum CheckpointError: Error {
  /// A snapshot, but of something else.
  case other
  case layout(Int, program: String)
  /// A version of a registry, whose columns were read farther than its model.
  case version

  var message: String {
    switch self {
    case .other:
      "it is a snapshot of something else; give --checkpoint the file that weir learn wrote"
    case .version:
      "it is a version of a registry: predict with it (weir predict --from), and go on from the "
        + "run's own checkpoint"
    case .layout(let layout, let program):
      "it is of layout \(layout), written by \(program), and this program reads layout "
        + "\(Checkpoint.layout); go on with that program, or begin anew without --resume"
    }
  }
}
