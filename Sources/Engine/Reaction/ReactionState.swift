import Learners
import Snapshots

/// Where a model stands between alarms: a state machine without I/O.
///
///     stable ──alarm──▶ collecting ──enough rows──▶ trial ──▶ stable (kept or undone)
///        ╰──────────── schedule, threshold ────────▶
///
/// Everything happens at fixed positions of the stream, so that neither the size of a batch nor a
/// slow writer can change a result.
enum ReactionState {
  case stable
  /// A drift is known; the window does not yet hold enough rows from after it.
  /// `rival` is the model that was replaced meanwhile and that the new one will be compared with;
  /// nil: the one that is still serving.
  case collecting(reason: String, rival: (any Learner)?)
  case trial(Trial)

  func write(to writer: inout SnapshotWriter) {
    switch self {
    case .stable: writer.write(0)
    case .collecting(let reason, let rival):
      writer.write(1)
      writer.write(reason)
      writer.write(rival != nil)
      rival?.write(to: &writer)
    case .trial(let trial):
      writer.write(2)
      trial.write(to: &writer)
    }
  }

  var isTrial: Bool { if case .trial = self { true } else { false } }
}
