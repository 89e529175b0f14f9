import Kernels
import TestSupport

/// A thousand numbers, fifty of which say something about a class that three rows in ten have.
struct Wide: RowStream {
  let columns = (1...1000).map { Column(name: "x\($0)") }
  let target = Column(name: "y", levels: ["0", "1"])

  private static let informative = 50
  private var random = RandomBits(seed: 606)
  private var weights: [Double] = []
  private var intercept = 0.0

  init() {
    weights = (0..<Wide.informative).map { _ in 0.4 * random.normal() }
    var samples = random
    let sums = (0..<20_000).map { _ in weights.reduce(0) { $0 + $1 * samples.normal() } }
    intercept = Logit.intercept(sums, rate: 0.3)
  }

  mutating func next(_ index: Int, of count: Int, into row: inout TextRow) {
    var logOdds = intercept
    for j in columns.indices {
      let value = random.normal()
      // Every twentieth, so that they are not in one place.
      if j % (columns.count / Wide.informative) == 0 {
        logOdds += weights[j * Wide.informative / columns.count] * value
      }
      row.add(value, decimals: 4)
    }
    row.target = random.unit() < Logit.probability(logOdds) ? 1 : 0
  }
}
