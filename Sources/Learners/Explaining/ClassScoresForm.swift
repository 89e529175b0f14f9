import Batches
import Glibc

/// Multinomial logistic regression as it stands: a predictor for each class, and the probability of one of them.
struct ClassScoresForm: AdditiveForm {
  private let layout: LinearLayout
  private let scaler: FeatureScaler
  private let weights: [[Double]]
  private let output: Int

  init(
    _ weights: [[Double]], _ layout: LinearLayout, _ scaler: FeatureScaler, output: Int
  ) {
    (self.weights, self.layout, self.scaler, self.output) = (weights, layout, scaler, output)
  }

  var predictors: Int { weights.count }
  var space: PredictionSpace { .probability }
  var isLinear: Bool { false }
  var constants: [Double] { weights.map { $0[layout.intercept] } }

  func add(
    _ batch: borrowing MicroBatch, _ row: Int, _ groups: FeatureGroups,
    to parts: UnsafeMutablePointer<Double>
  ) {
    let (x, sparse, classes) = (batch.dense(row), batch.sparse(row), weights.count)
    for c in 0..<classes {
      for j in 0..<layout.denseWidth {
        parts[j * classes + c] += weights[c][j] * scaler.scaled(j, x[j])
      }
      for k in 0..<sparse.count {
        let at = layout.sparseOffset + Int(sparse.indices[k])
        guard at < weights[c].count else { continue }
        let group = groups.group(family: sparse.families[k], index: sparse.indices[k])
        parts[group * classes + c] += weights[c][at] * sparse.values[k]
      }
    }
  }

  func value(_ z: UnsafePointer<Double>) -> Double {
    guard output < weights.count else { return 0 }
    var (top, sum) = (-Double.infinity, 0.0)
    for c in weights.indices { top = max(top, z[c]) }
    for c in weights.indices { sum += exp(z[c] - top) }
    return exp(z[output] - top) / sum
  }
}
