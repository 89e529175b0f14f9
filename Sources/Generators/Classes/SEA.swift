import Catalogues
package import Kernels

/// SEA concepts: three numbers in 0 ... 10, of which the first two count.
///
/// `yes` when x₁ + x₂ ≤ θ, with θ = 8, 9, 7, 9.5 for concepts 1 to 4; a share `noise` of labels is turned round.
///
/// Reference: W. N. Street and Y. Kim, A streaming ensemble algorithm (SEA) for large-scale classification,
/// KDD 2001.
package struct SEA: StreamGenerator {
  static let entry = Entry<GeneratorContext, any StreamGenerator>(
    "sea", "two of three numbers below a sum (Street & Kim 2001)",
    parameters: [
      Parameter("concept", .integer(default: 1, in: 1...4), "which of the four sums"),
      Parameter("noise", .real(default: 0.1, in: 0...1), "share of labels turned round"),
    ],
    make: { settings, _ in
      SEA(concept: settings.integer("concept"), noise: settings.real("noise"))
    })

  private let threshold: Double
  private let noise: Double

  package init(concept: Int, noise: Double) {
    threshold = [8, 9, 7, 9.5][concept - 1]
    self.noise = noise
  }

  package var columns: [StreamColumn] {
    (1...3).map { .number("x\($0)", decimals: 4) } + [.words("label", ["no", "yes"])]
  }

  package mutating func next(
    _ row: UnsafeMutableBufferPointer<Double>, _ random: inout RandomBits
  ) {
    for k in 0..<3 { row[k] = random.within(0...10) }
    row[3] = (row[0] + row[1] <= threshold) != random.chance(noise) ? 1 : 0
  }
}
