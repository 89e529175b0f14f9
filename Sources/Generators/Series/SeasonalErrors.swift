import Catalogues
import Glibc
package import Kernels

/// Errors whose chance goes up and down with a season: rate + amplitude·sin(2πt/period). One column, `value`.
package struct SeasonalErrors: StreamGenerator {
  static let entry = Entry<GeneratorContext, any StreamGenerator>(
    "seasonal-errors", "0 or 1 at a rate that follows a sine",
    parameters: [
      Parameter("rate", .real(default: 0.2, in: 0...1), "mean"),
      Parameter("amplitude", .real(default: 0.1, in: 0...1), "of the sine"),
      Parameter("period", .integer(default: 48, in: 1...1_000_000_000), "values"),
    ],
    make: { settings, _ in
      SeasonalErrors(
        rate: settings.real("rate"), amplitude: settings.real("amplitude"),
        period: settings.integer("period"))
    })

  private let rate: Double
  private let amplitude: Double
  private let period: Int
  private var phase = 0

  package init(rate: Double, amplitude: Double, period: Int) {
    (self.rate, self.amplitude, self.period) = (rate, amplitude, period)
  }

  package var columns: [StreamColumn] { [.number("value", decimals: 0)] }

  package mutating func next(
    _ row: UnsafeMutableBufferPointer<Double>, _ random: inout RandomBits
  ) {
    let swing = amplitude * sin(2 * .pi * Double(phase) / Double(period))
    row[0] = random.chance(rate + swing) ? 1 : 0
    phase = (phase + 1) % period
  }
}
