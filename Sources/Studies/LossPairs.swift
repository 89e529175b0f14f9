package import Catalogues
import Glibc
import Kernels

/// What the same events cost two models, of which it is known how they compare.
///
/// Each gives differences d, loss of the served model − loss of the challenger. `better` is by how much the challenger is
/// better on average, in standard deviations of d (of two classes: the part of its noise that it does without); at 0 the
/// models are as good as each other and a promotion is a mistake.
package struct LossPairs: Sendable {
  private enum Kind: Sendable {
    case identical, normal, heavyTailed, scales, levels, errors, logLoss, turns, disasters
  }

  private let kind: Kind
  private let better: Double
  private var random: RandomBits
  private var event = 0
  private var level = 0.0

  private init(_ kind: Kind, better: Double) {
    (self.kind, self.better) = (kind, better)
    random = RandomBits(seed: 1)
  }

  /// Those that can be named.
  package static let catalogue = Catalogue<Void, LossPairs>(
    "pair of losses",
    [
      entry("identical", "a copy of the served model: every difference is 0", .identical),
      entry("normal", "independent and normal", .normal),
      entry("heavy-tailed", "independent, Student's t with 3 degrees of freedom", .heavyTailed),
      entry("scales", "normal, ten times as large in every other stretch of 500 events", .scales),
      entry("levels", "losses of both models rise and fall together for 100 events", .levels),
      entry("errors", "errors of two classifiers, .1 each, mostly on the same events", .errors),
      entry("log-loss", "log losses of two classifiers that know as much as each other", .logLoss),
      entry(
        "turns",
        "worse by .3 deviations for 200 events, then better by as much, and again: never better on average",
        .turns),
      entry(
        "disasters",
        "better by 1 in 999 of 1,000 events, worse by 999 in the other: outside what clipping allows",
        .disasters),
    ])

  private static func entry(
    _ name: String, _ summary: String, _ kind: Kind
  ) -> Entry<Void, LossPairs> {
    Entry(
      name, summary,
      parameters: [
        Parameter("better", .real(default: 0, in: -10...10), "by how much the challenger is better")
      ],
      make: { settings, _ in LossPairs(kind, better: settings.real("better")) })
  }

  /// Begins anew from a seed.
  mutating func begin(seed: UInt64) {
    random = RandomBits(seed: seed)
    (event, level) = (0, random.normal())
  }

  /// The next difference.
  mutating func next() -> Double {
    defer { event += 1 }
    switch kind {
    case .identical: return better
    case .normal: return better + random.normal()
    case .heavyTailed:
      let squares = (0..<3).reduce(0.0) { sum, _ in
        let value = random.normal()
        return sum + value * value
      }
      // Its standard deviation is √3.
      return better + random.normal() / (squares / 3).squareRoot() / 3.0.squareRoot()
    case .scales: return (event / 500 % 2 == 0 ? 1 : 10) * (better + random.normal())
    case .levels:
      level = 0.99 * level + (1 - 0.99 * 0.99).squareRoot() * random.normal()
      // Two absolute errors; their difference deviates by .85.
      return exp(level) * (abs(random.normal()) - abs(random.normal()) + 0.85 * better)
    case .errors: return errors()
    case .logLoss: return logLoss()
    case .turns: return better + (event / 200 % 2 == 0 ? -0.3 : 0.3) + random.normal()
    case .disasters: return random.unit() < 0.001 ? -999 : 1
    }
  }

  private mutating func errors() -> Double {
    let rate = 0.1
    let first = random.unit()
    let second = random.unit() < 0.8 ? first : random.unit()
    let deviation = (2 * rate * (1 - rate) * 0.2).squareRoot()
    return (first < rate ? 1 : 0) - (second < rate - better * deviation ? 1 : 0)
  }

  private mutating func logLoss() -> Double {
    let truth = 2 * random.normal()
    let happens = random.unit() < 1 / (1 + exp(-truth))
    func loss(_ logOdds: Double) -> Double { log1p(exp(happens ? -logOdds : logOdds)) }
    let served = loss(truth + 0.5 * random.normal())
    return served - loss(truth + 0.5 * (1 - better) * random.normal())
  }
}
