import Kernels
import TestSupport

/// Card payments in look: a clock, 28 numbers whose deviations fall from 2 to .35 like those of principal
/// components, and an amount. One row in 200 is positive; half-way 12 of the 28 weights change sign.
struct RareClass: RowStream {
  let columns =
    [Column(name: "Time")] + (1...28).map { Column(name: "V\($0)") } + [Column(name: "Amount")]
  let target = Column(name: "Class", levels: ["0", "1"])

  private static let count = 28
  private var random = RandomBits(seed: 101)
  private var values = [Double](repeating: 0, count: count)
  private var logAmount = 0.0
  private var time = 0
  private var weights: [[Double]] = []
  private var intercepts: [Double] = []

  init() {
    var shuffler = SplitMix(seed: 102)
    let before = values.map { _ in 0.9 * random.normal() }
    var after = before
    for j in after.indices.shuffled(using: &shuffler).prefix(12) { after[j] = -after[j] }
    weights = [before, after]
    // Rows of their own say what share would be positive, so that the stream's rows are not drawn twice.
    var samples = self
    intercepts = weights.indices.map { half in
      Logit.intercept((0..<100_000).map { _ in samples.drawn(half) }, rate: 0.005)
    }
  }

  mutating func next(_ index: Int, of count: Int, into row: inout TextRow) {
    let half = index < count / 2 ? 0 : 1
    let logOdds = drawn(half) + intercepts[half]
    time += random.below(2)
    row.add(Double(time), decimals: 0)
    for value in values { row.add(value) }
    row.add(logAmount.exponential, decimals: 2)
    row.target = random.unit() < Logit.probability(logOdds) ? 1 : 0
  }

  /// Draws the values of a row and returns its log-odds without the intercept.
  private mutating func drawn(_ half: Int) -> Double {
    var sum = 0.0
    for j in 0..<RareClass.count {
      let scale = 2 - 1.65 * Double(j) / Double(RareClass.count - 1)
      values[j] = scale * random.normal()
      sum += weights[half][j] * values[j]
    }
    let amount = random.normal()
    logAmount = 3.1 + 1.4 * amount
    return sum + 0.35 * amount
  }
}
