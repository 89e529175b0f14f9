import Glibc

/// The chi-square distribution.
package enum ChiSquare {
  /// The chance of a value of at least `x` with `freedom` degrees: Q(freedom/2, x/2), the upper incomplete gamma
  /// function over the whole.
  ///
  /// Below freedom + 1 by the power series of the lower one, above by Legendre's continued fraction.
  ///
  /// Reference: NIST Digital Library of Mathematical Functions, 8.11.4 and 8.9.2.
  package static func survival(_ x: Double, freedom: Int) -> Double {
    precondition(freedom > 0, "\(freedom) degrees of freedom")
    guard x > 0 else { return 1 }
    let (a, z) = (Double(freedom) / 2, x / 2)
    let gamma: Double = lgamma(a)
    let front = exp(a * log(z) - z - gamma)
    guard z >= a + 1 else {
      var (term, sum, k) = (1 / a, 1 / a, a)
      while term > sum * 1e-17 {
        k += 1
        term *= z / k
        sum += term
      }
      return max(0, 1 - front * sum)
    }
    // Evaluated from the front (Lentz's method as modified by Thompson and Barnett).
    var b = z + 1 - a
    var c = 1e300
    var d = 1 / b
    var fraction = d
    for i in 1..<10_000 {
      let step = -Double(i) * (Double(i) - a)
      b += 2
      d = 1 / (step * d + b)
      c = b + step / c
      fraction *= c * d
      if abs(c * d - 1) < 1e-16 { break }
    }
    return front * fraction
  }
}
