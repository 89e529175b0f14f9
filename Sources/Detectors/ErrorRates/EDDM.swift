import Catalogues
package import Snapshots

/// EDDM: the distance between errors beside the greatest that it has been.
///
/// With p′ and s′ the mean and the deviation of how many values lie between two errors, p′ + 2·s′ is compared
/// with its greatest so far: warning when their ratio is below `warning`, drift below `drift`, tested at
/// errors alone. The change is placed after the greatest.
///
/// Reference: M. Baena-García et al., Early drift detection method, IWKDDS 2006. Index for index River's,
/// whose deviation is a sample's (n − 1); MOA's is the population's, and fires some errors apart.
///
/// For errors: a value of at least ½ is one. Parameters: `minimum` values and errors before the first test.
/// Cost: O(1).
package struct EDDM: ErrorDetector {
  static let entry = Entry<Void, any DriftDetector>(
    "eddm", "distance between errors beside its greatest (Baena-García et al. 2006); for errors",
    parameters: [
      Parameter(
        "minimum", .integer(default: 30, in: 1...1_000_000),
        "values and errors before the first test"),
      Parameter("warning", .real(default: 0.95, in: 0...1), "ratio below which to warn"),
      Parameter(
        "drift", .real(default: 0.9, in: 0...1), "ratio below which it is a drift",
        strictness: .falling),
    ],
    make: { settings, _ in
      EDDM(
        minimum: settings.integer("minimum"), warning: settings.real("warning"),
        drift: settings.real("drift"))
    })

  private let minimum: Double
  private let warning: Double
  private let drift: Double
  private var rate = RunningRate()
  private var atGreatest = RunningRate()
  private var errors = 0.0
  private var lastError = 0.0
  private var meanDistance = 0.0
  private var squares = 0.0
  private var greatest = -1.0
  private var zone = WarningZone()
  private var startsAfresh = false

  package init(minimum: Int = 30, warning: Double = 0.95, drift: Double = 0.9) {
    (self.minimum, self.warning, self.drift) = (Double(minimum), warning, drift)
  }

  package mutating func observe(_ value: Double) -> DetectorAlarm? {
    if startsAfresh { self = EDDM(minimum: Int(minimum), warning: warning, drift: drift) }
    rate.add(value >= 0.5 ? 1 : 0)
    guard value >= 0.5 else { return nil }
    errors += 1
    let distance = rate.count - lastError
    lastError = rate.count
    let off = distance - meanDistance
    meanDistance += off / errors
    squares += off * (distance - meanDistance)
    guard rate.count > minimum else { return nil }
    let variance = errors > 1 ? squares / (errors - 1) : 0
    let length = meanDistance + 2 * variance.squareRoot()
    if length > greatest {
      (greatest, atGreatest) = (length, rate)
      return nil
    }
    guard errors > minimum else { return nil }
    if length / greatest < drift {
      startsAfresh = true
      return rate.alarm(.drift, since: atGreatest)
    }
    return zone.enters(length / greatest < warning)
      ? rate.alarm(.warning, since: atGreatest) : nil
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(
      rate.numbers + atGreatest.numbers + [errors, lastError, meanDistance, squares, greatest])
    writer.write([zone.isIn ? 1 : 0, startsAfresh ? 1 : 0])
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readDoubles()
    let flags = try reader.readInts()
    guard numbers.count == 9, flags.count == 2 else { throw .corrupt }
    rate = try RunningRate(numbers[0..<2])
    atGreatest = try RunningRate(numbers[2..<4])
    (errors, lastError, meanDistance) = (numbers[4], numbers[5], numbers[6])
    (squares, greatest) = (numbers[7], numbers[8])
    zone = WarningZone(isIn: flags[0] == 1)
    startsAfresh = flags[1] == 1
  }
}
