/// Why a source stopped filling a batch.
package enum FillOutcome: Sendable, Equatable {
  /// The batch is full.
  case full
  /// The oldest event waited long enough.
  case late
  /// There are no more events.
  case end
  /// The user asked for an end; what is in the batch is still to be learned.
  case interrupted
}

/// Something of the input that the journal should tell.
package struct SourceNotice: Sendable, Equatable {
  /// A kebab-case kind, as it stands in the journal: "new-category".
  package let kind: String
  /// What happened, in words.
  package let text: String
  /// How many accepted events came before it.
  package let event: Int

  package init(kind: String, text: String, event: Int) {
    self.kind = kind
    self.text = text
    self.event = event
  }
}

/// Where micro-batches come from. The engine knows no more of the input than this.
package protocol BatchSource: ~Copyable {
  var schema: Schema { get }

  /// The classes seen so far, in the order of their indices; empty for a regression.
  var classNames: [String] { get }

  /// Appends rows until the batch is full, late, or the stream is at its end. At `limit` accepted events
  /// it counts as full, so that features can change between the same two rows however batches fall.
  mutating func fill(_ batch: inout MicroBatch, upTo limit: Int?) throws -> FillOutcome

  /// What a user would call the sparse feature with this index.
  func sparseName(_ index: Int) -> String

  /// The families of sparse features, in the order in which rows have those that are on.
  var families: [FeatureFamily] { get }

  /// Changes the features of the rows to come.
  mutating func change(_ changes: [FeatureChange])

  /// Notices since the last call, oldest first.
  mutating func takeNotices() -> [SourceNotice]
}
