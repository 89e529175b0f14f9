/// Weight, mean and sum of squared deviations of some values.
///
/// Reference: T. Chan, G. Golub and R. LeVeque, Algorithms for computing the sample variance, 1983.
struct Moments: Sendable {
  var weight = 0.0
  var mean = 0.0
  var squares = 0.0

  /// The variance of a sample; 0 of less than two values.
  var variance: Double { weight > 1 ? squares / (weight - 1) : 0 }

  @inline(__always)
  mutating func add(_ value: Double, _ weight: Double) {
    self.weight += weight
    let distance = value - mean
    mean += weight / self.weight * distance
    squares += weight * distance * (value - mean)
  }

  func plus(_ other: Moments) -> Moments {
    let sum = weight + other.weight
    guard sum > 0 else { return Moments() }
    let distance = mean - other.mean
    return Moments(
      weight: sum, mean: (weight * mean + other.weight * other.mean) / sum,
      squares: squares + other.squares + distance * distance * weight * other.weight / sum)
  }

  /// What is left when values that are among these are taken away.
  func minus(_ other: Moments) -> Moments {
    let rest = weight - other.weight
    guard rest > 0 else { return Moments() }
    let left = (weight * mean - other.weight * other.mean) / rest
    let distance = left - other.mean
    return Moments(
      weight: rest, mean: left,
      squares: max(
        0, squares - other.squares - distance * distance * rest * other.weight / weight))
  }

  /// How much smaller the variance is on two sides: σ² − Σ nₖ/n·σₖ²; 0 if a side has fewer than `least`.
  static func reduction(_ all: Moments, _ parts: Moments..., least: Double) -> Double {
    reduction(all, parts, least: least)
  }

  static func reduction(_ all: Moments, _ parts: [Moments], least: Double) -> Double {
    var reduction = all.variance
    for part in parts {
      guard part.weight >= least else { return 0 }
      reduction -= part.weight / all.weight * part.variance
    }
    return reduction
  }

  var numbers: [Double] { [weight, mean, squares] }
  init(weight: Double = 0, mean: Double = 0, squares: Double = 0) {
    (self.weight, self.mean, self.squares) = (weight, mean, squares)
  }
}
