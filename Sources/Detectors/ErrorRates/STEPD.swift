import Catalogues
import Glibc
package import Snapshots

/// STEPD: the accuracy of the last values beside that of all before them, by a test of equal proportions.
///
/// With rₒ of nₒ older values right, rᵣ of the nᵣ = `window` recent ones, p̂ = (rₒ + rᵣ)/(nₒ + nᵣ), the
/// statistic with a correction for continuity
///
///     T = (|rₒ/nₒ − rᵣ/nᵣ| − ½(1/nₒ + 1/nᵣ)) / √(p̂(1 − p̂)(1/nₒ + 1/nᵣ))
///
/// is normal; when accuracy fell (`direction=both`: or rose) and its two-sided p-value is below `drift` it is a
/// drift, below `warning` a warning. The change is placed before the recent values, or where the warning began.
///
/// Reference: K. Nishida and K. Yamauchi, Detecting concept drift using statistical testing, Discovery Science
/// 2007. With `both` index for index MOA's, but that MOA's also fires when all values are the same.
///
/// For errors: a value of at least ½ is one. Cost: O(1); a bit for each value of `window`.
package struct STEPD: ErrorDetector {
  static let entry = Entry<Void, any DriftDetector>(
    "stepd", "accuracy of the last values beside all before (Nishida & Yamauchi 2007); for errors",
    parameters: [
      Parameter("window", .integer(default: 30, in: 1...1_000_000), "recent values"),
      Parameter(
        "drift", .real(default: 0.003, in: 1e-300...1), "p-value of a drift",
        strictness: .falling),
      Parameter("warning", .real(default: 0.05, in: 1e-300...1), "p-value of a warning"),
      Parameter("direction", .choice(default: "up", of: ["up", "both"]), "what to watch"),
    ],
    make: { settings, _ in
      STEPD(
        window: settings.integer("window"), drift: settings.real("drift"),
        warning: settings.real("warning"), watchesFalls: settings.word("direction") == "both")
    })

  private let window: Int
  private let drift: Double
  private let warning: Double
  private let watchesFalls: Bool
  private var recent: [Bool] = []
  private var next = 0
  private var recentErrors = 0.0
  private var older = RunningRate()
  private var zone = WarningZone()
  /// Values since the warning began.
  private var warned = 0
  private var startsAfresh = false

  package init(
    window: Int = 30, drift: Double = 0.003, warning: Double = 0.05, watchesFalls: Bool = false
  ) {
    (self.window, self.drift, self.warning) = (window, drift, warning)
    self.watchesFalls = watchesFalls
  }

  package mutating func observe(_ value: Double) -> DetectorAlarm? {
    if startsAfresh {
      self = STEPD(window: window, drift: drift, warning: warning, watchesFalls: watchesFalls)
    }
    let isError = value >= 0.5
    if recent.count < window {
      recent.append(isError)
    } else {
      older.add(recent[next] ? 1 : 0)
      recentErrors -= recent[next] ? 1 : 0
      recent[next] = isError
      next = (next + 1) % window
    }
    recentErrors += isError ? 1 : 0
    warned += 1
    guard older.count >= Double(window) else { return nil }
    let (n, m) = (older.count, Double(window))
    let (before, after) = (older.mean, recentErrors / m)
    guard after > before || (watchesFalls && after < before) else {
      _ = zone.enters(false)
      return nil
    }
    let inverse = 1 / n + 1 / m
    let pooled = (n * before + recentErrors) / (n + m)
    let statistic =
      (abs(after - before) - 0.5 * inverse) / (pooled * (1 - pooled) * inverse).squareRoot()
    let chance = erfc(statistic / 2.squareRoot())
    if chance < drift {
      startsAfresh = true
      let age = zone.isIn ? max(window, warned) : window
      return DetectorAlarm(
        level: .drift, valuesSinceChange: age, before: before, after: after)
    }
    guard zone.enters(chance < warning) else { return nil }
    warned = 1
    return DetectorAlarm(
      level: .warning, valuesSinceChange: window, before: before, after: after)
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(older.numbers + [recentErrors])
    writer.write([next, warned, zone.isIn ? 1 : 0, startsAfresh ? 1 : 0])
    writer.write(recent.map { $0 ? 1 : 0 })
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readDoubles()
    let places = try reader.readInts()
    let bits = try reader.readInts()
    guard numbers.count == 3, places.count == 4, bits.count <= window,
      (0..<window).contains(places[0])
    else { throw .corrupt }
    older = try RunningRate(numbers[0..<2])
    recentErrors = numbers[2]
    (next, warned) = (places[0], places[1])
    zone = WarningZone(isIn: places[2] == 1)
    startsAfresh = places[3] == 1
    recent = bits.map { $0 == 1 }
  }
}
