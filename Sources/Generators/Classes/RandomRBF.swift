import Catalogues
import Glibc
package import Kernels

/// Clouds around random centres that may wander.
///
/// `centers` points in 0 ... 1, each with a class, a weight and a deviation. A row takes a centre by weight and
/// lies in a random direction from it, |N(0, 1)| deviations off. After each row the first `drifting` centres
/// move by `speed` each, and turn back at the walls.
///
/// Reference: A. Bifet, G. Holmes, B. Pfahringer, R. Kirkby and R. Gavaldà, New ensemble methods for evolving
/// data streams, KDD 2009, §5.1.
package struct RandomRBF: StreamGenerator {
  static let entry = Entry<GeneratorContext, any StreamGenerator>(
    "random-rbf", "clouds around centres that wander (Bifet et al. 2009)",
    parameters: [
      Parameter("model", .integer(default: 1, in: 0...Int.max), "which centres are drawn"),
      Parameter("classes", .integer(default: 2, in: 2...1000), "classes"),
      Parameter("features", .integer(default: 10, in: 1...10_000), "numbers"),
      Parameter("centers", .integer(default: 50, in: 1...100_000), "clouds"),
      Parameter("drifting", .integer(default: 50, in: 0...100_000), "clouds that wander"),
      Parameter("speed", .real(default: 0, in: 0...1), "of a cloud, per row"),
    ],
    make: { settings, context in
      RandomRBF(
        seed: context.seed &+ UInt64(settings.integer("model")) &* 0x9E37_79B9,
        classes: settings.integer("classes"), features: settings.integer("features"),
        centers: settings.integer("centers"), drifting: settings.integer("drifting"),
        speed: settings.real("speed"))
    })

  private struct Center: Sendable {
    var position: [Double]
    /// Of length 1.
    var direction: [Double]
    let label: Double
    let deviation: Double
    /// Of this centre and all before it.
    let weight: Double
  }

  private var centers: [Center] = []
  private let classes: Int
  private let features: Int
  private let drifting: Int
  private let speed: Double

  package init(
    seed: UInt64, classes: Int, features: Int, centers count: Int, drifting: Int, speed: Double
  ) {
    (self.classes, self.features, self.speed) = (classes, features, speed)
    self.drifting = min(drifting, count)
    var random = RandomBits(seed: seed)
    var weight = 0.0
    for _ in 0..<count {
      weight += random.unit()
      centers.append(
        Center(
          position: (0..<features).map { _ in random.unit() },
          direction: RandomRBF.direction(features, &random),
          label: Double(random.below(classes)), deviation: random.unit(), weight: weight))
    }
  }

  private static func direction(_ width: Int, _ random: inout RandomBits) -> [Double] {
    let draw = (0..<width).map { _ in random.normal() }
    let length = draw.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return draw.map { $0 / max(length, 1e-300) }
  }

  package var columns: [StreamColumn] {
    (1...features).map { .number("x\($0)") }
      + [.words("label", (1...classes).map { "class\($0)" })]
  }

  package mutating func next(
    _ row: UnsafeMutableBufferPointer<Double>, _ random: inout RandomBits
  ) {
    let draw = random.unit() * (centers.last?.weight ?? 1)
    let chosen = centers.firstIndex { $0.weight > draw } ?? centers.count - 1
    var length = 0.0
    for k in 0..<features {
      row[k] = random.normal()
      length += row[k] * row[k]
    }
    let reach = abs(random.normal()) * centers[chosen].deviation / max(length.squareRoot(), 1e-300)
    for k in 0..<features { row[k] = centers[chosen].position[k] + reach * row[k] }
    row[features] = centers[chosen].label
    guard speed > 0 else { return }
    for center in 0..<drifting {
      for k in 0..<features {
        let moved = centers[center].position[k] + speed * centers[center].direction[k]
        if !(0...1).contains(moved) { centers[center].direction[k] *= -1 }
        centers[center].position[k] = min(1, max(0, moved))
      }
    }
  }
}
