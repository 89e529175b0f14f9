import Catalogues
import Glibc
package import Kernels

/// Errors whose chance wanders: the logit of it is an autoregression that nobody sees.
///
/// u ← φ·u + σ·√(1 − φ²)·N(0, 1), of standard deviation σ; an error with the chance 1/(1 + e^−(c + u)), where c
/// is the logit of `rate`. No drift, for all that it looks like one. One column, `value`.
package struct LatentErrors: StreamGenerator {
  static let entry = Entry<GeneratorContext, any StreamGenerator>(
    "latent-errors", "0 or 1, with a chance that wanders as an autoregression",
    parameters: [
      Parameter("rate", .real(default: 0.2, in: 1e-6...0.999_999), "chance when nothing wanders"),
      Parameter("persistence", .real(default: 0.98, in: 0...0.999_999), "from value to value"),
      Parameter("deviation", .real(default: 0.8, in: 0...10), "of the chance's logit"),
    ],
    make: { settings, _ in
      LatentErrors(
        rate: settings.real("rate"), persistence: settings.real("persistence"),
        deviation: settings.real("deviation"))
    })

  private let center: Double
  private let persistence: Double
  private let deviation: Double
  private var latent: Double?

  package init(rate: Double, persistence: Double, deviation: Double) {
    center = log(rate / (1 - rate))
    (self.persistence, self.deviation) = (persistence, deviation)
  }

  package var columns: [StreamColumn] { [.number("value", decimals: 0)] }

  package mutating func next(
    _ row: UnsafeMutableBufferPointer<Double>, _ random: inout RandomBits
  ) {
    let step = deviation * (1 - persistence * persistence).squareRoot()
    let now =
      latent.map { persistence * $0 + step * random.normal() } ?? deviation * random.normal()
    latent = now
    row[0] = random.chance(1 / (1 + exp(-center - now))) ? 1 : 0
  }
}
