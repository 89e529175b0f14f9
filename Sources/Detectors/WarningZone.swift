/// Detectors of errors hold that a value lies in 0 ... 1: 1 an error, 0 none.
enum ErrorRate {
  /// What is beyond counts as the bound.
  static func clamp(_ value: Double) -> Double { min(1, max(0, value)) }
}

/// Whether a detector is in its warning zone. A warning is raised when it enters it, not at every value there.
struct WarningZone: Sendable {
  private(set) var isIn = false

  init(isIn: Bool = false) { self.isIn = isIn }

  /// Takes whether it is in the zone now; true: it has just come in.
  mutating func enters(_ isNow: Bool) -> Bool {
    defer { isIn = isNow }
    return isNow && !isIn
  }
}
