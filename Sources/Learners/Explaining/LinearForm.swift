package import Batches

/// A linear model as it stands: z = intercept + Σ wⱼ·x̂ⱼ + Σ wₖ·vₖ, with x̂ the dense features as scaled now (and clamped,
/// where the model does) and v the sparse ones.
package struct LinearForm: AdditiveForm {
  package let space: PredictionSpace
  private let layout: LinearLayout
  private let scaler: FeatureScaler
  /// As `LinearLayout` has them.
  private let weights: [Double]
  /// Weights in use.
  private let count: Int

  init(
    _ weights: [Double], count: Int? = nil, _ layout: LinearLayout, _ scaler: FeatureScaler,
    _ space: PredictionSpace
  ) {
    (self.weights, self.layout, self.scaler, self.space) = (weights, layout, scaler, space)
    self.count = count ?? weights.count
  }

  package var predictors: Int { 1 }
  package var isLinear: Bool { true }
  package var constants: [Double] { [weights[layout.intercept]] }
  package var intercept: Double { weights[layout.intercept] }
  package var denseWidth: Int { layout.denseWidth }

  /// The weight of dense feature `j` as scaled.
  package func weight(dense j: Int) -> Double { weights[j] }
  /// Dense feature `j` as the model sees it.
  package func scaled(_ j: Int, _ x: Double) -> Double { scaler.scaled(j, x) }
  /// What dense feature `j` grows by where its raw value grows by 1, as long as nothing is clamped.
  package func scale(_ j: Int) -> Double { scaler.scale[j] }
  /// The weight of a sparse feature; 0 of one that was never learned.
  package func weight(sparse index: Int) -> Double {
    let at = layout.sparseOffset + index
    return at < count ? weights[at] : 0
  }

  package func add(
    _ batch: borrowing MicroBatch, _ row: Int, _ groups: FeatureGroups,
    to parts: UnsafeMutablePointer<Double>
  ) {
    let x = batch.dense(row)
    for j in 0..<layout.denseWidth { parts[j] += weights[j] * scaler.scaled(j, x[j]) }
    let sparse = batch.sparse(row)
    for k in 0..<sparse.count {
      let group = groups.group(family: sparse.families[k], index: sparse.indices[k])
      parts[group] += weight(sparse: Int(sparse.indices[k])) * sparse.values[k]
    }
  }

  package func value(_ z: UnsafePointer<Double>) -> Double { z[0] }
}

extension FeatureScaler {
  /// Value `x` of feature `j` as scaled and clamped now.
  func scaled(_ j: Int, _ x: Double) -> Double {
    var z = x
    if kind != .none { z = (x - offset[j]) * scale[j] }
    return limit > 0 ? max(-limit, min(limit, z)) : z
  }
}

extension Loss {
  /// Where the predictor is what is explained.
  var space: PredictionSpace {
    switch self {
    case .squared, .huber, .quantile: .value
    case .poisson: .log
    case .logistic: .logOdds()
    }
  }
}
