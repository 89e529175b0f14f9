import Kernels

/// Which of several versions answers an event: shares of the traffic, dealt out by a hash of the event's id, or of its
/// number where it has none.
///
/// With h the hash of salt and id, 64 bits, and u = h / 2⁶⁴ in 0 ..< 1, version k of 1 … n answers where
///
///     s₁ + … + s₍ₖ₋₁₎  ≤  u  <  s₁ + … + sₖ
///
/// and version 0 answers the rest. So the same id is always answered by the same version, whatever stands around it;
/// raising the share of the last version takes ids from version 0 alone; and another salt deals anew, independently.
///
/// h is FNV-1a of the salt, a byte that is in no UTF-8 text, and the id, stirred by a step of SplitMix64, as the upper
/// bits of FNV-1a alone hardly know the last bytes.
///
/// Reference: G. Fowler, L. C. Noll and K.-P. Vo, FNV-1a, 64 bits (offset 14695981039346656037, prime 1099511628211).
package struct TrafficSplit: Sendable, Equatable {
  /// s₁, s₁ + s₂, …
  private let bounds: [Double]
  private let start: UInt64

  private static let offset: UInt64 = 0xCBF2_9CE4_8422_2325
  private static let prime: UInt64 = 0x100_0000_01B3

  /// - Parameters:
  ///   - shares: s₁ … sₙ, each above 0, their sum below 1; version 0 has what is left of 1.
  ///   - salt: any text.
  package init(shares: [Double], salt: String) {
    precondition(shares.allSatisfy { $0 > 0 } && shares.reduce(0, +) < 1, "shares \(shares)")
    var sum = 0.0
    bounds = shares.map { share in
      sum += share
      return sum
    }
    var start = TrafficSplit.offset
    for byte in Array(salt.utf8) + [0xFF] { TrafficSplit.take(byte, &start) }
    self.start = start
  }

  private static func take(_ byte: UInt8, _ hash: inout UInt64) {
    hash = (hash ^ UInt64(byte)) &* prime
  }

  /// The version that answers the event with this id.
  package func place(of id: UnsafeRawBufferPointer) -> Int {
    var hash = start
    for byte in id { TrafficSplit.take(byte, &hash) }
    return place(hash)
  }

  /// The version that answers an event without an id, by its number.
  package func place(ofEvent event: Int) -> Int {
    var hash = start
    for shift in stride(from: 0, to: 64, by: 8) {
      TrafficSplit.take(UInt8(truncatingIfNeeded: event >> shift), &hash)
    }
    return place(hash)
  }

  private func place(_ hash: UInt64) -> Int {
    var bits = RandomBits(seed: hash)
    let u = bits.unit()
    for k in 0..<bounds.count where u < bounds[k] { return k + 1 }
    return 0
  }
}
