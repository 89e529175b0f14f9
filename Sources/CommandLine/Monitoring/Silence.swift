import Kernels

/// Whether a stream is silent, by the clock.
struct Silence {
  private var heard = MonotonicTime.now().nanoseconds
  private var isSilent = false

  /// So many events came since the last call; true: from now on it is silent, false: it no longer is, nil: as before.
  mutating func hear(_ events: Int, patience milliseconds: Int) -> Bool? {
    let now = MonotonicTime.now().nanoseconds
    if events > 0 { heard = now }
    let isQuiet = now - heard >= milliseconds * 1_000_000
    guard isQuiet != isSilent else { return nil }
    isSilent = isQuiet
    return isQuiet
  }

  /// Reads `30s`, `5m`, `2h`, or `500ms`.
  static func milliseconds(_ text: String) throws -> Int {
    let units: [(String, Double)] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)]
    for (unit, length) in units where text.hasSuffix(unit) {
      if let count = Double(text.dropLast(unit.count)), count > 0, count < 1e9 {
        return max(1, Int(count * length))
      }
    }
    throw LearnSettings.usage("--silence \(text): expected a time by the clock: 500ms, 30s, 5m, 2h")
  }
}
