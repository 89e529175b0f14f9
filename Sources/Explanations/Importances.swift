package import Batches
package import Learners

/// What a model leans on: how much each of its features moves predictions, in the mean over some rows.
///
/// The rows are explained against themselves, so that it is about what differs among them: a feature that has the same
/// value in all of them moves nothing.
package struct Importances: Sendable {
  package let space: PredictionSpace
  package let rows: Int
  /// The mean of |contribution|, by group: dense features, families, and last what belongs to no family.
  package let means: [Double]
  /// The mean of contributions as they are.
  package let signed: [Double]
  /// The mean of what is predicted, as `space` has it.
  package let base: Double
  package let denseWidth: Int

  /// Those of a model over the sample that a background holds; nil where it holds none. `model` is to be told which row
  /// is explained: of more than two classes, of the likeliest.
  package init?(
    _ explainer: Explainer, over sample: Background, against background: Background? = nil,
    _ model: (borrowing MicroBatch, Int) -> ExplainedModel
  ) {
    guard sample.count > 0 else { return nil }
    let usual = background ?? sample
    denseWidth = sample.rows.denseWidth
    let families = max(sample.families, usual.families)
    var (sums, signs) = (Array(repeating: 0.0, count: denseWidth + families + 1), [Double]())
    signs = sums
    var (space, base) = (PredictionSpace.value, 0.0)
    for (k, place) in sample.places.enumerated() {
      let found = explainer.explain(
        model(sample.rows, place), sample.rows, place, against: usual, key: k)
      (space, base) = (found.space, base + found.base)
      for (g, contribution) in found.contributions.enumerated() {
        // Features without a family are many and differ from row to row.
        let at = min(g, sums.count - 1)
        sums[at] += abs(contribution)
        signs[at] += contribution
      }
    }
    let count = Double(sample.count)
    self.space = space
    self.base = base / count
    rows = sample.count
    means = sums.map { $0 / count }
    signed = signs.map { $0 / count }
  }
}
