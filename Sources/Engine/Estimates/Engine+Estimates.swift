import Batches
import Learners
import Telemetry

/// Estimates of performance before labels are here, where they are asked for.
extension Engine {
  /// Takes rows that were just predicted, and learned where they have labels.
  mutating func estimate(_ batch: borrowing MicroBatch, _ rows: Range<Int>) {
    guard var estimates = estimates.take() else { return }
    let said = runners[served].predictions
    let outcomes = runners[served].outcomes.outcomes
    var k = 0
    for row in rows {
      let event = events + row - rows.lowerBound
      estimates.ask(batch, row, event: event, said, at: row)
      guard !batch.targets[row].isNaN else { continue }
      let outcome = outcomes[k]
      estimates.absorb(
        batch, row, event: event, now: event + 1, outcome,
        confidence: said[row, said.likeliest(row)])
      k += 1
    }
    for entry in estimates.takeEntries() { add(entry) }
    self.estimates = estimates
  }

  /// Takes a row that was just predicted and waits for its label.
  mutating func estimateLater(_ batch: borrowing MicroBatch, _ row: Int, event: Int) {
    guard var estimates = estimates.take() else { return }
    estimates.ask(batch, row, event: event, runners[served].predictions, at: row)
    for entry in estimates.takeEntries() { add(entry) }
    self.estimates = estimates
  }

  /// Takes the row in `slot`, whose label has just been learned.
  mutating func realise(_ waiting: borrowing MicroBatch, _ slot: Int, event: Int, now: Int) {
    guard var estimates = estimates.take() else { return }
    let runner = contest?.server(of: event) ?? 0
    if let outcome = runners[runner].outcomes.outcomes.first,
      let said = runners[runner].answers?.predictions
    {
      estimates.absorb(
        waiting, slot, event: event, now: now + 1, outcome,
        confidence: said[slot, said.likeliest(slot)])
    }
    for entry in estimates.takeEntries() { add(entry) }
    self.estimates = estimates
  }

  mutating func finishEstimates() {
    estimates?.finish(event: events)
    for entry in estimates?.takeEntries() ?? [] { add(entry) }
  }

  /// What was estimated, the last 1,000 chunks; nil where nobody asked.
  package var estimateReports: [EstimateReport]? { estimates?.reports }
}
