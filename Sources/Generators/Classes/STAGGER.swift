import Catalogues
package import Kernels

/// STAGGER concepts: size, colour and shape, three words each.
///
/// `yes` by concept: 1, small and red; 2, green or circular; 3, medium or large.
///
/// Reference: J. C. Schlimmer and R. H. Granger, Incremental learning from noisy data, Machine Learning 1 (1986).
package struct STAGGER: StreamGenerator {
  static let entry = Entry<GeneratorContext, any StreamGenerator>(
    "stagger", "size, colour and shape (Schlimmer & Granger 1986)",
    parameters: [
      Parameter("concept", .integer(default: 1, in: 1...3), "which of the three rules")
    ],
    make: { settings, _ in STAGGER(concept: settings.integer("concept")) })

  private let concept: Int

  package init(concept: Int) { self.concept = concept }

  package var columns: [StreamColumn] {
    [
      .words("size", ["small", "medium", "large"]), .words("color", ["red", "blue", "green"]),
      .words("shape", ["circle", "square", "triangle"]), .words("label", ["no", "yes"]),
    ]
  }

  package mutating func next(
    _ row: UnsafeMutableBufferPointer<Double>, _ random: inout RandomBits
  ) {
    for k in 0..<3 { row[k] = Double(random.below(3)) }
    let holds =
      switch concept {
      case 1: row[0] == 0 && row[1] == 0
      case 2: row[1] == 2 || row[2] == 0
      default: row[0] > 0
      }
    row[3] = holds ? 1 : 0
  }
}
