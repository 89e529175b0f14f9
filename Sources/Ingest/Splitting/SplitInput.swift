package import Batches
import Kernels

/// One input that several versions read at once, each event of which one of them answers.
///
/// Every version makes a row of every record, by its own columns and its own memory of the rows before, so that each
/// stands where it would if it read alone. Who answers is chosen before anybody has looked at the record, by its id or
/// by the number of events before it: neither batches nor what another version makes of a record can change an answer.
/// A record that the chosen version refuses is refused, whatever the others think of it.
package struct SplitInput {
  /// Who answers an event: a version, and the row of the event in its batch.
  package struct Answer: Equatable {
    package let place: Int
    package let row: Int
  }

  private let split: TrafficSplit
  /// Events so far.
  private var events = 0
  /// Who answers the events of the last `fill`, in their order.
  package private(set) var answers: [Answer] = []

  package init(_ split: TrafficSplit) { self.split = split }

  /// Fills the batches of all versions with what comes next of the input that the first of them reads.
  package mutating func fill(_ branches: [SplitBranch]) throws(IngestError) -> FillOutcome {
    answers.removeAll(keepingCapacity: true)
    for branch in branches { branch.forgetRows() }
    let lead = branches[0]
    let room = branches.map(\.room).min() ?? 0
    var deadline: MonotonicTime?
    for _ in 0..<room {
      if deadline == nil, !answers.isEmpty {
        deadline = EventSource.deadline(lead.source.delay)
      }
      switch try lead.source.reader.next(until: deadline) {
      case .record(let record):
        for branch in branches { branch.take(record) }
        try answer(record, branches)
      case .refused(let refusal): try lead.source.add(refusal)
      case .late: return .late
      case .interrupted: return .interrupted
      case .end: return try lead.source.end()
      }
    }
    return .full
  }

  private mutating func answer(
    _ record: Record, _ branches: [SplitBranch]
  ) throws(IngestError) {
    guard let reader = branches.first(where: { $0.isParsed }) else {
      return try branches[0].refuse(record)
    }
    let place = reader.id.map(split.place(of:)) ?? split.place(ofEvent: events)
    guard let row = branches[place].row else { return try branches[place].refuse(record) }
    answers.append(Answer(place: place, row: row))
    events += 1
  }
}
