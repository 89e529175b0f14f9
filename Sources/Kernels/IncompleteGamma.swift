import Glibc

/// The lower incomplete gamma function over the whole, P(a, x), as a logarithm.
package enum IncompleteGamma {
  /// log P(a, x) for a > 0; −∞ for x ≤ 0.
  ///
  /// Below a + 1 by the power series, above by one minus Legendre's continued fraction. Accurate to about
  /// 1e-16·a·log a in absolute terms; some 10·√a steps near x = a.
  ///
  /// Reference: NIST Digital Library of Mathematical Functions, 8.7.1 and 8.9.2.
  package static func logLower(_ a: Double, _ x: Double) -> Double {
    precondition(a > 0, "a is \(a)")
    guard x > 0 else { return -.infinity }
    let gamma: Double = lgamma(a + 1)
    let front = a * log(x) - x - gamma
    guard x >= a + 1 else {
      var (term, sum, k) = (1.0, 1.0, a)
      while term > sum * 1e-17 {
        k += 1
        term *= x / k
        sum += term
      }
      return front + log(sum)
    }
    var b = x + 1 - a
    var c = 1e300
    var d = 1 / b
    var fraction = d
    var i = 0.0
    while i < 1e6 {
      i += 1
      let step = -i * (i - a)
      b += 2
      d = 1 / (step * d + b)
      c = b + step / c
      fraction *= c * d
      if abs(c * d - 1) < 1e-16 { break }
    }
    return log1p(-min(1, exp(front + log(a)) * fraction))
  }
}
