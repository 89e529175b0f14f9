package import Snapshots

/// How a run is, in one word, told apart by what there is to be done about it.
package enum HealthState: String, Sendable, CaseIterable {
  /// Nothing speaks against it.
  case ok
  /// The program failed at something of its own: a fit, a file, its budget of time.
  case programBroken = "program-broken"
  /// The stream has stopped.
  case silent
  /// The input is not as it should be: mend it, not the model.
  case dataBroken = "data-broken"
  /// The model is worse than none: no better than the best baseline, or its probabilities mean nothing.
  case modelWrong = "model-wrong"
  /// The model was right, and the world has moved away from it.
  case modelDecaying = "model-decaying"
}

/// The health of a run, from what was found, alarmed and decided.
///
/// Whatever speaks against a run is a complaint: it has a state, a reason, and lasts until it is over, or until so many
/// events have passed where nothing ends it. The run's health is the gravest state of the complaints that last, in this order,
/// as each hides the next: what a broken program says of data, broken data of a model, and a model that never
/// was any good of decay, is not to be trusted:
///
///     program-broken  a retraining failed; a model's numbers diverged; a budget of time is passed
///     silent          no event within the time that was allowed
///     data-broken     `schema`, `encoding`, `missing`, `range`, `unseen-category`, `volume` and `skew`, until they say
///                     that it is over; a drift whose cause is the data, for `memory` events
///     model-wrong     over the window the model loses to the best baseline, at `patience` positions one after another
///     model-decaying  `relation`, a target that is served otherwise (`skew`), and a drift by which the loss or the error rose, for `memory` events each; an
///                     estimate of the loss that rose
///     ok              everything else: inputs that moved are no illness as long as the model copes
///
/// Checks whose action is `note` complain of nothing.
package struct Health: Snapshotted, Sendable {
  /// A change of state.
  package struct Change: Sendable, Equatable {
    package let state: HealthState
    package let before: HealthState
    package let event: Int
    /// Why, in a sentence.
    package let why: String
  }

  private struct Complaint {
    let key: String
    let state: HealthState
    let why: String
    /// The event after which it no longer counts; nil: until it is over.
    var until: Int?
  }

  /// How long something counts that nobody will say is over, in events.
  package static let memory = 2048
  /// How often a model must lose to a baseline before it counts.
  private static let patience = 4

  package private(set) var state = HealthState.ok
  /// Why it is so; empty where nothing speaks against it.
  package private(set) var why = ""
  private var complaints: [Complaint] = []
  private var losses = 0
  /// How often it has changed.
  package private(set) var changes = 0

  package init() {}

  /// Takes what a check found.
  package mutating func note(_ finding: Finding) {
    guard let state = CheckEntry.state(of: finding) else { return }
    let key = "\(finding.check) \(finding.column ?? "")"
    guard !finding.isOver else {
      complaints.removeAll { $0.key == key }
      return
    }
    guard finding.severity != .note else { return }
    // A column that is gone stays so until there is another reference.
    let lasts = CheckEntry.saysWhenOver(finding) || ["gone", "kind"].contains(finding.kind)
    complain(
      key, state, finding.text, until: lasts ? nil : finding.event + Health.memory)
  }

  /// Takes something that speaks against the run: `until` is the last event at which it counts; nil: until `settle`.
  package mutating func complain(
    _ key: String, _ state: HealthState, _ why: String, until: Int?
  ) {
    complaints.removeAll { $0.key == key }
    complaints.append(Complaint(key: key, state: state, why: why, until: until))
  }

  /// What was said under `key` is over.
  package mutating func settle(_ key: String) { complaints.removeAll { $0.key == key } }

  /// Whether anything is said under `key`.
  package func complains(of key: String) -> Bool { complaints.contains { $0.key == key } }

  /// Takes the model's score over the window beside the best baseline's.
  package mutating func compare(isWorse: Bool, why: () -> String) {
    losses = isWorse ? losses + 1 : 0
    if losses == Health.patience {
      complain("baseline", .modelWrong, why(), until: nil)
    } else if losses == 0 {
      settle("baseline")
    }
  }

  /// The state at an event; what changed since it was asked last.
  package mutating func ask(event: Int) -> Change? {
    complaints.removeAll { $0.until.map { $0 < event } ?? false }
    let order: [HealthState] = [
      .programBroken, .silent, .dataBroken, .modelWrong, .modelDecaying,
    ]
    let gravest = order.first { state in complaints.contains { $0.state == state } } ?? .ok
    why = complaints.last { $0.state == gravest }?.why ?? ""
    guard gravest != state else { return nil }
    defer { state = gravest }
    changes += 1
    return Change(
      state: gravest, before: state, event: event,
      why: gravest == .ok ? "nothing speaks against it any more" : why)
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(state.rawValue)
    writer.write(why)
    writer.write([losses, changes])
    writer.write(complaints) { writer, complaint in
      writer.write([complaint.key, complaint.state.rawValue, complaint.why])
      writer.write(complaint.until)
    }
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    guard let state = HealthState(rawValue: try reader.readString()) else { throw .corrupt }
    self.state = state
    why = try reader.readString()
    let counts = try reader.readInts()
    guard counts.count == 2 else { throw .corrupt }
    (losses, changes) = (counts[0], counts[1])
    complaints = try reader.readList { reader throws(SnapshotError) in
      let words = try reader.readStrings()
      guard words.count == 3, let state = HealthState(rawValue: words[1]) else { throw .corrupt }
      return Complaint(
        key: words[0], state: state, why: words[2], until: try reader.readOptionalInt())
    }
  }
}

extension CheckEntry {
  /// Of which illness what a check found speaks; nil: of none.
  static func state(of finding: Finding) -> HealthState? {
    if finding.kind == "silence" { return .silent }
    // Rentals that grow are no broken data.
    if finding.check == "skew", finding.column == nil { return .modelDecaying }
    return all.first { $0.name == finding.check }?.blames
  }

  /// Whether it will be told when what was found is over.
  static func saysWhenOver(_ finding: Finding) -> Bool {
    let lasting: Set<String> = ["gone", "new", "kind", "gap"]
    return finding.check != "relation" && finding.check != "distribution"
      && !lasting.contains(finding.kind)
  }
}
