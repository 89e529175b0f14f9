import Catalogues
package import Snapshots

/// Page-Hinkley: a cumulative sum of deviations from the running mean.
///
/// With x̄ the mean of all values since the last reset, m⁺ ← α·m⁺ + (x − x̄ − δ) grows when values
/// rise and m⁻ ← α·m⁻ + (x − x̄ + δ) falls when they fall. Drift when m⁺ − min m⁺ > λ or
/// max m⁻ − m⁻ > λ. The change is placed where the winning sum had its extremum.
///
/// Reference: E. S. Page, Continuous inspection schemes, Biometrika 41 (1954), §2; D. V. Hinkley,
/// Inference about the change-point from cumulative sum tests, Biometrika 58 (1971). The form with
/// α is River's; `convention=moa` gives MOA's: rises only, the sum itself against λ (no minimum is
/// taken off), tested from one value earlier. It therefore speaks later after a long calm.
///
/// Parameters: `delta` ≥ 0, the change that is too small to matter, in the values' unit; `threshold`
/// λ; `alpha` forgetting of the sums; `minimum` values before the first test; `direction`.
/// Cost: 8 ns a value in `make bench-micro`, O(1) memory.
package struct PageHinkley: DriftDetector {
  package enum Direction: String, Sendable { case up, down, both }
  package enum Convention: String, Sendable { case river, moa }

  static let entry = Entry<Void, any DriftDetector>(
    "page-hinkley", "cumulative deviation from the running mean (Page 1954, Hinkley 1971)",
    parameters: [
      Parameter("delta", .real(default: 0.005, in: 0...1e12), "change too small to matter"),
      Parameter(
        "threshold", .real(default: 50, in: 0...1e18), "alarm when the sum exceeds this",
        strictness: .rising),
      Parameter("alpha", .real(default: 0.9999, in: 0...1), "forgetting of the sums, per value"),
      Parameter(
        "minimum", .integer(default: 30, in: 1...1_000_000), "values before the first test"),
      Parameter(
        "direction", .choice(default: "both", of: ["up", "down", "both"]), "what to watch"),
      Parameter(
        "convention", .choice(default: "river", of: ["river", "moa"]),
        "whose definition: moa watches rises only and takes no minimum off"),
    ],
    make: { settings, _ in
      PageHinkley(
        delta: settings.real("delta"), threshold: settings.real("threshold"),
        alpha: settings.real("alpha"), minimum: settings.integer("minimum"),
        direction: Direction(rawValue: settings.word("direction")) ?? .both,
        convention: Convention(rawValue: settings.word("convention")) ?? .river)
    })

  private let delta: Double
  private let threshold: Double
  private let alpha: Double
  private let minimum: Int
  private let watchesUp: Bool
  private let watchesDown: Bool
  private let convention: Convention

  private var count = 0
  private var mean = 0.0
  private var total = 0.0
  private var up = Excursion()
  private var down = Excursion()

  /// A cumulative sum, its extremum, and what had been seen when the extremum was reached.
  private struct Excursion: Sendable {
    var sum = 0.0
    var extremum = Double.nan
    var countAtExtremum = 0
    var totalAtExtremum = 0.0
  }

  package init(
    delta: Double = 0.005, threshold: Double = 50, alpha: Double = 0.9999, minimum: Int = 30,
    direction: Direction = .both, convention: Convention = .river
  ) {
    self.delta = delta
    self.threshold = threshold
    self.alpha = alpha
    self.minimum = minimum
    watchesUp = direction != .down || convention == .moa
    watchesDown = direction != .up && convention == .river
    self.convention = convention
    reset()
  }

  private mutating func reset() {
    count = 0
    mean = 0
    total = 0
    up = Excursion(extremum: convention == .moa ? 0 : .infinity)
    // River starts the maximum at -1, not -∞; kept so that the two agree index for index.
    down = Excursion(extremum: -1)
  }

  package mutating func observe(_ value: Double) -> DetectorAlarm? {
    count += 1
    total += value
    mean += (value - mean) / Double(count)
    up.sum = alpha * up.sum + (value - mean - delta)
    down.sum = alpha * down.sum + (value - mean + delta)
    // In MOA's form the sum is compared with 0, where it was last at or below it.
    if convention == .moa ? up.sum <= 0 : up.sum < up.extremum {
      up.extremum = convention == .moa ? 0 : up.sum
      up.countAtExtremum = count
      up.totalAtExtremum = total
    }
    if down.sum > down.extremum {
      down.extremum = down.sum
      down.countAtExtremum = count
      down.totalAtExtremum = total
    }
    guard count >= (convention == .moa ? minimum - 1 : minimum) else { return nil }
    let rose = watchesUp && up.sum - up.extremum > threshold
    let fell = watchesDown && down.extremum - down.sum > threshold
    guard rose || fell else { return nil }
    let alarm = alarm(at: rose ? up : down)
    reset()
    return alarm
  }

  private func alarm(at excursion: Excursion) -> DetectorAlarm {
    let earlier = excursion.countAtExtremum
    let later = count - earlier
    return DetectorAlarm(
      level: .drift, valuesSinceChange: later,
      before: earlier > 0 ? excursion.totalAtExtremum / Double(earlier) : .nan,
      after: later > 0 ? (total - excursion.totalAtExtremum) / Double(later) : .nan)
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(count)
    writer.write([mean, total])
    for side in [up, down] {
      writer.write([side.sum, side.extremum, side.totalAtExtremum])
      writer.write(side.countAtExtremum)
    }
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    count = try reader.readInt()
    let means = try reader.readDoubles()
    guard means.count == 2 else { throw .corrupt }
    (mean, total) = (means[0], means[1])
    up = try PageHinkley.excursion(from: &reader)
    down = try PageHinkley.excursion(from: &reader)
  }

  private static func excursion(
    from reader: inout SnapshotReader
  ) throws(SnapshotError) -> Excursion {
    let values = try reader.readDoubles()
    guard values.count == 3 else { throw .corrupt }
    return Excursion(
      sum: values[0], extremum: values[1], countAtExtremum: try reader.readInt(),
      totalAtExtremum: values[2])
  }
}
