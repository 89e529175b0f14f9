import Batches
import Catalogues
import Learners
import TestSupport
import Testing

/// Learners that are not shown some of the features.
@Suite struct WithoutTests {
  private let context = LearnerContext(
    task: .regression, denseWidth: 3, labelDelay: 5,
    families: ["k", "k*m", "m"].map { FeatureFamily(name: $0, levels: [0], dense: []) },
    denseNames: ["a", "b", "c"])

  /// Two series of rows that differ in column `b` and in families 0 and 1 alone.
  private func rows(_ other: Bool) -> Rows {
    var random = SplitMix(seed: 8)
    return Rows(
      width: 3,
      (0..<600).map { _ in
        let (a, b, c) = (random.normal(), random.normal(), random.normal())
        let k = random.below(3)
        return Rows.Row(
          [a, other ? -7 * b : b, c], sparse: other ? [(2 - k, 1)] : [(k, 1)],
          target: 2 * a + 3 * b + Double(k))
      })
  }

  private func predictions(_ specification: String, _ rows: Rows) throws -> [Double] {
    var learner = try Catalogue.learners.make(specification, context)
    var found: [Double] = []
    rows.forEachBatch([64]) { batch in
      var said = Predictions(rows: batch.count, width: 1)
      learner.learn(batch, rows: 0..<batch.count, into: &said)
      for row in 0..<batch.count { found.append(said[row]) }
    }
    return found
  }

  @Test(arguments: ["rls", "linear:optimizer=sgd;rate=0.05", "hoeffding-tree-regressor"])
  func `what is left out has no say, what is not has`(model: String) throws {
    let pruned = "without:features=b+k,model=\(model)"
    #expect(try predictions(pruned, rows(false)) == predictions(pruned, rows(true)))
    let whole = "without:model=\(model)"
    #expect(try predictions(whole, rows(false)) != predictions(whole, rows(true)))
    let plain = String(model.map { $0 == ";" ? "," : $0 })
    #expect(try predictions(whole, rows(false)) == predictions(plain, rows(false)))
  }

  @Test func `a feature that is not there is told with those that are`() throws {
    #expect(
      throws: SpecificationError.unknownName(
        noun: "feature", name: "d", known: ["a", "b", "c", "k", "m"])
    ) { _ = try Catalogue.learners.make("without:features=a+d", context) }
  }
}
