import Catalogues
package import Kernels

/// Errors of a model: 1 with a given chance, each alike to the one before by a given correlation.
///
/// A chain of two states with P(1|1) = r + ρ(1 − r) and P(1|0) = r(1 − ρ): mean r, lag-1 correlation ρ; 0 gives
/// independent errors. One column, `value`.
package struct Errors: StreamGenerator {
  static let entry = Entry<GeneratorContext, any StreamGenerator>(
    "errors", "0 or 1, each like the one before by a correlation: a chain of two states",
    parameters: [
      Parameter("rate", .real(default: 0.2, in: 0...1), "mean"),
      Parameter("correlation", .real(default: 0, in: 0...0.999), "of a value with the next"),
    ],
    make: { settings, _ in
      Errors(rate: settings.real("rate"), correlation: settings.real("correlation"))
    })

  private let afterNone: Double
  private let afterError: Double
  private let rate: Double
  private var last = -1.0

  package init(rate: Double, correlation: Double) {
    self.rate = rate
    afterNone = rate * (1 - correlation)
    afterError = rate + correlation * (1 - rate)
  }

  package var columns: [StreamColumn] { [.number("value", decimals: 0)] }

  package mutating func next(
    _ row: UnsafeMutableBufferPointer<Double>, _ random: inout RandomBits
  ) {
    let chance = last < 0 ? rate : last > 0 ? afterError : afterNone
    last = random.chance(chance) ? 1 : 0
    row[0] = last
  }
}
