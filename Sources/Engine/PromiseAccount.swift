package import Detectors
package import Telemetry

extension AlarmPromise {
  /// As an object of the journal and of `weir detect --json`.
  package var account: JSONValue {
    .members([
      ("eventsPerFalseAlarm", .number(budget)),
      ("ground", .string(isGuaranteed ? "guaranteed" : "modelled")),
      ("condition", .string("if " + condition)),
    ])
  }
}
