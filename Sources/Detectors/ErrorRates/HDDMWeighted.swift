import Catalogues
import Glibc
package import Snapshots

/// HDDM-W: a weighted moving average beside the one before the best cut, by McDiarmid's inequality.
///
/// Averages fade by λ; with b ← λ² + (1 − λ)²·b, b₀ = 1, of each, a sample's average lies within √(b·ln(1/δ)/2)
/// of its expectation. The cut is where average + bound of all values was lowest (for a fall: average − bound
/// highest); what comes after it is a sample of its own. The mean has risen when the second average exceeds the
/// first by √((b₁ + b₂)·ln(1/δ)/2).
///
/// Reference: I. Frías-Blanco et al., Online and non-parametric drift detection methods based on Hoeffding's
/// bounds, IEEE TKDE 27 (2015), W-test. Index for index River's, and MOA's for rises.
///
/// For values of 0 to 1. Parameters: `fading` λ; `drift` and `warning`, δ of each; `direction`. Cost: O(1).
package struct HDDMWeighted: ErrorDetector {
  static let entry = Entry<Void, any DriftDetector>(
    "hddm-w", "fading mean beside its best cut (Frías-Blanco et al. 2015); for errors",
    parameters: [
      Parameter(
        "drift", .real(default: 0.001, in: 1e-300...1), "delta of a drift",
        strictness: .falling),
      Parameter("warning", .real(default: 0.005, in: 1e-300...1), "delta of a warning"),
      Parameter("fading", .real(default: 0.05, in: 1e-9...1), "weight of the newest value"),
      Parameter("direction", .choice(default: "up", of: ["up", "both"]), "what to watch"),
    ],
    make: { settings, _ in
      HDDMWeighted(
        drift: settings.real("drift"), warning: settings.real("warning"),
        fading: settings.real("fading"), watchesFalls: settings.word("direction") == "both")
    })

  /// A fading average; of no values, or with the condition b that says how far it may be off.
  private struct Sample: Sendable {
    var count = 0.0
    var mean = 0.0
    var condition = 1.0

    mutating func add(_ value: Double, _ fading: Double) {
      mean = count > 0 ? fading * value + (1 - fading) * mean : value
      condition = fading * fading + (1 - fading) * (1 - fading) * condition
      count += 1
    }

    var numbers: [Double] { [count, mean, condition] }

    init() {}
    init(_ numbers: ArraySlice<Double>) {
      let all = Array(numbers)
      (count, mean, condition) = (all[0], all[1], all[2])
    }
  }

  private let drift: Double
  private let warning: Double
  private let fading: Double
  private let watchesFalls: Bool
  private var rate = RunningRate()
  private var all = Sample()
  /// Before and after the cut for a rise, and for a fall.
  private var low = (before: Sample(), after: Sample(), cut: Double.infinity, rate: RunningRate())
  private var high = (before: Sample(), after: Sample(), cut: -Double.infinity, rate: RunningRate())
  private var zone = WarningZone()
  private var startsAfresh = false

  package init(
    drift: Double = 0.001, warning: Double = 0.005, fading: Double = 0.05,
    watchesFalls: Bool = false
  ) {
    (self.drift, self.warning, self.fading) = (drift, warning, fading)
    self.watchesFalls = watchesFalls
  }

  private static func bound(_ condition: Double, _ delta: Double) -> Double {
    (condition * log(1 / delta) / 2).squareRoot()
  }

  private static func isAbove(_ upper: Sample, _ lower: Sample, _ delta: Double) -> Bool {
    guard upper.count > 0, lower.count > 0 else { return false }
    return upper.mean - lower.mean > bound(upper.condition + lower.condition, delta)
  }

  package mutating func observe(_ value: Double) -> DetectorAlarm? {
    if startsAfresh {
      self = HDDMWeighted(
        drift: drift, warning: warning, fading: fading, watchesFalls: watchesFalls)
    }
    let value = ErrorRate.clamp(value)
    rate.add(value)
    all.add(value, fading)
    let bound = HDDMWeighted.bound(all.condition, drift)
    if all.mean + bound < low.cut {
      low = (all, Sample(), all.mean + bound, rate)
    } else {
      low.after.add(value, fading)
    }
    if all.mean - bound > high.cut {
      high = (all, Sample(), all.mean - bound, rate)
    } else {
      high.after.add(value, fading)
    }
    let hasRisen = HDDMWeighted.isAbove(low.after, low.before, drift)
    if hasRisen || (watchesFalls && HDDMWeighted.isAbove(high.before, high.after, drift)) {
      startsAfresh = true
      return rate.alarm(.drift, since: hasRisen ? low.rate : high.rate)
    }
    let mayRise = HDDMWeighted.isAbove(low.after, low.before, warning)
    let mayFall = watchesFalls && HDDMWeighted.isAbove(high.before, high.after, warning)
    return zone.enters(mayRise || mayFall)
      ? rate.alarm(.warning, since: mayRise ? low.rate : high.rate) : nil
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(rate.numbers + low.rate.numbers + high.rate.numbers + [low.cut, high.cut])
    writer.write(
      all.numbers + low.before.numbers + low.after.numbers + high.before.numbers
        + high.after.numbers)
    writer.write([zone.isIn ? 1 : 0, startsAfresh ? 1 : 0])
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let rates = try reader.readDoubles()
    let samples = try reader.readDoubles()
    let flags = try reader.readInts()
    guard rates.count == 8, samples.count == 15, flags.count == 2 else { throw .corrupt }
    rate = try RunningRate(rates[0..<2])
    all = Sample(samples[0..<3])
    low = (
      Sample(samples[3..<6]), Sample(samples[6..<9]), rates[6], try RunningRate(rates[2..<4])
    )
    high = (
      Sample(samples[9..<12]), Sample(samples[12..<15]), rates[7], try RunningRate(rates[4..<6])
    )
    zone = WarningZone(isIn: flags[0] == 1)
    startsAfresh = flags[1] == 1
  }
}
