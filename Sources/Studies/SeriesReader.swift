package import Catalogues
import Detectors
import Generators
import Kernels

/// Rows of a synthetic stream, a block at a time; to detectors of one number, its last column.
struct SeriesReader {
  private var stream: DriftingStream
  private var random: RandomBits
  private var row: [Double]
  /// The last column.
  private(set) var values: [Double] = []
  /// All columns, of words the index, row after row.
  private var rows: [Double] = []

  /// Reads `stream` from where it is.
  init(_ stream: DriftingStream, seed: UInt64) {
    self.stream = stream
    random = RandomBits(seed: seed ^ 0x5EED)
    row = Array(repeating: 0, count: stream.columns.count)
  }

  init(_ stream: String, drifts: [DriftPlan] = [], seed: UInt64) throws(SpecificationError) {
    self.init(try DriftingStream(stream, drifts: drifts, seed: seed), seed: seed)
  }

  /// Draws the next `count` values.
  mutating func read(_ count: Int) {
    values.removeAll(keepingCapacity: true)
    rows.removeAll(keepingCapacity: true)
    for _ in 0..<count {
      row.withUnsafeMutableBufferPointer { stream.next($0, &random) }
      values.append(row[row.count - 1])
      rows.append(contentsOf: row)
    }
  }

  /// Makes what `name` names; if it takes rows, for whole rows of the stream.
  func detector(_ name: String) throws(SpecificationError) -> any DriftDetector {
    let catalogue = Catalogue<Void, any DriftDetector>.detectors
    let detector = try catalogue.make(name, ())
    return detector is any RowDetector
      ? try catalogue.make(name, width: row.count) : detector
  }

  /// Shows a detector what was read, with the position of each row that raises an alarm.
  func show(to detector: inout any DriftDetector, alarm: (Int, DetectorAlarm) -> Void) {
    (detector.width > 1 ? rows : values).withUnsafeBufferPointer {
      detector.observe($0, alarm: alarm)
    }
  }

  /// Throws when a detector of errors is among those that are shown these values, and one of them is no error.
  func check(
    _ detectors: [any DriftDetector], _ names: [String]
  ) throws(SpecificationError) {
    guard let index = detectors.firstIndex(where: \.takesErrorsOnly),
      let wrong = values.first(where: { !(0...1).contains($0) })
    else { return }
    throw .unfit(
      entry: names[index],
      reason: "it watches errors, 1 or 0, or what lies between; \(wrong) is none")
  }
}

/// Alarms on a stream without any drift.
package enum FalseAlarms {
  /// How many drifts each detector names in `events` values of `stream`, which has none.
  ///
  /// A detector stops being shown values once it has named `limit`: then it has been shown fewer. After
  /// `stretch` values all start afresh, where that is given: what they do while they are young. `goesOn` is told
  /// of each block how many values it had; when it says no, that was the last.
  package static func count(
    _ detectors: [String], on stream: String, events: Int, seed: UInt64, limit: Int = .max,
    stretch: Int? = nil, goesOn: (Int) -> Bool = { _ in true }
  ) throws(SpecificationError) -> [(alarms: Int, events: Int)] {
    var series = try SeriesReader(stream, seed: seed)
    var watchers: [any DriftDetector] = []
    for name in detectors { watchers.append(try series.detector(name)) }
    let fresh = watchers
    var counts = detectors.map { _ in (alarms: 0, events: 0) }
    var left = events
    while left > 0, counts.contains(where: { $0.alarms < limit }) {
      var size = min(left, 4096)
      if let stretch {
        let place = (events - left) % stretch
        if place == 0 { watchers = fresh }
        size = min(size, stretch - place)
      }
      series.read(size)
      left -= size
      try series.check(watchers, detectors)
      for index in watchers.indices where counts[index].alarms < limit {
        var alarms = 0
        series.show(to: &watchers[index]) { if $1.level == .drift { alarms += 1 } }
        counts[index].alarms += alarms
        counts[index].events += size
      }
      guard goesOn(size) else { break }
    }
    return counts
  }
}

/// How long detectors take to see one change, over many runs.
package struct DelayStudy: Sendable {
  package let detector: String
  package private(set) var delays: [Double] = []
  package private(set) var missed = 0
  /// Drifts named before there was one.
  package private(set) var falseAlarms = 0

  /// Of each run the stream changes at row `history`; a change not seen `horizon` rows later is missed. What the
  /// stream draws once is the same in every run. `goesOn` is told of each block how many values it had; when it
  /// says no, that was the last.
  package static func run(
    _ detectors: [String], stream: String, to changed: String, history: Int, horizon: Int,
    runs: Int, seed: UInt64, goesOn: (Int) -> Bool = { _ in true }
  ) throws(SpecificationError) -> [DelayStudy] {
    var studies = detectors.map { DelayStudy(detector: $0) }
    let plan = DriftPlan(start: history, end: history, stream: changed)
    let fresh = try DriftingStream(stream, drifts: [plan], seed: seed)
    for run in 0..<runs {
      var series = SeriesReader(fresh, seed: seed &+ UInt64(run) &* 0x2545_F491_4F6C_DD1D)
      var watchers: [any DriftDetector] = []
      for name in detectors { watchers.append(try series.detector(name)) }
      var found = [Int?](repeating: nil, count: detectors.count)
      var row = 0
      while row < history + horizon, found.contains(where: { $0 == nil }) {
        let size = min(1024, history + horizon - row)
        series.read(size)
        try series.check(watchers, detectors)
        for index in watchers.indices where found[index] == nil {
          series.show(to: &watchers[index]) { position, alarm in
            guard alarm.level == .drift, found[index] == nil else { return }
            if row + position < history {
              studies[index].falseAlarms += 1
            } else {
              found[index] = row + position - history
            }
          }
        }
        row += size
        guard goesOn(size) else { return studies }
      }
      for index in studies.indices {
        if let delay = found[index] {
          studies[index].delays.append(Double(delay))
        } else {
          studies[index].missed += 1
        }
      }
    }
    return studies
  }

  /// Mean delay, what was missed counted as `horizon`.
  package func mean(horizon: Int) -> Double {
    (delays.reduce(0, +) + Double(missed * horizon)) / Double(max(delays.count + missed, 1))
  }

  /// Median delay with its interval, what was missed counted as `horizon`.
  package func median(horizon: Int) -> (median: Double, interval: ClosedRange<Double>)? {
    Intervals.median(of: delays + Array(repeating: Double(horizon), count: missed))
  }
}

/// Finds a detector's setting for a rate of false alarms.
package enum Matching {
  /// The specification of `detector` with its strictness so that it names one drift in about `budget` values of a
  /// stream that has none, and what it then realised; nil when the detector has no such parameter.
  ///
  /// With `stretch` the rate is that of detectors that start afresh after so many values.
  ///
  /// Bisection on a logarithmic scale over `events` values, the same at each step: the interval of what is
  /// realised is that of a count of `events`/`budget`.
  package static func specification(
    of detector: String, on stream: String, budget: Double, events: Int, seed: UInt64,
    stretch: Int? = nil, goesOn: (Int) -> Bool = { _ in true }
  ) throws(SpecificationError) -> (text: String, alarms: Int, events: Int)? {
    let catalogue = Catalogue<Void, any DriftDetector>.detectors
    let given = try Specification(detector)
    guard let entry = catalogue.entries.first(where: { $0.name == given.name }),
      let parameter = entry.parameters.first(where: { $0.strictness != nil }),
      let strictness = parameter.strictness, case .real(_, let range) = parameter.kind
    else {
      try catalogue.check(detector)
      return nil
    }
    let others = given.assignments.filter { $0.key != parameter.name }
    func text(_ value: Double) -> String {
      let pairs = others.map { "\($0.key)=\($0.value)" } + ["\(parameter.name)=\(value)"]
      return given.name + ":" + pairs.joined(separator: ",")
    }
    let limit = Int(Double(events) / budget * 4) + 20
    func realised(_ value: Double) throws(SpecificationError) -> (alarms: Int, events: Int) {
      try FalseAlarms.count(
        [text(value)], on: stream, events: events, seed: seed, limit: limit,
        stretch: stretch, goesOn: goesOn)[0]
    }
    var low = max(range.lowerBound, 1e-300)
    var high = range.upperBound
    if strictness == .rising { low = max(low, 1e-6) } else { high = min(high, 1 - 1e-12) }
    // In logarithms; from loose to strict.
    var (loose, strict) = strictness == .rising ? (low, high) : (high, low)
    if strictness == .falling, strict < 1e-200 { strict = 1e-200 }
    var best: (value: Double, alarms: Int, events: Int)?
    for _ in 0..<26 {
      let middle = (loose.squareRoot() * strict.squareRoot())
      let (alarms, seen) = try realised(middle)
      let rate = Double(alarms) / Double(seen)
      if rate > 1 / budget { loose = middle } else { strict = middle }
      if rate <= 1 / budget { best = (middle, alarms, seen) }
      guard goesOn(0) else { break }
      if abs(loose / strict - 1) < 0.01 { break }
    }
    guard let best else {
      let nearest = try realised(strict)
      return (text(strict), nearest.alarms, nearest.events)
    }
    return (text(best.value), best.alarms, best.events)
  }
}

/// Values of a stream at hand.
package enum SeriesSample {
  /// `count` values of the last column of `stream`, from row `at` on by the law of `changed`.
  package static func values(
    _ stream: String, then changed: String, at: Int, count: Int, seed: UInt64 = 1
  ) throws(SpecificationError) -> [Double] {
    var series = try SeriesReader(
      stream, drifts: [DriftPlan(start: at, end: at, stream: changed)], seed: seed)
    series.read(count)
    return series.values
  }
}
