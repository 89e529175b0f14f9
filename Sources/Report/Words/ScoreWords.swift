import Catalogues
import Scores

/// What scores are called, and which way is better.
package enum ScoreWords {
  private static let gains: Set<String> = Set(
    [ScoreTask.regression, .binary, .multiclass].flatMap { task in
      Catalogue.scores(for: task).filter(\.isGain).map(\.name)
    })

  /// Whether more of the score is better. What is not known is taken for a loss.
  package static func isGain(_ name: String) -> Bool { gains.contains(name) }

  /// What people say for a score's name.
  package static func title(_ name: String) -> String {
    switch name {
    case "mae": "mean absolute error"
    case "rmse": "root mean squared error"
    case "r2": "R²"
    case "roc-auc": "area under the ROC curve"
    case "average-precision": "average precision"
    case "log-loss": "log loss"
    case "accuracy": "accuracy"
    case "f1": "F1"
    case "kappa": "Cohen’s kappa"
    case "kappa-temporal": "temporal kappa"
    default: Markup.shortened(name, to: Markup.longestName)
    }
  }

  /// Whether `a` is better than `b`.
  package static func isBetter(_ a: Double, than b: Double, _ name: String) -> Bool {
    isGain(name) ? a > b : a < b
  }
}
