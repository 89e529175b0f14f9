import Kernels

/// Random Fourier features: a row of d numbers as 2D cosines and sines, whose products are a kernel.
///
/// With frequencies ω₁ … ω_D drawn from the normal distribution of deviation 1/(w·√d), and a row x brought to mean
/// 0 and deviation 1 by the means μ and deviations s of its columns,
///
///     z = ((x − μ)/s)    φ(x) = (cos ω₁·z, …, cos ω_D·z, sin ω₁·z, …, sin ω_D·z)
///     φ(x)·φ(y)/D  ≈  exp(−|z_x − z_y|²/(2·w²·d))
///
/// which is the Gaussian kernel of width w·√d, with an error of about 1/√D. Two standardised rows are √(2d) apart
/// as a rule, so that one w serves any number of columns.
///
/// Reference: A. Rahimi and B. Recht, Random features for large-scale kernel machines, NIPS 2007, algorithm 1.
///
/// A column without spread is only brought to mean 0. A number that is not finite counts as its column's mean.
struct FourierFeatures: Sendable {
  /// D: half of the features.
  let frequencies: Int
  private let width: Int
  /// ω/2π, d × D: the k-th row holds what each frequency has of column k.
  private let weights: [Double]
  private var means: [Double]
  /// While rows are gauged sums of squared deviations, then 1/s.
  private var scales: [Double]
  private(set) var gauged = 0
  /// ω·z, in turns.
  private var phases: [Double]

  /// Draws the frequencies, one after another, from `random`.
  init(frequencies: Int, width: Int, bandwidth: Double, _ random: inout RandomBits) {
    (self.frequencies, self.width) = (frequencies, width)
    let deviation = 1 / (2 * .pi * bandwidth * Double(width).squareRoot())
    var weights = [Double](repeating: 0, count: width * frequencies)
    for frequency in 0..<frequencies {
      for column in 0..<width {
        weights[column * frequencies + frequency] = deviation * random.normal()
      }
    }
    self.weights = weights
    means = Array(repeating: 0, count: width)
    scales = means
    phases = Array(repeating: 0, count: frequencies)
  }

  /// Forgets means and deviations.
  mutating func forget() {
    gauged = 0
    for column in 0..<width { (means[column], scales[column]) = (0, 0) }
  }

  /// Takes a row into means and deviations, which `count` rows make.
  mutating func gauge(_ row: UnsafeBufferPointer<Double>, of count: Int) {
    gauged += 1
    for column in 0..<width {
      let value = row[column].isFinite ? row[column] : means[column]
      let distance = value - means[column]
      means[column] += distance / Double(gauged)
      scales[column] += distance * (value - means[column])
    }
    guard gauged == count else { return }
    for column in 0..<width {
      let deviation = (scales[column] / Double(count)).squareRoot()
      scales[column] = deviation > 0 ? 1 / deviation : 1
    }
  }

  /// Adds a row's features, 2D numbers, to `sums`.
  mutating func add(_ row: UnsafeBufferPointer<Double>, to sums: UnsafeMutablePointer<Double>) {
    let (count, width) = (frequencies, width)
    phases.withUnsafeMutableBufferPointer { buffer in
      guard let phases = buffer.baseAddress else { return }
      for k in 0..<count { phases[k] = 0 }
      weights.withUnsafeBufferPointer { buffer in
        guard let weights = buffer.baseAddress else { return }
        for column in 0..<width {
          let place = (row[column] - means[column]) * scales[column]
          // So far out that an angle is noise, but near enough to be one.
          let bounded = place.isNaN ? 0 : max(-1e6, min(1e6, place))
          Vectors.add(bounded, weights + column * count, to: phases, count)
        }
      }
      Turns.add(phases, cosines: sums, sines: sums + count, count)
    }
  }

  /// What was gauged: the count, means and scales.
  var gauge: (count: Int, means: [Double], scales: [Double]) { (gauged, means, scales) }

  /// Takes over what was gauged; false if it is of rows of another width.
  mutating func restore(count: Int, means: [Double], scales: [Double]) -> Bool {
    guard means.count == width, scales.count == width, count >= 0 else { return false }
    (gauged, self.means, self.scales) = (count, means, scales)
    return true
  }
}
