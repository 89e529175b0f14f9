import CLanes

/// Bets on normal scores that rise, by several sizes of the rise: the arithmetic of `ShiryaevRoberts`.
///
/// Of a score z, for each size µ,
///
///     R ← min(10¹⁰⁰, (R + w)·exp(µz − µ²/2))     g ← max(0, g + µz − µ²/2)
///
/// and where g was 0 two numbers are kept that say what was there before. Cost: two lanes of four, some 15 ns.
package struct ShiftBets: Sendable {
  private static let lanes = Int(WEIR_SHIFTS)

  /// Sizes of change.
  package let count: Int
  private let weight: Double
  /// Sizes; then sums, excesses, and the two numbers.
  private var state: [Double]

  /// At most eight sizes above 0.
  package init(shifts: [Double], weight: Double) {
    precondition(shifts.count <= ShiftBets.lanes && shifts.allSatisfy { $0 > 0 }, "\(shifts)")
    count = shifts.count
    self.weight = weight
    state = Array(repeating: 0, count: 5 * ShiftBets.lanes)
    for (k, shift) in shifts.enumerated() { state[k] = shift }
  }

  /// Takes a score, before which there were so many values of such a mean; the sum of all R.
  package mutating func bet(_ score: Double, count: Double, mean: Double) -> Double {
    let weight = weight
    return state.withUnsafeMutableBufferPointer { state in
      guard let base = state.baseAddress else { return 0 }
      return weir_shiryaev_roberts(base + ShiftBets.lanes, base, score, weight, count, mean)
    }
  }

  /// What was there before the change began, by the size whose excess is greatest.
  package var start: (count: Double, mean: Double) {
    var best = 0
    for k in 0..<count where self[1, k] > self[1, best] { best = k }
    return (self[2, best], self[3, best])
  }

  /// Array 0: sums; 1: excesses; 2 and 3: the counts and means before these began.
  package subscript(array: Int, size: Int) -> Double {
    get { state[(array + 1) * ShiftBets.lanes + size] }
    set { state[(array + 1) * ShiftBets.lanes + size] = newValue }
  }
}
