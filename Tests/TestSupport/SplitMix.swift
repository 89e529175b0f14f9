import Kernels

/// The seedable generator of `Kernels`, for properties.
package struct SplitMix: RandomNumberGenerator {
  private var bits: RandomBits

  package init(seed: UInt64) { bits = RandomBits(seed: seed) }

  package mutating func next() -> UInt64 { bits.next() }

  /// A number in 0 ..< 1.
  package mutating func unit() -> Double { bits.unit() }

  /// A whole number in 0 ..< bound.
  package mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  /// Roughly normal, mean 0 and deviation 1: the sum of twelve uniforms less six.
  package mutating func normal() -> Double {
    (0..<12).reduce(-6.0) { sum, _ in sum + unit() }
  }
}
