import Batches
import Glibc
import Kernels

/// A mixture of linear experts as it stands: a predictor for each expert, and what the mixture makes of their answers.
///
/// What the baselines among the experts say is the same whatever the features are. For classes the prediction is
/// taken in log-odds, where its experts are linear.
final class MixtureForm: AdditiveForm {
  /// What the mixture makes of its predictors, beside the weights of the experts themselves.
  struct Answer: Sendable {
    let weights: [Double]
    let links: [Link]
    let range: TargetRange
    let areLinksOpen: Bool
    let isBinary: Bool
    let poolsLogOdds: Bool
    /// Places for second-order experts, of whom some may be left out by now.
    let secondPlaces: Int
    /// What the companions say of the row.
    let fixed: [Double]
  }

  private let layout: LinearLayout
  private let scaler: FeatureScaler
  /// Dense features of a batch's row.
  private let denseWidth: Int
  /// The last error, where it is a feature.
  private let own: Double?
  private let limit: Double
  private let first: [FirstOrderExperts]
  private let second: [SecondOrderExperts]
  private let answer: Answer

  init(
    _ layout: LinearLayout, _ scaler: FeatureScaler, denseWidth: Int, own: Double?, limit: Double,
    _ first: [FirstOrderExperts], _ second: [SecondOrderExperts], _ answer: Answer
  ) {
    (self.layout, self.scaler, self.denseWidth) = (layout, scaler, denseWidth)
    (self.own, self.limit, self.first) = (own, limit, first)
    (self.second, self.answer) = (second, answer)
  }

  private var firstSecond: Int { first.count * FirstOrderExperts.count }
  private var firstCompanion: Int { firstSecond + answer.secondPlaces * answer.links.count }
  var predictors: Int { firstSecond + second.count * answer.links.count }
  var space: PredictionSpace { answer.isBinary ? .logOdds() : .value }
  var isLinear: Bool { false }

  var constants: [Double] {
    var z = Array(repeating: 0.0, count: predictors)
    z.withUnsafeMutableBufferPointer { z in
      guard let z = z.baseAddress else { return }
      add(layout.intercept, 1, to: z)
      if let own { add(denseWidth, max(-limit, min(limit, own)), to: z) }
    }
    return z
  }

  /// Adds what a feature of that value is worth to all predictors.
  private func add(_ index: Int, _ value: Double, to z: UnsafeMutablePointer<Double>) {
    guard value != 0 else { return }
    var at = 0
    for block in first {
      for k in 0..<FirstOrderExperts.count { z[at + k] += block.weight(k, index) * value }
      at += FirstOrderExperts.count
    }
    for block in second {
      for l in 0..<answer.links.count { z[at + l] += block.weight(index, link: l) * value }
      at += answer.links.count
    }
  }

  func add(
    _ batch: borrowing MicroBatch, _ row: Int, _ groups: FeatureGroups,
    to parts: UnsafeMutablePointer<Double>
  ) {
    let (x, sparse, count) = (batch.dense(row), batch.sparse(row), predictors)
    for j in 0..<denseWidth {
      add(j, max(-limit, min(limit, scaler.scaled(j, x[j]))), to: parts + j * count)
    }
    for k in 0..<sparse.count {
      let group = groups.group(family: sparse.families[k], index: sparse.indices[k])
      add(
        layout.sparseOffset + Int(sparse.indices[k]), max(-limit, min(limit, sparse.values[k])),
        to: parts + group * count)
    }
  }

  func value(_ z: UnsafePointer<Double>) -> Double {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: answer.weights.count) { room in
      guard let p = room.baseAddress else { return 0 }
      var at = 0
      for l in first.indices {
        answer.range.predict(z + at, FirstOrderExperts.count, answer.links[l], into: p + at)
        at += FirstOrderExperts.count
      }
      for _ in second.indices {
        for l in answer.links.indices {
          p[at + l] = answer.range.clamp(answer.links[l].backward(z[at + l]))
        }
        at += answer.links.count
      }
      replaceSilent(p)
      for k in answer.fixed.indices { p[firstCompanion + k] = answer.fixed[k] }
      return mixed(p)
    }
  }

  /// As the mixture has it: who no longer speaks says what the like at the same place does.
  private func replaceSilent(_ p: UnsafeMutablePointer<Double>) {
    let links = answer.links.count
    if !answer.areLinksOpen, links > 1 {
      for l in 1..<links {
        for k in 0..<FirstOrderExperts.count { p[l * FirstOrderExperts.count + k] = p[k] }
        for s in second.indices { p[firstSecond + s * links + l] = p[firstSecond + s * links] }
      }
    }
    for k in (firstSecond + second.count * links)..<max(firstCompanion, predictors) {
      p[k] = second.isEmpty ? p[3] : p[firstSecond + (k - firstSecond) % links]
    }
  }

  private func mixed(_ p: UnsafePointer<Double>) -> Double {
    if answer.poolsLogOdds {
      var sum = 0.0
      for k in answer.weights.indices { sum += answer.weights[k] * LogOdds.of(p[k]) }
      return max(-LogOdds.most, min(LogOdds.most, sum))
    }
    let sum = Experts.mix(answer.weights, p, answer.weights.count)
    return answer.isBinary ? LogOdds.of(LogOdds.clamp(sum)) : sum
  }
}

extension Mixture {
  /// Its form, where all experts but baselines are linear.
  func form(_ batch: borrowing MicroBatch, _ row: Int) -> ExplainableForm {
    guard companions.areBlind, forest == nil, !first.isEmpty else {
      return .opaque(isBinary ? .logOdds() : .value, counts: companions.lookBack)
    }
    var blind = companions
    blind.predict(batch, row..<row + 1)
    var fixed = Array(repeating: 0.0, count: blind.count)
    fixed.withUnsafeMutableBufferPointer { if let p = $0.baseAddress { blind.say(row, into: p) } }
    return .additive(
      MixtureForm(
        layout, scaler, denseWidth: denseWidth, own: lastError?.value, limit: 5, first, second,
        MixtureForm.Answer(
          weights: pool.weights, links: links, range: targets.range,
          areLinksOpen: targets.areLinksOpen, isBinary: isBinary, poolsLogOdds: poolsLogOdds,
          secondPlaces: secondPlaces, fixed: fixed)))
  }
}
