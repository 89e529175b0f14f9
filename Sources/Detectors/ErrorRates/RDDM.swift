import Catalogues
package import Snapshots

/// RDDM: DDM that forgets what is old, so that it stays as quick after a long calm.
///
/// As `DDM`, with three rules more: a warning that lasts `patience` values is a drift; after a drift the
/// statistics are counted anew from the values since the warning began; and when a concept has lasted
/// `longest` values without a warning, they are counted anew from the last `memory` of them.
///
/// Reference: R. Barros, D. Cabral, P. Gonçalves and S. Santos, RDDM: reactive drift detection method, Expert
/// Systems with Applications 90 (2017). Index for index MOA's.
///
/// For errors: a value of at least ½ is one. Cost: O(1), after a drift up to `memory`; a bit for each value of
/// `memory`.
package struct RDDM: ErrorDetector {
  static let entry = Entry<Void, any DriftDetector>(
    "rddm", "DDM that forgets what is old (Barros et al. 2017); for errors",
    parameters: [
      Parameter(
        "minimum", .integer(default: 129, in: 1...1_000_000), "values before the first test"),
      Parameter("warning", .real(default: 1.773, in: 0...1000), "deviations that make a warning"),
      Parameter(
        "drift", .real(default: 2.258, in: 0...1000), "deviations that make a drift",
        strictness: .rising),
      Parameter(
        "patience", .integer(default: 1400, in: 1...1_000_000_000),
        "values that a warning may last before it is a drift"),
      Parameter(
        "longest", .integer(default: 40_000, in: 1...1_000_000_000),
        "values after which an old concept is counted anew"),
      Parameter(
        "memory", .integer(default: 7000, in: 1...10_000_000), "values that are kept for that"),
    ],
    make: { settings, _ in
      RDDM(
        minimum: settings.integer("minimum"), warning: settings.real("warning"),
        drift: settings.real("drift"), patience: settings.integer("patience"),
        longest: settings.integer("longest"), memory: settings.integer("memory"))
    })

  private let minimum: Double
  private let warning: Double
  private let drift: Double
  private let patience: Int
  private let longest: Double
  private let memory: Int

  private var rate = RunningRate()
  private var lowest = RunningRate()
  private var lowestSpread = 0.0
  /// The last `memory` values, a bit each, at their number modulo `memory`.
  private var kept: [UInt64]
  /// Values so far, and the first of those that are to be counted anew.
  private var seen = 0
  private var first = 0
  /// The value with which the warning began; −1: there is none.
  private var warnedAt = -1
  private var isDue = false
  private var hasDrifted = false
  private var zone = WarningZone()

  package init(
    minimum: Int = 129, warning: Double = 1.773, drift: Double = 2.258, patience: Int = 1400,
    longest: Int = 40_000, memory: Int = 7000
  ) {
    (self.minimum, self.warning, self.drift) = (Double(minimum), warning, drift)
    (self.patience, self.longest, self.memory) = (patience, Double(longest), memory)
    kept = Array(repeating: 0, count: (memory + 63) / 64)
  }

  private static func spread(_ rate: RunningRate) -> Double {
    (rate.mean * (1 - rate.mean) / rate.count).squareRoot()
  }

  /// Counts anew from the values that are kept.
  private mutating func countAnew() {
    let start = max(hasDrifted && warnedAt >= 0 ? warnedAt : first, seen - memory)
    (rate, lowest, lowestSpread) = (RunningRate(), RunningRate(), 0)
    for number in start..<seen {
      let place = number % memory
      rate.add(kept[place / 64] >> UInt64(place % 64) & 1 == 1 ? 1 : 0)
      if hasDrifted, rate.count > minimum { noteLowest() }
    }
    first = start
    (warnedAt, isDue, hasDrifted) = (-1, false, false)
  }

  private mutating func noteLowest() {
    let spread = RDDM.spread(rate)
    if lowest.count == 0 || rate.mean + spread < lowest.mean + lowestSpread {
      (lowest, lowestSpread) = (rate, spread)
    }
  }

  package mutating func observe(_ value: Double) -> DetectorAlarm? {
    if isDue { countAnew() }
    let place = seen % memory
    kept[place / 64] &= ~(1 << UInt64(place % 64))
    if value >= 0.5 { kept[place / 64] |= 1 << UInt64(place % 64) }
    seen += 1
    if warnedAt >= 0, warnedAt < seen - memory { warnedAt = seen - memory }
    rate.add(value >= 0.5 ? 1 : 0)
    guard rate.count > minimum else { return nil }
    noteLowest()
    let height = rate.mean + RDDM.spread(rate)
    let isDrift = height > lowest.mean + drift * lowestSpread
    let isWarning = height > lowest.mean + warning * lowestSpread
    let isStale = isWarning && warnedAt >= 0 && warnedAt + patience < seen
    if isDrift || isStale {
      let alarm = rate.alarm(.drift, since: lowest)
      (isDue, hasDrifted) = (true, true)
      // Without a warning before it the new concept has this one value.
      if warnedAt < 0 || (isStale && !isDrift) { (first, warnedAt) = (seen - 1, -1) }
      _ = zone.enters(false)
      return alarm
    }
    if isWarning {
      if warnedAt < 0 { warnedAt = seen - 1 }
    } else {
      warnedAt = -1
    }
    if rate.count > longest, !isWarning { isDue = true }
    return zone.enters(isWarning) ? rate.alarm(.warning, since: lowest) : nil
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(rate.numbers + lowest.numbers + [lowestSpread])
    writer.write([seen, first, warnedAt])
    writer.write([zone.isIn ? 1 : 0, isDue ? 1 : 0, hasDrifted ? 1 : 0])
    writer.write(kept.map { Int(bitPattern: UInt($0)) })
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readDoubles()
    let places = try reader.readInts()
    let flags = try reader.readInts()
    let words = try reader.readInts()
    guard numbers.count == 5, places.count == 3, flags.count == 3, words.count == kept.count,
      places[0] >= 0, (0...places[0]).contains(places[1]), (-1...places[0]).contains(places[2])
    else { throw .corrupt }
    rate = try RunningRate(numbers[0..<2])
    lowest = try RunningRate(numbers[2..<4])
    lowestSpread = numbers[4]
    (seen, first, warnedAt) = (places[0], places[1], places[2])
    zone = WarningZone(isIn: flags[0] == 1)
    (isDue, hasDrifted) = (flags[1] == 1, flags[2] == 1)
    kept = words.map { UInt64(UInt(bitPattern: $0)) }
  }
}
