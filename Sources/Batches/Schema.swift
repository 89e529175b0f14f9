/// What is to be predicted.
package enum Task: String, Sendable, CaseIterable {
  case regression
  case binary
  case multiclass

  /// Whether the target is one of a set of classes.
  package var isClassification: Bool { self != .regression }
}

/// What a row means: fixed once the first events have been seen.
package struct Schema: Sendable, Equatable {
  package let task: Task
  package let targetName: String
  /// Names of the dense features, in the order of their columns in a `MicroBatch`.
  package let denseNames: [String]

  package init(task: Task, targetName: String, denseNames: [String]) {
    self.task = task
    self.targetName = targetName
    self.denseNames = denseNames
  }

  /// Dense features of a row.
  package var denseWidth: Int { denseNames.count }
}
