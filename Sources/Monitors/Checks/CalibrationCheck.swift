import Batches
import Catalogues
import Kernels
package import Snapshots

/// Probabilities that do not come true as often as they say, and intervals that do not hold what they promise.
///
/// Of two classes the probability of class 1 falls into one of ten bins, and the deviation is label − probability; of
/// several the confidence of the guess, and it is right − confidence. Of numbers with intervals (`--interval`) it is
/// covered − promised share, in one stream. `DeviationWatch` keeps one budget over all bins: a model that is right on the
/// whole and wrong where it is sure is found too.
///
/// Cost: some 15 ns a labelled row.
package struct CalibrationCheck: Check {
  static let entry = Entry<CheckContext, any Check>(
    "calibration", "probabilities that do not come true as often as they say, and intervals",
    parameters: [
      CheckEntry.action(.alarm), CheckEntry.budget,
      Parameter(
        "slack", .real(default: 0.03, in: 0...0.5), "a deviation in a bin that is let pass"),
      Parameter(
        "rows", .integer(default: 500, in: 0...1_000_000),
        "labelled rows that are let pass at first, while the model is young"),
    ],
    make: { settings, context in CalibrationCheck(settings, context) })

  static let runbook = Runbook(
    meaning:
      "The model is surer, or less sure, than it has reason to be: of what it gives a probability of 80 % less or more than 80 % come true; intervals hold fewer or more labels than they promise. Decisions by a threshold, and estimates of performance without labels (`--estimate`), are wrong by as much.",
    lookAt: [
      "`bin`: which probabilities; `expected` and `found`: what was said there, and what came.",
      "`reliability` in the summary: the same over the whole run.",
      "Whether `labels` speaks too: then all probabilities are shifted, not single bins.",
    ],
    toDo: [
      "`--calibrate` learns to say honest probabilities from the labels as they come.",
      "Intervals adapt by themselves within some hundred labels; if they do not, errors have changed since `since`: retrain.",
    ])

  private static let bins = 10

  private let severity: Severity
  private let task: Task
  private let least: Int
  private var rows = 0
  private var watch: DeviationWatch
  private var said = [Double](repeating: 0, count: bins + 1)
  /// Room for what a batch says.
  private var deviations = Deviations()
  private var probabilities: [Double] = []
  private var changes: [(change: DeviationWatch.Change, said: Double)] = []

  private init(_ settings: Settings, _ context: CheckContext) {
    severity = settings.severity
    task = context.task
    least = settings.integer("rows")
    watch = DeviationWatch(
      streams: task == .regression ? 1 : CalibrationCheck.bins, budget: settings.real("budget"),
      slack: settings.real("slack"))
  }

  package var wantsAnswers: Bool { true }

  package mutating func labelled(_ answers: [Answer]) {
    deviations.removeAll()
    probabilities.removeAll(keepingCapacity: true)
    for answer in answers where !answer.label.isNaN {
      rows += 1
      guard rows > least else { continue }
      switch task {
      case .regression: add(0, answer.coverage, answer.promised, answer)
      case .binary: add(answer.label - answer.prediction, answer.prediction, answer)
      case .multiclass:
        let hit = answer.label == answer.prediction ? 1.0 : 0
        add(hit - answer.confidence, answer.confidence, answer)
      }
    }
    var (next, noted) = (0, 0)
    while let change = watch.take(deviations, from: &next) {
      note(noted..<next)
      noted = next
      changes.append((change, said[change.stream]))
    }
    note(noted..<deviations.count)
  }

  private mutating func add(_ value: Double, _ probability: Double, _ answer: Answer) {
    guard probability.isFinite else { return }
    let last = CalibrationCheck.bins - 1
    let bin = min(max(Int(probability * Double(CalibrationCheck.bins)), 0), last)
    add(bin, value, probability, answer)
  }

  private mutating func add(
    _ stream: Int, _ value: Double, _ probability: Double, _ answer: Answer
  ) {
    guard !value.isNaN else { return }
    deviations.append(DeviationWatch.deviation(value), of: stream, event: answer.event)
    probabilities.append(probability)
  }

  private mutating func note(_ range: Range<Int>) {
    for row in range {
      let stream = Int(deviations.streams[row])
      said[stream] += 0.01 * (probabilities[row] - said[stream])
    }
  }

  package mutating func ask(_ moment: Moment) -> [Finding] {
    defer { changes.removeAll() }
    return changes.map { change, said in
      let found = min(max(said + change.mean, 0), 1)
      let percent = ShortNumber.percent
      let text: String
      if task == .regression {
        text =
          change.isOver
          ? "intervals hold what they promise again"
          : "intervals hold \(percent(found)) of the labels, \(percent(said)) were promised"
      } else {
        let ends = "\(change.stream * 10) and \(change.stream * 10 + 10) %"
        text =
          change.isOver
          ? "probabilities between \(ends) come true as often as they say again"
          : "probabilities between \(ends) come true in \(percent(found)) of the rows"
      }
      return Finding(
        check: "calibration", severity: change.isOver ? .note : severity, column: nil,
        event: moment.event, since: change.since, kind: "calibration", expected: said,
        found: found,
        evidence: [
          ("bin", Double(change.stream)), ("rows", Double(change.values)),
          ("evidence", change.evidence),
        ], text: text, isOver: change.isOver)
    }
  }

  package func write(to writer: inout SnapshotWriter) {
    watch.write(to: &writer)
    writer.write(rows)
    writer.write(said)
    writer.write(changes.count)
    for (change, said) in changes {
      change.write(to: &writer)
      writer.write(said)
    }
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try watch.restore(from: &reader)
    rows = try reader.readInt()
    said = try reader.readDoubles(count: CalibrationCheck.bins + 1)
    changes = []
    for _ in 0..<(try reader.readCount(ofSize: 8)) {
      let change = try DeviationWatch.Change(from: &reader)
      changes.append((change, try reader.readDouble()))
    }
  }
}
