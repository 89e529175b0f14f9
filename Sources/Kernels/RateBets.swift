import CLanes
import Glibc

/// Bets on how often something comes in each of several columns: the arithmetic of `RateWatch`, columns side by side.
///
/// Of n rows k are hits; for each of six stakes g, with m the highest rate that is expected,
///
///     sum ← (sum + n/6)·(1 + g)ᵏ/(1 + g·m)ⁿ        at most 1e100
///
/// A total over the stakes of at most n begins anew: the event, the hits and the rows since then are kept. Rows without a hit,
/// which is what most are, cost 1 ns a column; others six exponentials.
package struct RateBets: Sendable {
  /// Stakes of a column: those that suit rates at so much of the way from m to 1.
  package static let places: [Double] = [0.01, 0.05, 0.15, 0.35, 0.65, 0.95]
  private static let stakes = Int(WEIR_RATE_BETS)
  private static let arrays = stakes + 4

  /// What is known of a column.
  package struct Column: Sendable, Equatable {
    package var sums: [Double]
    package var total: Double
    package var start: Int
    package var hits: Double
    package var rows: Double

    package init(sums: [Double], total: Double, start: Int, hits: Double, rows: Double) {
      (self.sums, self.total, self.start, self.hits, self.rows) = (sums, total, start, hits, rows)
    }
  }

  package let columns: Int
  private let stride: Int
  /// Sums by stake, totals, starts, hits and rows: arrays of `stride`.
  private var state: [Double]
  /// Logarithms of what a row that is a hit, and one that is not, is worth.
  private var wins: [Double]
  private var losses: [Double]
  /// What so many rows without a hit are worth; 0 where nobody bets.
  private var factors: [Double]
  private var factorRows = 0
  private var bets: [Bool]

  package init(columns: Int) {
    self.columns = columns
    stride = (columns + 3) & ~3
    state = Array(repeating: 0, count: RateBets.arrays * stride)
    wins = Array(repeating: 0, count: RateBets.stakes * stride)
    losses = wins
    factors = wins
    bets = Array(repeating: false, count: columns)
  }

  /// From here on it is bet that a column's rate is above `bound`, which is below 1.
  package mutating func begin(_ column: Int, bound: Double, event: Int) {
    for (k, place) in RateBets.places.enumerated() {
      let rate = bound + (1 - bound) * place
      let stake = (rate - bound) / (bound * (1 - rate))
      losses[k * stride + column] = -log1p(stake * bound)
      wins[k * stride + column] = log1p(stake) - log1p(stake * bound)
    }
    self[column] = Column(
      sums: Array(repeating: 0, count: RateBets.stakes), total: 0, start: event, hits: 0, rows: 0)
    setBetting(column, true)
  }

  /// Whether a column is bet on; one that is not keeps what it had.
  package mutating func setBetting(_ column: Int, _ isOn: Bool) {
    bets[column] = isOn
    for k in 0..<RateBets.stakes {
      let place = k * stride + column
      factors[place] = isOn ? exp(Double(factorRows) * losses[place]) : 0
    }
  }

  package func total(_ column: Int) -> Double { state[RateBets.stakes * stride + column] }
  package var totals: [Double] { (0..<columns).map(total) }

  package subscript(column: Int) -> Column {
    get {
      let rest = RateBets.stakes * stride + column
      return Column(
        sums: (0..<RateBets.stakes).map { state[$0 * stride + column] }, total: state[rest],
        start: Int(state[rest + stride]), hits: state[rest + 2 * stride],
        rows: state[rest + 3 * stride])
    }
    set {
      let rest = RateBets.stakes * stride + column
      for k in 0..<RateBets.stakes { state[k * stride + column] = newValue.sums[k] }
      state[rest] = newValue.total
      state[rest + stride] = Double(newValue.start)
      state[rest + 2 * stride] = newValue.hits
      state[rest + 3 * stride] = newValue.rows
    }
  }

  /// Takes rows from event `event` on that have no hit in any column; the greatest total.
  package mutating func take(rows: Int, event: Int) -> Double {
    guard rows > 0 else { return 0 }
    if rows != factorRows { setRows(rows) }
    let stride = Int64(stride)
    return factors.withUnsafeBufferPointer { factors in
      state.withUnsafeMutableBufferPointer { state in
        guard let state = state.baseAddress, let factors = factors.baseAddress else { return 0 }
        return weir_follow_rates(state, factors, Double(rows), Double(event), stride)
      }
    }
  }

  private mutating func setRows(_ rows: Int) {
    factorRows = rows
    for column in 0..<columns where bets[column] { setBetting(column, true) }
  }

  /// Takes rows from event `event` on of one column that is bet on, of which some are hits.
  package mutating func take(_ column: Int, hits: Int, rows: Int, event: Int) {
    let n = Double(rows)
    let rest = RateBets.stakes * stride + column
    if state[rest] <= n {
      state[rest + stride] = Double(event)
      (state[rest + 2 * stride], state[rest + 3 * stride]) = (0, 0)
    }
    state[rest + 2 * stride] += Double(hits)
    state[rest + 3 * stride] += n
    let weight = n / Double(RateBets.stakes)
    var total = 0.0
    for k in 0..<RateBets.stakes {
      let place = k * stride + column
      let win = Double(hits) * wins[place] + (n - Double(hits)) * losses[place]
      state[place] = min(1e100, (state[place] + weight) * exp(win))
      total += state[place]
    }
    state[rest] = total
  }
}
