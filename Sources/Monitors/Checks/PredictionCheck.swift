import Batches
import Catalogues
import Detectors
package import Snapshots

/// Predictions that are distributed otherwise than they were.
///
/// The block-conformal detector (`BlockConformal`) watches what is said, both ways: the number, of two classes the
/// probability of class 1, of several the confidence of the guess. It needs no label, so that it speaks as soon as the
/// inputs move in a way that matters to the model, and it keeps its budget where blocks are exchangeable, or their
/// dependence is one that its whitener can learn. After each alarm it begins anew: what is, is then what is usual.
///
/// Cost: that of the detector, some 10 ns a row.
package struct PredictionCheck: Check {
  static let entry = Entry<CheckContext, any Check>(
    "predictions", "predictions that are distributed otherwise than they were",
    parameters: [
      CheckEntry.action(.note), CheckEntry.budget,
      Parameter("block", .integer(default: 32, in: 1...100_000), "predictions in a block"),
    ],
    make: { settings, context throws(SpecificationError) in
      let budget = settings.real("budget")
      return PredictionCheck(
        settings, context.task,
        try Catalogue.detectors.make(
          "bcs:direction=both,block=\(settings.integer("block")),budget=\(budget)", width: 1))
    })

  static let runbook = Runbook(
    meaning:
      "The model says other things than it did. Nothing is known of labels yet: the world may have changed and the model follows it rightly, or its inputs are broken.",
    lookAt: [
      "`expected` and `found`: the mean of what was said before and since then.",
      "Checks of the input (`missing`, `ranges`, `unseen`, drift): which columns moved at `since`.",
      "`--estimate`: whether the model expects to do worse on these rows.",
    ],
    toDo: [
      "Where a column is broken, mend it first; predictions since `since` were made of it.",
      "Where the inputs moved and are right, wait for the labels, or fetch some early: `labels` and `calibration` tell whether the model follows rightly.",
    ])

  private let severity: Severity
  private let task: Task
  private var detector: any DriftDetector
  private var found: [Finding] = []
  /// Room for what is said in a batch.
  private var values: [Double] = []

  private init(_ settings: Settings, _ task: Task, _ detector: any DriftDetector) {
    severity = settings.severity
    self.task = task
    self.detector = detector
  }

  package var wantsAnswers: Bool { true }

  package mutating func predicted(_ answers: [Answer]) {
    values.removeAll(keepingCapacity: true)
    for answer in answers {
      let value = task == .multiclass ? answer.confidence : answer.prediction
      if value.isFinite { values.append(value) }
    }
    var alarms: [(place: Int, alarm: DetectorAlarm)] = []
    values.withUnsafeBufferPointer { values in
      detector.observe(values) { place, alarm in
        if alarm.level == .drift { alarms.append((place, alarm)) }
      }
    }
    for (place, alarm) in alarms {
      let finite = answers.filter { answer in
        task == .multiclass ? answer.confidence.isFinite : answer.prediction.isFinite
      }
      let event = finite[place].event + 1
      found.append(
        Finding(
          check: "predictions", severity: severity, column: nil, event: event,
          since: max(0, event - alarm.valuesSinceChange), kind: "predictions",
          expected: alarm.before, found: alarm.after, evidence: [],
          text: "predictions are \(ShortNumber.text(alarm.after)) in the mean, before they were "
            + ShortNumber.text(alarm.before)))
    }
  }

  package mutating func ask(_ moment: Moment) -> [Finding] {
    defer { found.removeAll() }
    return found
  }

  package func write(to writer: inout SnapshotWriter) {
    detector.write(to: &writer)
    writer.write(found) { $1.write(to: &$0) }
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try detector.restore(from: &reader)
    found = try reader.readList { reader throws(SnapshotError) in try Finding(from: &reader) }
  }
}
