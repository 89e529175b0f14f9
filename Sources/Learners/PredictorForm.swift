/// What can be said of a model's predictions without looking at any: how they depend on a row.
package enum PredictorForm: Sendable {
  /// link(prediction) = intercept + Σ weight·feature, over the dense and the sparse features of a row.
  case linear(Link)
  /// Predictions change only, or above all, where a dense feature passes one of these values.
  case stepwise(TreeCuts)

  package enum Link: Sendable {
    case identity
    case log
    /// ln(p/(1 − p)).
    case logOdds
  }
}

/// Where trees cut the dense features: x ≤ value goes one way, x > value the other.
package struct TreeCuts: Sendable {
  /// For each dense feature the values, in ascending order.
  package private(set) var values: [[Double]]
  /// Whether predictions are the same all over what lies between cuts: no leaf has a model of its own.
  package let isConstantBetween: Bool
  /// Whether they are those of one tree, which the model can draw.
  package let isOneTree: Bool

  init(
    _ trees: some Sequence<TreeNodes>, numbers: Int, isConstantBetween: Bool,
    isOneTree: Bool = false
  ) {
    self.isConstantBetween = isConstantBetween
    self.isOneTree = isOneTree
    values = Array(repeating: [], count: numbers)
    for tree in trees {
      for node in 0..<tree.count where tree[node].kind == .number {
        let feature = tree[node].feature
        if feature < numbers { values[feature].append(tree[node].threshold) }
      }
    }
    for feature in values.indices { values[feature] = Array(Set(values[feature])).sorted() }
  }
}

extension Loss {
  /// The link that makes predictions linear.
  var link: PredictorForm.Link {
    switch self {
    case .squared, .huber, .quantile: .identity
    case .poisson: .log
    case .logistic: .logOdds
    }
  }
}

extension FeatureScaler {
  /// Whether a scaled feature is a linear function of the feature.
  var isLinear: Bool { limit == 0 }
}
