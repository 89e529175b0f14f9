import Glibc

/// Which conversion of units makes numbers those of a reference again.
///
/// Under the hypothesis that x became y = f·x + o, the log-likelihood of values y is on average
///
///     ln p((y − o)/f) − ln f
///
/// with p the density of the reference: between its 65 quantiles it is 1/64 over their distance, outside of them next to
/// nothing. To a stream that goes on where the reference ended, its last level says more than its whole range:
/// so a normal term is added, of the distance from the last mean in units of how far means move, to choose among
/// conversions. The best of the known ones is named if without that term it is better than none by `margin` nats a value,
/// if the values then are hardly less likely than those of the reference itself, and nearly all of them in range. Of a
/// column that lies around 0 no factor is named: any would bring it back there.
enum UnitGuess {
  private static let margin = 1.0
  private static let fewest = 32

  /// The conversion that `values` have gone through; nil: none that is known.
  static func conversion(_ known: Reference.Number, _ values: [Double]) -> UnitConversion? {
    let there = values.filter { !$0.isNaN }
    guard there.count >= fewest, known.quantiles.count == 65, known.most > known.least else {
      return nil
    }
    let density = Density(known)
    let plain = density.likelihood(there) { $0 }
    var best: (score: Double, likelihood: Double, conversion: UnitConversion)?
    let spread = known.quantiles[48] - known.quantiles[16]
    let isAwayFromZero = abs(known.quantiles[32]) * 2 > spread
    for conversion in UnitConversion.known where conversion.offset != 0 || isAwayFromZero {
      let likelihood =
        density.likelihood(there, conversion.undone) - log(abs(conversion.factor))
      let score = likelihood - density.jump(there, conversion.undone)
      if score > best?.score ?? -.infinity { best = (score, likelihood, conversion) }
    }
    guard let best, best.likelihood > plain + margin,
      best.likelihood + log(abs(best.conversion.factor)) > density.usual - margin
    else { return nil }
    let slack = (known.most - known.least) * 0.05
    let inside = there.count {
      let value = best.conversion.undone($0)
      return value >= known.least - slack && value <= known.most + slack
    }
    return Double(inside) >= 0.95 * Double(there.count) ? best.conversion : nil
  }

  /// The density of a reference's numbers.
  private struct Density {
    let quantiles: [Double]
    let narrowest: Double
    let outside: Double
    let last: Double?
    let step: Double

    init(_ known: Reference.Number) {
      quantiles = known.quantiles
      let range = known.most - known.least
      narrowest = range * 1e-3
      outside = log(0.01 / 64 / range)
      let means = known.means
      last = means.last
      let moves = zip(means, means.dropFirst()).map { ($1 - $0) * ($1 - $0) }
      let usual = moves.isEmpty ? 0 : (moves.reduce(0, +) / Double(moves.count)).squareRoot()
      step = max(2 * usual, range * 0.05)
    }

    /// The mean log-likelihood of the reference's own values.
    var usual: Double {
      (0..<64).reduce(0) { sum, i in
        sum + log(1 / 64 / max(quantiles[i + 1] - quantiles[i], narrowest)) / 64
      }
    }

    /// The mean log-likelihood of values.
    func likelihood(_ values: [Double], _ undone: (Double) -> Double) -> Double {
      values.reduce(0) { $0 + at(undone($1)) } / Double(values.count)
    }

    /// How unlikely it is that the level jumped to theirs.
    func jump(_ values: [Double], _ undone: (Double) -> Double) -> Double {
      guard let last else { return 0 }
      let mean = values.reduce(0) { $0 + undone($1) } / Double(values.count)
      let apart = (mean - last) / step
      return 0.5 * apart * apart
    }

    private func at(_ x: Double) -> Double {
      guard x >= quantiles[0], x <= quantiles[64] else { return outside }
      var (low, high) = (0, 64)
      while high - low > 1 {
        let middle = (low + high) / 2
        if quantiles[middle] <= x { low = middle } else { high = middle }
      }
      return log(1 / 64 / max(quantiles[high] - quantiles[low], narrowest))
    }
  }
}
