import Catalogues
import Glibc
package import Kernels

/// Two switches v, w and two numbers x, y: `yes` when at least two of v, w and y < ½ + 0.3·sin 3πx hold, and
/// the other way round in concept 2.
///
/// Reference: J. Gama, P. Medas, G. Castillo and P. Rodrigues, Learning with drift detection, SBIA 2004: MIXED.
package struct Mixed: StreamGenerator {
  static let entry = Entry<GeneratorContext, any StreamGenerator>(
    "mixed", "two of two switches and a sine (Gama et al. 2004)",
    parameters: [Parameter("concept", .integer(default: 1, in: 1...2), "2: turned round")],
    make: { settings, _ in Mixed(concept: settings.integer("concept")) })

  private let concept: Int

  package init(concept: Int) { self.concept = concept }

  package var columns: [StreamColumn] {
    [
      .words("v", ["false", "true"]), .words("w", ["false", "true"]), .number("x"), .number("y"),
      .words("label", ["no", "yes"]),
    ]
  }

  package mutating func next(
    _ row: UnsafeMutableBufferPointer<Double>, _ random: inout RandomBits
  ) {
    row[0] = Double(random.below(2))
    row[1] = Double(random.below(2))
    row[2] = random.unit()
    row[3] = random.unit()
    let isBelow = row[3] < 0.5 + 0.3 * sin(3 * .pi * row[2])
    let holds = row[0] + row[1] + (isBelow ? 1 : 0) >= 2
    row[4] = holds == (concept == 1) ? 1 : 0
  }
}
