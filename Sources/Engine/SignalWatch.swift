import Batches
import Catalogues
package import Detectors
import Learners
import Scores
import Snapshots

/// What a detector can watch.
enum Signal: Equatable {
  case loss
  case error
  case prediction
  case target
  /// One numeric feature, by its place among them.
  case feature(Int)
  /// All numeric features of a row, as the model is given them: so many.
  case features(Int)

  static let names = ["loss", "error", "prediction", "target", "features", "each"]

  /// Numbers that a row shows.
  var width: Int { if case .features(let count) = self { count } else { 1 } }

  /// Whether it can only be told when the row's label has come.
  var needsLabel: Bool {
    switch self {
    case .loss, .error, .target: true
    case .prediction, .feature, .features: false
    }
  }

  /// Whether it changes when the model does.
  var isOfTheModel: Bool { self == .loss || self == .error || self == .prediction }

  /// The watch itself, or one for every numeric feature where its signal is `each`.
  static func expanded(_ watch: Watch, _ schema: Schema) -> [Watch] {
    guard watch.signal == "each", !schema.denseNames.contains("each") else { return [watch] }
    return schema.denseNames.map { Watch(signal: $0, detector: watch.detector) }
  }

  init(_ name: String, _ schema: Schema) throws(SpecificationError) {
    switch name {
    case "loss": self = .loss
    case "error": self = .error
    case "prediction": self = .prediction
    case "target": self = .target
    case "features": self = .features(schema.denseWidth)
    default:
      guard let feature = schema.denseNames.firstIndex(of: name) else {
        throw .unknownName(
          noun: "signal", name: name, known: Signal.names + schema.denseNames)
      }
      self = .feature(feature)
    }
  }
}

/// An alarm with where in the stream it was raised.
package struct Alarm: Sendable, Hashable {
  /// Number of the event that raised it.
  package let event: Int
  package let model: String
  package let signal: String
  package let detector: String
  package let level: DriftLevel
  /// Number of the first event after the estimated change.
  package let since: Int
  package let before: Double
  package let after: Double
  /// What is promised of such alarms, if anything.
  package let promise: AlarmPromise?
}

/// A detector with the signal that it watches.
struct SignalWatch: Snapshotted {
  let watch: Watch
  let signal: Signal
  private var detector: any DriftDetector
  private(set) var sharesBudget = false
  /// The detector itself where others share its budget: then `claim` raises the alarms.
  private var sharer: (any EvidenceDetector)?
  /// What is shown, `signal.width` numbers for each event.
  private var values: [Double] = []
  /// Number of each event that shows something.
  private var events: [Int] = []
  /// Values shown so far.
  private var seen = 0
  /// From value `value` on, the event number is the value's number plus `shift`: it grows where rows
  /// have no value for the signal. The latest 10,000 such places.
  private var gaps: [(value: Int, shift: Int)] = []

  /// How many of the values collected last were shown.
  private var shown = 0

  /// `shares`: its budget is one with that of others, if it keeps any.
  init(_ watch: Watch, _ schema: Schema, shares: Bool) throws(SpecificationError) {
    self.watch = watch
    signal = try Signal(watch.signal, schema)
    detector = try Catalogue.detectors.make(watch.detector, width: signal.width)
    guard !detector.takesErrorsOnly || (signal == .error && schema.task.isClassification) else {
      throw .unfit(
        entry: watch.detector,
        reason: "it watches errors, 1 or 0; of a model of classes: --detect error=\(watch.detector)"
      )
    }
    if shares { share() }
  }

  private mutating func share() {
    sharer = detector as? any EvidenceDetector
    sharer?.leaveAlarms()
    sharesBudget = sharer != nil
  }

  /// The event that showed value `number`.
  fileprivate static func event(of number: Int, _ gaps: [(value: Int, shift: Int)]) -> Int {
    max(0, number + (gaps.last { $0.value <= number }?.shift ?? 0))
  }

  /// Starts afresh, when what it watched was replaced.
  mutating func reset() {
    guard let fresh = try? Catalogue.detectors.make(watch.detector, width: signal.width) else {
      return
    }
    detector = fresh
    if sharesBudget { share() }
  }

  /// Collects the rows' values of the signal, to be shown to the detector.
  mutating func collect(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>, _ predictions: borrowing Predictions,
    _ outcomes: [Outcome], task: Task, firstEvent: Int
  ) {
    seen += events.count
    values.removeAll(keepingCapacity: true)
    events.removeAll(keepingCapacity: true)
    shown = 0
    var labelled = 0
    for row in rows {
      let event = firstEvent + row - rows.lowerBound
      let isLabelled = !batch.targets[row].isNaN
      switch signal {
      case .prediction: values.append(predictions[row])
      case .feature(let feature): values.append(batch.dense(row)[feature])
      case .features(let count):
        values.append(contentsOf: UnsafeBufferPointer(start: batch.dense(row), count: count))
      case .target where isLabelled: values.append(batch.targets[row])
      case .loss where isLabelled: values.append(outcomes[labelled].loss)
      case .error where isLabelled: values.append(outcomes[labelled].error(task))
      case .target, .loss, .error: continue
      }
      let number = seen + events.count
      if event - number != gaps.last?.shift ?? 0 { gaps.append((number, event - number)) }
      events.append(event)
      if isLabelled { labelled += 1 }
    }
    if gaps.count > 10_000 { gaps.removeFirst(5_000) }
  }

  func write(to writer: inout SnapshotWriter) {
    detector.write(to: &writer)
    sharer?.write(to: &writer)
    // What was collected last was shown too: the next rows begin after it.
    writer.write(seen + events.count)
    writer.write(gaps) { $0.write([$1.value, $1.shift]) }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try detector.restore(from: &reader)
    try sharer?.restore(from: &reader)
    seen = try reader.readInt()
    gaps = try reader.readList { reader throws(SnapshotError) in
      let pair = try reader.readInts()
      guard pair.count == 2 else { throw SnapshotError.corrupt }
      return (pair[0], pair[1])
    }
  }

  /// Shows the detector all that was collected; calls `alarm` for each value that raised one.
  mutating func observe(model: String, alarm: (Alarm) -> Void) {
    // Locals, so that the detector is the only part of self in use while it calls back.
    let (watch, events, shown, gaps, seen) = (watch, events, values, gaps, seen)
    shown.withUnsafeBufferPointer { buffer in
      detector.observe(buffer) { position, raised in
        alarm(
          Alarm(
            raised, at: events[position], of: watch, model: model, values: seen + position + 1,
            gaps))
      }
    }
  }

  // MARK: - Sharing a budget

  var evidence: Double { sharer?.evidence ?? 0 }

  /// Shows the next value if it is that of `event`; whether it was.
  mutating func observeNext(_ event: Int) -> Bool {
    guard shown < events.count, events[shown] == event else { return false }
    _ = sharer?.observe(values[shown])
    shown += 1
    return true
  }

  /// Shows values until there is so much evidence; the event at which there is, or nil if there is not.
  mutating func observe(until evidence: Double) -> Int? {
    guard shown < values.count, var sharer else { return nil }
    self.sharer = nil
    defer { self.sharer = sharer }
    let used = values[shown...].withUnsafeBufferPointer {
      sharer.observe($0, until: evidence)
    }
    shown += used
    return sharer.evidence >= evidence ? events[shown - 1] : nil
  }

  /// Whether the evidence speaks of a change that can be seen.
  var speaks: Bool { sharer?.speaks ?? false }

  /// The alarm that the evidence stands for at `event`, one of so many that share the budget. The row of that event need
  /// not have had a value of this signal.
  mutating func claim(budget: Double, sharers: Int, model: String, event: Int) -> Alarm? {
    guard let raised = sharer?.claim(budget: budget) else { return nil }
    let promise = raised.promise.map {
      AlarmPromise(
        budget: budget, isGuaranteed: $0.isGuaranteed,
        condition: $0.condition + ", for all \(sharers) signals together",
        autocorrelation: $0.autocorrelation)
    }
    let shared = DetectorAlarm(
      level: raised.level, valuesSinceChange: raised.valuesSinceChange, before: raised.before,
      after: raised.after, promise: promise)
    return Alarm(shared, at: event, of: watch, model: model, values: seen + shown, gaps)
  }
}

extension Alarm {
  /// What a detector said at an event, having seen so many values.
  fileprivate init(
    _ raised: DetectorAlarm, at event: Int, of watch: Watch, model: String, values: Int,
    _ gaps: [(value: Int, shift: Int)]
  ) {
    let start = values - raised.valuesSinceChange
    self.init(
      event: event, model: model, signal: watch.signal, detector: watch.detector,
      level: raised.level, since: SignalWatch.event(of: start, gaps), before: raised.before,
      after: raised.after, promise: raised.promise)
  }
}
