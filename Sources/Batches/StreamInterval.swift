/// How far apart two points of a stream are: in events, or in event time, which gaps in the stream do
/// not shift. Lags, seasons and schedules are given as such.
package enum StreamInterval: Sendable, Equatable {
  case events(Int)
  case seconds(Double)

  /// Reads `168` (events, at least 1) or `90s`, `15m`, `36h`, `7d`, `2w`; nil for anything else.
  package init?(_ text: some StringProtocol) {
    if let events = Int(text) {
      guard (1...1_000_000_000).contains(events) else { return nil }
      self = .events(events)
      return
    }
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604_800]
    guard let unit = text.last, let factor = units[unit], let number = Double(text.dropLast()),
      number > 0, number.isFinite
    else { return nil }
    self = .seconds(number * factor)
  }
}
