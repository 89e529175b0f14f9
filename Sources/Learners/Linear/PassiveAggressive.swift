import Batches
import Catalogues
import Kernels
import Snapshots

/// Passive-aggressive learning: the smallest change of weights that would have got the row right.
///
/// Classes (y = ±1): loss ℓ = max(0, 1 − y·z); numbers: ℓ = max(0, |y − z| − ε). The step is
/// τ = ℓ/|x|² (`variant=0`), min(C, ℓ/|x|²) (1) or ℓ/(|x|² + 1/(2C)) (2), towards the label.
/// For classes the prediction is σ(z), which ranks as the margin does but is not calibrated.
///
/// Reference: K. Crammer et al., Online passive-aggressive algorithms, JMLR 7 (2006), figure 1.
/// Parameters: `aggressiveness` C > 0; `epsilon` ≥ 0; `variant`. Cost: as SGD.
struct PassiveAggressive: Learner {
  static let entry = Entry<LearnerContext, any Learner>(
    "passive-aggressive", "the smallest step that corrects each row (Crammer 2006)",
    parameters: [
      Parameter(
        "aggressiveness", .real(default: 1, in: 1e-12...1e12),
        "C: how far one row may move the weights"),
      Parameter(
        "epsilon", .real(default: 0.1, in: 0...1e12), "errors up to this are none (regression)"),
      Parameter("variant", .choice(default: "1", of: ["0", "1", "2"]), "PA, PA-I or PA-II"),
      LinearEntries.scale,
      LinearEntries.limit,
      LinearEntries.ridge,
    ],
    make: { settings, context throws(SpecificationError) in
      guard context.task != .multiclass else {
        throw .unfit(entry: "passive-aggressive", reason: "it knows two classes; use softmax")
      }
      return PassiveAggressive(settings, context)
    })

  private let isClassification: Bool
  private let aggressiveness: Double
  private let epsilon: Double
  private let variant: String
  private let ridge: Double
  private let layout: LinearLayout
  private var scaler: FeatureScaler
  private var weights: [Double]
  private var scaled: [Double]

  init(_ settings: Settings, _ context: LearnerContext) {
    isClassification = context.task == .binary
    aggressiveness = settings.real("aggressiveness")
    epsilon = settings.real("epsilon")
    variant = settings.word("variant")
    ridge = settings.real("ridge")
    layout = LinearLayout(denseWidth: context.denseWidth)
    scaler = LinearEntries.scaler(settings, context)
    weights = Array(repeating: 0, count: layout.denseCount)
    scaled = weights
  }

  var outputs: Int { 1 }
  var memoryBytes: Int { 8 * (weights.count + scaled.count) + scaler.memoryBytes }

  private func prediction(_ z: Double) -> Double {
    isClassification ? Sigmoid.probability(z) : z
  }

  func predict(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    for i in rows {
      let z =
        scaler.dot(batch.dense(i), weights) + weights[layout.intercept]
        + layout.sparseDot(batch.sparse(i), weights, count: weights.count)
      predictions[i] = prediction(z)
    }
  }

  mutating func learn(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    let count = layout.sparseOffset + batch.sparseWidth(of: rows)
    if count > weights.count {
      weights.append(contentsOf: repeatElement(0, count: count - weights.count))
    }
    for i in rows {
      let sparse = batch.sparse(i)
      let rest =
        layout.sparseDot(sparse, weights, count: weights.count) + weights[layout.intercept]
      let y = batch.targets[i]
      guard !y.isNaN else {
        predictions[i] = prediction(scaler.dot(batch.dense(i), weights) + rest)
        continue
      }
      let (before, after) = scaler.lend { $0.advance(batch.dense(i), weights, into: &scaled) }
      predictions[i] = prediction(before + rest)
      scaled[layout.intercept] = 1
      var norm = Vectors.dot(scaled, scaled, layout.denseCount)
      for k in 0..<sparse.count { norm += sparse.values[k] * sparse.values[k] }
      let step = step(z: after + rest, y: y, norm: norm) * batch.weights[i]
      guard step != 0 else { continue }
      Vectors.add(step, scaled, to: &weights, layout.denseCount)
      for k in 0..<sparse.count {
        weights[layout.sparseOffset + Int(sparse.indices[k])] += step * sparse.values[k]
      }
    }
  }

  /// How far, and which way, the weights move along the row.
  private func step(z: Double, y: Double, norm: Double) -> Double {
    let direction: Double
    let loss: Double
    if isClassification {
      direction = y > 0.5 ? 1 : -1
      loss = max(0, 1 - direction * z)
    } else {
      direction = y > z ? 1 : -1
      loss = max(0, abs(y - z) - epsilon)
    }
    switch variant {
    case "0": return direction * loss / norm
    case "1": return direction * min(aggressiveness, loss / norm)
    default: return direction * loss / (norm + 0.5 / aggressiveness)
    }
  }

  mutating func refit(on window: borrowing MicroBatch) -> RefitReport {
    let count = max(weights.count, layout.sparseOffset + window.sparseWidth)
    let (report, solution) = BatchFit.fit(
      window, loss: isClassification ? .logistic : .squared, layout: layout, scaler: scaler,
      count: count, settings: BatchFit.Settings(ridge: ridge))
    if let solution { (weights, scaler) = solution }
    return report
  }

  mutating func refresh() { scaler.forget(to: 256) }

  var form: PredictorForm? {
    scaler.isLinear ? .linear(isClassification ? .logOdds : .identity) : nil
  }

  var linearWeights: LinearWeights? {
    LinearWeights(
      dense: Array(weights[..<layout.denseWidth]), sparse: Array(weights[layout.sparseOffset...]),
      intercept: weights[layout.intercept])
  }

  func explainable(
    _ batch: borrowing MicroBatch, _ row: Int, output: Int
  ) -> ExplainableForm {
    let space = isClassification ? PredictionSpace.logOdds() : .value
    return .additive(LinearForm(weights, layout, scaler, space))
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(weights)
    scaler.write(to: &writer)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    weights = try reader.readDoubles()
    guard weights.count >= layout.denseCount else { throw .corrupt }
    try scaler.restore(from: &reader)
  }
}
