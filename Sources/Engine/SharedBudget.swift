import Detectors
import Learners
import Snapshots

/// The watches of a model that share one budget of false alarms (`JointBudget`).
///
/// Only evidence of at least the budget can be declared, so each detector runs through its values by itself until it has
/// that much; from there on those that have it go from event to event together. What comes out is what going together
/// all the time would give.
struct SharedBudget: Snapshotted {
  let budget: JointBudget
  /// The watches, by their position among all.
  private let members: [Int]
  /// Evidence of each member that has enough to be looked at; 0 of the others.
  private var evidence: [Double]
  /// The event at which a member that ran ahead has enough; nil: it had not, to the end of what was collected.
  private var arrivals: [Int?]

  init(_ budget: JointBudget, _ members: [Int]) {
    (self.budget, self.members) = (budget, members)
    evidence = members.map { _ in 0 }
    arrivals = members.map { _ in nil }
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(evidence)
    writer.write(arrivals) { $0.write($1) }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    evidence = try reader.readDoubles(count: members.count)
    arrivals = try reader.readList { reader throws(SnapshotError) in try reader.readOptionalInt() }
    guard arrivals.count == members.count else { throw .corrupt }
  }

  /// Shows the events to the members whose signals are wanted, which have collected their values.
  mutating func observe(
    _ watches: inout [SignalWatch], _ events: Range<Int>, model: String,
    _ isWanted: (Signal) -> Bool, alarm: (Alarm) -> Void
  ) {
    var first = Int.max
    for place in members.indices where isWanted(watches[members[place]].signal) {
      if evidence[place] > 0 {
        first = events.lowerBound
      } else {
        runAhead(place, &watches)
        first = min(first, arrivals[place] ?? Int.max)
      }
    }
    guard first < events.upperBound else { return }
    for event in first..<events.upperBound {
      var hasNew = false
      for place in members.indices where isWanted(watches[members[place]].signal) {
        let index = members[place]
        if arrivals[place] == event {
          arrivals[place] = nil
        } else if evidence[place] == 0 || !watches[index].observeNext(event) {
          continue
        }
        let now = watches[index].evidence
        if now < budget.events {
          leave(place, &watches)
        } else if !watches[index].speaks {
          // It has risen and the mean did not go that way: it begins again, as it does by itself.
          _ = watches[index].claim(
            budget: budget.events, sharers: members.count, model: model, event: event)
          leave(place, &watches)
        } else {
          hasNew = hasNew || now > evidence[place]
          evidence[place] = now
        }
      }
      guard hasNew else { continue }
      for place in budget.declared(evidence) {
        let raised = watches[members[place]].claim(
          budget: budget.events, sharers: members.count, model: model, event: event)
        if let raised { alarm(raised) }
        leave(place, &watches)
      }
    }
  }

  /// The member's evidence is no longer enough.
  private mutating func leave(_ place: Int, _ watches: inout [SignalWatch]) {
    evidence[place] = 0
    runAhead(place, &watches)
  }

  private mutating func runAhead(_ place: Int, _ watches: inout [SignalWatch]) {
    arrivals[place] = watches[members[place]].observe(until: budget.events)
  }

  /// The watch at `index` begins anew.
  mutating func forget(_ index: Int) {
    guard let place = members.firstIndex(of: index) else { return }
    evidence[place] = 0
    arrivals[place] = nil
  }
}
