import Catalogues
import Glibc
package import Kernels

/// Two numbers in 0 ... 1 and a sine between the classes.
///
/// `yes` by concept: 1, x₂ < sin x₁; 2, the other side; 3, x₂ < ½ + 0.3·sin 3πx₁; 4, the other side. No noise.
///
/// Reference: J. Gama, P. Medas, G. Castillo and P. Rodrigues, Learning with drift detection, SBIA 2004: SINE1
/// and SINE2.
package struct Sine: StreamGenerator {
  static let entry = Entry<GeneratorContext, any StreamGenerator>(
    "sine", "one side of a sine (Gama et al. 2004)",
    parameters: [Parameter("concept", .integer(default: 1, in: 1...4), "which of the four")],
    make: { settings, _ in Sine(concept: settings.integer("concept")) })

  private let concept: Int

  package init(concept: Int) { self.concept = concept }

  package var columns: [StreamColumn] {
    [.number("x1"), .number("x2"), .words("label", ["no", "yes"])]
  }

  package mutating func next(
    _ row: UnsafeMutableBufferPointer<Double>, _ random: inout RandomBits
  ) {
    row[0] = random.unit()
    row[1] = random.unit()
    let border = concept <= 2 ? sin(row[0]) : 0.5 + 0.3 * sin(3 * .pi * row[0])
    row[2] = (row[1] < border) == (concept % 2 == 1) ? 1 : 0
  }
}
