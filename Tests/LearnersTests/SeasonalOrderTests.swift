import Batches
import Catalogues
import TestSupport
import Testing

@testable import Learners

/// The seasonal baseline where labels come in any order.
@Suite struct SeasonalOrderTests {
  @Test func `a season in event time looks back by the rows' times, not by when labels came`()
    throws
  {
    var context = LearnerContext(task: .regression, denseWidth: 1, season: .seconds(100))
    context.isOutOfOrder = true
    var learner = try Catalogue.learners.make("seasonal-naive", context)
    // Every ten seconds a row; of five labels each the last comes first.
    let order = (0..<12).flatMap { block in (0..<5).reversed().map { block * 5 + $0 } }
    var batch = MicroBatch(capacity: 64, denseWidth: 1)
    for row in 0..<60 {
      batch.nextDense[0] = 0
      batch.endRow(target: Double(row), weight: 1, time: Double(10 * row), line: 1)
    }
    var said = Predictions(rows: 64, width: 1)
    for (count, row) in order.enumerated() where row < 55 {
      // Asked before it is learned: the label of ten rows ago came a block ago.
      learner.predict(batch, rows: row..<row + 1, into: &said)
      if row >= 10 { #expect(said[row] == Double(row - 10), "label \(count)") }
      learner.learn(batch, rows: row..<row + 1, into: &said)
    }
    learner.predict(batch, rows: 59..<60, into: &said)
    #expect(said[59] == 49)
  }
}
