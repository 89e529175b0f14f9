import Catalogues
package import Snapshots

/// A column's distribution: the latest window of values against a reference.
///
/// The first `reference` values are the reference. After each further `window` values the two are compared by a
/// test (`TwoSampleTest`): a drift when the chance that one distribution gave both is at most `alpha`, or when
/// the distance exceeds `threshold`. The reference then is gathered anew, from the window on. With
/// `against=previous` it is gathered anew after every window, so that only what is sudden is seen.
///
///     ks-test         `alpha` .001, of the whole distribution; its chance is exact without ties
///     chi-square      `alpha` .001, of ten bins
///     psi             `threshold` .25, of ten bins
///     jensen-shannon  `threshold` .2, of ten bins
///     wasserstein     `threshold` .3, in standard deviations of the reference
///
/// A chance is for each comparison, and holds for independent values alone; a threshold promises nothing.
///
/// Cost: a comparison per window: sorting, and for `ks-test` n·m steps; memory for both samples.
package struct DistributionShift: DriftDetector {
  package enum Test: String, Sendable, CaseIterable {
    case kolmogorovSmirnov = "ks-test"
    case chiSquare = "chi-square"
    case stability = "psi"
    case jensenShannon = "jensen-shannon"
    case wasserstein = "wasserstein"

    var isByChance: Bool { self == .kolmogorovSmirnov || self == .chiSquare }
  }

  static let kolmogorovSmirnov = entry(
    .kolmogorovSmirnov, "a window against a reference, Kolmogorov-Smirnov, exact", limit: 0.001)
  static let chiSquare = entry(
    .chiSquare, "a window against a reference in ten bins, chi-square", limit: 0.001)
  static let stability = entry(
    .stability, "a window against a reference in ten bins, population stability index",
    limit: 0.25)
  static let jensenShannon = entry(
    .jensenShannon, "a window against a reference in ten bins, Jensen-Shannon", limit: 0.2)
  static let wasserstein = entry(
    .wasserstein, "a window against a reference, Wasserstein in standard deviations", limit: 0.3)

  private static func entry(
    _ test: Test, _ summary: String, limit: Double
  ) -> Entry<Void, any DriftDetector> {
    let strict =
      test.isByChance
      ? Parameter(
        "alpha", .real(default: limit, in: 0...1), "chance of a false alarm, per comparison",
        strictness: .falling)
      : Parameter(
        "threshold", .real(default: limit, in: 0...1e12), "distance that makes a drift",
        strictness: .rising)
    return Entry(
      test.rawValue, summary,
      parameters: [
        strict,
        Parameter("reference", .integer(default: 1000, in: 2...1_000_000), "values compared with"),
        Parameter("window", .integer(default: 250, in: 2...1_000_000), "values compared"),
        Parameter(
          "against", .choice(default: "reference", of: ["reference", "previous"]),
          "the first values since an alarm, or those just before"),
      ],
      make: { settings, _ in
        DistributionShift(
          test, limit: settings.real(test.isByChance ? "alpha" : "threshold"),
          reference: settings.integer("reference"), window: settings.integer("window"),
          isSliding: settings.word("against") == "previous")
      })
  }

  private let test: Test
  private let limit: Double
  private let referenceCount: Int
  private let windowCount: Int
  private let isSliding: Bool
  private var reference: [Double] = []
  private var window: [Double] = []

  package init(
    _ test: Test, limit: Double, reference: Int = 1000, window: Int = 250, isSliding: Bool = false
  ) {
    (self.test, self.limit, self.isSliding) = (test, limit, isSliding)
    (referenceCount, windowCount) = (reference, window)
  }

  package mutating func observe(_ value: Double) -> DetectorAlarm? {
    if reference.count < referenceCount {
      reference.append(value)
      return nil
    }
    window.append(value)
    guard window.count == windowCount else { return nil }
    let isDrift = isFar(reference.sorted(), window.sorted())
    let (before, after) = (DistributionShift.mean(reference), DistributionShift.mean(window))
    if isDrift {
      reference = Array(window.suffix(referenceCount))
    } else if isSliding {
      reference.append(contentsOf: window)
      reference.removeFirst(reference.count - referenceCount)
    }
    window.removeAll(keepingCapacity: true)
    return isDrift
      ? DetectorAlarm(level: .drift, valuesSinceChange: windowCount, before: before, after: after)
      : nil
  }

  private func isFar(_ reference: [Double], _ window: [Double]) -> Bool {
    switch test {
    case .kolmogorovSmirnov:
      return TwoSampleTest.kolmogorovSmirnovChance(reference, window) <= limit
    case .wasserstein:
      let mean = DistributionShift.mean(reference)
      let squares = reference.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      let deviation = (squares / Double(reference.count)).squareRoot()
      return TwoSampleTest.wasserstein(reference, window) > limit * deviation
    case .chiSquare, .stability, .jensenShannon:
      // A constant has one bin beside what is greater than it.
      var edges = TwoSampleTest.edges(of: reference, bins: 10)
      if edges.isEmpty { edges = [reference[0], reference[0].nextUp] }
      let counts = (
        TwoSampleTest.counts(reference, edges: edges), TwoSampleTest.counts(window, edges: edges)
      )
      switch test {
      case .chiSquare: return TwoSampleTest.chiSquare(counts.0, counts.1).chance <= limit
      case .stability: return TwoSampleTest.stability(counts.0, counts.1) > limit
      default: return TwoSampleTest.jensenShannon(counts.0, counts.1) > limit
      }
    }
  }

  private static func mean(_ values: [Double]) -> Double {
    values.reduce(0, +) / Double(values.count)
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(reference)
    writer.write(window)
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    reference = try reader.readDoubles()
    window = try reader.readDoubles()
    guard reference.count <= referenceCount, window.count < windowCount else { throw .corrupt }
  }
}
