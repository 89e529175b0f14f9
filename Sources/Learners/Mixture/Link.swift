import Glibc
import Kernels

/// What an expert sees of the target, and how its linear predictor becomes a prediction of it.
enum Link: String, Sendable, CaseIterable {
  /// t = y.
  case identity
  /// t = √y, for y ≥ 0: errors of counts grow with their size, of their roots hardly.
  case sqrt
  /// t = log(1 + y), for y ≥ 0.
  case log1p
  /// For classes: the predictor is the log-odds of class 1.
  case logistic

  /// Whether the target must not be negative.
  var needsPositive: Bool { self == .sqrt || self == .log1p }

  @inline(__always)
  func forward(_ y: Double) -> Double {
    switch self {
    case .identity, .logistic: return y
    case .sqrt: return y > 0 ? y.squareRoot() : 0
    case .log1p: return y > 0 ? Glibc.log1p(y) : 0
    }
  }

  /// `backward` for many at once; nil for classes.
  var shape: Experts.Shape? {
    switch self {
    case .identity: .identity
    case .sqrt: .square
    case .log1p: .exponential
    case .logistic: nil
    }
  }

  @inline(__always)
  func backward(_ z: Double) -> Double {
    switch self {
    case .identity: return z
    case .sqrt: return z > 0 ? z * z : 0
    case .log1p: return z > 0 ? expm1(min(z, 700)) : 0
    case .logistic: return LogOdds.probability(z)
    }
  }
}

/// Probabilities as the mixture keeps them: away from 0 and 1, so that no expert's certainty can cost
/// everything.
enum LogOdds {
  static let least = 1e-6
  /// log((1 − least)/least).
  static let most = 13.815_509_557_963_773

  @inline(__always)
  static func probability(_ z: Double) -> Double {
    // z = ±most is p = least or 1 − least.
    1 / (1 + exp(-max(-most, min(most, z))))
  }

  /// The same of `count` log-odds, a multiple of 4.
  @inline(__always)
  static func probabilities(
    _ z: UnsafePointer<Double>, _ count: Int, into p: UnsafeMutablePointer<Double>
  ) {
    Experts.probabilities(z, count, most: most, into: p)
  }

  @inline(__always)
  static func clamp(_ p: Double) -> Double { max(least, min(1 - least, p)) }

  /// log(p/(1 − p)).
  static func of(_ p: Double) -> Double { log(p / (1 - p)) }
}
