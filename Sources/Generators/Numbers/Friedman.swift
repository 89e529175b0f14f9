import Catalogues
import Glibc
package import Kernels

/// Friedman's function of ten numbers in 0 ... 1, of which five count.
///
///     y = 10·sin(π·a·b) + 20·(c − ½)² + 10·d + 5·e + N(0, noise)
///
/// with (a, b, c, d, e) = (x1, x2, x3, x4, x5) in concept 1, (x4, x6, x2, x1, x3) in concept 2 and
/// (x2, x5, x4, x3, x1) in concept 3; in concept 4 those of concept 1, but where x2 < 0.3 and x3 < 0.3 and
/// x4 > 0.7 the relation is 10·x1·x2 + 20·(x3 − ½) + 10·x4 + 5·x5: a local drift.
///
/// References: J. H. Friedman, Multivariate adaptive regression splines, Annals of Statistics 19 (1991); drift
/// after E. Ikonomovska, Algorithms for learning regression trees and ensembles on evolving data streams (2012).
package struct Friedman: StreamGenerator {
  static let entry = Entry<GeneratorContext, any StreamGenerator>(
    "friedman", "a curved function of five of ten numbers (Friedman 1991)",
    parameters: [
      Parameter("concept", .integer(default: 1, in: 1...4), "which numbers play which part"),
      Parameter("noise", .real(default: 1, in: 0...1e6), "standard deviation"),
    ],
    make: { settings, _ in
      Friedman(concept: settings.integer("concept"), noise: settings.real("noise"))
    })

  private static let parts: [InlineArray<5, Int>] = [
    [0, 1, 2, 3, 4], [3, 5, 1, 0, 2], [1, 4, 3, 2, 0], [0, 1, 2, 3, 4],
  ]

  private let concept: Int
  private let part: InlineArray<5, Int>
  private let noise: Double

  package init(concept: Int, noise: Double) {
    (self.concept, self.noise) = (concept, noise)
    part = Friedman.parts[concept - 1]
  }

  package var columns: [StreamColumn] {
    (1...10).map { .number("x\($0)") } + [.number("y", decimals: 4)]
  }

  package mutating func next(
    _ row: UnsafeMutableBufferPointer<Double>, _ random: inout RandomBits
  ) {
    for k in 0..<10 { row[k] = random.unit() }
    let (a, b, c) = (row[part[0]], row[part[1]], row[part[2]])
    let line = 10 * row[part[3]] + 5 * row[part[4]]
    let isLocal = concept == 4 && row[1] < 0.3 && row[2] < 0.3 && row[3] > 0.7
    let curve =
      isLocal
      ? 10 * a * b + 20 * (c - 0.5) : 10 * sin(.pi * a * b) + 20 * (c - 0.5) * (c - 0.5)
    row[10] = curve + line + noise * random.normal()
  }
}
