import Batches
import Glibc
import TestSupport
import Testing

@testable import Learners

/// Weights that wander, against the Kalman filter written out.
@Suite struct InverseGramTests {
  /// A row of three dense features and two of many categories.
  private func batch(_ random: inout SplitMix, _ layout: LinearLayout, _ width: Int) -> MicroBatch {
    var batch = MicroBatch(capacity: 1, denseWidth: layout.denseWidth)
    for j in 0..<layout.denseWidth { batch.nextDense[j] = random.normal() }
    for _ in 0..<2 { batch.addSparse(random.below(width - layout.sparseOffset), 1) }
    batch.endRow(target: 0, weight: 1, time: .nan, line: 1)
    return batch
  }

  @Test(arguments: [30, 130]) func `wandering weights are those of a Kalman filter`(
    width: Int
  ) throws {
    var random = SplitMix(seed: 31)
    let layout = LinearLayout(denseWidth: 3)
    let (memory, ridge, pace) = (200.0, 0.5, 16)
    var inverse = InverseGram(forgetting: 1, ridge: ridge, memory: memory)
    inverse.grow(to: width)
    var p = [[Double]](repeating: Array(repeating: 0, count: width), count: width)
    for j in 0..<width { p[j][j] = 1 / ridge }
    var row = ActiveRow(layout: layout)
    var product = [Double](repeating: 0, count: width)
    let scaler = FeatureScaler(.none, limit: 0, width: 3)
    for n in 1...300 {
      row.fill(batch(&random, layout, width), 0, scaler)
      let (x, factor) = row.lend { lent -> ([Double], Double) in
        var x = [Double](repeating: 0, count: width)
        for a in 0..<lent.count { x[Int(lent.indices[a])] += lent.values[a] }
        return (x, inverse.observe(lent, importance: 1, product: &product))
      }
      let px = p.map { zip($0, x).reduce(0) { $0 + $1.0 * $1.1 } }
      let q = zip(px, x).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(factor - 1 / (1 + q)) < 1e-9, "row \(n)")
      for j in 0..<width { #expect(abs(product[j] - px[j]) < 1e-9, "row \(n), weight \(j)") }
      for i in 0..<width { for j in 0..<width { p[i][j] -= px[i] * px[j] / (1 + q) } }
      let kept = inverse.wander()
      #expect((kept != nil) == (n % pace == 0))
      guard let kept else { continue }
      #expect(abs(kept - exp(-Double(pace) / memory)) < 1e-15)
      for i in 0..<width {
        for j in 0..<width { p[i][j] *= kept * kept }
        p[i][i] += (1 - kept * kept) / ridge
      }
    }
  }

  @Test func `what is never seen stays as little known as at the start`() throws {
    var random = SplitMix(seed: 32)
    let layout = LinearLayout(denseWidth: 3)
    var inverse = InverseGram(forgetting: 1, ridge: 1, memory: 50)
    inverse.grow(to: layout.denseCount + 1)
    var product = [Double](repeating: 0, count: layout.denseCount + 1)
    var row = ActiveRow(layout: layout)
    let scaler = FeatureScaler(.none, limit: 0, width: 3)
    for _ in 0..<20_000 {
      var batch = MicroBatch(capacity: 1, denseWidth: 3)
      for j in 0..<3 { batch.nextDense[j] = random.normal() }
      batch.endRow(target: 0, weight: 1, time: .nan, line: 1)
      row.fill(batch, 0, scaler)
      _ = row.lend { inverse.observe($0, importance: 1, product: &product) }
      _ = inverse.wander()
    }
    var batch = MicroBatch(capacity: 1, denseWidth: 3)
    for j in 0..<3 { batch.nextDense[j] = 0 }
    batch.addSparse(0, 1)
    batch.endRow(target: 0, weight: 1, time: .nan, line: 1)
    row.fill(batch, 0, scaler)
    _ = row.lend { inverse.observe($0, importance: 1, product: &product) }
    #expect(abs(product[layout.sparseOffset] - 1) < 1e-6)
  }
}
