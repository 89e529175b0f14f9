import Catalogues
import Comparisons
import Scores
import Snapshots

/// A model that is not served, compared with the one that is on the same events.
struct Contestant {
  enum Role: Int, Sendable {
    /// Served from the moment on at which the test says that it is better.
    case challenger
    /// Compared and told of, never served.
    case shadow

    var name: String { self == .challenger ? "challenger" : "shadow" }
  }

  let role: Role
  /// Its place among the runners.
  var runner: Int
  /// Number of the first event that counts.
  private(set) var since: Int
  /// The event at which it gives up; nil: never.
  private(set) var until: Int?
  private(set) var test: any PairedTest
  /// What the served model and this one cost, over the events that count.
  private(set) var servedLoss = 0.0
  private(set) var ownLoss = 0.0
  /// Whether the journal has been told that a shadow is better.
  var isTold = false

  init(_ role: Role, runner: Int, since: Int, until: Int? = nil, test: any PairedTest) {
    (self.role, self.runner, self.since, self.until) = (role, runner, since, until)
    self.test = test
  }

  var count: Int { test.count }

  /// Takes how the served model and this one did with the same rows.
  mutating func observe(served: [Outcome], own: [Outcome], scratch: inout [Double]) {
    scratch.removeAll(keepingCapacity: true)
    for place in served.indices {
      scratch.append(Contestant.difference(served[place].loss, own[place].loss))
      servedLoss += served[place].loss
      ownLoss += own[place].loss
    }
    test.observe(scratch[...])
  }

  /// Above 0 where the contestant was better; a model that ran off is worse than any that did not.
  private static func difference(_ served: Double, _ own: Double) -> Double {
    switch (served.isFinite, own.isFinite) {
    case (true, true): served - own
    case (true, false): -.infinity
    case (false, true): .infinity
    case (false, false): 0
    }
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write([role.rawValue, runner, since, until ?? -1])
    writer.write([servedLoss, ownLoss])
    writer.write(isTold)
    test.write(to: &writer)
  }

  /// One that was written; `test` makes its test.
  init(
    from reader: inout SnapshotReader, test: any PairedTest
  ) throws(SnapshotError) {
    let places = try reader.readInts()
    guard places.count == 4, let role = Role(rawValue: places[0]), places[1] >= 0 else {
      throw .corrupt
    }
    self.init(
      role, runner: places[1], since: places[2], until: places[3] < 0 ? nil : places[3], test: test)
    let losses = try reader.readDoubles()
    guard losses.count == 2 else { throw .corrupt }
    (servedLoss, ownLoss) = (losses[0], losses[1])
    isTold = try reader.readBool()
    try self.test.restore(from: &reader)
  }
}
