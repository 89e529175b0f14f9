import Snapshots
package import Telemetry

/// A version of the served model, as of the event at which it came to be.
package struct VersionMade {
  /// Events taken by then.
  package let event: Int
  /// Events with a label by then.
  package let labelled: Int
  /// What made it, as the journal has it; nil where nothing did, as at the end of a run.
  package let entry: JournalEntry?
  /// The engine as of then (`Engine.write`).
  package let state: [UInt8]
  /// The model that was served, and its version's number within the run.
  package let name: String
  package let version: Int
  package let report: ModelReport
  package let baselines: [ModelReport]

  /// Kinds of journal entries that tell of another model, or another version of it, being served from then on.
  package static let kinds: Set<String> = [
    "retrain", "restart", "window-reset", "undone", "promotion", "rollback",
  ]
}

extension Engine {
  /// The version that is served now.
  package mutating func versionNow(_ entry: JournalEntry? = nil) -> VersionMade {
    var writer = SnapshotWriter()
    write(to: &writer)
    return VersionMade(
      event: events, labelled: labelled, entry: entry, state: writer.payload,
      name: runners[served].name, version: runners[served].version, report: models[0],
      baselines: baselineReports)
  }

  /// Keeps the version that is served if it is another one than before; the entries from `first` on tell why.
  mutating func keepVersion(_ first: Int) {
    let version = runners[served].version
    guard version != keptVersion else { return }
    keptVersion = version
    let entry = entries[first...].lazy.reversed().compactMap { told -> JournalEntry? in
      guard case .entry(let entry) = told else { return nil }
      return VersionMade.kinds.contains(entry.kind) ? entry : nil
    }.first
    versionsMade.append(versionNow(entry))
  }

  /// The versions that were made since the last call, if the options ask for them.
  package mutating func takeVersions() -> [VersionMade] {
    defer { versionsMade.removeAll() }
    return versionsMade
  }
}
