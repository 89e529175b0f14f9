/// How scores are told apart by groups of rows.
package struct GroupOptions: Sendable, Equatable {
  /// What the columns are called, in the order in which rows have their groups.
  package var columns: [String] = []
  /// A group of fewer labelled rows is not told of by itself.
  package var leastRows = 100
  /// Events after which the journal tells of the groups; nil: at the end alone.
  package var every: Int?
  /// A probability above it counts as positive.
  package var threshold = 0.5
  /// The chance that any interval of any gap ever fails.
  package var risk = 0.05

  package init() {}
}
