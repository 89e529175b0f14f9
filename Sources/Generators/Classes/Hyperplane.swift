import Catalogues
package import Kernels

/// A hyperplane that turns: numbers in 0 ... 1, `yes` on its upper side.
///
/// `yes` when Σ wᵢxᵢ ≥ ½·Σ wᵢ. After each row the first `drifting` weights move by `change`, each in a direction
/// that turns round with the chance `reverse`; a share `noise` of labels is turned round. The change is
/// incremental and never ends; with `change=0` it stands still.
///
/// Reference: G. Hulten, L. Spencer and P. Domingos, Mining time-changing data streams, KDD 2001.
package struct Hyperplane: StreamGenerator {
  static let entry = Entry<GeneratorContext, any StreamGenerator>(
    "hyperplane", "one side of a plane that turns (Hulten et al. 2001)",
    parameters: [
      Parameter("features", .integer(default: 10, in: 1...10_000), "numbers"),
      Parameter("drifting", .integer(default: 2, in: 0...10_000), "how many weights move"),
      Parameter("change", .real(default: 0.001, in: 0...1), "of a weight, per row"),
      Parameter("reverse", .real(default: 0.1, in: 0...1), "chance to turn round, per row"),
      Parameter("noise", .real(default: 0.05, in: 0...1), "share of labels turned round"),
    ],
    make: { settings, context in
      Hyperplane(
        features: settings.integer("features"), drifting: settings.integer("drifting"),
        change: settings.real("change"), reverse: settings.real("reverse"),
        noise: settings.real("noise"), seed: context.seed)
    })

  private var weights: [Double]
  private var directions: [Double]
  private let change: Double
  private let reverse: Double
  private let noise: Double

  package init(
    features: Int, drifting: Int, change: Double, reverse: Double, noise: Double, seed: UInt64
  ) {
    var random = RandomBits(seed: seed)
    weights = (0..<features).map { _ in random.unit() }
    directions = (0..<min(drifting, features)).map { _ in random.chance(0.5) ? 1 : -1 }
    (self.change, self.reverse, self.noise) = (change, reverse, noise)
  }

  package var columns: [StreamColumn] {
    weights.indices.map { .number("x\($0 + 1)") } + [.words("label", ["no", "yes"])]
  }

  package mutating func next(
    _ row: UnsafeMutableBufferPointer<Double>, _ random: inout RandomBits
  ) {
    var (sum, half) = (0.0, 0.0)
    for k in weights.indices {
      row[k] = random.unit()
      sum += weights[k] * row[k]
      half += weights[k] / 2
    }
    row[weights.count] = (sum >= half) != random.chance(noise) ? 1 : 0
    guard change > 0 else { return }
    for k in directions.indices {
      weights[k] += directions[k] * change
      if random.chance(reverse) { directions[k] = -directions[k] }
    }
  }
}
