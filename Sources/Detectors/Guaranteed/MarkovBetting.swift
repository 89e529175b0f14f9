import Catalogues
package import Snapshots

/// Bets against a chain of errors that stays as it is: a budget kept in O(1).
///
/// The rate of errors after an error and after none is f = (n₁ + ½)/(n + 1), from all counts since the last
/// alarm: an error's chance given the one before. For each of 14 stakes g = e^±δ − 1 the bet on a value x pays
/// (1 + g·x)/(1 + g·f), of mean 1 if f is the rate; Shiryaev–Roberts sums R ← (R + 1/14)·payment are added up,
/// and an alarm is raised when their sum reaches `budget`. Counts learn a value after the bet on it.
///
/// What is promised holds on average over rates (f is the mean of Jeffreys' prior), not for each; realised are
/// 80 to 150 % of the budget wherever an error depends on the one before alone, and a few hundred values where
/// it depends on more (`bcs` holds there).
///
/// Reference: R. Krichevsky and V. Trofimov, The performance of universal encoding, IEEE Transactions on
/// Information Theory 27 (1981), for f; J. Shin, A. Ramdas and A. Rinaldo, E-detectors (2022).
///
/// Parameters: `budget` values per false alarm; `direction`. Cost: 14 multiplications a value; O(1).
package struct MarkovBetting: ErrorDetector, EvidenceDetector {
  static let entry = Entry<Void, any DriftDetector>(
    "markov-betting", "bets against a chain of errors, a budget in O(1) (M1)",
    parameters: [
      Parameter(
        "budget", .real(default: 100_000, in: 1...1e15), "values per false alarm, about",
        strictness: .rising),
      Parameter("direction", .choice(default: "up", of: ["up", "both"]), "what to watch"),
    ],
    make: { settings, _ in
      MarkovBetting(
        budget: settings.real("budget"), watchesFalls: settings.word("direction") == "both")
    })

  private let budget: Double
  private var leavesAlarms = false
  /// The sum of all sums.
  package private(set) var evidence = 0.0
  private let bets: BettingSums
  private var sums: [Double]
  /// Of values after none and after an error: how many errors, how many values.
  private var errors: InlineArray<2, Double> = [0, 0]
  private var values: InlineArray<2, Double> = [0, 0]
  private var last = 0
  private var rate = RunningRate()
  private var start = ChangeStart()
  private var correlation = SerialCorrelation()

  package init(budget: Double = 100_000, watchesFalls: Bool = false) {
    self.budget = budget
    bets = BettingSums(watchesFalls: watchesFalls)
    sums = Array(repeating: 0, count: bets.stakes.count)
  }

  package mutating func observe(_ value: Double) -> DetectorAlarm? {
    let value = ErrorRate.clamp(value)
    let expected = (errors[last] + 0.5) / (values[last] + 1)
    evidence = bets.bet(on: value, expecting: expected, &sums)
    start.add(value - expected, before: rate)
    errors[last] += value
    values[last] += 1
    last = value >= 0.5 ? 1 : 0
    rate.add(value)
    correlation.add(value)
    return leavesAlarms || evidence < budget ? nil : claim(budget: budget)
  }

  package mutating func leaveAlarms() { leavesAlarms = true }

  package mutating func claim(budget: Double) -> DetectorAlarm? {
    let alarm = rate.alarm(
      .drift, since: start.estimate(rising: bets.isRise(sums)),
      promise: AlarmPromise(
        budget: budget, isGuaranteed: false,
        condition: "an error depends on the one before alone, on average over rates",
        autocorrelation: correlation.value))
    let leaves = leavesAlarms
    self = MarkovBetting(budget: self.budget, watchesFalls: bets.watchesFalls)
    leavesAlarms = leaves
    return alarm
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(sums)
    writer.write([errors[0], errors[1], values[0], values[1]] + rate.numbers)
    writer.write(last)
    writer.write(correlation.numbers)
    writer.write(start.numbers)
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let sums = try reader.readDoubles()
    let numbers = try reader.readDoubles()
    last = try reader.readInt()
    guard sums.count == self.sums.count, numbers.count == 6, (0...1).contains(last),
      let correlation = SerialCorrelation(try reader.readDoubles()[...])
    else { throw .corrupt }
    self.sums = sums
    evidence = sums.reduce(0, +)
    errors = [numbers[0], numbers[1]]
    values = [numbers[2], numbers[3]]
    rate = try RunningRate(numbers[4...])
    self.correlation = correlation
    start = try ChangeStart(try reader.readDoubles()[...])
  }
}
