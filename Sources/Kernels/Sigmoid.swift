import Glibc

/// The logistic function and its kin, safe at both ends of the number line.
package enum Sigmoid {
  /// 1 / (1 + e⁻ᶻ), for z in log-odds; 0 and 1 are reached only by rounding.
  @inlinable
  package static func probability(_ z: Double) -> Double {
    if z >= 0 { return 1 / (1 + exponential(-z)) }
    let power = exponential(z)
    return power / (1 + power)
  }

  /// log(1 + eᶻ), without overflow.
  package static func softplus(_ z: Double) -> Double {
    z > 0 ? z + log1p(exp(-z)) : log1p(exp(z))
  }

  /// e^z by the C library, which rounds it to within one unit in the last place.
  @usableFromInline
  package static func exponential(_ z: Double) -> Double { exp(z) }
}
