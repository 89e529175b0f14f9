import Catalogues
import Glibc
package import Snapshots

/// An e-detector for errors: a budget that is a theorem as long as their mean is not above a bound.
///
/// For a mean of at most m given the past, (1 + g·x)/(1 + g·m) has mean at most 1 for each stake g > 0 and
/// x in 0 ... 1. Over a mixture of stakes with weights w
///
///     form=sr     R ← (R + w)·e              Shiryaev–Roberts
///     form=cusum  R ← max(R, w)·e            CUSUM: never above the other, so later
///
/// and an alarm when the sum of R reaches `budget`. The bound m is `mean` if it is given. If not, it is learned:
/// the least m above the mean m̂ of the n values since the last alarm for which n·kl(m̂, m) reaches
/// ln(2√n) + ln(1/δ), above the true mean of independent values at all times with a chance of 1 − δ, here .95.
/// The promise then is .95 times the budget, and the price is blindness as long as n is small; `markov-betting`
/// takes no such slack and `bcs` needs no bound at all.
///
/// Reference: J. Shin, A. Ramdas and A. Rinaldo, E-detectors: a nonparametric framework for sequential change
/// detection, New England Journal of Statistics in Data Science 2 (2024); the bound is that of Krichevsky and
/// Trofimov's mixture, IEEE Transactions on Information Theory 27 (1981).
///
/// Parameters: `budget` values per false alarm; `form`; `mean`, the bound, 0 to learn it. Cost: 7
/// multiplications a value, and while the bound is learned one search a 16th more values; O(1).
package struct EDetector: ErrorDetector, EvidenceDetector {
  static let entry = Entry<Void, any DriftDetector>(
    "e-detector", "bets on more errors than a bound, a budget by theorem (Shin et al. 2024)",
    parameters: [
      Parameter(
        "budget", .real(default: 100_000, in: 1...1e15), "values per false alarm, at least",
        strictness: .rising),
      Parameter("form", .choice(default: "sr", of: ["sr", "cusum"]), "how bets are summed"),
      Parameter("mean", .real(default: 0, in: 0...1), "the errors' mean before; 0: learned"),
    ],
    make: { settings, _ in
      EDetector(
        budget: settings.real("budget"), isCUSUM: settings.word("form") == "cusum",
        mean: settings.real("mean"))
    })

  /// The chance that the learned bound is ever too low.
  static let slack = 0.05

  private let budget: Double
  private var leavesAlarms = false
  /// The sum of all sums.
  package private(set) var evidence = 0.0
  private let isCUSUM: Bool
  private let mean: Double
  private let bets = BettingSums(watchesFalls: false)
  private var sums: [Double]
  private var bound: Double
  /// When the bound is learned next.
  private var nextBound = 1.0
  private var rate = RunningRate()
  private var start = ChangeStart()
  private var correlation = SerialCorrelation()

  package init(budget: Double = 100_000, isCUSUM: Bool = false, mean: Double = 0) {
    (self.budget, self.isCUSUM, self.mean) = (budget, isCUSUM, mean)
    bound = mean > 0 ? mean : 1
    sums = Array(repeating: 0, count: bets.stakes.count)
  }

  package mutating func observe(_ value: Double) -> DetectorAlarm? {
    let value = ErrorRate.clamp(value)
    if mean == 0, rate.count >= nextBound {
      bound = EDetector.bound(mean: rate.mean, count: rate.count)
      nextBound = (rate.count * 17 / 16).rounded(.up)
    }
    var total = 0.0
    if isCUSUM {
      let weight = 1 / Double(sums.count)
      for k in sums.indices {
        let payment = (1 + bets.stakes[k] * value) / (1 + bets.stakes[k] * bound)
        sums[k] = min(1e100, max(sums[k], weight) * payment)
        total += sums[k]
      }
    } else {
      total = bets.bet(on: value, expecting: bound, &sums)
    }
    start.add(value - min(bound, mean > 0 ? mean : rate.mean), before: rate)
    rate.add(value)
    correlation.add(value)
    evidence = total
    return leavesAlarms || evidence < budget ? nil : claim(budget: budget)
  }

  package mutating func leaveAlarms() { leavesAlarms = true }

  package mutating func claim(budget: Double) -> DetectorAlarm? {
    let alarm = rate.alarm(
      .drift, since: start.estimate(rising: true),
      promise: AlarmPromise(
        budget: mean > 0 ? budget : (1 - EDetector.slack) * budget,
        isGuaranteed: mean > 0 || !(abs(correlation.value) > 0.1),
        condition: mean > 0
          ? "given the past, the mean is never above \(mean)"
          : "values are independent and their mean does not rise",
        autocorrelation: correlation.value))
    let leaves = leavesAlarms
    self = EDetector(budget: self.budget, isCUSUM: isCUSUM, mean: mean)
    leavesAlarms = leaves
    return alarm
  }

  /// The least m above `mean` with count·kl(mean, m) at ln(2√count) + ln(1/δ), from above.
  package static func bound(mean: Double, count: Double) -> Double {
    let limit = log(2 * count.squareRoot()) - log(slack)
    var (low, high) = (mean, 1.0)
    for _ in 0..<40 {
      let middle = (low + high) / 2
      if count * divergence(mean, middle) < limit { low = middle } else { high = middle }
    }
    return high
  }

  /// Kullback–Leibler divergence of an error's chance q from p.
  private static func divergence(_ p: Double, _ q: Double) -> Double {
    (p > 0 ? p * log(p / q) : 0) + (p < 1 ? (1 - p) * log((1 - p) / (1 - q)) : 0)
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(sums)
    writer.write([bound, nextBound] + rate.numbers)
    writer.write(correlation.numbers)
    writer.write(start.numbers)
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let sums = try reader.readDoubles()
    let numbers = try reader.readDoubles()
    guard sums.count == self.sums.count, numbers.count == 4,
      let correlation = SerialCorrelation(try reader.readDoubles()[...])
    else { throw .corrupt }
    self.sums = sums
    evidence = sums.reduce(0, +)
    (bound, nextBound) = (numbers[0], numbers[1])
    rate = try RunningRate(numbers[2...])
    self.correlation = correlation
    start = try ChangeStart(try reader.readDoubles()[...])
  }
}
