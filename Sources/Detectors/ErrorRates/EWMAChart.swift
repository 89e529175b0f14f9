import Catalogues
import Glibc
package import Snapshots

/// ECDD: an exponentially weighted moving average chart of errors.
///
/// With p the mean of all errors and z ← (1 − λ)·z + λ·x, the deviation of z is
/// √(p(1 − p)·λ/(2 − λ)·(1 − (1 − λ)²ⁿ)); drift when z > p + L·σ, warning when z > p + L/2·σ. L is such that
/// independent errors raise one false alarm in 400 values on average, by the paper's polynomial for λ = 0.2:
/// 3.97 − 6.56p + 48.73p³ − 330.13p⁵ + 848.18p⁷.
///
/// Reference: G. Ross, N. Adams, D. Tasoulis and D. Hand, Exponentially weighted moving average charts for
/// detecting concept drift, Pattern Recognition Letters 33 (2012). Index for index MOA's EWMAChartDM.
///
/// For errors of 0 to 1. Parameters: `minimum` values before the first test; `fading` λ. Cost: O(1).
package struct EWMAChart: ErrorDetector {
  static let entry = Entry<Void, any DriftDetector>(
    "ewma-chart", "moving average of errors on a control chart (Ross et al. 2012); for errors",
    parameters: [
      Parameter(
        "minimum", .integer(default: 30, in: 1...1_000_000), "values before the first test"),
      Parameter("fading", .real(default: 0.2, in: 1e-9...1), "weight of the newest value"),
    ],
    make: { settings, _ in
      EWMAChart(minimum: settings.integer("minimum"), fading: settings.real("fading"))
    })

  private let minimum: Double
  private let fading: Double
  private var rate = RunningRate()
  private var average = 0.0
  /// Where the average was last at or below the mean.
  private var level = RunningRate()
  private var zone = WarningZone()
  private var startsAfresh = false

  package init(minimum: Int = 30, fading: Double = 0.2) {
    (self.minimum, self.fading) = (Double(minimum), fading)
  }

  package mutating func observe(_ value: Double) -> DetectorAlarm? {
    if startsAfresh { self = EWMAChart(minimum: Int(minimum), fading: fading) }
    let value = ErrorRate.clamp(value)
    rate.add(value)
    average += fading * (value - average)
    if average <= rate.mean { level = rate }
    let p = rate.mean
    let spread =
      (p * (1 - p) * fading * (1 - pow(1 - fading, 2 * rate.count)) / (2 - fading)).squareRoot()
    let limit =
      3.97 - 6.56 * p + 48.73 * pow(p, 3) - 330.13 * pow(p, 5) + 848.18 * pow(p, 7)
    guard rate.count + 1 >= minimum else { return nil }
    if average > p + limit * spread, rate.count + 1 > minimum {
      startsAfresh = true
      return rate.alarm(.drift, since: level)
    }
    return zone.enters(average > p + 0.5 * limit * spread)
      ? rate.alarm(.warning, since: level) : nil
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(rate.numbers + level.numbers + [average])
    writer.write([zone.isIn ? 1 : 0, startsAfresh ? 1 : 0])
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readDoubles()
    let flags = try reader.readInts()
    guard numbers.count == 5, flags.count == 2 else { throw .corrupt }
    rate = try RunningRate(numbers[0..<2])
    level = try RunningRate(numbers[2..<4])
    average = numbers[4]
    zone = WarningZone(isIn: flags[0] == 1)
    startsAfresh = flags[1] == 1
  }
}
