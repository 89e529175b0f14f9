import Catalogues
import Kernels
package import Snapshots

/// KSWIN: the last values beside some of those before them, by the test of Kolmogorov and Smirnov.
///
/// Of a window of `window` values the newest `recent` are compared with as many that are drawn from the older
/// ones without putting back. Drift when the chance of so great a distance is at most `alpha` and the distance
/// greater than 0.1; then the older ones are forgotten. The change is placed before the recent values.
///
/// The test is made at every value: `alpha` is a chance for each of them, not for a stream.
///
/// Reference: C. Raab, M. Heusinger and F.-M. Schleif, Reactive soft prototype computing for concept drift
/// streams, Neurocomputing 416 (2020). River draws by another generator: the two agree in kind, not in index.
///
/// Parameters: `alpha`; `window` and `recent` values, at least twice as many in the window; `seed` of what is
/// drawn. Cost: O(w·log w) a value.
package struct KSWIN: DriftDetector {
  static let entry = Entry<Void, any DriftDetector>(
    "kswin", "last values beside drawn older ones, Kolmogorov-Smirnov (Raab et al. 2020)",
    parameters: [
      Parameter(
        "alpha", .real(default: 0.005, in: 0...1), "chance of a false alarm, per value",
        strictness: .falling),
      Parameter("window", .integer(default: 100, in: 2...1_000_000), "values in the window"),
      Parameter("recent", .integer(default: 30, in: 1...500_000), "newest values"),
      Parameter("seed", .integer(default: 42, in: 0...Int.max), "of what is drawn"),
    ],
    make: { settings, _ throws(SpecificationError) in
      let (window, recent) = (settings.integer("window"), settings.integer("recent"))
      guard window >= 2 * recent else {
        throw .unfit(
          entry: "kswin", reason: "a window of \(window) holds no \(recent) values twice")
      }
      return KSWIN(
        alpha: settings.real("alpha"), window: window, recent: recent,
        seed: UInt64(settings.integer("seed")))
    })

  private let alpha: Double
  private let window: Int
  private let recent: Int
  private var random: RandomBits
  /// Oldest first.
  private var values: [Double] = []

  package init(alpha: Double = 0.005, window: Int = 100, recent: Int = 30, seed: UInt64 = 42) {
    (self.alpha, self.window, self.recent) = (alpha, window, recent)
    random = RandomBits(seed: seed)
  }

  package mutating func observe(_ value: Double) -> DetectorAlarm? {
    values.append(value)
    guard values.count >= window else { return nil }
    if values.count > window { values.removeFirst() }
    let older = window - recent
    // The first `recent` of a shuffle.
    var drawn = Array(values[..<older])
    for k in 0..<recent { drawn.swapAt(k, k + random.below(older - k)) }
    let before = drawn[..<recent].sorted()
    let after = values[older...].sorted()
    let steps = KolmogorovSmirnov.steps(before, after)
    guard Double(steps) > 0.1 * Double(recent),
      KolmogorovSmirnov.chance(steps: steps, of: recent) <= alpha
    else { return nil }
    let means = (
      values[..<older].reduce(0, +) / Double(older), after.reduce(0, +) / Double(recent)
    )
    values.removeFirst(older)
    return DetectorAlarm(
      level: .drift, valuesSinceChange: recent, before: means.0, after: means.1)
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(random.state)
    writer.write(values)
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    random.state = try reader.readWord()
    values = try reader.readDoubles()
    guard values.count <= window else { throw .corrupt }
  }
}
