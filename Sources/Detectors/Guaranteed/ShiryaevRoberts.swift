import Kernels
import Snapshots

/// Shiryaev–Roberts statistics of normal scores, one for each size of change, and where each change would
/// have begun.
///
/// For a shift µ and a score z that is N(0, 1) as long as nothing changes, exp(µz − µ²/2) has mean 1, so that
/// R ← (R + w)·exp(µz − µ²/2) has a mean that grows by w a step: with Σw = `step` over all sizes, the sum M of
/// all R has mean t·step after t steps. At the first time N that M ≥ c therefore c ≤ E[M] ≤ step·E[N].
///
/// Where a change began is told by a CUSUM beside each, g ← max(0, g + µz − µ²/2): at its last 0.
///
/// References: A. Shiryaev, Theory of Probability and its Applications 8 (1963); S. Roberts, Technometrics 8
/// (1966); as an e-detector J. Shin, A. Ramdas and A. Rinaldo, E-detectors (2022).
struct ShiryaevRoberts: Sendable {
  /// Sizes of change, in standard deviations of a score.
  static let shifts: [Double] = [0.5, 1, 1.5, 2.2, 3.2]

  private let sign: Double
  private let weight: Double
  private var bets: ShiftBets

  /// `sign` is 1 for rises and −1 for falls; `step` is what M's mean grows by at each score.
  init(sign: Double, step: Double) {
    self.sign = sign
    weight = step / Double(ShiryaevRoberts.shifts.count)
    bets = ShiftBets(shifts: ShiryaevRoberts.shifts, weight: weight)
  }

  var isForRises: Bool { sign > 0 }

  /// M.
  private(set) var total = 0.0

  /// Takes a score; `rate` is what had been seen before the values it stands for.
  mutating func add(_ score: Double, before rate: RunningRate) {
    total = bets.bet(sign * score, count: rate.count, mean: rate.mean)
  }

  /// What had been seen when the change began, by the CUSUM that has the most to say.
  var start: RunningRate {
    let (count, mean) = bets.start
    return RunningRate(count: count, mean: mean)
  }

  mutating func reset() {
    bets = ShiftBets(shifts: ShiryaevRoberts.shifts, weight: weight)
    total = 0
  }

  func write(to writer: inout SnapshotWriter) {
    let sizes = 0..<bets.count
    writer.write(sizes.map { bets[0, $0] } + sizes.map { bets[1, $0] } + [total])
    for k in sizes { writer.write([bets[2, k], bets[3, k]]) }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readDoubles()
    let count = bets.count
    guard numbers.count == 2 * count + 1 else { throw .corrupt }
    for k in 0..<count { (bets[0, k], bets[1, k]) = (numbers[k], numbers[count + k]) }
    total = numbers[2 * count]
    for k in 0..<count {
      let start = try RunningRate(try reader.readDoubles()[...])
      (bets[2, k], bets[3, k]) = (start.count, start.mean)
    }
  }
}
