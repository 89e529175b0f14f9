import Catalogues
package import Kernels

/// Errors at one of two rates, of which now the one, now the other holds: a hidden Markov chain.
///
/// It leaves a rate with the chance 1/`dwell` at each value. One column, `value`.
package struct SwitchingErrors: StreamGenerator {
  static let entry = Entry<GeneratorContext, any StreamGenerator>(
    "switching-errors", "0 or 1 at one of two rates in turn: a hidden Markov chain",
    parameters: [
      Parameter("low", .real(default: 0.1, in: 0...1), "one rate"),
      Parameter("high", .real(default: 0.4, in: 0...1), "the other"),
      Parameter("dwell", .real(default: 50, in: 1...1e9), "mean number of values at a rate"),
    ],
    make: { settings, _ in
      SwitchingErrors(
        low: settings.real("low"), high: settings.real("high"), dwell: settings.real("dwell"))
    })

  private let low: Double
  private let high: Double
  private let dwell: Double
  private var isHigh = false

  package init(low: Double, high: Double, dwell: Double) {
    (self.low, self.high, self.dwell) = (low, high, dwell)
  }

  package var columns: [StreamColumn] { [.number("value", decimals: 0)] }

  package mutating func next(
    _ row: UnsafeMutableBufferPointer<Double>, _ random: inout RandomBits
  ) {
    if random.chance(1 / dwell) { isHigh.toggle() }
    row[0] = random.chance(isHigh ? high : low) ? 1 : 0
  }
}
