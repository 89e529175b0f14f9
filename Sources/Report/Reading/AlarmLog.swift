package import Telemetry

/// All alarms of a run. Every one is counted and has its place; the first of them are also kept as they were told.
package struct AlarmLog: Sendable {
  /// Alarms of one signal.
  package struct Signal: Sendable {
    package let name: String
    fileprivate let bytes: [UInt8]
    package fileprivate(set) var drifts = 0
    package fileprivate(set) var warnings = 0
    package fileprivate(set) var first: Int
    package fileprivate(set) var last: Int
  }

  /// Alarms that are kept as they were told.
  package static let mostTold = 500
  private static let mostSignals = 1000

  /// Events at which drifts were named, and warnings given.
  package private(set) var drifts: [Int] = []
  package private(set) var warnings: [Int] = []
  package private(set) var told: [JSONValue] = []
  /// By signal, in the order of their first alarms.
  package private(set) var signals: [Signal] = []

  package init() {}

  package var count: Int { drifts.count + warnings.count }

  mutating func take(_ line: UnsafeRawBufferPointer, event: Int) {
    guard var walk = ObjectWalk(line) else { return }
    var (isWarning, signal): (Bool, UnsafeRawBufferPointer?) = (false, nil)
    while let member = walk.next() {
      if member.name.isText("level") {
        isWarning = member.value.isText("\"warning\"")
      } else if member.name.isText("signal"), member.value.count >= 2 {
        signal = .init(rebasing: member.value[1..<member.value.count - 1])
      }
    }
    if isWarning { warnings.append(event) } else { drifts.append(event) }
    if told.count < AlarmLog.mostTold, let value = try? JSONValue(parsing: line.text) {
      told.append(value)
    }
    guard let signal else { return }
    guard let place = place(signal, event) else { return }
    if isWarning { signals[place].warnings += 1 } else { signals[place].drifts += 1 }
    signals[place].last = event
  }

  private mutating func place(_ name: UnsafeRawBufferPointer, _ event: Int) -> Int? {
    if let place = signals.firstIndex(where: { name.isText($0.bytes) }) { return place }
    guard signals.count < AlarmLog.mostSignals else { return nil }
    signals.append(Signal(name: plain(name), bytes: Array(name), first: event, last: event))
    return signals.count - 1
  }
}
