package import Batches
import Glibc
import Kernels

/// What a learner's prediction is made of, as far as that can be said in closed form: what explanations and recourse
/// are exact by. A learner that says nothing is `opaque`, and explained by asking it.
package enum ExplainableForm: Sendable {
  /// The same whatever the row's features are: a baseline, which goes by labels and times.
  case constant
  /// Made of sums over the features.
  case additive(any AdditiveForm)
  /// A sum of trees.
  case trees(TreesForm)
  /// Known by its answers alone; in the space that suits it, nil: that of the predictions themselves. Where it
  /// `counts` rows, those that it is asked about together are taken to follow one another, and each has to be asked about
  /// by itself.
  case opaque(PredictionSpace? = nil, counts: Bool = false)
}

/// The scale on which contributions are added up.
package enum PredictionSpace: Sendable, Equatable {
  /// The target itself.
  case value
  /// The probability of a class.
  case probability
  /// Log-odds of a class, taken as ±`within` where they lie beyond.
  case logOdds(within: Double = .infinity)
  /// The logarithm of the target.
  case log

  package var name: String {
    switch self {
    case .value: "value"
    case .probability: "probability"
    case .logOdds: "log-odds"
    case .log: "log"
    }
  }

  /// What is predicted where the contributions add up to `z`.
  package func prediction(_ z: Double) -> Double {
    switch self {
    case .value, .probability: z
    case .logOdds(let most): Sigmoid.probability(max(-most, min(most, z)))
    case .log: exp(min(z, Loss.largestLog))
    }
  }
}

/// A prediction that is made of sums over a row's features: predictors
///
///     zₖ = constantₖ + Σ parts(group, k)   over the groups of features,   k < K
///
/// and a function of them. Linear models have one predictor, and the function is nothing; a mixture has one for each
/// of its experts.
package protocol AdditiveForm: Sendable {
  /// K.
  var predictors: Int { get }
  var space: PredictionSpace { get }
  /// Whether the prediction, in its space, is the one predictor itself.
  var isLinear: Bool { get }
  /// K values.
  var constants: [Double] { get }
  /// Adds what each group of the row's features is worth to each predictor; `parts` holds groups × K values.
  func add(
    _ batch: borrowing MicroBatch, _ row: Int, _ groups: FeatureGroups,
    to parts: UnsafeMutablePointer<Double>)
  /// The prediction, in its space, of K predictors.
  func value(_ z: UnsafePointer<Double>) -> Double
}
