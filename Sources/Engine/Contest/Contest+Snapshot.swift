import Learners
import Scores
import Snapshots
import Telemetry

extension Contest {
  func write(to writer: inout SnapshotWriter) {
    writer.write(served)
    writer.write(replaced)
    writer.write(reigns.flatMap { [$0.from, $0.runner] })
    writer.write(contestants) { $1.write(to: &$0) }
    record.write(to: &writer)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    served = try reader.readInt()
    replaced = try reader.readOptionalInt()
    let turns = try reader.readInts()
    guard served >= 0, turns.count.isMultiple(of: 2), !turns.isEmpty else { throw .corrupt }
    reigns = stride(from: 0, to: turns.count, by: 2).map { (turns[$0], turns[$0 + 1]) }
    let test = test()
    contestants = try reader.readList { reader throws(SnapshotError) in
      try Contestant(from: &reader, test: test)
    }
    try record.restore(from: &reader)
  }

  /// Whether every place is that of one of so many runners.
  func fits(_ runners: Int) -> Bool {
    ([served] + contestants.map(\.runner) + reigns.map(\.runner) + [replaced ?? 0])
      .allSatisfy { (0..<runners).contains($0) }
  }
}

extension ServedRecord: Snapshotted {
  func write(to writer: inout SnapshotWriter) {
    board.write(to: &writer)
    boardSince?.write(to: &writer)
    coverage.write(to: &writer)
    coverageSince.write(to: &writer)
    reliability?.write(to: &writer)
    writer.write(alarms) { $1.write(to: &$0) }
    writer.write(causes) { $1.write(to: &$0) }
    writer.write(reactions) { $1.write(to: &$0) }
    writer.write([alarmCount, mark.alarms, mark.alarmCount, mark.causes, mark.reactions])
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try board.restore(from: &reader)
    try boardSince?.restore(from: &reader)
    try coverage.restore(from: &reader)
    try coverageSince.restore(from: &reader)
    try reliability?.restore(from: &reader)
    alarms = try reader.readList { reader throws(SnapshotError) in try Alarm(from: &reader) }
    causes = try reader.readList { reader throws(SnapshotError) in try AlarmCause(from: &reader) }
    reactions = try reader.readList { reader throws(SnapshotError) in
      try JournalEntry(from: &reader)
    }
    let counts = try reader.readInts()
    guard counts.count == 5, counts.allSatisfy({ $0 >= 0 }) else { throw .corrupt }
    alarmCount = counts[0]
    (mark.alarms, mark.alarmCount) = (counts[1], counts[2])
    (mark.causes, mark.reactions) = (counts[3], counts[4])
  }
}

extension Engine {
  /// Writes who runs and who is served, before the models themselves.
  func writeContest(to writer: inout SnapshotWriter) {
    guard let contest else { return }
    writer.write(nextVersion)
    writer.write(runners.map(\.written))
    writer.write(runners.map(\.born))
    contest.write(to: &writer)
  }

  /// Takes that over: the models are then those that ran, still to be restored themselves.
  mutating func restoreContest(from reader: inout SnapshotReader) throws(SnapshotError) {
    guard var contest = contest.take() else { return }
    let version = try reader.readInt()
    let (names, births) = (try reader.readStrings(), try reader.readInts())
    try contest.restore(from: &reader)
    guard names.count == births.count, contest.fits(names.count), version >= names.count else {
      throw .corrupt
    }
    let screen = runners[0].screen.take()
    runners.removeAll()
    for (name, born) in zip(names, births) {
      let (specification, guest) = ModelRunner.read(name)
      do { try addRunner(specification, born: born, guest: guest) } catch { throw .corrupt }
    }
    runners[contest.served].screen = screen
    nextVersion = version
    self.contest = contest
  }
}
