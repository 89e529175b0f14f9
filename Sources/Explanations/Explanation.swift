package import Batches
package import Learners

/// Why a model predicts what it does for a row: what each of its features adds to what is predicted of usual rows.
///
///     base + Σ contributions = predictor,   and the prediction is the predictor taken out of `space`
///
/// These are Shapley values of the game in which a coalition of features has the row's values and all others those of a
/// usual row, in the mean over the usual rows: features are taken as independent of one another (interventional). base
/// is the mean of what is predicted of the usual rows, as `space` has it.
///
/// References: L. Shapley, A value for n-person games, 1953; S. Lundberg and S.-I. Lee, A unified approach to interpreting
/// model predictions, NIPS 2017; D. Janzing, L. Minorics and P. Blöbaum, Feature relevance quantification in explainable
/// AI, AISTATS 2020, on why interventional.
package struct Explanation: Sendable {
  /// How the contributions were found.
  package enum Method: String, Sendable {
    /// The prediction hangs on no feature.
    case constant
    /// wⱼ·(xⱼ − mean of xⱼ): exact.
    case linear
    /// Over the leaves of trees: exact.
    case trees
    /// The same for what leaves answer by themselves; what the models in them add is sampled.
    case treesAndSampling = "trees and sampling"
    /// Over all coalitions: exact.
    case coalitions
    /// Over random orders in which features come in.
    case sampling
  }

  package let method: Method
  package let space: PredictionSpace
  package let groups: FeatureGroups
  package let base: Double
  /// By group.
  package let contributions: [Double]
  /// Of each contribution, where it was sampled and can be told; what usual rows were drawn is not among its reasons.
  package let standardErrors: [Double]?
  /// base and all contributions, added up.
  package var predictor: Double { contributions.reduce(base, +) }
  package var prediction: Double { space.prediction(predictor) }
  /// Whether nothing was sampled but the usual rows.
  package var isExact: Bool { method != .sampling && method != .treesAndSampling }

  /// Groups by the size of their contribution, the greatest first; of equals the first.
  package var order: [Int] {
    contributions.indices.sorted {
      (abs(contributions[$1]), $0) < (abs(contributions[$0]), $1)
    }
  }
}
