import Batches
import Catalogues
package import Detectors
import Learners
import Scores

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

  static let names = ["loss", "error", "prediction", "target", "features"]

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
struct SignalWatch {
  let watch: Watch
  let signal: Signal
  private var detector: any DriftDetector
  /// What is shown, `signal.width` numbers for each event.
  private var values: [Double] = []
  /// Number of each event that shows something.
  private var events: [Int] = []
  /// Values shown so far.
  private var seen = 0
  /// From value `value` on, the event number is the value's number plus `shift`: it grows where rows
  /// have no value for the signal. The latest 10,000 such places.
  private var gaps: [(value: Int, shift: Int)] = []

  init(_ watch: Watch, _ schema: Schema) throws(SpecificationError) {
    self.watch = watch
    signal = try Signal(watch.signal, schema)
    detector = try Catalogue.detectors.make(watch.detector, width: signal.width)
    guard !detector.takesErrorsOnly || (signal == .error && schema.task.isClassification) else {
      throw .unfit(
        entry: watch.detector,
        reason: "it watches errors, 1 or 0; of a model of classes: --detect error=\(watch.detector)"
      )
    }
  }

  /// The event that showed value `number`.
  private static func event(of number: Int, _ gaps: [(value: Int, shift: Int)]) -> Int {
    max(0, number + (gaps.last { $0.value <= number }?.shift ?? 0))
  }

  /// Starts afresh, when what it watched was replaced.
  mutating func reset() {
    guard let fresh = try? Catalogue.detectors.make(watch.detector, width: signal.width) else {
      return
    }
    detector = fresh
  }

  /// Shows the detector the rows' values of its signal; calls `alarm` for each that raised one.
  mutating func observe(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>, _ predictions: borrowing Predictions,
    _ outcomes: [Outcome], task: Task, firstEvent: Int, model: String, alarm: (Alarm) -> Void
  ) {
    values.removeAll(keepingCapacity: true)
    events.removeAll(keepingCapacity: true)
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
      case .loss where isLabelled: values.append(outcomes[labelled].loss(task))
      case .error where isLabelled: values.append(outcomes[labelled].error(task))
      case .target, .loss, .error: continue
      }
      let number = seen + events.count
      if event - number != gaps.last?.shift ?? 0 { gaps.append((number, event - number)) }
      events.append(event)
      if isLabelled { labelled += 1 }
    }
    // Locals, so that the detector is the only part of self in use while it calls back.
    let (watch, events, shown, gaps, seen) = (watch, events, values, gaps, seen)
    shown.withUnsafeBufferPointer { buffer in
      detector.observe(buffer) { position, raised in
        let event = events[position]
        alarm(
          Alarm(
            event: event, model: model, signal: watch.signal, detector: watch.detector,
            level: raised.level,
            since: SignalWatch.event(of: seen + position + 1 - raised.valuesSinceChange, gaps),
            before: raised.before, after: raised.after, promise: raised.promise))
      }
    }
    self.seen += events.count
    if self.gaps.count > 10_000 { self.gaps.removeFirst(5_000) }
  }
}
