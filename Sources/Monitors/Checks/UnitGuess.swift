import Glibc

/// Which conversion of units makes numbers those of a reference again.
///
/// Under the hypothesis that x became y = f·x + o, the log-likelihood of values y is on average
///
///     ln p((y − o)/f) − ln f
///
/// with p the density of the reference, a kernel's over its 65 quantiles (triangles that end at a distance of h), and next to
/// nothing where none is near. h is a 16th of the range, so that columns whose numbers are rounded have no peaks at these. To a stream that goes on where the reference ended, its last level says more than its whole range:
/// so a normal term is added, of the distance from the last mean in units of how far means move, to choose among
/// conversions. The best of the known ones is named if without that term it is better than none by `margin` nats a value,
/// if the values then are hardly less likely than those of the reference itself, and nearly all of them in range. Of a
/// column that lies around 0 no factor is named: any would bring it back there; nor is one where the numbers as they stand are nearer to
/// those just before them, as those of a season are; nor is anything of values that hardly
/// differ, which some conversion takes to somewhere in the range whatever they are.
enum UnitGuess {
  private static let margin = 1.0
  private static let fewest = 32

  /// The conversion that `values` have gone through; nil: none that is known. `before` is the mean of what came just before them,
  /// the last of the reference where nothing did.
  static func conversion(
    _ known: Reference.Number, _ values: [Double], before: Double? = nil
  ) -> UnitConversion? {
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
    let converted = there.map(best.conversion.undone)
    if let before = before ?? known.means.last, before.isFinite {
      // A unit changes from one row to the next: what goes on from where it was as it stands is a season.
      let jump = abs(mean(there) - before)
      guard jump > 2 * density.step, abs(mean(converted) - before) < jump else { return nil }
    }
    guard deviation(converted) >= spread / 8 else { return nil }
    let slack = (known.most - known.least) * 0.05
    let inside = converted.count { $0 >= known.least - slack && $0 <= known.most + slack }
    return Double(inside) >= 0.95 * Double(there.count) ? best.conversion : nil
  }

  private static func mean(_ values: [Double]) -> Double {
    values.reduce(0, +) / Double(values.count)
  }

  private static func deviation(_ values: [Double]) -> Double {
    let mean = mean(values)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(values.count)).squareRoot()
  }

  /// The density of a reference's numbers.
  private struct Density {
    let quantiles: [Double]
    /// h.
    let reach: Double
    let outside: Double
    let last: Double?
    let step: Double

    init(_ known: Reference.Number) {
      quantiles = known.quantiles
      let range = known.most - known.least
      reach = range / 16
      outside = log(0.01 / 64 / range)
      let means = known.means
      last = means.last
      let moves = zip(means, means.dropFirst()).map { ($1 - $0) * ($1 - $0) }
      let usual = moves.isEmpty ? 0 : (moves.reduce(0, +) / Double(moves.count)).squareRoot()
      step = max(2 * usual, range * 0.05)
    }

    /// The mean log-likelihood of the reference's own values.
    var usual: Double { likelihood(quantiles) { $0 } }

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
      let near = quantiles.reduce(0) { $0 + max(0, 1 - abs($1 - x) / reach) }
      return max(outside, log(near / Double(quantiles.count) / reach))
    }
  }
}
