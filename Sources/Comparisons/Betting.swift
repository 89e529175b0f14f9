import Catalogues
import Glibc
package import Snapshots

/// Bets on the challenger, a mixture of stakes that stay as they are: the money won is the evidence.
///
/// Bounded differences r₁, r₂, … between −1 and 1 come from `BoundedDifferences`. A gambler with stake λ has, after n,
///
///     Kₙ(λ) = Π (1 + λ·rᵢ)        evidence = mean of Kₙ(λ) over ten stakes .95·.55ʲ
///
/// and one who bets on −r does the same for "worse". Evidence above 1/risk promotes.
///
/// **What it tests.** With μᵢ the mean of rᵢ given all that came before it, Kₙ(λ)/Π(1 + λ·μᵢ) is a martingale of mean 1,
/// whatever hangs together with whatever. The logarithm is concave: Π(1 + λ·μᵢ) ≤ (1 + λ·m)ⁿ with m the average of
/// μ₁ … μₙ. So
///
///     Kₙ(λ)/(1 + λ·m)ⁿ  mixed over λ,  exceeds 1/risk at some n with a chance of at most risk,
///
/// and the m for which it does not are a confidence sequence for that running average, at all n together. For m ≤ 0
/// the denominator is at most 1: evidence is an e-process for "on average so far the challenger was no better", the
/// weak null of Choe and Ramdas, though means change with time. It rests on the stakes being constants. Stakes that
/// follow what came before (as those of Waudby-Smith and Ramdas do) test the strong null alone,
/// "never better at any event": with stakes quick enough a challenger that is better now and then, and never on average, is
/// promoted (`weir study promotions`, `following-stakes` on `turns`).
///
/// Reference: I. Waudby-Smith and A. Ramdas, Estimating means of bounded random variables by betting, Journal of the
/// Royal Statistical Society B 86 (2024), for capital processes; Y. J. Choe and A. Ramdas, Comparing sequential
/// forecasters, Operations Research 72 (2024), for the two nulls; J. Ville, Étude critique de la notion de collectif,
/// 1939, for the inequality.
///
/// Parameters: `block`, `clip`. Cost: 20 multiplications a block; O(1).
package struct Betting: PairedTest {
  static let entry = Entry<Void, any PairedTest>(
    "betting", "bets on the challenger with fixed stakes, mixed",
    parameters: BoundedDifferences.parameters(block: 1, clip: 5),
    make: { settings, _ in Betting(BoundedDifferences(settings)) })

  private static let stakes = 10

  private var differences: BoundedDifferences
  private var values = 0
  /// Money of those who bet on "better", then of those who bet on "worse": a factor and a logarithm each.
  private var factors = Array(repeating: 1.0, count: 2 * stakes)
  private var logs = Array(repeating: 0.0, count: 2 * stakes)
  /// By stake: .95·.55ʲ.
  private let sizes: [Double]

  init(_ differences: BoundedDifferences) {
    self.differences = differences
    var size = 0.95
    sizes = (0..<Betting.stakes).map { _ in
      defer { size *= 0.55 }
      return size
    }
  }

  package var count: Int { differences.count }
  package var mean: Double { differences.mean }

  package mutating func observe(_ difference: Double) {
    guard let value = differences.take(difference) else { return }
    values += 1
    for k in 0..<Betting.stakes {
      multiply(k, 1 + sizes[k] * value)
      multiply(Betting.stakes + k, 1 - sizes[k] * value)
    }
  }

  private mutating func multiply(_ place: Int, _ factor: Double) {
    factors[place] *= factor
    guard factors[place] < 1e-150 || factors[place] > 1e150 else { return }
    logs[place] += log(factors[place])
    factors[place] = 1
  }

  package var logEvidenceForBetter: Double { logEvidence(from: 0, mean: 0) }
  package var logEvidenceForWorse: Double { logEvidence(from: Betting.stakes, mean: 0) }

  /// The evidence that the mean of what is betted on is above `mean`.
  private func logEvidence(from start: Int, mean: Double) -> Double {
    var greatest = -Double.infinity
    let all = sizes.indices.map { k in
      let money = logs[start + k] + log(factors[start + k])
      let fair = money - Double(values) * log1p(sizes[k] * mean)
      greatest = max(greatest, fair)
      return fair
    }
    let sum = all.reduce(0) { $0 + exp($1 - greatest) }
    return greatest + log(sum / Double(Betting.stakes))
  }

  package func bounds(risk: Double) -> ClosedRange<Double>? {
    guard values > 0 else { return nil }
    let low = lowest(from: 0, risk)
    let high = -lowest(from: Betting.stakes, risk)
    // Both hold; where they cross one of them has failed, and which is not known.
    return min(low, high) * differences.meanScale...max(low, high) * differences.meanScale
  }

  /// The least mean that the evidence does not exclude, found by halving.
  private func lowest(from start: Int, _ risk: Double) -> Double {
    let enough = -log(risk)
    var (low, high) = (-1.0, 1.0)
    guard logEvidence(from: start, mean: low) >= enough else { return low }
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if logEvidence(from: start, mean: middle) >= enough { low = middle } else { high = middle }
    }
    return low
  }

  package func write(to writer: inout SnapshotWriter) {
    differences.write(to: &writer)
    writer.write(values)
    writer.write(factors)
    writer.write(logs)
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try differences.restore(from: &reader)
    values = try reader.readInt()
    factors = try reader.readDoubles()
    logs = try reader.readDoubles()
    guard values >= 0, factors.count == 2 * Betting.stakes, logs.count == 2 * Betting.stakes
    else { throw .corrupt }
  }
}
