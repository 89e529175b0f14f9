import Catalogues
package import Kernels

/// Loan applicants: six numbers and three categories, and one of ten rules that says who is in group A.
///
/// With s salary, c commission, a age, e education (0 ... 4), l loan, v the house's value and y its years; bands
/// of salary for the young (a < 40), the middle and the old (a ≥ 60), in thousands:
///
///      1  a < 40 or a ≥ 60                       2  s in 50–100 | 75–125 | 25–75
///      3  e in 0–1 | 1–3 | 2–4                   4  as 2 or a band lower, by whether 3 holds
///      5  l in one of two bands, by whether 2 holds    6  s + c in the bands of 2
///      7  2(s + c)/3 − l/5 > 20                  8  2(s + c)/3 − 5e > 20
///      9  2(s + c)/3 − 5e − l/5 > 10            10  2(s + c)/3 − 5e + max(0, y − 20)·v/50 > 10
///
/// Numbers are moved by up to `perturbation` of their range after the rule has spoken, so no rule is exact.
///
/// Reference: R. Agrawal, T. Imielinski and A. Swami, Database mining: a performance perspective, IEEE
/// Transactions on Knowledge and Data Engineering 5 (1993).
package struct Agrawal: StreamGenerator {
  static let entry = Entry<GeneratorContext, any StreamGenerator>(
    "agrawal", "loan applicants under one of ten rules (Agrawal et al. 1993)",
    parameters: [
      Parameter("function", .integer(default: 1, in: 1...10), "which of the ten rules"),
      Parameter("perturbation", .real(default: 0.05, in: 0...1), "of numbers, by their range"),
    ],
    make: { settings, _ in
      Agrawal(
        function: settings.integer("function"), perturbation: settings.real("perturbation"))
    })

  private let function: Int
  private let perturbation: Double

  package init(function: Int, perturbation: Double) {
    (self.function, self.perturbation) = (function, perturbation)
  }

  package var columns: [StreamColumn] {
    func words(_ name: String, _ word: String, _ range: ClosedRange<Int>) -> StreamColumn {
      .words(name, range.map { "\(word)\($0)" })
    }
    return [
      .number("salary", decimals: 1), .number("commission", decimals: 1),
      .number("age", decimals: 0), words("elevel", "level", 0...4), words("car", "car", 1...20),
      words("zipcode", "zip", 1...9), .number("hvalue", decimals: 1),
      .number("hyears", decimals: 0), .number("loan", decimals: 1),
      .words("class", ["groupA", "groupB"]),
    ]
  }

  package mutating func next(
    _ row: UnsafeMutableBufferPointer<Double>, _ random: inout RandomBits
  ) {
    row[0] = random.within(20_000...150_000)
    row[1] = row[0] >= 75_000 ? 0 : random.within(10_000...75_000)
    row[2] = Double(20 + random.below(61))
    row[3] = Double(random.below(5))
    row[4] = Double(random.below(20))
    row[5] = Double(random.below(9))
    row[6] = (8 - row[5]) * 100_000 * random.within(0.5...1.5)
    row[7] = Double(1 + random.below(30))
    row[8] = random.within(0...500_000)
    row[9] = isGroupA(row) ? 0 : 1
    guard perturbation > 0 else { return }
    perturb(&row[0], 20_000...150_000, &random)
    if row[1] > 0 { perturb(&row[1], 10_000...75_000, &random) }
    perturb(&row[2], 20...80, &random)
    perturb(&row[6], 0...1_200_000, &random)
    perturb(&row[7], 1...30, &random)
    perturb(&row[8], 0...500_000, &random)
    row[2] = row[2].rounded()
    row[7] = row[7].rounded()
  }

  private func perturb(
    _ value: inout Double, _ range: ClosedRange<Double>, _ random: inout RandomBits
  ) {
    let reach = perturbation * (range.upperBound - range.lowerBound)
    let moved = value + random.within(-reach...reach)
    value = min(max(moved, range.lowerBound), range.upperBound)
  }

  private func isGroupA(_ row: UnsafeMutableBufferPointer<Double>) -> Bool {
    let (salary, age, level, loan) = (row[0], row[2], row[3], row[8])
    let income = salary + row[1]
    // Young, middle, old.
    let third = age < 40 ? 0 : age < 60 ? 1 : 2
    func isIn(_ value: Double, _ bands: [ClosedRange<Double>]) -> Bool {
      bands[third].contains(value)
    }
    let bands = [50_000...100_000, 75_000...125_000, 25_000...75_000.0]
    let levels = [0...1, 1...3, 2...4.0]
    let rest = 2 * income / 3
    switch function {
    case 1: return third != 1
    case 2: return isIn(salary, bands)
    case 3: return isIn(level, levels)
    case 4:
      let lower = [25_000...75_000, 50_000...100_000, 50_000...100_000.0]
      let upper = [50_000...100_000, 75_000...125_000, 25_000...75_000.0]
      return isIn(salary, isIn(level, levels) ? lower : upper)
    case 5:
      let inside = [100_000...300_000, 200_000...400_000, 300_000...500_000.0]
      let outside = [200_000...400_000, 300_000...500_000, 100_000...300_000.0]
      return isIn(loan, isIn(salary, bands) ? inside : outside)
    case 6: return isIn(income, bands)
    case 7: return rest - loan / 5 - 20_000 > 0
    case 8: return rest - 5_000 * level - 20_000 > 0
    case 9: return rest - 5_000 * level - loan / 5 - 10_000 > 0
    default:
      let equity = row[7] >= 20 ? 0.1 * row[6] * (row[7] - 20) : 0
      return rest - 5_000 * level + equity / 5 - 10_000 > 0
    }
  }
}
