/// What of a run is explained while it goes on.
package struct ExplainOptions: Sendable, Equatable {
  /// Usual rows that are kept to explain against.
  package var backgroundRows = 32
  /// Random orders for each of them, and features up to which all coalitions are looked at (`Explainer`).
  package var pairs = 1
  package var exactPlayers = 4
  package var seed: UInt64 = 1
  /// The event from which on every one is explained, by the model that predicts it; nil: none.
  package var from: Int?
  /// Whether the model as it was then is kept with each explanation, at the price of a copy.
  package var keepsModels = false
  /// Events after which the journal tells what the model leans on; nil: never.
  package var importanceEvery: Int?
  /// Of so many of them.
  package var importanceRows = 64

  package init() {}
}
