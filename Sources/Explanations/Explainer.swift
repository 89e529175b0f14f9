package import Batches
import Glibc
import Kernels
package import Learners

/// A model as it stands, and what of it is explained.
package struct ExplainedModel {
  package let learner: any Learner
  package let task: Task
  /// Of more than two classes the one whose probability is explained.
  package let output: Int
  /// What probabilities of two classes go through before they are told.
  package let calibration: Calibration?

  package init(
    _ learner: any Learner, task: Task, output: Int = 0, calibration: Calibration? = nil
  ) {
    (self.learner, self.task, self.output) = (learner, task, output)
    self.calibration = calibration
  }

  /// Predictions as they are told, for each row of a batch.
  package func predictions(_ batch: borrowing MicroBatch) -> [Double] {
    var said = Predictions(rows: batch.count, width: learner.outputs)
    learner.predict(batch, rows: 0..<batch.count, into: &said)
    return (0..<batch.count).map { row in
      let p = output < said.width ? said[row, output] : 0
      return calibration.map { Sigmoid.probability($0.logOdds(p)) } ?? p
    }
  }
}

/// Platt scaling as it stands: p ← σ(slope·log-odds(p) + offset), with p kept 1e-9 from 0 and 1.
package struct Calibration: Sendable, Equatable {
  package let slope: Double
  package let offset: Double
  static let least = 1e-9
  /// Log-odds beyond this count as this.
  static let most = log((1 - least) / least)

  package init(slope: Double, offset: Double) { (self.slope, self.offset) = (slope, offset) }

  /// The log-odds that come of probability `p`.
  func logOdds(_ p: Double) -> Double {
    let bounded = max(Calibration.least, min(1 - Calibration.least, p))
    return slope * log(bounded / (1 - bounded)) + offset
  }
}

/// Finds the contributions of a row's features to its prediction, exactly where the model's form allows it.
///
/// - Linear models: exactly, in log-odds or whatever the link is.
/// - Trees and sums of trees, linear leaves among them: exactly. Where leaves answer by Naive Bayes, what leaves would
///   say without is taken exactly and the rest is sampled.
/// - Mixtures of linear experts and other models made of sums: over all coalitions of features if they are few, else over
///   random orders, by moving the sums alone.
/// - Whatever else: the same, by asking the model.
package struct Explainer: Sendable {
  /// Random orders for each usual row, each with its reverse.
  package var pairs = 4
  /// Differing features up to which all coalitions are looked at.
  package var exactPlayers = 10
  package var seed: UInt64 = 1

  package init(pairs: Int = 4, exactPlayers: Int = 10, seed: UInt64 = 1) {
    (self.pairs, self.exactPlayers, self.seed) = (pairs, exactPlayers, seed)
  }

  /// Explains row `row` against a background of at least one row. What is drawn hangs on `key` alone, such as the event.
  package func explain(
    _ model: ExplainedModel, _ batch: borrowing MicroBatch, _ row: Int,
    against background: Background,
    key: Int = 0
  ) -> Explanation {
    precondition(background.count > 0, "no usual rows")
    let groups = FeatureGroups(
      batch, row, families: background.families, hasLoose: background.hasLoose)
    let form = model.learner.explainable(batch, row, output: model.output)
    switch form {
    case .constant: return constant(model, batch, row, groups)
    case .additive(let form):
      if let exact = linear(model, form, batch, row, groups, background) { return exact }
      return additive(model, form, batch, row, groups, background, key)
    case .trees(let form):
      guard model.calibration == nil else {
        return opaque(model, form.space, batch, row, groups, background, key)
      }
      return trees(model, form, batch, row, groups, background, key)
    case .opaque(let space, let counts):
      let usual = model.task == .regression ? PredictionSpace.value : .probability
      return opaque(
        model, space ?? usual, batch, row, groups, background, key, counts: counts)
    }
  }

  private func draws(_ key: Int) -> UInt64 {
    seed &+ UInt64(truncatingIfNeeded: key) &* 0x9E37_79B9_7F4A_7C15
  }

  private func constant(
    _ model: ExplainedModel, _ batch: borrowing MicroBatch, _ row: Int, _ groups: FeatureGroups
  ) -> Explanation {
    var own = MicroBatch(capacity: 1, denseWidth: batch.denseWidth)
    own.append(row: row, of: batch)
    return Explanation(
      method: .constant, space: model.task == .regression ? .value : .probability, groups: groups,
      base: model.predictions(own)[0], contributions: Array(repeating: 0, count: groups.count),
      standardErrors: nil)
  }

  /// Where the prediction is the predictor itself, or a line over it.
  private func linear(
    _ model: ExplainedModel, _ form: any AdditiveForm, _ batch: borrowing MicroBatch, _ row: Int,
    _ groups: FeatureGroups, _ background: Background
  ) -> Explanation? {
    guard form.isLinear else { return nil }
    let found = LinearShapley.solve(form, batch, row, groups, background)
    var (slope, offset) = (1.0, 0.0)
    if let calibration = model.calibration {
      // Beyond its bound the calibrated log-odds are a line no more.
      let parts = AdditiveGame.parts(form, batch, row, groups)
      var most = abs(parts.reduce(form.constants[0], +))
      for place in background.places {
        let other = AdditiveGame.parts(form, background.rows, place, groups)
        var reach = abs(form.constants[0])
        for g in other.indices { reach += max(abs(other[g]), abs(parts[g])) }
        most = max(most, reach)
      }
      guard case .logOdds = form.space, most < Calibration.most else { return nil }
      (slope, offset) = (calibration.slope, calibration.offset)
    }
    return Explanation(
      method: .linear, space: form.space, groups: groups, base: slope * found.base + offset,
      contributions: found.contributions.map { slope * $0 }, standardErrors: nil)
  }

  private func additive(
    _ model: ExplainedModel, _ form: any AdditiveForm, _ batch: borrowing MicroBatch, _ row: Int,
    _ groups: FeatureGroups, _ background: Background, _ key: Int
  ) -> Explanation {
    var (space, finish): (PredictionSpace, (Double) -> Double) = (form.space, { $0 })
    if let calibration = model.calibration {
      let before = space
      finish = { calibration.logOdds(before.prediction($0)) }
      space = .logOdds()
    }
    let game = AdditiveGame(form, batch, row, groups, background, finish: finish)
    return told(
      Coalitions.solve(
        game, groups: groups.count, pairs: pairs, exactPlayers: exactPlayers, seed: draws(key)),
      space, groups)
  }

  private func told(
    _ found: Coalitions.Outcome, _ space: PredictionSpace, _ groups: FeatureGroups
  ) -> Explanation {
    Explanation(
      method: found.isExact ? .coalitions : .sampling, space: space, groups: groups,
      base: found.base, contributions: found.contributions, standardErrors: found.standardErrors)
  }

  /// By asking the model alone.
  func opaque(
    _ model: ExplainedModel, _ space: PredictionSpace, _ batch: borrowing MicroBatch, _ row: Int,
    _ groups: FeatureGroups, _ background: Background, _ key: Int, counts: Bool = false
  ) -> Explanation {
    let space = model.calibration == nil ? space : .logOdds()
    let asks = Explainer.asker(model, space, counts: counts)
    let game = RowGame(batch, row, groups, background) { rows, values in
      values += asks(rows)
    }
    return told(
      Coalitions.solve(
        game, groups: groups.count, pairs: pairs, exactPlayers: exactPlayers, seed: draws(key)),
      space, groups)
  }

  /// Asks the model for all rows of a batch, in a space.
  private static func asker(
    _ model: ExplainedModel, _ space: PredictionSpace, counts: Bool = false
  ) -> (borrowing MicroBatch) -> [Double] {
    { rows in
      var said = Predictions(rows: rows.count, width: model.learner.outputs)
      if counts {
        for row in 0..<rows.count {
          model.learner.predict(rows, rows: row..<row + 1, into: &said)
        }
      } else {
        model.learner.predict(rows, rows: 0..<rows.count, into: &said)
      }
      return (0..<rows.count).map { row in
        let p = model.output < said.width ? said[row, model.output] : 0
        if let calibration = model.calibration { return calibration.logOdds(p) }
        return switch space {
        case .value, .probability: p
        case .logOdds: log(p / (1 - p))
        case .log: log(p)
        }
      }
    }
  }

  private func trees(
    _ model: ExplainedModel, _ form: TreesForm, _ batch: borrowing MicroBatch, _ row: Int,
    _ groups: FeatureGroups, _ background: Background, _ key: Int
  ) -> Explanation {
    let own = form.view(batch, row)
    let weight = 1 / Double(background.count)
    var base = form.constant
    var contributions = Array(repeating: 0.0, count: groups.count)
    for place in background.places {
      let usual = form.view(background.rows, place)
      for (share, tree) in form.trees {
        base += TreeShapley.add(
          tree, own, against: usual, weight: share * weight, to: &contributions)
      }
    }
    guard !form.isWhole else {
      return Explanation(
        method: .trees, space: form.space, groups: groups, base: base,
        contributions: contributions, standardErrors: nil)
    }
    // By additivity: the contributions to what is left over, sampled, and those to the trees, added up.
    let asks = Explainer.asker(model, form.space)
    let game = RowGame(batch, row, groups, background) { rows, values in
      let said = asks(rows)
      for row in 0..<rows.count { values.append(said[row] - form.value(form.view(rows, row))) }
    }
    let rest = Coalitions.solve(
      game, groups: groups.count, pairs: pairs, exactPlayers: exactPlayers, seed: draws(key))
    for g in contributions.indices { contributions[g] += rest.contributions[g] }
    return Explanation(
      method: rest.isExact ? .coalitions : .treesAndSampling, space: form.space, groups: groups,
      base: base + rest.base, contributions: contributions, standardErrors: rest.standardErrors)
  }
}
