import Glibc
package import Snapshots

/// A confidence sequence for the mean of a bounded quantity: an interval that may be looked at after every value.
///
/// Of values x between `low` and `high`, brought to 0 … 1, with g the mean of those before each (½ before the first),
///
///     S = Σ x        V = Σ (x − g)²        interval = (S ± u(V))/n
///
/// u is the boundary of the gamma-exponential mixture (`GammaExponentialMixture`, c = 1): S − Σμ exceeds it at some n with
/// a chance of at most its risk, μ the mean of each x given all that came before. So the interval holds the running average
/// of μ at all n together but for a chance of `risk`, half of it on each side. Nothing is assumed but the bounds: values
/// may hang together, and their mean may move; then it is the average of where it was that is meant.
///
/// Reference: S. R. Howard, A. Ramdas, J. McAuliffe and J. Sekhon, Time-uniform, nonparametric, nonasymptotic
/// confidence sequences, Annals of Statistics 49 (2021), theorem 4.
///
/// Cost: five additions a value, a few dozen evaluations of the mixture when the interval is asked for; 40 bytes.
package struct BoundedMean: Snapshotted, Sendable {
  /// Tightest where as much squared deviation has come as of 400 values of a rate of .2.
  private static let mixture = GammaExponentialMixture(tightestAt: 64, scale: 1)

  private let low: Double
  private let range: Double
  package private(set) var count = 0
  private var sum = 0.0
  private var time = 0.0

  /// Values lie in `bounds`; what lies outside counts as the nearest that does not.
  package init(_ bounds: ClosedRange<Double>) {
    precondition(bounds.lowerBound < bounds.upperBound, "a quantity without room: \(bounds)")
    low = bounds.lowerBound
    range = bounds.upperBound - bounds.lowerBound
  }

  package mutating func observe(_ value: Double) {
    let x = min(max((value - low) / range, 0), 1)
    let distance = x - (count > 0 ? sum / Double(count) : 0.5)
    time += distance * distance
    sum += x
    count += 1
  }

  /// The mean so far; nil before the first value.
  package var mean: Double? { count > 0 ? low + range * sum / Double(count) : nil }

  /// The interval at a risk between 0 and 1; before the first value all that is possible.
  package func interval(risk: Double) -> ClosedRange<Double> {
    guard count > 0 else { return low...low + range }
    let reach = BoundedMean.mixture.boundary(time: time, risk: risk / 2)
    let (n, most) = (Double(count), 1.0)
    return low + range * max(0, (sum - reach) / n)...low + range * min(most, (sum + reach) / n)
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(count)
    writer.write([sum, time])
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    count = try reader.readInt()
    let sums = try reader.readDoubles(count: 2)
    guard count >= 0 else { throw .corrupt }
    (sum, time) = (sums[0], sums[1])
  }
}
