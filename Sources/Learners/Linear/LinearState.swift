import Batches
import Kernels

/// What a generalised linear model holds beside its optimiser: z = w·x, a loss on z, the weights.
struct LinearState: Sendable {
  let loss: Loss
  let layout: LinearLayout
  /// Gradients are clamped to ±clip before they are multiplied by the features.
  let clip: Double
  var scaler: FeatureScaler
  var divergence: DivergenceGuard
  var weights: [Double]
  /// The row that is being learned, as scaled.
  private(set) var scaled: [Double]
  /// Rows learned.
  var learned = 0

  init(loss: Loss, scaler: FeatureScaler, denseWidth: Int, clip: Double, movesAll: Bool) {
    self.loss = loss
    self.scaler = scaler
    self.clip = clip
    layout = LinearLayout(denseWidth: denseWidth)
    divergence = DivergenceGuard(
      isClassification: loss == .logistic, layout: layout, movesAll: movesAll)
    weights = Array(repeating: 0, count: layout.denseCount)
    scaled = weights
  }

  func predict(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    weights.withUnsafeBufferPointer { buffer in
      guard let w = buffer.baseAddress else { return }
      for i in rows {
        let z =
          scaler.dot(batch.dense(i), w)
          + layout.sparseDot(batch.sparse(i), w, count: buffer.count) + w[layout.intercept]
        predictions[i] = loss.prediction(z)
      }
    }
  }

  /// Lends the weights, room for a scaled row, and what else moves with each row.
  @inline(__always)
  mutating func withWeights(
    _ body: (
      UnsafeMutableBufferPointer<Double>, UnsafeMutablePointer<Double>, inout LentScaler,
      inout DivergenceGuard, inout Int
    ) -> Void
  ) {
    weights.withUnsafeMutableBufferPointer { weights in
      scaled.withUnsafeMutableBufferPointer { scaled in
        guard let x = scaled.baseAddress else { return }
        scaler.lend { body(weights, x, &$0, &divergence, &learned) }
      }
    }
  }
}
