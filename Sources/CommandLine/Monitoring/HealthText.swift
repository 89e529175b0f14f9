import Monitors
import Telemetry

/// The health of a run, in a line.
enum HealthText {
  /// A change of it, as the journal has it.
  static func line(_ entry: JournalEntry) -> String {
    guard case .string(let state)? = entry["state"], case .string(let why)? = entry["why"] else {
      return ""
    }
    return (Terminal.isLive ? "\r\u{1B}[K" : "")
      + "health: \(state) at event \(entry.event): \(why)\n"
  }
}

extension Health {
  /// As a member of a summary.
  var json: JSONValue {
    .members([
      ("state", .string(state.rawValue)), ("why", .string(why)), ("changes", .int(changes)),
    ])
  }
}
