import Catalogues
import Glibc
package import Snapshots

/// HDDM-A: the mean so far beside the mean before the best cut, by Hoeffding's inequality.
///
/// The cut is where mean + ε(n), ε(n) = √(ln(1/δ)/(2n)), was lowest (for a fall: mean − ε highest). With n₁ of
/// n values before it, the mean has risen when
///
///     z̄ − x̄ ≥ √((n − n₁)/(2·n₁·n)·ln(2/δ))
///
/// Reference: I. Frías-Blanco et al., Online and non-parametric drift detection methods based on Hoeffding's
/// bounds, IEEE TKDE 27 (2015), A-test. Index for index River's, and MOA's for rises.
///
/// For values of 0 to 1. Parameters: `drift` and `warning`, δ of each; `direction`. Cost: O(1).
package struct HDDMAverage: ErrorDetector {
  static let entry = Entry<Void, any DriftDetector>(
    "hddm-a",
    "mean beside its best cut by Hoeffding's bound (Frías-Blanco et al. 2015); for errors",
    parameters: [
      Parameter(
        "drift", .real(default: 0.001, in: 1e-300...1), "delta of a drift",
        strictness: .falling),
      Parameter("warning", .real(default: 0.005, in: 1e-300...1), "delta of a warning"),
      Parameter("direction", .choice(default: "up", of: ["up", "both"]), "what to watch"),
    ],
    make: { settings, _ in
      HDDMAverage(
        drift: settings.real("drift"), warning: settings.real("warning"),
        watchesFalls: settings.word("direction") == "both")
    })

  private let drift: Double
  private let warning: Double
  private let watchesFalls: Bool
  private var rate = RunningRate()
  private var lowest = RunningRate()
  private var highest = RunningRate()
  private var zone = WarningZone()
  private var startsAfresh = false

  package init(drift: Double = 0.001, warning: Double = 0.005, watchesFalls: Bool = false) {
    (self.drift, self.warning, self.watchesFalls) = (drift, warning, watchesFalls)
  }

  private func bound(_ count: Double) -> Double {
    (1 / (2 * count) * log(1 / drift)).squareRoot()
  }

  private func isFar(_ cut: RunningRate, _ distance: Double, _ delta: Double) -> Bool {
    guard cut.count < rate.count else { return false }
    let share = (rate.count - cut.count) / cut.count * (1 / rate.count)
    return distance >= (share / 2 * log(2 / delta)).squareRoot()
  }

  package mutating func observe(_ value: Double) -> DetectorAlarm? {
    if startsAfresh {
      self = HDDMAverage(drift: drift, warning: warning, watchesFalls: watchesFalls)
    }
    rate.add(ErrorRate.clamp(value))
    if lowest.count == 0 { (lowest, highest) = (rate, rate) }
    let own = bound(rate.count)
    if lowest.mean + bound(lowest.count) >= rate.mean + own { lowest = rate }
    if highest.mean - bound(highest.count) <= rate.mean - own { highest = rate }
    let (rise, fall) = (rate.mean - lowest.mean, highest.mean - rate.mean)
    let hasRisen = isFar(lowest, rise, drift)
    if hasRisen || (watchesFalls && isFar(highest, fall, drift)) {
      startsAfresh = true
      return rate.alarm(.drift, since: hasRisen ? lowest : highest)
    }
    let mayRise = isFar(lowest, rise, warning)
    return zone.enters(mayRise || (watchesFalls && isFar(highest, fall, warning)))
      ? rate.alarm(.warning, since: mayRise ? lowest : highest) : nil
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(rate.numbers + lowest.numbers + highest.numbers)
    writer.write([zone.isIn ? 1 : 0, startsAfresh ? 1 : 0])
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readDoubles()
    let flags = try reader.readInts()
    guard numbers.count == 6, flags.count == 2 else { throw .corrupt }
    rate = try RunningRate(numbers[0..<2])
    lowest = try RunningRate(numbers[2..<4])
    highest = try RunningRate(numbers[4..<6])
    zone = WarningZone(isIn: flags[0] == 1)
    startsAfresh = flags[1] == 1
  }
}
