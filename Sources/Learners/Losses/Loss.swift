import Glibc
import Kernels

/// What a linear model is trained to make small. z is the linear predictor, y the label.
///
///     squared    (z − y)²                       gradient 2(z − y), as River and VW have it
///     huber      ½e² up to |e| = ε, then linear  gradient e, clamped to ±ε; e = z − y
///     quantile   pinball: τ-quantile of y       gradient (y < z) − τ
///     poisson    eᶻ − y·z, y ≥ 0                gradient eᶻ − y
///     logistic   log(1 + eᶻ) − y·z, y ∈ {0, 1}  gradient σ(z) − y
enum Loss: Sendable, Equatable {
  case squared
  case huber(epsilon: Double)
  case quantile(Double)
  case poisson
  case logistic

  /// ∂loss/∂z.
  @inline(__always)
  func gradient(_ z: Double, _ y: Double) -> Double {
    switch self {
    case .squared: return 2 * (z - y)
    case .huber(let epsilon): return min(max(z - y, -epsilon), epsilon)
    case .quantile(let level): return (z > y ? 1 : 0) - level
    case .poisson: return exp(min(z, Loss.largestLog)) - y
    case .logistic: return Sigmoid.probability(z) - y
    }
  }

  /// ∂²loss/∂z², or an upper bound that works for it where it is 0 or undefined.
  func curvature(_ z: Double, _ y: Double) -> Double {
    switch self {
    case .squared: return 2
    case .huber(let epsilon): return epsilon / max(abs(z - y), epsilon)
    case .quantile: return 1 / max(2 * abs(z - y), 1e-3)
    case .poisson: return max(exp(min(z, Loss.largestLog)), 1e-9)
    case .logistic:
      let p = Sigmoid.probability(z)
      return max(p * (1 - p), 1e-9)
    }
  }

  func value(_ z: Double, _ y: Double) -> Double {
    let error = z - y
    switch self {
    case .squared: return error * error
    case .huber(let epsilon):
      return abs(error) <= epsilon ? error * error / 2 : epsilon * (abs(error) - epsilon / 2)
    case .quantile(let level): return error > 0 ? (1 - level) * error : -level * error
    case .poisson: return exp(min(z, Loss.largestLog)) - y * z
    case .logistic: return Sigmoid.softplus(z) - y * z
    }
  }

  /// What is told to the user: the mean or quantile of y, or the probability that y is 1.
  @inline(__always)
  func prediction(_ z: Double) -> Double {
    switch self {
    case .squared, .huber, .quantile: return z
    case .poisson: return exp(min(z, Loss.largestLog))
    case .logistic: return Sigmoid.probability(z)
    }
  }

  /// Past this, eᶻ is no count that a stream of events could hold.
  static let largestLog = 50.0

  /// The step s of implicit SGD: the solution of s = rate · gradient(z − s·norm), so that
  /// w ← w − s·x lands where the gradient taken there would have led. Finite at every rate.
  ///
  /// Reference: P. Toulis and E. M. Airoldi, Asymptotic and finite-sample properties of estimators
  /// based on stochastic gradients, Annals of Statistics 45 (2017), algorithm 1.
  func implicitStep(_ z: Double, _ y: Double, rate: Double, norm: Double) -> Double {
    switch self {
    case .squared:
      return rate * 2 * (z - y) / (1 + 2 * rate * norm)
    case .huber(let epsilon):
      let inner = rate * (z - y) / (1 + rate * norm)
      return min(max(inner, -rate * epsilon), rate * epsilon)
    case .quantile(let level):
      // The step may carry z up to y, where any subgradient will do, but not past it.
      let full = rate * gradient(z, y)
      let toLabel = (z - y) / max(norm, 1e-300)
      return level == 0 ? full : (full > 0 ? min(full, toLabel) : max(full, toLabel))
    case .poisson, .logistic:
      return solveImplicit(z, y, rate: rate, norm: norm)
    }
  }

  /// Newton's method kept inside a bracket that shrinks; s lies between 0 and the explicit step.
  private func solveImplicit(_ z: Double, _ y: Double, rate: Double, norm: Double) -> Double {
    let explicit = rate * gradient(z, y)
    var (low, high) = explicit < 0 ? (explicit, 0) : (0, explicit)
    var step = explicit / (1 + rate * curvature(z, y) * norm)
    var width = high - low
    for _ in 0..<200 {
      let here = z - step * norm
      let excess = step - rate * gradient(here, y)
      if excess > 0 { high = step } else { low = step }
      // Relative to the step itself: where eᶻ is large the explicit step is no measure of it.
      if abs(excess) <= 1e-13 * abs(step) || high - low <= 1e-16 * abs(step) { break }
      let newton = step - excess / (1 + rate * curvature(here, y) * norm)
      // Where the slope is steep Newton creeps: it has to halve the bracket, or halving does.
      let creeps = high - low > width / 2
      width = high - low
      step = newton > low && newton < high && !creeps ? newton : (low + high) / 2
    }
    return step
  }
}
