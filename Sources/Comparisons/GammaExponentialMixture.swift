import Glibc
import Kernels

/// The gamma-exponential mixture: evidence from a sum and its intrinsic time, for sums whose steps may be exponential.
///
/// For a process S with intrinsic time V such that exp(λS − ψ(λ)V) is a supermartingale for 0 ≤ λ < 1/c, with
/// ψ(λ) = (−log(1 − cλ) − cλ)/c², mixing over λ by a gamma distribution cut off at 1/c gives, with ρ for how the mixture is
/// spread, a = ρ/c², b = (V + ρ)/c², x = (cS + V + ρ)/c² and P the lower incomplete gamma function over the whole,
///
///     log m(S, V) = a·log a − log Γ(a) − log P(a, a) + log Γ(b) + log P(b, x) − b·log x + x − a
///
/// Reference: S. R. Howard, A. Ramdas, J. McAuliffe and J. Sekhon, Time-uniform, nonparametric, nonasymptotic
/// confidence sequences, Annals of Statistics 49 (2021), proposition 9.
struct GammaExponentialMixture: Sendable {
  private let rho: Double
  private let scale: Double
  private let constant: Double

  /// The mixture that is tightest about intrinsic time `time` for a risk of .05.
  init(tightestAt time: Double, scale: Double) {
    // The one-sided normal mixture's best spread, which is near enough: a risk of .05 on one side is .1 on two.
    let doubt = 2 * log(1 / 0.1)
    rho = time / (doubt + log1p(doubt))
    self.scale = scale
    let a = rho / (scale * scale)
    let gamma: Double = lgamma(a)
    constant = a * log(a) - gamma - IncompleteGamma.logLower(a, a) - a
  }

  /// log m(S, V).
  func logValue(sum: Double, time: Double) -> Double {
    let square = scale * scale
    let b = (time + rho) / square
    let x = (scale * sum + time + rho) / square
    // So far against it that nothing is left.
    guard x > 0 else { return -.infinity }
    let gamma: Double = lgamma(b)
    return constant + gamma + IncompleteGamma.logLower(b, x) - b * log(x) + x
  }

  /// The sum at which m(S, V) is 1/risk at intrinsic time `time`: it grows with the sum.
  func boundary(time: Double, risk: Double) -> Double {
    let enough = -log(risk)
    var high = max(1, time.squareRoot())
    while logValue(sum: high, time: time) < enough { high *= 2 }
    var low = 0.0
    for _ in 0..<80 {
      let middle = (low + high) / 2
      if logValue(sum: middle, time: time) < enough { low = middle } else { high = middle }
    }
    return high
  }
}
