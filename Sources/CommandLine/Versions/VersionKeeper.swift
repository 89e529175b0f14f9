import Batches
import Engine
import Monitors
import Registry
import Scores
import Telemetry

/// Puts every version of a run's served model into a registry, and the name `champion` on it.
///
/// A version's snapshot is laid out as a checkpoint: the engine as of the very event at which the version came to be, and
/// the source's state as of the end of a batch that was read by then, which is at or behind that event. So what comes
/// later can be predicted with it; but unless both are of the same event the run cannot be gone on with. Each version
/// has the run's own name and its number within the run for a key, so that a run which goes on after a crash adds none twice.
struct VersionKeeper {
  /// The name that points at what is served.
  static let champion = "champion"

  private let registry: Registry
  private let configuration: String
  private let source: String
  /// The run's own name.
  let run: String
  private var parent: Int?
  /// Versions that wait for the source's state, with what had been shown to each.
  private var pending: [(made: VersionMade, account: DataAccount, profile: Reference?)] = []

  /// - Parameters:
  ///   - path: the registry's folder, made if there is none.
  ///   - source: where the events come from, in the user's words.
  ///   - configuration: the options of the run, as JSON text.
  ///   - identity: the run that this one goes on with; nil: it begins.
  /// - Throws: `RegistryError` where there is no registry and none can be made.
  init(
    path: String, source: String, configuration: String, identity: RunIdentity?
  ) throws {
    registry = try Registry.open(path, creates: true)
    self.source = source == "-" ? "standard input" : source
    self.configuration = configuration
    run = identity?.name ?? RunIdentity.fresh()
    parent = identity?.parent
  }

  /// What a checkpoint has to know of the run.
  var identity: RunIdentity { RunIdentity(name: run, parent: parent) }

  /// Whether there is a version to be added.
  var isWaiting: Bool { !pending.isEmpty }

  /// `profile`: what its data were like, where that is known from their first row on.
  mutating func note(_ made: VersionMade, _ account: DataAccount, _ profile: Reference?) {
    pending.append((made, account, profile))
  }

  /// Why there is a version, in a word; nil of an entry that made none.
  private static func reason(_ entry: JournalEntry) -> String? {
    switch entry.kind {
    case "retrain":
      switch entry["reason"] {
      case .string("schedule"): "schedule"
      case .string("warm-up"): "warm-up"
      default: "retrain"
      }
    case "restart", "window-reset", "undone", "promotion", "rollback": entry.kind
    default: nil
    }
  }

  /// Adds the versions that are waiting; `snapshot` makes the whole of one with the source's state.
  mutating func add(schema: Schema, classes: [String], snapshot: (VersionMade) -> [UInt8]) throws {
    for (made, account, profile) in pending {
      parent = try add(made, account, profile, schema, classes, snapshot)
    }
    pending.removeAll()
  }

  private func add(
    _ made: VersionMade, _ account: DataAccount, _ profile: Reference?, _ schema: Schema,
    _ classes: [String], _ snapshot: (VersionMade) -> [UInt8]
  ) throws -> Int {
    let served = made.report
    // A run that went on from a checkpoint makes again what it made before the crash.
    let key = made.entry == nil ? nil : "\(run)/\(made.version)"
    if let key, let known = try registry.number(key: key) { return known }
    var record = VersionRecord(
      created: UTCTime.now, model: made.name,
      reason: made.entry.flatMap(VersionKeeper.reason) ?? "end")
    record.parent = parent
    record.evidenceJSON =
      made.entry?.json.text ?? JSONValue.members([("event", .int(made.event))]).text
    var first = 0
    if case .int(let event)? = made.entry?["firstEvent"] { first = min(event, made.event) }
    record.events = first..<made.event
    if let first = account.firstTime, let last = account.lastTime { record.times = first...last }
    record.learned = made.labelled
    record.source = source
    record.dataHash = "rows64:" + VersionKeeper.hexadecimal(account.hash)
    record.configurationJSON = configuration
    record.schemaJSON = VersionKeeper.account(of: schema, classes).text
    record.scoresJSON =
      JSONValue.members([
        ("all", RunAccount.scores(served.board.overall)),
        ("window", RunAccount.scores(served.board.overWindow)),
        (
          "baselines",
          .members(made.baselines.map { ($0.name, RunAccount.scores($0.board.overall)) })
        ),
      ]).text
    record.profileJSON = (profile?.json ?? VersionKeeper.profile(account, schema.denseNames)).text
    record.softwareJSON = Software.json.text
    record.key = key
    return try registry.add(
      record, snapshot: snapshot(made), aliases: [VersionKeeper.champion])
  }

  private static func account(of schema: Schema, _ classes: [String]) -> JSONValue {
    .members([
      ("task", .string(schema.task.rawValue)), ("target", .string(schema.targetName)),
      ("features", .array(schema.denseNames.map { .string($0) })),
      ("classes", .array(classes.map { .string($0) })),
    ])
  }

  private static func hexadecimal(_ word: UInt64) -> String {
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private static func profile(_ account: DataAccount, _ names: [String]) -> JSONValue {
    .members([
      ("rows", .int(account.rows)),
      (
        "columns",
        .members(
          zip(names, account.columns).map { name, column in
            guard let column else { return (name, .members([("count", .int(0))])) }
            return (
              name,
              .members([
                ("count", .int(column.count)), ("missing", .int(column.missing)),
                ("mean", .number(column.mean)),
                ("standardDeviation", .number(column.standardDeviation)),
                ("least", .number(column.least)), ("most", .number(column.most)),
              ])
            )
          })
      ),
    ])
  }
}

/// Which run versions belong to, and which of them came last.
struct RunIdentity: Equatable {
  let name: String
  var parent: Int?

  /// A name that no other run has: 16 hexadecimal digits.
  static func fresh() -> String {
    var system = SystemRandomNumberGenerator()
    let digits = String(system.next() as UInt64, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
