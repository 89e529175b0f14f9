import Kernels

/// A game against one usual row after another: some features have the values of the row in question, the others those
/// of the usual row, and the worth of that is what the model then predicts.
protocol CoalitionGame: AnyObject {
  /// How many usual rows there are.
  var rivals: Int { get }
  /// Plays against usual row `rival` from now on; the groups of features in which the two rows differ are then `players`.
  func face(_ rival: Int)
  /// Groups of features; all others make no difference.
  var players: [Int] { get }
  /// Writes what coalitions are worth as the players come in, in `order` (places in `players`): first the empty one,
  /// order.count + 1 values in all.
  func walk(_ order: [Int], into values: inout [Double])
  /// Writes what every coalition is worth, at the number whose bit p says that player p is in: 2^players.count values.
  func all(into values: inout [Double])
}

/// Shapley values of a game.
///
/// Against a usual row with n players, up to `exactPlayers` of them, over all coalitions:
///
///     φₚ = Σ over S without p of |S|!·(n − |S| − 1)!/n! · (v(S ∪ p) − v(S))
///
/// and else as the mean of what p adds when it comes in, over `pairs` random orders and each of them backwards, which
/// takes out all that is linear. Along an order what is added sums up to v(all) − v(none), so that contributions and base
/// are the prediction however few orders there are.
///
/// References: J. Castro, D. Gómez and J. Tejada, Polynomial calculation of the Shapley value based on sampling,
/// Computers & Operations Research 36 (2009); E. Štrumbelj and I. Kononenko, Explaining prediction models and individual
/// predictions with feature contributions, KAIS 41 (2014); orders and their reverse: R. Mitchell et al., Sampling
/// permutations for Shapley value estimation, JMLR 23 (2022).
///
/// Cost: 2^n or 2·pairs·(n + 1) predictions for each usual row.
enum Coalitions {
  struct Outcome {
    var base = 0.0
    var contributions: [Double]
    /// Nil where nothing was sampled, or too little to tell.
    var standardErrors: [Double]?
    var isExact = true
  }

  static func solve(
    _ game: some CoalitionGame, groups: Int, pairs: Int, exactPlayers: Int, seed: UInt64
  ) -> Outcome {
    var out = Outcome(contributions: Array(repeating: 0, count: groups))
    var variances = out.contributions
    var random = RandomBits(seed: seed)
    var (values, own, first, squares): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
    for rival in 0..<game.rivals {
      game.face(rival)
      let players = game.players
      let n = players.count
      own = Array(repeating: 0, count: n)
      if n <= exactPlayers {
        game.all(into: &values)
        exact(values, n, into: &own)
        out.base += values[0]
      } else {
        out.isExact = false
        squares = own
        for _ in 0..<pairs {
          var order = Array(0..<n)
          for k in 0..<(n - 1) { order.swapAt(k, k + random.below(n - k)) }
          first = Array(repeating: 0, count: n)
          for _ in 0..<2 {
            game.walk(order, into: &values)
            for (k, p) in order.enumerated() { first[p] += (values[k + 1] - values[k]) / 2 }
            order.reverse()
          }
          for p in 0..<n {
            own[p] += first[p] / Double(pairs)
            squares[p] += first[p] * first[p]
          }
        }
        out.base += values[0]
        for p in 0..<n where pairs > 1 {
          let count = Double(pairs)
          let spread = max(0, squares[p] - count * own[p] * own[p]) / (count - 1)
          variances[players[p]] += spread / count
        }
      }
      for p in 0..<n { out.contributions[players[p]] += own[p] }
    }
    let count = Double(max(game.rivals, 1))
    out.base /= count
    for g in 0..<groups { out.contributions[g] /= count }
    if !out.isExact, pairs > 1 {
      out.standardErrors = variances.map { $0.squareRoot() / count }
    }
    return out
  }

  /// Shapley values of `n` players by what all coalitions are worth.
  static func exact(_ values: [Double], _ n: Int, into out: inout [Double]) {
    guard n > 0 else { return }
    // Coalitions of s others: 1/(n·C(n − 1, s)).
    var weights = [1 / Double(n)]
    for s in 1..<max(n, 1) { weights.append(weights[s - 1] * Double(s) / Double(n - s)) }
    for p in 0..<n {
      var sum = 0.0
      for set in 0..<(1 << n) where set >> p & 1 == 0 {
        sum += weights[set.nonzeroBitCount] * (values[set | 1 << p] - values[set])
      }
      out[p] = sum
    }
  }
}
