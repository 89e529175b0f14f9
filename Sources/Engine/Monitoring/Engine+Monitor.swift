import Batches
import Learners
package import Monitors
import Scores
import Snapshots
package import Telemetry

/// How the input, and what is said of it, is watched.
extension Engine {
  /// Findings beyond this many are journalled, but not kept for the summary.
  private static let mostFindings = 10_000

  /// Shows the monitor events that follow each other, after they were predicted.
  mutating func watchInput(_ batch: borrowing MicroBatch, _ rows: Range<Int>) {
    monitor?.observe(batch, rows, firstEvent: events, takesTargets: !options.hasLateLabels)
    if monitor?.wantsAnswers == true { tell(batch, rows) }
  }

  /// Shows it what the served model said of rows, and their labels where they come with them.
  private mutating func tell(_ batch: borrowing MicroBatch, _ rows: Range<Int>) {
    // The same room for every batch.
    var answers = exchange(&self.answers, with: [])
    answers.removeAll(keepingCapacity: true)
    let task = schema.task
    let predictions = runners[served].predictions
    let takesLabels = !options.hasLateLabels
    let outcomes = runners[served].outcomes.outcomes
    let intervals = runners[served].intervals
    var labels = 0
    for row in rows {
      let isLabelled = takesLabels && !batch.targets[row].isNaN
      let (label, loss) =
        isLabelled ? (outcomes[labels].label, outcomes[labels].loss) : (.nan, .nan)
      if isLabelled { labels += 1 }
      answers.append(
        Engine.answer(
          task, predictions, row, event: events + row - rows.lowerBound,
          weight: batch.weights[row], label: label, loss: loss,
          interval: options.interval.flatMap { share in
            intervals.isEmpty ? nil : (intervals[row].low, intervals[row].high, share)
          }))
    }
    monitor?.predicted(answers)
    if labels > 0 { monitor?.labelled(answers) }
    self.answers = answers
  }

  /// Shows it a row whose label has come late.
  func tell(
    _ monitor: inout Monitor, late waiting: borrowing MicroBatch, slot: Int, event: Int
  ) {
    guard let said = runners[served].answers?.predictions, !waiting.targets[slot].isNaN,
      event >= runners[served].born, let outcome = runners[served].outcomes.outcomes.first
    else { return }
    let intervals = runners[served].intervals.isEmpty ? nil : runners[served].answers?.intervals
    monitor.labelled([
      Engine.answer(
        schema.task, said, slot, event: event, weight: waiting.weights[slot],
        label: outcome.label, loss: outcome.loss,
        interval: options.interval.flatMap { share in
          intervals.map { ($0[slot].low, $0[slot].high, share) }
        })
    ])
  }

  /// Static, as a method would have the whole engine copied for each row.
  private static func answer(
    _ task: Task, _ predictions: Predictions, _ row: Int, event: Int, weight: Double,
    label: Double = .nan, loss: Double = .nan,
    interval: (low: Double, high: Double, share: Double)? = nil
  ) -> Answer {
    switch task {
    case .regression:
      var (coverage, promised) = (Double.nan, Double.nan)
      if let (low, high, share) = interval, !label.isNaN {
        promised = share
        coverage = (low <= label && label <= high ? 1 : 0) - share
      }
      return Answer(
        event: event, prediction: predictions[row], label: label, loss: loss, weight: weight,
        coverage: coverage, promised: promised)
    case .binary:
      let p = predictions[row]
      return Answer(
        event: event, prediction: p, confidence: max(p, 1 - p), label: label, loss: loss,
        weight: weight)
    case .multiclass:
      let guess = predictions.likeliest(row)
      return Answer(
        event: event, prediction: Double(guess), confidence: predictions[row, guess],
        label: label, loss: loss, weight: weight)
    }
  }

  /// Asks the checks at a position at which reactions take effect, and has models retrained where a check says so.
  mutating func askMonitor() {
    guard let (wantsAnswers, wantsScores) = monitor.map({ ($0.wantsAnswers, $0.wantsScores) })
    else { return }
    if wantsAnswers {
      // Made for whoever asks alone: at every reaction they took ten times what learning did.
      let moment = Moment(
        event: events, time: time,
        scores: wantsScores ? runners[served].board.overWindow : [],
        baselines: wantsScores ? bestOfBaselines() : [])
      monitor?.ask(moment)
    }
    takeFindings(mayRetrain: true)
  }

  /// The best baseline's value of each score over the window.
  private func bestOfBaselines() -> [(name: String, value: Double)] {
    let board = runners[served].board
    return board.names.compactMap { name in
      let values = baselineScores(name)
      return (board.isGain(name) ? values.max() : values.min()).map { (name, $0) }
    }
  }

  /// Takes what was found. Only at a position at which reactions take effect may it have models retrained.
  mutating func takeFindings(mayRetrain: Bool = false) {
    guard monitor?.hasFindings == true, let found = monitor?.takeFindings() else { return }
    for finding in found {
      findingCount += 1
      if findings.count < Engine.mostFindings { findings.append(finding) }
      entries.append(.entry(finding.entry))
      monitor?.health.note(finding)
      guard mayRetrain, finding.severity == .retrain, !finding.isOver else { continue }
      for index in runners.indices { runners[index].ask(toRetrain: finding) }
    }
  }

  /// Says what levels of categories are called that were known before the run's first row.
  package mutating func know(levels: [[String]]) { monitor?.know(levels) }

  mutating func writeMonitor(to writer: inout SnapshotWriter) {
    guard let monitor else { return }
    monitor.write(to: &writer)
    writer.write(findingCount)
    writer.write(findings) { $1.write(to: &$0) }
  }

  mutating func restoreMonitor(from reader: inout SnapshotReader) throws(SnapshotError) {
    guard var monitor = monitor.take() else { return }
    try monitor.restore(from: &reader)
    self.monitor = monitor
    findingCount = try reader.readInt()
    findings = try reader.readList { reader throws(SnapshotError) in try Finding(from: &reader) }
  }
}

extension Finding {
  /// The finding as the journal has it; what to do about it is in the runbook.
  package var entry: JournalEntry {
    JournalEntry(event: event, kind: "check", members)
  }

  package var members: [(String, JSONValue)] {
    [
      ("check", .string(check)), ("severity", .string(severity.rawValue)),
      ("fault", .string(kind)), ("column", column.map { .string($0) } ?? .null),
      ("since", .int(since)), ("isOver", .bool(isOver)),
      ("expected", .number(expected)), ("found", .number(found)),
    ] + evidence.map { ($0.name, .number($0.value)) }
      + [("text", .string(text)), ("runbook", .string("weir runbook \(check)"))]
  }
}
