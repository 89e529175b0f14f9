import Batches
import Telemetry

/// Scores by groups of rows, where they are asked for.
extension Engine {
  /// Takes rows that were just learned.
  mutating func observeGroups(_ batch: borrowing MicroBatch, _ rows: Range<Int>) {
    // Taken out, so that it is not copied while a runner is read.
    guard var groups = groups.take() else { return }
    groups.observe(batch, rows, runners[served].outcomes.outcomes)
    self.groups = groups
  }

  /// Takes the row in `slot`, whose label has just been learned.
  mutating func absorbGroups(_ slot: Int, event: Int) {
    guard var groups = groups.take() else { return }
    groups.absorb(slot, runners[contest?.server(of: event) ?? 0].outcomes.outcomes)
    self.groups = groups
  }

  /// At a fixed position: what is to be told of groups.
  mutating func lookAtGroups() {
    guard var groups = groups.take() else { return }
    for entry in groups.look(event: events, reactEvery: options.reactEvery) { add(entry) }
    let isToTell = groups.isToTell(event: events)
    self.groups = groups
    if isToTell { tellGroups() }
  }

  /// Has the journal tell of all groups as they are now.
  mutating func tellGroups() {
    for report in groupReports {
      guard case .object(let members) = report.json else { continue }
      add(
        JournalEntry(
          event: events, kind: "group",
          [("column", .string(report.column))] + members.map { ($0.key, $0.value) }))
    }
  }

  /// What there is to say of the groups of each column; empty where none were asked for.
  package var groupReports: [GroupReport] {
    guard let groups else { return [] }
    return groups.options.columns.indices.map { groups.report($0) }
  }
}
