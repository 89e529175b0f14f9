import Catalogues
package import Snapshots

/// Geometric moving average: a fading mean of how far values lie above their running mean.
///
/// With x̄ the mean of all values since the last alarm, g ← α·g + (1 − α)·(x − x̄); drift when g > λ
/// (`direction=both`: |g| > λ). The change is placed where g last had the other sign.
///
/// Reference: S. W. Roberts, Control chart tests based on geometric moving averages, Technometrics 1 (1959).
/// For rises index for index MOA's GeometricMovingAverageDM, which tests from one value earlier than it says.
///
/// Parameters: `alpha`, what is kept of the mean; `threshold` λ, in the values' unit; `minimum` values before
/// the first test; `direction`. Cost: O(1).
package struct GeometricMovingAverage: DriftDetector {
  static let entry = Entry<Void, any DriftDetector>(
    "geometric-moving-average", "fading mean of excesses over the running mean (Roberts 1959)",
    parameters: [
      Parameter("alpha", .real(default: 0.99, in: 0...1), "what is kept of the mean"),
      Parameter(
        "threshold", .real(default: 1, in: 0...1e18), "alarm when it exceeds this",
        strictness: .rising),
      Parameter(
        "minimum", .integer(default: 30, in: 1...1_000_000), "values before the first test"),
      Parameter("direction", .choice(default: "up", of: ["up", "both"]), "what to watch"),
    ],
    make: { settings, _ in
      GeometricMovingAverage(
        alpha: settings.real("alpha"), threshold: settings.real("threshold"),
        minimum: settings.integer("minimum"), watchesFalls: settings.word("direction") == "both")
    })

  private let alpha: Double
  private let threshold: Double
  private let minimum: Double
  private let watchesFalls: Bool
  private var rate = RunningRate()
  private var average = 0.0
  private var start = RunningRate()
  private var startsAfresh = false

  package init(
    alpha: Double = 0.99, threshold: Double = 1, minimum: Int = 30, watchesFalls: Bool = false
  ) {
    (self.alpha, self.threshold, self.minimum) = (alpha, threshold, Double(minimum))
    self.watchesFalls = watchesFalls
  }

  package mutating func observe(_ value: Double) -> DetectorAlarm? {
    if startsAfresh {
      self = GeometricMovingAverage(
        alpha: alpha, threshold: threshold, minimum: Int(minimum), watchesFalls: watchesFalls)
    }
    let before = average
    let last = rate
    rate.add(value)
    average = alpha * average + (1 - alpha) * (value - rate.mean)
    if (before > 0) != (average > 0) { start = last }
    guard rate.count + 1 >= minimum else { return nil }
    guard average > threshold || (watchesFalls && -average > threshold) else { return nil }
    startsAfresh = true
    return rate.alarm(.drift, since: start)
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(rate.numbers + start.numbers + [average])
    writer.write(startsAfresh)
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readDoubles()
    startsAfresh = try reader.readBool()
    guard numbers.count == 5 else { throw .corrupt }
    rate = try RunningRate(numbers[0..<2])
    start = try RunningRate(numbers[2..<4])
    average = numbers[4]
  }
}
