import Catalogues
import Detectors
import Generators
import Kernels
import Telemetry

/// What each detector costs with its defaults, and what it says of one change half-way.
struct DetectorBench {
  private static let (before, after) = ("errors:rate=0.2", "errors:rate=0.4")

  private let most: Int
  private let timer: BenchTimer
  private let report: BenchReport

  init(_ most: Int, _ timer: BenchTimer, _ report: BenchReport) {
    (self.most, self.timer, self.report) = (most, timer, report)
  }

  func run(_ names: [String]) throws {
    let table = try BenchTable(
      .detectors, about: "with their defaults; errors, 0.2 of the values, from half-way on 0.4",
      [
        .word("detector", names.reduce(0) { max($0, $1.count) }), .figure("values"),
        .figure("values/s"), .figure("×", 9), .figure("alarms before", 15), .figure("after", 8),
      ], report)
    let still = try values(most, changeAt: nil)
    for name in names {
      try measure(name, still, table)
      timer.itemDone()
    }
  }

  private func measure(_ name: String, _ still: [Double], _ table: BenchTable) throws {
    // Values without a change show how many there is time for: only then is known where half-way is.
    let trial = DetectorWork(try Catalogue.detectors.make(name, ()), still)
    let count = try timer.pilot { trial.prepare() ? trial.step() : 0 } & ~1
    let changing = try values(count, changeAt: count / 2)
    var last: DetectorWork?
    let cost = try timer.measure(events: count) {
      let work = DetectorWork(try Catalogue.detectors.make(name, ()), changing)
      last = work
      return work
    }
    let alarms = last?.alarms ?? []
    let early = alarms.count { $0 < count / 2 }
    try table.add(
      [
        name, "\(count)", Figure.count(cost.perSecond), Figure.times(cost.ratio), "\(early)",
        "\(alarms.count - early)",
      ],
      [
        ("name", .string(name)), ("values", .int(count)), ("ns", .double(cost.nanoseconds)),
        ("ratio", .double(cost.ratio)), ("alarms_before", .int(early)),
        ("alarms_after", .int(alarms.count - early)),
      ])
  }

  private func values(_ count: Int, changeAt change: Int?) throws -> [Double] {
    let drifts = change.map { [DriftPlan(start: $0, end: $0, stream: DetectorBench.after)] } ?? []
    var stream = try DriftingStream(DetectorBench.before, drifts: drifts, seed: 1)
    var random = RandomBits(seed: 2)
    var row = [0.0]
    return (0..<count).map { _ in
      row.withUnsafeMutableBufferPointer { stream.next($0, &random) }
      return row[0]
    }
  }
}

/// Shows a detector values: few at first, so that little time can be kept to, then so many that looking at the clock
/// counts for nothing.
private final class DetectorWork: Workload {
  private var detector: any DriftDetector
  private let values: [Double]
  private var taken = 0
  private var most = 64
  /// Where it said that there was a drift.
  private(set) var alarms: [Int] = []

  init(_ detector: any DriftDetector, _ values: [Double]) {
    (self.detector, self.values) = (detector, values)
  }

  func prepare() -> Bool { taken < values.count }

  func perform() { _ = step() }

  /// Shows the next values; how many they were.
  func step() -> Int {
    let range = taken..<min(taken + most, values.count)
    values.withUnsafeBufferPointer { values in
      detector.observe(UnsafeBufferPointer(rebasing: values[range])) { position, alarm in
        if alarm.level == .drift { alarms.append(range.lowerBound + position) }
      }
    }
    taken = range.upperBound
    most = min(2 * most, 4096)
    return range.count
  }
}
