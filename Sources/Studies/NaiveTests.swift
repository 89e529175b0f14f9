import Comparisons
import Glibc

/// What people do: a t-test, looked at after every event as if it were the only look. It breaks its level, the more the
/// longer it is looked at (P. Armitage, C. McPherson and B. Rowe, Repeated significance tests on accumulating data,
/// Journal of the Royal Statistical Society A 132, 1969).
struct RepeatedTTest {
  private var count = 0.0
  private var mean = 0.0
  private var squares = 0.0

  /// Takes a difference; whether the mean is above 0 at the one-sided level whose normal quantile is `critical`. There
  /// are 30 values at least.
  mutating func observe(_ difference: Double, critical: Double) -> Bool {
    count += 1
    let deviation = difference - mean
    mean += deviation / count
    squares += deviation * (difference - mean)
    guard count >= 30, squares > 0 else { return false }
    return mean / (squares / (count - 1) / count).squareRoot() > critical
  }
}

/// Betting with stakes that follow what came lately: valid where the challenger is never better, and fooled where it is so
/// only now and then (see `Betting`).
///
/// The stake is the mean of the last 100 bounded values over their mean square, between 0 and ½, known before each
/// value.
struct FollowingStakes {
  private static let memory = 0.99

  private var scale = 0.0
  private var count = 0.0
  private var mean = 0.0
  private var square = 1.0
  private var logMoney = 0.0

  mutating func observe(_ difference: Double, logRisk: Double) -> Bool {
    defer {
      count += 1
      scale += (abs(difference) - scale) / count
    }
    guard count >= 32, scale > 0 else { return false }
    let value = max(-1, min(1, difference / (4 * scale)))
    let stake = max(0, min(0.5, mean / square))
    logMoney += log1p(stake * value)
    mean = FollowingStakes.memory * mean + (1 - FollowingStakes.memory) * value
    square = FollowingStakes.memory * square + (1 - FollowingStakes.memory) * value * value
    return logMoney >= -logRisk
  }
}
