package import Snapshots

/// How two numbers go together: means, spreads and their common part, in one pass.
///
/// As `Moments`, with Σ(x − x̄)(y − ȳ) beside the two sums of squares; Pearson's correlation is that sum over the root
/// of their product. Cost: two divisions a pair; 48 bytes.
package struct PairMoments: Snapshotted, Sendable, Equatable {
  package private(set) var count = 0.0
  package private(set) var meanX = 0.0
  package private(set) var meanY = 0.0
  package private(set) var squaresX = 0.0
  package private(set) var squaresY = 0.0
  package private(set) var products = 0.0

  package init() {}

  /// The account of pairs of which these sums, about their means, are known.
  package init(
    count: Double, meanX: Double, meanY: Double, squaresX: Double, squaresY: Double,
    products: Double
  ) {
    (self.count, self.meanX, self.meanY) = (count, meanX, meanY)
    (self.squaresX, self.squaresY, self.products) = (squaresX, squaresY, products)
  }

  /// Pearson's, −1 … 1; 0 where one of the two does not vary.
  package var correlation: Double {
    guard squaresX > 0, squaresY > 0 else { return 0 }
    return max(-1, min(1, products / (squaresX.squareRoot() * squaresY.squareRoot())))
  }

  package mutating func merge(_ other: PairMoments) {
    guard other.count > 0 else { return }
    let total = count + other.count
    let share = other.count / total
    let (x, y) = (other.meanX - meanX, other.meanY - meanY)
    let common = count * share
    squaresX += other.squaresX + x * x * common
    squaresY += other.squaresY + y * y * common
    products += other.products + x * y * common
    meanX += x * share
    meanY += y * share
    count = total
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write([count, meanX, meanY, squaresX, squaresY, products])
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readDoubles(count: 6)
    (count, meanX, meanY) = (numbers[0], numbers[1], numbers[2])
    (squaresX, squaresY, products) = (numbers[3], numbers[4], numbers[5])
    guard count >= 0 else { throw .corrupt }
  }
}
