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

  private var state = State()

  /// All that moves from value to value.
  private struct State: Sendable {
    var count = 0
    var total = 0.0
    var up = Excursion()
    var down = Excursion()
  }

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
    // River starts the maximum at -1, not -∞; kept so that the two agree index for index.
    state = State(
      up: Excursion(extremum: convention == .moa ? 0 : .infinity), down: Excursion(extremum: -1))
  }

  package mutating func observe(_ value: Double) -> DetectorAlarm? {
    guard take(value, &state) else { return nil }
    return conclude()
  }

  /// What moves stays in registers over a run of values: a store and a load at each would be as long as all the rest.
  package mutating func observe(
    _ values: UnsafeBufferPointer<Double>, alarm: (Int, DetectorAlarm) -> Void
  ) {
    var own = state
    for i in values.indices where take(values[i], &own) {
      state = own
      alarm(i, conclude())
      own = state
    }
    state = own
  }

  /// Takes a value; whether it raises an alarm. No branch on what values do: it would be guessed wrong.
  @inline(__always)
  private func take(_ value: Double, _ state: inout State) -> Bool {
    state.count &+= 1
    state.total += value
    // The mean as a quotient, so that no value waits for the division of the one before.
    let deviation = value - state.total / Double(state.count)
    state.up.sum = alpha * state.up.sum + (deviation - delta)
    state.down.sum = alpha * state.down.sum + (deviation + delta)
    let isMOA = convention == .moa
    // In MOA's form the sum is compared with 0, where it was last at or below it.
    let isLow = isMOA ? state.up.sum <= 0 : state.up.sum < state.up.extremum
    state.up.extremum = isMOA ? 0 : isLow ? state.up.sum : state.up.extremum
    state.up.countAtExtremum = isLow ? state.count : state.up.countAtExtremum
    state.up.totalAtExtremum = isLow ? state.total : state.up.totalAtExtremum
    let isHigh = state.down.sum > state.down.extremum
    state.down.extremum = isHigh ? state.down.sum : state.down.extremum
    state.down.countAtExtremum = isHigh ? state.count : state.down.countAtExtremum
    state.down.totalAtExtremum = isHigh ? state.total : state.down.totalAtExtremum
    return (rose(state) || fell(state)) && state.count >= (isMOA ? minimum - 1 : minimum)
  }

  @inline(__always)
  private func rose(_ state: State) -> Bool {
    watchesUp && state.up.sum - state.up.extremum > threshold
  }

  @inline(__always)
  private func fell(_ state: State) -> Bool {
    watchesDown && state.down.extremum - state.down.sum > threshold
  }

  private mutating func conclude() -> DetectorAlarm {
    let alarm = alarm(at: rose(state) ? state.up : state.down)
    reset()
    return alarm
  }

  private func alarm(at excursion: Excursion) -> DetectorAlarm {
    let earlier = excursion.countAtExtremum
    let later = state.count - earlier
    return DetectorAlarm(
      level: .drift, valuesSinceChange: later,
      before: earlier > 0 ? excursion.totalAtExtremum / Double(earlier) : .nan,
      after: later > 0 ? (state.total - excursion.totalAtExtremum) / Double(later) : .nan)
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(state.count)
    writer.write(state.total)
    for side in [state.up, state.down] {
      writer.write([side.sum, side.extremum, side.totalAtExtremum])
      writer.write(side.countAtExtremum)
    }
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    state.count = try reader.readInt()
    state.total = try reader.readDouble()
    state.up = try PageHinkley.excursion(from: &reader)
    state.down = try PageHinkley.excursion(from: &reader)
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
