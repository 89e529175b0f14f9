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
    guard var monitor = monitor.take() else { return }
    monitor.observe(
      batch, rows, firstEvent: events, takesTargets: !options.hasLateLabels)
    if monitor.wantsAnswers { tell(&monitor, batch, rows) }
    self.monitor = monitor
  }

  /// Shows it what the served model said of rows, and their labels where they come with them.
  private func tell(
    _ monitor: inout Monitor, _ batch: borrowing MicroBatch, _ rows: Range<Int>
  ) {
    let runner = runners[served]
    var answers: [Answer] = []
    var labelled: [Answer] = []
    var place = 0
    for row in rows {
      let event = events + row - rows.lowerBound
      answers.append(
        answer(runner.predictions, row, event: event, weight: batch.weights[row]))
      guard !options.hasLateLabels, !batch.targets[row].isNaN else { continue }
      let outcome = runner.outcomes.outcomes[place]
      place += 1
      labelled.append(
        answer(
          runner.predictions, row, event: event, weight: batch.weights[row],
          label: outcome.label, loss: outcome.loss,
          interval: runner.intervals.isEmpty ? nil : runner.intervals[row]))
    }
    monitor.predicted(answers)
    monitor.labelled(labelled)
  }

  /// Shows it a row whose label has come late.
  func tell(
    _ monitor: inout Monitor, late waiting: borrowing MicroBatch, slot: Int, event: Int
  ) {
    let runner = runners[served]
    guard let said = runner.answers?.predictions, !waiting.targets[slot].isNaN,
      event >= runner.born, let outcome = runner.outcomes.outcomes.first
    else { return }
    monitor.labelled([
      answer(
        said, slot, event: event, weight: waiting.weights[slot], label: outcome.label,
        loss: outcome.loss,
        interval: runner.intervals.isEmpty ? nil : runner.answers?.intervals[slot])
    ])
  }

  private func answer(
    _ predictions: Predictions, _ row: Int, event: Int, weight: Double, label: Double = .nan,
    loss: Double = .nan, interval: (low: Double, high: Double)? = nil
  ) -> Answer {
    switch schema.task {
    case .regression:
      var (coverage, promised) = (Double.nan, Double.nan)
      if let interval, let share = options.interval, !label.isNaN {
        promised = share
        coverage = (interval.low <= label && label <= interval.high ? 1 : 0) - share
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
    guard var monitor = monitor.take() else { return }
    if monitor.wantsAnswers {
      // Made for whoever asks alone: at every reaction they took ten times what learning did.
      let scores = monitor.wantsScores ? runners[served].board.overWindow : []
      monitor.ask(
        Moment(
          event: events, time: time, scores: scores,
          baselines: monitor.wantsScores ? bestOfBaselines() : []))
    }
    self.monitor = monitor
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
