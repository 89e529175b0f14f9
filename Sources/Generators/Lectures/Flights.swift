import Catalogues
import Glibc
package import Kernels

/// One-way flight tickets: the mark of a fraud, until a lockdown makes them ordinary.
///
/// A ticket has a price, days until the flight, one way or return, a new or a known card, and the account's age
/// in days. The chance of a fraud is the logistic function of
///
///     −5 + b·[one way] + 1.5·[new card] − 0.004·account + 0.002·(price − 300) − 0.02·days
///
/// with b = 3 before the lockdown and b = 0 in it, when people fly home and do not know when they will return.
/// The inputs have one and the same distribution in both: only the relation moves (concept drift), so nothing
/// that looks at columns can see it.
package struct Flights: StreamGenerator {
  static let entry = Entry<GeneratorContext, any StreamGenerator>(
    "flights", "fraud among flight tickets: concept drift with inputs that stay as they were",
    parameters: [
      Parameter("lockdown", .choice(default: "no", of: ["no", "yes"]), "whether it has come")
    ],
    make: { settings, _ in Flights(isLockdown: settings.word("lockdown") == "yes") })

  private let isLockdown: Bool

  package init(isLockdown: Bool) { self.isLockdown = isLockdown }

  package var columns: [StreamColumn] {
    [
      .number("price", decimals: 2), .number("days_ahead", decimals: 0),
      .words("trip", ["return", "one-way"]), .words("card", ["known", "new"]),
      .number("account_age", decimals: 0), .words("fraud", ["no", "yes"]),
    ]
  }

  package mutating func next(
    _ row: UnsafeMutableBufferPointer<Double>, _ random: inout RandomBits
  ) {
    row[0] = 300 * exp(0.5 * random.normal())
    row[1] = (-30 * log(1 - random.unit())).rounded(.down)
    row[2] = random.chance(0.25) ? 1 : 0
    row[3] = random.chance(0.2) ? 1 : 0
    row[4] = (-400 * log(1 - random.unit())).rounded(.down)
    let known = 1.5 * row[3] - 0.004 * row[4] + 0.002 * (row[0] - 300) - 0.02 * row[1]
    let logit = -5 + (isLockdown ? 0 : 3 * row[2]) + known
    row[5] = random.chance(1 / (1 + exp(-logit))) ? 1 : 0
  }
}
