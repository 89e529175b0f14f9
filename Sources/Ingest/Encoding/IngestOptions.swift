package import Batches

/// What the user says of the input. What is not said is inferred from the first events and locked.
package struct IngestOptions: Sendable, Equatable {
  package var format = "auto"
  /// Names of the columns when the input has no header; empty: the first line is the header.
  package var columns: [String] = []
  /// The byte between fields; nil: found in the header.
  package var delimiter: UInt8?
  /// Names for the columns of an input whose first line is all numbers; empty: that is an error.
  package var columnsIfHeaderless: [String] = []
  package var target: String?
  /// Whether there may be no target: the columns are only looked at.
  package var mayLackTarget = false
  /// Whether the target and the columns of `number` are all that is read.
  package var readsTargetOnly = false
  /// Importance of rows by class: `1=10`.
  package var classWeights: [String] = []
  package var task: Task?
  /// Which of the two values of a binary target is the event whose probability is predicted.
  package var positive: String?
  package var ignore: [String] = []
  package var number: [String] = []
  package var category: [String] = []
  package var id: String?
  package var weight: String?
  /// A column whose number grows from event to event: what is not beyond the last one taken was taken before.
  package var sequence: String?
  /// A timestamp column, or a date column and an hour column.
  package var time: [String] = []
  /// Products of columns: `hr*workingday`.
  package var crosses: [String] = []
  /// Earlier values of a column: `cnt=1,24,168`.
  package var lags: [String] = []
  /// Running means of the target by key: `cnt=hr*workingday`, `cnt=hr:0.1`.
  package var means: [String] = []
  /// How many rows come before a row's label is known: lags and means of the target wait for it.
  package var labelDelay = 0
  /// How labels are joined by id to rows that came before; nil: a row has its label with it, or none.
  package var lateLabels: LateLabelOptions?
  /// Columns by whose values scores are told apart: `sex`, `age=25,45,65`.
  package var groups: [String] = []
  /// Values of one of them that are told apart at most; those that come later share one name.
  package var groupLimit = 32
  /// The column that keeps lags and means of different sources apart.
  package var key: String?
  /// What to put for a missing number: for all columns, or `temp=last` for one.
  package var missing: [String] = []
  /// Whether features are made by `AutoRecipe` from what the first events show.
  package var isAutomatic = false
  /// The season, as it was given or as the recipe found it.
  package var season: StreamInterval?
  package var badRows = BadRowPolicy()
  package var lineLimit = 1 << 20
  /// Distinct values of one category column that get a weight of their own.
  package var categoryLimit = 100_000
  /// Features that have no column share 2 to the power of this many weights.
  package var hashBits = 18
  /// How long the oldest event of a batch waits for company.
  package var delayMilliseconds = 100

  /// Whether batches say when their rows came.
  package var stampsBatches = false
  /// Whether what the first events fixed is to be found again by a later run (`EventSource.write`).
  package var isResumable = false
  /// Whether what an earlier run put into quarantine stays.
  package var keepsQuarantine = false

  package init() {}
}

/// What stands in for a missing number.
package enum MissingPolicy: String, Sendable, CaseIterable {
  /// The mean of the values seen so far.
  case mean
  case zero
  /// The last value seen.
  case last
  /// The row is refused.
  case refuse
}
