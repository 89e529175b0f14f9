import Batches
import Comparisons
import Telemetry

/// How decay is measured.
package struct DecayOptions: Sendable, Equatable {
  /// Events from one frozen copy to the next.
  package var every = 256
  /// What a retraining costs, in units of loss; nil: no schedule is asked for.
  package var retrainCost: Double?

  package init() {}
}

/// What age costs, where that is asked for.
extension Engine {
  /// Has the frozen copies take rows that were just learned.
  mutating func ageCopies(_ batch: borrowing MicroBatch, _ rows: Range<Int>) {
    guard var copies = frozen.take() else { return }
    copies.observe(batch, rows, first: events, runners[served].outcomes.outcomes)
    frozen = copies
  }

  /// The same of the row in `slot`, whose label has just been learned.
  mutating func ageCopies(_ waiting: borrowing MicroBatch, slot: Int, event: Int) {
    guard var copies = frozen.take() else { return }
    let runner = contest?.server(of: event) ?? 0
    copies.observe(
      waiting, slot..<slot + 1, first: event, runners[runner].outcomes.outcomes)
    frozen = copies
  }

  /// At a fixed position: takes a copy of the served model if it is time, and tells the journal.
  mutating func freeze() {
    guard var copies = frozen.take() else { return }
    // A copy of a model that has hardly learned yet would say nothing of age.
    if runners[served].isWarm, min(events - options.labelDelay, labelled) >= copies.every {
      copies.take(runners[served].learner, runners[served].platt, event: events, time: time)
    }
    let isToTell = copies.isToTell(event: events)
    frozen = copies
    if isToTell { tellDecay() }
  }

  mutating func tellDecay() {
    guard let report = decayReport, !report.ages.isEmpty else { return }
    add(
      JournalEntry(
        event: events, kind: "decay", report.members(cost: options.decay?.retrainCost)))
  }

  /// What age costs; nil where nobody asked.
  package var decayReport: DecayReport? { frozen?.report }
}

extension FrozenCopies {
  var report: DecayReport {
    var from = 0
    var ages: [DecayReport.Age] = []
    for (place, octave) in octaves.enumerated() {
      let to = every << place
      defer { from = to }
      guard octave.rows > 0 else { continue }
      let n = Double(octave.rows)
      let share = FrozenCopies.risk / Double((place + 1) * (place + 2))
      ages.append(
        DecayReport.Age(
          from: from, to: to, mean: octave.ages / n, rows: octave.rows, loss: octave.loss / n,
          excess: octave.excess / n, interval: octave.test.bounds(risk: share / 2)))
    }
    return DecayReport(
      ages: ages, servedLoss: rows > 0 ? servedLoss / Double(rows) : nil,
      secondsPerEvent: secondsPerEvent)
  }
}
