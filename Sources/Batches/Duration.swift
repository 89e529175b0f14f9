/// Stretches of time as users write them.
package enum Duration {
  /// Reads `90s`, `15m`, `36h`, `7d`, `2w`; nil for anything else.
  package static func seconds(_ text: some StringProtocol) -> Double? {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604_800]
    guard let unit = text.last, let factor = units[unit], let number = Double(text.dropLast()),
      number > 0, number.isFinite
    else { return nil }
    return number * factor
  }
}
