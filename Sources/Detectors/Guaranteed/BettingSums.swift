import Glibc
import Snapshots

/// Shiryaev–Roberts sums of bets on values in 0 ... 1, one for each stake.
struct BettingSums: Sendable {
  private static let sizes: [Double] = [0.25, 0.4, 0.6, 0.9, 1.35, 2, 3]

  let watchesFalls: Bool
  /// g = e^±δ − 1: what a bet wins for each unit of a value; rises first.
  let stakes: [Double]

  init(watchesFalls: Bool) {
    self.watchesFalls = watchesFalls
    let rises = BettingSums.sizes.map { expm1($0) }
    stakes = watchesFalls ? rises + BettingSums.sizes.map { expm1(-$0) } : rises
  }

  /// Makes each bet on `value`, fair if its mean is `expected`; what all sums come to.
  func bet(on value: Double, expecting expected: Double, _ sums: inout [Double]) -> Double {
    let weight = 1 / Double(stakes.count)
    var total = 0.0
    for k in stakes.indices {
      let payment = (1 + stakes[k] * value) / (1 + stakes[k] * expected)
      sums[k] = min(1e100, (sums[k] + weight) * payment)
      total += sums[k]
    }
    return total
  }

  /// Whether bets on rises have won the most.
  func isRise(_ sums: [Double]) -> Bool {
    guard watchesFalls else { return true }
    let half = sums.count / 2
    return (sums[..<half].max() ?? 0) >= (sums[half...].max() ?? 0)
  }
}

/// Where a mean began to differ from what was expected: at the extremum of the summed differences.
struct ChangeStart: Sendable {
  private var sum = 0.0
  private var least = 0.0
  private var greatest = 0.0
  private var atLeast = RunningRate()
  private var atGreatest = RunningRate()

  init() {}

  /// Takes the next value's difference; `rate` is what had been seen before it.
  mutating func add(_ difference: Double, before rate: RunningRate) {
    if sum <= least { (least, atLeast) = (sum, rate) }
    if sum >= greatest { (greatest, atGreatest) = (sum, rate) }
    sum += difference
  }

  func estimate(rising: Bool) -> RunningRate { rising ? atLeast : atGreatest }

  var numbers: [Double] { [sum, least, greatest] + atLeast.numbers + atGreatest.numbers }

  init(_ numbers: ArraySlice<Double>) throws(SnapshotError) {
    let n = Array(numbers)
    guard n.count == 7 else { throw .corrupt }
    (sum, least, greatest) = (n[0], n[1], n[2])
    atLeast = try RunningRate(n[3..<5])
    atGreatest = try RunningRate(n[5..<7])
  }
}
