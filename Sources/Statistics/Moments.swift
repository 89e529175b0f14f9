package import Snapshots

/// Count, mean, spread and range of numbers, in one pass.
///
/// With δ = x − mean before the number:
///
///     mean ← mean + δ/n        m2 ← m2 + δ·(x − mean)
///
/// so that m2 is Σ(x − mean)², with none of the cancellation of sums of squares; two accounts a and b are joined by
///
///     δ = mean_b − mean_a      mean = mean_a + δ·n_b/n      m2 = m2_a + m2_b + δ²·n_a·n_b/n
///
/// References: B. P. Welford, Note on a method for calculating corrected sums of squares and products, Technometrics 4
/// (1962); T. Chan, G. Golub and R. LeVeque, Updating formulae and a pairwise algorithm for computing sample
/// variances, COMPSTAT (1982). Cost: one division a number; 40 bytes.
package struct Moments: Snapshotted, Sendable, Equatable {
  package private(set) var count = 0.0
  package private(set) var mean = 0.0
  /// Σ(x − mean)².
  package private(set) var squares = 0.0
  package private(set) var least = Double.infinity
  package private(set) var most = -Double.infinity

  package init() {}

  /// The account of numbers of which these sums are known.
  package init(count: Double, mean: Double, squares: Double, least: Double, most: Double) {
    (self.count, self.mean, self.squares) = (count, mean, squares)
    (self.least, self.most) = (least, most)
  }

  /// With n − 1; 0 of fewer than two numbers.
  package var variance: Double { count > 1 ? max(squares, 0) / (count - 1) : 0 }
  package var standardDeviation: Double { variance.squareRoot() }

  package mutating func add(_ x: Double) {
    count += 1
    let deviation = x - mean
    mean += deviation / count
    squares += deviation * (x - mean)
    least = min(least, x)
    most = max(most, x)
  }

  package mutating func merge(_ other: Moments) {
    guard other.count > 0 else { return }
    guard count > 0 else {
      self = other
      return
    }
    let total = count + other.count
    let apart = other.mean - mean
    mean += apart * (other.count / total)
    squares += other.squares + apart * apart * (count * other.count / total)
    count = total
    least = min(least, other.least)
    most = max(most, other.most)
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write([count, mean, squares, least, most])
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readDoubles(count: 5)
    (count, mean, squares) = (numbers[0], numbers[1], numbers[2])
    (least, most) = (numbers[3], numbers[4])
    guard count >= 0 else { throw .corrupt }
  }
}
