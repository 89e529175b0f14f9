/// What is known of a version of a model when it is made: where it comes from, why, and from which data.
///
/// Everything that ends in `JSON` is JSON text that the registry keeps and does not look into.
package struct VersionRecord: Sendable, Equatable {
  /// The version that this one was made from; nil for a first one.
  package var parent: Int?
  /// When, in UTC: 2026-03-01T12:30:00Z, with up to nine decimals of the second.
  package var created: String
  /// The model's specification, as on the command line.
  package var model: String
  /// Why, in one word of the engine's: retrain, promotion, schedule, manual, warm-up, end, restart, …
  package var reason: String
  /// What spoke for it: the alarm, the test, the words of a person.
  package var evidenceJSON = "{}"
  /// Events of the stream that it was made from, [first, end), counted from 0.
  package var events: Range<Int>?
  /// The first and the last time of these, seconds since 1970.
  package var times: ClosedRange<Double>?
  /// Rows with a label that the run had learned by then.
  package var learned = 0
  /// Where the data came from: a path, the name of a data set.
  package var source: String?
  /// Hash of the data, ALGORITHM:HEX.
  package var dataHash: String?
  /// The options of the run, as `--write-config` writes them.
  package var configurationJSON = "{}"
  /// Features, task, target, classes.
  package var schemaJSON = "{}"
  package var scoresJSON = "{}"
  /// What each column of the training data looked like.
  package var profileJSON = "{}"
  /// Versions of the engine, Swift and BLAS.
  package var softwareJSON = "{}"
  /// What the maker calls it, so that it is added once though it be made again after a crash; nil: each is a new one.
  package var key: String?

  package init(created: String, model: String, reason: String) {
    (self.created, self.model, self.reason) = (created, model, reason)
  }

  /// The texts that must be JSON.
  var texts: [(field: String, text: String)] {
    [
      ("evidence", evidenceJSON), ("configuration", configurationJSON), ("schema", schemaJSON),
      ("scores", scoresJSON), ("profile", profileJSON), ("software", softwareJSON),
    ]
  }

  /// Throws when a field that the registry does look at is not as it must be.
  func check() throws(RegistryError) {
    try Names.checkTime(created)
    try Names.check(reason, noun: "a reason")
    if let dataHash { try Names.checkHash(dataHash) }
    if let times, !times.lowerBound.isFinite || !times.upperBound.isFinite {
      throw .badRange(field: "times", text: "\(times)")
    }
    guard learned >= 0 else { throw .badRange(field: "learned", text: "\(learned)") }
  }
}

/// A version as it stands in a registry.
package struct ModelVersion: Sendable, Equatable {
  /// 1, 2, 3 … in the order in which they were added; never given again.
  package let number: Int
  package let record: VersionRecord
  /// SHA-256 of the snapshot, 64 hexadecimal digits.
  package let blob: String
  /// Bytes of the snapshot.
  package let size: Int
  /// When the snapshot was given up, UTC; nil while it is there.
  package let pruned: String?
  /// Name → text.
  package internal(set) var tags: [String: String] = [:]
}

/// One move of an alias.
package struct AliasMove: Sendable, Equatable {
  package enum Kind: String, Sendable {
    case promotion, rollback, removal
  }

  /// Grows with each move of any alias.
  package let sequence: Int
  package let alias: String
  /// Where it has pointed since; nil: nowhere.
  package let version: Int?
  package let kind: Kind
  package let reason: String
  package let evidenceJSON: String
  /// When, UTC.
  package let created: String
  /// The move whose state a rollback would go back to.
  package let beneath: Int?
}
