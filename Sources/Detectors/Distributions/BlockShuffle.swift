import Kernels

/// A test by shuffling: whether the last of some sums of vectors differ from the others more than chance makes them.
///
/// B blocks of equally many rows have sums s₁ … s_B, vectors of L numbers; of these the last w are compared with
/// the other B − w by
///
///     T = |Σ s_b − (w/B)·Σ_all s_b|²,  the first sum over the w
///
/// which is the squared distance of the two means but for a factor. If the blocks could as well have come in any
/// other order (independent rows of one distribution, or rows that depend on each other over less than a block),
/// any w of them are as good as the last. So w are drawn, and drawn again; where h of l draws gave at least T, the
/// chance is
///
///     p = h/l   as soon as h = 10,  else  (h + 1)/(n + 1) after n = ⌈10/α⌉ − 1 draws
///
/// for which P(p ≤ α) ≤ α exactly, whatever B and the distribution. While nothing happens some 10·(1 + ln(1/α))
/// draws do, 80 for α = .001; only an alarm takes them all.
///
/// Reference: J. Besag and P. Clifford, Sequential Monte Carlo p-values, Biometrika 78 (1991), section 2.
struct BlockShuffle: Sendable {
  /// Draws that are at least as far apart after which a test ends: the more, the finer the chance.
  static let enough = 10

  struct Outcome: Equatable {
    /// T.
    let distance: Double
    /// Mean of T over what was drawn.
    let usual: Double
    /// p.
    let chance: Double
  }

  private let enough: Int
  /// Drawn blocks first, then the others.
  private var order: [Int]
  /// (w/B)·Σ_all s_b.
  private var expected: [Double]
  private var sum: [Double]

  /// For `blocks` sums of `length` numbers.
  init(blocks: Int, length: Int, enough: Int = enough) {
    self.enough = enough
    order = Array(0..<blocks)
    expected = Array(repeating: 0, count: length)
    sum = expected
  }

  /// Tests the last `recent` of the sums, which stand `stride` numbers apart.
  mutating func test(
    _ sums: UnsafePointer<Double>, stride: Int, recent: Int, alpha: Double,
    _ random: inout RandomBits
  ) -> Outcome {
    let blocks = order.count
    expect(sums, stride, share: Double(recent) / Double(blocks))
    for k in 0..<blocks { order[k] = blocks - 1 - k }
    let found = distance(sums, stride, recent)
    // Equal but for rounding counts as equal: of few different values many draws are.
    let bar = found.squared * (1 - 1e-9) - found.rounding
    let draws = Int((Double(enough) / alpha).rounded(.up)) - 1
    for k in 0..<blocks { order[k] = k }
    var (drawn, atLeast, total) = (0, 0, 0.0)
    while drawn < draws, atLeast < enough {
      for k in 0..<recent { order.swapAt(k, k + random.below(blocks - k)) }
      let squared = distance(sums, stride, recent).squared
      drawn += 1
      total += squared
      if squared >= bar { atLeast += 1 }
    }
    let chance =
      atLeast == enough
      ? Double(atLeast) / Double(drawn) : Double(atLeast + 1) / Double(draws + 1)
    return Outcome(distance: found.squared, usual: total / Double(drawn), chance: chance)
  }

  private mutating func expect(_ sums: UnsafePointer<Double>, _ stride: Int, share: Double) {
    let (blocks, length) = (order.count, expected.count)
    expected.withUnsafeMutableBufferPointer { buffer in
      guard let expected = buffer.baseAddress else { return }
      for k in 0..<length { expected[k] = 0 }
      for block in 0..<blocks { Vectors.add(share, sums + block * stride, to: expected, length) }
    }
  }

  /// T of the first `count` blocks of `order`, and how far rounding may have moved it.
  private mutating func distance(
    _ sums: UnsafePointer<Double>, _ stride: Int, _ count: Int
  ) -> (squared: Double, rounding: Double) {
    let length = sum.count
    return expected.withUnsafeBufferPointer { expected in
      order.withUnsafeBufferPointer { order in
        sum.withUnsafeMutableBufferPointer { buffer in
          guard let sum = buffer.baseAddress, let expected = expected.baseAddress else {
            return (0, 0)
          }
          for k in 0..<length { sum[k] = 0 }
          for k in 0..<count { Vectors.add(1, sums + order[k] * stride, to: sum, length) }
          Vectors.add(-1, expected, to: sum, length)
          return (Vectors.dot(sum, sum, length), 1e-26 * Vectors.dot(expected, expected, length))
        }
      }
    }
  }
}
