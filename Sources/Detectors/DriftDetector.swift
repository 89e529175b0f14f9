package import Snapshots

/// How grave what a detector saw is.
package enum DriftLevel: String, Sendable {
  case warning
  case drift
}

/// What a detector says when it speaks.
package struct DetectorAlarm: Sendable, Equatable {
  package let level: DriftLevel
  /// How many of the values seen, the newest included, came after the estimated change.
  package let valuesSinceChange: Int
  /// Mean of the values before the estimated change; of rows of several numbers, the distance that chance makes.
  package let before: Double
  /// Mean of the values after it; of rows, the distance that was found.
  package let after: Double
  /// What is promised of such alarms; nil of detectors that promise nothing.
  package let promise: AlarmPromise?

  package init(
    level: DriftLevel, valuesSinceChange: Int, before: Double, after: Double,
    promise: AlarmPromise? = nil
  ) {
    self.level = level
    self.valuesSinceChange = valuesSinceChange
    self.before = before
    self.after = after
    self.promise = promise
  }
}

/// Watches one series of numbers and says when it has changed.
///
/// A detector's answer depends on the values alone, never on how they were cut into batches; its
/// memory is O(1) or O(log n) in the values seen.
package protocol DriftDetector: Snapshotted, Sendable {
  /// Whether values are errors, 1 or 0 or between; of others what is said means nothing.
  var takesErrorsOnly: Bool { get }

  /// Numbers in what it takes at a time: 1, but of a `RowDetector` that watches rows.
  var width: Int { get }

  /// Takes the next value; returns an alarm if this value raised one.
  mutating func observe(_ value: Double) -> DetectorAlarm?

  /// Takes values in order, or rows of `width` numbers one after another, and calls `alarm` with the position of
  /// each that raised one.
  mutating func observe(
    _ values: UnsafeBufferPointer<Double>, alarm: (Int, DetectorAlarm) -> Void)
}

/// A detector of errors, 1 or 0 or between.
package protocol ErrorDetector: DriftDetector {}

extension ErrorDetector {
  package var takesErrorsOnly: Bool { true }
}

/// A detector whose alarms are raised where its evidence reaches a bound: an e-detector.
///
/// As long as nothing changes, the mean of `evidence` at any time, chosen by whatever has been seen until then, is at
/// most the number of values since the detector began.
package protocol EvidenceDetector: DriftDetector {
  var evidence: Double { get }

  /// From now on raises no alarm by itself: `claim` does.
  mutating func leaveAlarms()

  /// Takes values in order until there is so much evidence; how many were taken. Only after `leaveAlarms`.
  mutating func observe(_ values: UnsafeBufferPointer<Double>, until evidence: Double) -> Int

  /// Whether the evidence speaks of a change that can be seen, so that `claim` would give an alarm.
  var speaks: Bool { get }

  /// The alarm that the evidence stands for, and a new beginning; nil where it does not speak.
  mutating func claim(budget: Double) -> DetectorAlarm?
}

extension EvidenceDetector {
  package var speaks: Bool { true }

  package mutating func observe(
    _ values: UnsafeBufferPointer<Double>, until bound: Double
  ) -> Int {
    for i in values.indices {
      _ = observe(values[i])
      if evidence >= bound { return i + 1 }
    }
    return values.count
  }
}

/// A detector of rows of several numbers, which sees what none of them shows alone. A series is rows of one.
package protocol RowDetector: DriftDetector {
  /// Starts afresh, for rows of so many numbers.
  mutating func watch(width: Int)

  /// Takes the next row, `width` numbers; returns an alarm if this row raised one.
  mutating func observe(row: UnsafeBufferPointer<Double>) -> DetectorAlarm?
}

extension RowDetector {
  package mutating func observe(_ value: Double) -> DetectorAlarm? {
    withUnsafePointer(to: value) { observe(row: UnsafeBufferPointer(start: $0, count: 1)) }
  }

  package mutating func observe(
    _ values: UnsafeBufferPointer<Double>, alarm: (Int, DetectorAlarm) -> Void
  ) {
    for position in 0..<(values.count / width) {
      let row = values[(position * width)..<((position + 1) * width)]
      if let raised = observe(row: UnsafeBufferPointer(rebasing: row)) { alarm(position, raised) }
    }
  }
}

extension DriftDetector {
  package var takesErrorsOnly: Bool { false }
  package var width: Int { 1 }
  package mutating func observe(
    _ values: UnsafeBufferPointer<Double>, alarm: (Int, DetectorAlarm) -> Void
  ) {
    for i in values.indices {
      if let raised = observe(values[i]) { alarm(i, raised) }
    }
  }
}
