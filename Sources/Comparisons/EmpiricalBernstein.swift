import Catalogues
import Glibc
package import Snapshots

/// An empirical-Bernstein confidence sequence for the mean difference, as of scores of forecasters.
///
/// Of bounded differences r between −1 and 1 (`BoundedDifferences`) with g the mean of those before each,
///
///     S = Σ r        V = Σ (r − g)²        evidence = m(S, V)        m: `GammaExponentialMixture`, c = 2
///
/// exp(λ(S − Σμ) − ψ(λ)V) is a supermartingale, μ the mean of each r given all that came before, whatever hangs
/// together with whatever; so S − Σμ stays below the boundary u(V) of the mixture at all times but for a chance of
/// risk, and (S ± u(V))/n is a confidence sequence for the running average of μ. Evidence is an e-process for "on average so
/// far the challenger was no better": the weak null.
///
/// Its boundary is tightest when V is what `horizon` values of the usual size make. Where differences are small beside
/// their bound it is looser than `betting`, which tests the same.
///
/// Reference: S. R. Howard, A. Ramdas, J. McAuliffe and J. Sekhon, Time-uniform, nonparametric, nonasymptotic
/// confidence sequences, Annals of Statistics 49 (2021), theorem 4; Y. J. Choe and A. Ramdas, Comparing sequential
/// forecasters, Operations Research 72 (2024), theorem 2, for score differences.
///
/// Parameters: `block`, `clip`, `horizon`. Cost: five additions a block, a few hundred steps when it is asked; O(1).
package struct EmpiricalBernstein: PairedTest {
  static let entry = Entry<Void, any PairedTest>(
    "empirical-bernstein", "a confidence sequence whose width follows the variance",
    parameters: BoundedDifferences.parameters(block: 1, clip: 3) + [
      Parameter(
        "horizon", .integer(default: 1000, in: 1...1_000_000_000),
        "values after which it is to be tightest")
    ],
    make: { settings, _ in
      EmpiricalBernstein(
        BoundedDifferences(settings), clip: settings.real("clip"),
        horizon: settings.integer("horizon"))
    })

  /// The width of −1 … 1.
  private static let range = 2.0

  private var differences: BoundedDifferences
  private let mixture: GammaExponentialMixture
  private var values = 0
  private var sum = 0.0
  private var time = 0.0

  init(_ differences: BoundedDifferences, clip: Double, horizon: Int) {
    self.differences = differences
    // A value of the usual size is 1/clip.
    mixture = GammaExponentialMixture(
      tightestAt: Double(horizon) / (clip * clip), scale: EmpiricalBernstein.range)
  }

  package var count: Int { differences.count }
  package var mean: Double { differences.mean }

  package mutating func observe(_ difference: Double) {
    guard let value = differences.take(difference) else { return }
    let distance = value - (values > 0 ? sum / Double(values) : 0)
    time += distance * distance
    sum += value
    values += 1
  }

  package var logEvidenceForBetter: Double {
    values > 0 ? mixture.logValue(sum: sum, time: time) : 0
  }
  package var logEvidenceForWorse: Double {
    values > 0 ? mixture.logValue(sum: -sum, time: time) : 0
  }

  package func bounds(risk: Double) -> ClosedRange<Double>? {
    guard values > 0 else { return nil }
    let reach = mixture.boundary(time: time, risk: risk)
    let low = max(-1, (sum - reach) / Double(values))
    let high = min(1, (sum + reach) / Double(values))
    return low * differences.meanScale...high * differences.meanScale
  }

  package func write(to writer: inout SnapshotWriter) {
    differences.write(to: &writer)
    writer.write(values)
    writer.write([sum, time])
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try differences.restore(from: &reader)
    values = try reader.readInt()
    let sums = try reader.readDoubles()
    guard values >= 0, sums.count == 2 else { throw .corrupt }
    (sum, time) = (sums[0], sums[1])
  }
}
