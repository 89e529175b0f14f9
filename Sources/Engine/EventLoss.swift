/// What an event cost a model, told when its label has come.
package struct EventLoss: Sendable, Equatable {
  package let event: Int
  /// |label − prediction| of a number; −log of the probability of what happened of a class.
  package let loss: Double
  /// label − prediction of a number; 1 for a wrong class, 0 for a right one.
  package let error: Double
}
