import Catalogues
package import Snapshots

/// DDM: the error rate beside the lowest that it has been.
///
/// With p the mean of all errors since the last drift and s = √(p(1 − p)/n), the lowest p + s so far is kept
/// as p* and s*. Warning when p + s > p* + 2·s*, drift when p + s > p* + 3·s*. The change is placed after the
/// lowest.
///
/// Reference: J. Gama, P. Medas, G. Castillo and P. Rodrigues, Learning with drift detection, SBIA 2004.
/// Index for index River's and MOA's.
///
/// For errors of 0 to 1. Parameters: `minimum` values before the first test; `warning` and `drift`, in
/// deviations. Cost: O(1).
package struct DDM: ErrorDetector {
  static let entry = Entry<Void, any DriftDetector>(
    "ddm", "error rate beside its lowest (Gama et al. 2004); for errors",
    parameters: [
      Parameter(
        "minimum", .integer(default: 30, in: 1...1_000_000), "values before the first test"),
      Parameter("warning", .real(default: 2, in: 0...1000), "deviations that make a warning"),
      Parameter(
        "drift", .real(default: 3, in: 0...1000), "deviations that make a drift",
        strictness: .rising),
    ],
    make: { settings, _ in
      DDM(
        minimum: settings.integer("minimum"), warning: settings.real("warning"),
        drift: settings.real("drift"))
    })

  private let minimum: Double
  private let warning: Double
  private let drift: Double
  private var rate = RunningRate()
  private var lowest = RunningRate()
  private var lowestSpread = 0.0
  private var zone = WarningZone()
  private var startsAfresh = false

  package init(minimum: Int = 30, warning: Double = 2, drift: Double = 3) {
    (self.minimum, self.warning, self.drift) = (Double(minimum), warning, drift)
  }

  package mutating func observe(_ value: Double) -> DetectorAlarm? {
    if startsAfresh { self = DDM(minimum: Int(minimum), warning: warning, drift: drift) }
    rate.add(ErrorRate.clamp(value))
    let spread = (rate.mean * (1 - rate.mean) / rate.count).squareRoot()
    guard rate.count > minimum else { return nil }
    if lowest.count == 0 || rate.mean + spread <= lowest.mean + lowestSpread {
      (lowest, lowestSpread) = (rate, spread)
    }
    let height = rate.mean + spread
    if height > lowest.mean + drift * lowestSpread {
      startsAfresh = true
      return rate.alarm(.drift, since: lowest)
    }
    return zone.enters(height > lowest.mean + warning * lowestSpread)
      ? rate.alarm(.warning, since: lowest) : nil
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(rate.numbers + lowest.numbers + [lowestSpread])
    writer.write([zone.isIn ? 1 : 0, startsAfresh ? 1 : 0])
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readDoubles()
    let flags = try reader.readInts()
    guard numbers.count == 5, flags.count == 2 else { throw .corrupt }
    rate = try RunningRate(numbers[0..<2])
    lowest = try RunningRate(numbers[2..<4])
    lowestSpread = numbers[4]
    zone = WarningZone(isIn: flags[0] == 1)
    startsAfresh = flags[1] == 1
  }
}
