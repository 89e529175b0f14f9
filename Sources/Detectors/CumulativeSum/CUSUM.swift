import Catalogues
package import Snapshots

/// CUSUM: a sum of how far values lie above their running mean, never below 0.
///
/// With x̄ the mean of all values since the last alarm, g ← max(0, g + x − x̄ − δ); drift when g > λ. The change
/// is placed where g last was 0. `direction=both` keeps a second sum of how far they lie below.
///
/// Reference: E. S. Page, Continuous inspection schemes, Biometrika 41 (1954). For rises index for index
/// MOA's CusumDM, which tests from one value earlier than it says.
///
/// Parameters: `delta` ≥ 0, the change that is too small to matter, and `threshold` λ, in the values' unit;
/// `minimum` values before the first test; `direction`. Cost: O(1).
package struct CUSUM: DriftDetector {
  static let entry = Entry<Void, any DriftDetector>(
    "cusum", "sum of excesses over the running mean (Page 1954)",
    parameters: [
      Parameter("delta", .real(default: 0.005, in: 0...1e12), "change too small to matter"),
      Parameter(
        "threshold", .real(default: 50, in: 0...1e18), "alarm when the sum exceeds this",
        strictness: .rising),
      Parameter(
        "minimum", .integer(default: 30, in: 1...1_000_000), "values before the first test"),
      Parameter("direction", .choice(default: "up", of: ["up", "both"]), "what to watch"),
    ],
    make: { settings, _ in
      CUSUM(
        delta: settings.real("delta"), threshold: settings.real("threshold"),
        minimum: settings.integer("minimum"), watchesFalls: settings.word("direction") == "both")
    })

  private let delta: Double
  private let threshold: Double
  private let minimum: Double
  private let watchesFalls: Bool
  private var rate = RunningRate()
  private var up = 0.0
  private var down = 0.0
  private var upStart = RunningRate()
  private var downStart = RunningRate()
  private var startsAfresh = false

  package init(
    delta: Double = 0.005, threshold: Double = 50, minimum: Int = 30, watchesFalls: Bool = false
  ) {
    (self.delta, self.threshold, self.minimum) = (delta, threshold, Double(minimum))
    self.watchesFalls = watchesFalls
  }

  package mutating func observe(_ value: Double) -> DetectorAlarm? {
    if startsAfresh {
      self = CUSUM(
        delta: delta, threshold: threshold, minimum: Int(minimum), watchesFalls: watchesFalls)
    }
    rate.add(value)
    up = max(0, up + value - rate.mean - delta)
    down = max(0, down - value + rate.mean - delta)
    if up == 0 { upStart = rate }
    if down == 0 { downStart = rate }
    guard rate.count + 1 >= minimum else { return nil }
    let hasRisen = up > threshold
    guard hasRisen || (watchesFalls && down > threshold) else { return nil }
    startsAfresh = true
    return rate.alarm(.drift, since: hasRisen ? upStart : downStart)
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(rate.numbers + upStart.numbers + downStart.numbers + [up, down])
    writer.write(startsAfresh)
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readDoubles()
    startsAfresh = try reader.readBool()
    guard numbers.count == 8 else { throw .corrupt }
    rate = try RunningRate(numbers[0..<2])
    upStart = try RunningRate(numbers[2..<4])
    downStart = try RunningRate(numbers[4..<6])
    (up, down) = (numbers[6], numbers[7])
  }
}
