import Engine
import Monitors
import Telemetry

extension Finding {
  /// As a member of the summary: as the journal has it, with its event.
  var summary: JSONValue { .members([("event", .int(event))] + members) }

  /// One line of the account.
  var line: String {
    "\(event)  \(isOver ? "over" : severity.rawValue): \(text), since \(since) (\(check))"
  }
}
