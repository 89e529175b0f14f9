import Learners
import Scores
import Snapshots
import Telemetry

/// All that shapes a model's future and its account: what was made from the options alone is not written.
extension ModelRunner {
  /// To be called between two batches, when the journal's entries have been taken. Mutating: notices of the learner are
  /// no part of its own snapshot, and are taken over here.
  mutating func write(to writer: inout SnapshotWriter) {
    untold += learner.takeNotices()
    writer.write(untold) { writer, notice in
      writer.write(notice.kind)
      writer.write(notice.text)
      writer.write(notice.learned)
    }
    learner.write(to: &writer)
    board.write(to: &writer)
    boardSince?.write(to: &writer)
    writer.write([version, changes, alarmCount, eventsSinceRefit])
    writer.write(alarms) { $1.write(to: &$0) }
    writer.write(reactions) { $1.write(to: &$0) }
    writer.write(keptCauses) { $1.write(to: &$0) }
    outcomes.write(to: &writer)
    tracker?.write(to: &writer)
    coverage.write(to: &writer)
    coverageSince.write(to: &writer)
    platt?.write(to: &writer)
    reliability?.write(to: &writer)
    answers?.write(to: &writer)
    late?.write(to: &writer)
    screen?.write(to: &writer)
    for watch in watches { watch.write(to: &writer) }
    shared?.write(to: &writer)
    explainer?.write(to: &writer)
    window?.write(to: &writer)
    state.write(to: &writer)
    writer.write(pending != nil)
    pending?.write(to: &writer)
    writer.write(isWarm)
    writer.write(nextScheduled)
  }

  /// Takes over what was written of a runner with the same options.
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    untold = try reader.readList { reader throws(SnapshotError) in
      LearnerNotice(
        kind: try reader.readString(), text: try reader.readString(),
        learned: try reader.readInt())
    }
    try learner.restore(from: &reader)
    try board.restore(from: &reader)
    try boardSince?.restore(from: &reader)
    let counts = try reader.readInts()
    guard counts.count == 4 else { throw .corrupt }
    (version, changes) = (counts[0], counts[1])
    (alarmCount, eventsSinceRefit) = (counts[2], counts[3])
    alarms = try reader.readList { reader throws(SnapshotError) in try Alarm(from: &reader) }
    reactions = try reader.readList { reader throws(SnapshotError) in
      try JournalEntry(from: &reader)
    }
    keptCauses = try reader.readList { reader throws(SnapshotError) in
      try AlarmCause(from: &reader)
    }
    try outcomes.restore(from: &reader)
    try tracker?.restore(from: &reader)
    try coverage.restore(from: &reader)
    try coverageSince.restore(from: &reader)
    try platt?.restore(from: &reader)
    try reliability?.restore(from: &reader)
    try answers?.restore(from: &reader)
    if let slots = answers?.slots { scratch.lengthen(to: slots) }
    try late?.restore(from: &reader)
    try screen?.restore(from: &reader)
    for index in watches.indices { try watches[index].restore(from: &reader) }
    try shared?.restore(from: &reader)
    try explainer?.restore(from: &reader)
    try window?.restore(from: &reader)
    state = try restoredState(from: &reader)
    pending = try reader.readBool() ? try Alarm(from: &reader) : nil
    isWarm = try reader.readBool()
    nextScheduled = try reader.readOptionalDouble()
  }

  private func restoredState(
    from reader: inout SnapshotReader
  ) throws(SnapshotError) -> ReactionState {
    switch try reader.readInt() {
    case 0: return .stable
    case 1:
      let reason = try reader.readString()
      guard try reader.readBool() else { return .collecting(reason: reason, rival: nil) }
      var rival = fresh
      try rival.restore(from: &reader)
      return .collecting(reason: reason, rival: rival)
    case 2:
      return .trial(
        try Trial(
          from: &reader, like: fresh, predictions: predictions, outcomes: outcomes,
          answers: answers))
    default: throw .corrupt
    }
  }
}
