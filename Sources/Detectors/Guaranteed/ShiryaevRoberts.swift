import Glibc
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
  private var statistics: [Double]
  private var excesses: [Double]
  private var starts: [RunningRate]

  /// `sign` is 1 for rises and −1 for falls; `step` is what M's mean grows by at each score.
  init(sign: Double, step: Double) {
    self.sign = sign
    let count = ShiryaevRoberts.shifts.count
    weight = step / Double(count)
    statistics = Array(repeating: 0, count: count)
    excesses = Array(repeating: 0, count: count)
    starts = Array(repeating: RunningRate(), count: count)
  }

  var isForRises: Bool { sign > 0 }

  /// M.
  private(set) var total = 0.0

  /// Takes a score; `rate` is what had been seen before the values it stands for.
  mutating func add(_ score: Double, before rate: RunningRate) {
    total = 0
    for k in statistics.indices {
      let shift = ShiryaevRoberts.shifts[k]
      let gain = shift * (sign * score - shift / 2)
      statistics[k] = min(1e100, (statistics[k] + weight) * exp(gain))
      total += statistics[k]
      if excesses[k] == 0 { starts[k] = rate }
      excesses[k] = max(0, excesses[k] + gain)
    }
  }

  /// What had been seen when the change began, by the CUSUM that has the most to say.
  var start: RunningRate {
    var best = 0
    for k in excesses.indices where excesses[k] > excesses[best] { best = k }
    return starts[best]
  }

  mutating func reset() {
    self = ShiryaevRoberts(sign: sign, step: weight * Double(statistics.count))
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(statistics + excesses + [total])
    for start in starts { writer.write(start.numbers) }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readDoubles()
    let count = statistics.count
    guard numbers.count == 2 * count + 1 else { throw .corrupt }
    statistics = Array(numbers[..<count])
    excesses = Array(numbers[count..<(2 * count)])
    total = numbers[2 * count]
    for k in starts.indices { starts[k] = try RunningRate(try reader.readDoubles()[...]) }
  }
}
