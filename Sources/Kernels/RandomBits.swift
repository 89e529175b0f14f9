import Glibc

/// A small seedable generator of random numbers whose state is one word: SplitMix64.
///
/// Reference: G. Steele, D. Lea and C. Flood, Fast splittable pseudorandom number generators, OOPSLA 2014.
package struct RandomBits: Sendable {
  package var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  /// A number in 0 ..< 1.
  package mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A whole number in 0 ..< bound, each as likely as the others but for 2⁻⁶⁴·bound.
  package mutating func below(_ bound: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A number with a Poisson distribution of a mean that is not large (Knuth's product of uniforms).
  package mutating func poisson(_ mean: Double) -> Int {
    // Bagging asks for a mean of 1 at every row.
    let limit = mean == 1 ? 0.36787944117144233 : exp(-mean)
    var (count, product) = (0, unit())
    while product > limit {
      count += 1
      product *= unit()
    }
    return count
  }
}

extension RandomBits {
  /// A number with the standard normal distribution (Box and Muller 1958, one of the pair).
  package mutating func normal() -> Double {
    (-2 * log(1 - unit())).squareRoot() * cos(2 * .pi * unit())
  }
}
