package import Catalogues

/// A score with what its value means.
package struct NamedScore: Sendable {
  package let name: String
  /// Whether more is better.
  package let isGain: Bool
  package var score: any Score

  init(_ name: String, isGain: Bool, _ score: any Score) {
    self.name = name
    self.isGain = isGain
    self.score = score
  }

  /// Whether value `a` is better than `b`.
  package func isBetter(_ a: Double, than b: Double) -> Bool { isGain ? a > b : a < b }
}

extension Catalogue where Context == ScoreTask, Product == NamedScore {
  /// Every score that can be named, one line each, the one to look at first in front.
  package static var scores: Catalogue {
    Catalogue(
      "score",
      [
        MeanAbsoluteError.entry,
        RootMeanSquaredError.entry,
        R2.entry,
        RankedScore.rocAUC,
        RankedScore.averagePrecision,
        LogLoss.entry,
        ConfusionScore.accuracy,
        ConfusionScore.f1,
        ConfusionScore.kappa,
        ConfusionScore.kappaTemporal,
      ])
  }

  /// The scores that fit a task.
  package static func scores(for task: ScoreTask) -> [NamedScore] {
    Catalogue.scores.names.compactMap { try? Catalogue.scores.make($0, task) }
  }
}

/// Refuses a score that says nothing of a task.
func fit(
  _ name: String, _ condition: Bool, _ reason: String
) throws(SpecificationError) {
  guard condition else { throw .unfit(entry: name, reason: reason) }
}
