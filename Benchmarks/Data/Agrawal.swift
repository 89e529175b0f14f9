import TestSupport

/// Loan applicants with six numbers and three categories, and one of ten rules that says who gets one.
///
/// Here rules 0, 3, 6 and 1 in turn, a quarter of the rows each: three abrupt drifts. Values are perturbed by
/// up to 5 % of their range after the rule has spoken, so that no tree can be right always.
///
/// Reference: R. Agrawal, T. Imielinski and A. Swami, Database mining: a performance perspective, IEEE TKDE 5
/// (1993); the perturbation and the numbers of the rules as in MOA.
struct Agrawal: RowStream {
  let columns = [
    Column(name: "salary"), Column(name: "commission"), Column(name: "age"),
    Column(name: "elevel", levels: (0..<5).map { "level\($0)" }),
    Column(name: "car", levels: (1...20).map { "car\($0)" }),
    Column(name: "zipcode", levels: (1...9).map { "zip\($0)" }),
    Column(name: "hvalue"), Column(name: "hyears"), Column(name: "loan"),
  ]
  let target = Column(name: "class", levels: ["groupA", "groupB"])
  private var random = SplitMix(seed: 303)

  mutating func next(_ index: Int, of count: Int, into row: inout TextRow) {
    let salary = 20_000 + 130_000 * random.unit()
    let commission = salary >= 75_000 ? 0 : 10_000 + 65_000 * random.unit()
    let age = Double(20 + random.below(61))
    let (elevel, car, zip) = (random.below(5), random.below(20), random.below(9))
    let value = Double(9 - zip) * 100_000 * (0.5 + random.unit())
    let years = Double(1 + random.below(30))
    let loan = 500_000 * random.unit()
    let rule = [0, 3, 6, 1][min(3, index * 4 / max(count, 1))]
    let isA = Agrawal.isGroupA(
      rule, salary: salary, commission: commission, age: age, level: elevel, loan: loan)
    row.add(perturbed(salary, 20_000, 150_000), decimals: 1)
    row.add(commission > 0 ? perturbed(commission, 10_000, 75_000) : 0, decimals: 1)
    row.add(perturbed(age, 20, 80), decimals: 0)
    row.add(columns[3].levels[elevel])
    row.add(columns[4].levels[car])
    row.add(columns[5].levels[zip])
    row.add(perturbed(value, 50_000, 1_350_000), decimals: 1)
    row.add(perturbed(years, 1, 30), decimals: 0)
    row.add(perturbed(loan, 0, 500_000), decimals: 1)
    row.target = isA ? 0 : 1
  }

  private mutating func perturbed(_ value: Double, _ low: Double, _ high: Double) -> Double {
    min(max(value + (2 * random.unit() - 1) * 0.05 * (high - low), low), high)
  }

  private static func isGroupA(
    _ rule: Int, salary: Double, commission: Double, age: Double, level: Int, loan: Double
  ) -> Bool {
    func by(_ young: ClosedRange<Double>, _ middle: ClosedRange<Double>, _ old: ClosedRange<Double>)
      -> Bool
    {
      (age < 40 ? young : age < 60 ? middle : old).contains(salary)
    }
    let (low, high): (ClosedRange<Double>, ClosedRange<Double>) = (
      25_000...75_000, 50_000...100_000
    )
    switch rule {
    case 0: return age < 40 || age >= 60
    case 1: return by(50_000...100_000, 75_000...125_000, 25_000...75_000)
    case 3:
      return by(level <= 1 ? low : high, (1...3) ~= level ? high : low, level >= 2 ? high : low)
    default: return 2 * (salary + commission) / 3 - loan / 5 - 20_000 > 0
    }
  }
}
