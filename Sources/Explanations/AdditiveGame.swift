import Batches
import Learners

/// The game of a model whose prediction is made of sums over the features (`AdditiveForm`): features that come in move its
/// K predictors, and no row has to be put together.
///
/// Cost of a coalition beside one that differs in a feature: K additions and one `value` of the form.
final class AdditiveGame: CoalitionGame {
  private let form: any AdditiveForm
  private let finish: (Double) -> Double
  private let predictors: Int
  private let groups: Int
  /// groups × K: of the row, and of the usual rows one after another.
  private let own: [Double]
  private let others: [[Double]]
  private let constants: [Double]
  private(set) var players: [Int] = []
  /// Of each player, what changes when it comes in: players × K.
  private var steps: [Double] = []
  /// The predictors of the usual row.
  private var start: [Double] = []
  private var z: [Double] = []

  /// `finish` is what is made of the form's value.
  init(
    _ form: any AdditiveForm, _ batch: borrowing MicroBatch, _ row: Int, _ groups: FeatureGroups,
    _ background: Background, finish: @escaping (Double) -> Double
  ) {
    (self.form, self.finish, self.groups) = (form, finish, groups.count)
    predictors = form.predictors
    constants = form.constants
    own = AdditiveGame.parts(form, batch, row, groups)
    others = background.places.map { AdditiveGame.parts(form, background.rows, $0, groups) }
  }

  static func parts(
    _ form: any AdditiveForm, _ batch: borrowing MicroBatch, _ row: Int, _ groups: FeatureGroups
  ) -> [Double] {
    var parts = Array(repeating: 0.0, count: groups.count * form.predictors)
    parts.withUnsafeMutableBufferPointer {
      if let parts = $0.baseAddress { form.add(batch, row, groups, to: parts) }
    }
    return parts
  }

  var rivals: Int { others.count }

  func face(_ rival: Int) {
    let (count, other) = (predictors, others[rival])
    players.removeAll(keepingCapacity: true)
    steps.removeAll(keepingCapacity: true)
    start = constants
    for g in 0..<groups {
      var differs = false
      for k in 0..<count {
        start[k] += other[g * count + k]
        if own[g * count + k] != other[g * count + k] { differs = true }
      }
      guard differs else { continue }
      players.append(g)
      for k in 0..<count { steps.append(own[g * count + k] - other[g * count + k]) }
    }
  }

  private func value() -> Double {
    finish(z.withUnsafeBufferPointer { $0.baseAddress.map { form.value($0) } ?? 0 })
  }

  private func move(_ player: Int, _ sign: Double) {
    let base = player * predictors
    for k in 0..<predictors { z[k] += sign * steps[base + k] }
  }

  func walk(_ order: [Int], into values: inout [Double]) {
    z = start
    values.removeAll(keepingCapacity: true)
    values.append(value())
    for player in order {
      move(player, 1)
      values.append(value())
    }
  }

  func all(into values: inout [Double]) {
    z = start
    values = Array(repeating: 0, count: 1 << players.count)
    fill(players.count, 0, &values)
  }

  /// Goes through the coalitions of the first `open` players, those of the others being in `set`.
  private func fill(_ open: Int, _ set: Int, _ values: inout [Double]) {
    guard open > 0 else {
      values[set] = value()
      return
    }
    let kept = z
    fill(open - 1, set, &values)
    move(open - 1, 1)
    fill(open - 1, set | 1 << (open - 1), &values)
    // As it was, and not what rounding leaves of it.
    z = kept
  }
}

/// Exact contributions in a linear model: φ of a group = its part of the predictor less the mean of that part over the
/// usual rows. For a category that is its level's weight less the mean of all levels' weights by how usual they are.
///
/// Reference: Lundberg and Lee 2017, corollary 1 (linear SHAP, features taken as independent).
enum LinearShapley {
  static func solve(
    _ form: any AdditiveForm, _ batch: borrowing MicroBatch, _ row: Int, _ groups: FeatureGroups,
    _ background: Background
  ) -> (base: Double, contributions: [Double]) {
    var own = AdditiveGame.parts(form, batch, row, groups)
    var means = Array(repeating: 0.0, count: own.count)
    means.withUnsafeMutableBufferPointer { means in
      guard let means = means.baseAddress else { return }
      for place in background.places { form.add(background.rows, place, groups, to: means) }
    }
    var base = form.constants[0]
    for g in own.indices {
      let mean = means[g] / Double(background.count)
      base += mean
      own[g] -= mean
    }
    return (base, own)
  }
}
