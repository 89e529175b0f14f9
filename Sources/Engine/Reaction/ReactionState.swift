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
  case collecting(reason: String)
  case trial(Trial)
}
