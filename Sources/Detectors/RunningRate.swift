import Snapshots

/// How many values there were, their mean, and where in the stream that was.
struct RunningRate: Sendable {
  private(set) var count = 0.0
  private(set) var mean = 0.0

  init() {}

  init(count: Double, mean: Double) { (self.count, self.mean) = (count, mean) }

  mutating func add(_ value: Double) {
    count += 1
    mean += (value - mean) / count
  }

  /// Takes `times` values of this mean.
  mutating func add(_ mean: Double, times: Double) {
    count += times
    self.mean += (mean - self.mean) * times / count
  }

  /// The mean of what came after `earlier`, whose values are the first of these.
  func mean(since earlier: RunningRate) -> Double {
    let rest = count - earlier.count
    return rest > 0 ? (count * mean - earlier.count * earlier.mean) / rest : .nan
  }

  /// An alarm about a change after the values of `earlier`.
  func alarm(
    _ level: DriftLevel, since earlier: RunningRate, promise: AlarmPromise? = nil
  ) -> DetectorAlarm {
    DetectorAlarm(
      level: level, valuesSinceChange: Int(count - earlier.count),
      before: earlier.count > 0 ? earlier.mean : .nan, after: mean(since: earlier),
      promise: promise)
  }

  var numbers: [Double] { [count, mean] }

  init(_ numbers: ArraySlice<Double>) throws(SnapshotError) {
    guard numbers.count == 2, let count = numbers.first, let mean = numbers.last,
      count >= 0, count < 1e15
    else { throw .corrupt }
    (self.count, self.mean) = (count, mean)
  }
}
