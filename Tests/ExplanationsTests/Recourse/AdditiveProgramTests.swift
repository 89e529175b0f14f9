import Explanations
import Foundation
import TestSupport
import Testing

/// The knapsack under linear recourse, against everything that there is.
@Suite struct AdditiveProgramTests {
  private static func cost(_ value: Double, isSquared: Bool) -> Double {
    isSquared ? value * value : value
  }

  /// The least cost over all steps and options, with the amounts filled by the greedy rule or by water.
  private static func bruteForce(
    _ blocks: [AdditiveProgram.Block], need: Double, isSquared: Bool
  ) -> Double? {
    var best: Double?
    func visit(
      _ place: Int, _ lacking: Double, _ spent: Double,
      _ free: [(price: Double, gain: Double, most: Double)]
    ) {
      guard place < blocks.count else {
        if let rest = fill(free, lacking, isSquared: isSquared) {
          best = min(best ?? .infinity, spent + rest)
        }
        return
      }
      switch blocks[place] {
      case .amount(let price, let gain, let most):
        visit(place + 1, lacking, spent, free + [(price, gain, most)])
      case .steps(let price, let gain, let most):
        for k in 0...most {
          let part = Double(k)
          visit(
            place + 1, lacking - gain * part,
            spent + cost(price * part, isSquared: isSquared), free)
        }
      case .options(let options):
        for (own, gain) in options {
          visit(place + 1, lacking - gain, spent + cost(own, isSquared: isSquared), free)
        }
      }
    }
    visit(0, need, 0, [])
    return best
  }

  private static func fill(
    _ free: [(price: Double, gain: Double, most: Double)], _ need: Double, isSquared: Bool
  ) -> Double? {
    guard need > 0 else { return 0 }
    guard free.reduce(0, { $0 + $1.gain * $1.most }) >= need else { return nil }
    guard isSquared else {
      var (lacking, spent) = (need, 0.0)
      for (price, gain, most) in free.sorted(by: { $0.price * $1.gain < $1.price * $0.gain }) {
        let part = min(most, lacking / gain)
        lacking -= part * gain
        spent += part * price
        if lacking <= 0 { break }
      }
      return spent
    }
    // The level of the water by halving.
    var (low, high) = (0.0, 1e9)
    func amounts(_ level: Double) -> [Double] {
      free.map { min($0.most, level * $0.gain / (2 * $0.price * $0.price)) }
    }
    for _ in 0..<200 {
      let middle = (low + high) / 2
      let gain = zip(free, amounts(middle)).reduce(0) { $0 + $1.0.gain * $1.1 }
      if gain >= need { high = middle } else { low = middle }
    }
    return zip(free, amounts(high)).reduce(0) { $0 + $1.0.price * $1.0.price * $1.1 * $1.1 }
  }

  @Test(arguments: [false, true]) func `the cheapest amounts, steps and options are found`(
    isSquared: Bool
  ) {
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SplitMix(seed: seed)
    for round in 0..<150 {
      var blocks: [AdditiveProgram.Block] = []
      for _ in 0..<(1 + random.below(4)) {
        let (price, gain) = (0.1 + random.unit(), 0.05 + random.unit())
        switch random.below(3) {
        case 0: blocks.append(.amount(price: price, gain: gain, most: 2 * random.unit()))
        case 1: blocks.append(.steps(price: price, gain: gain, most: random.below(5)))
        default:
          blocks.append(
            .options(
              [(0, 0)]
                + (0..<random.below(5)).map { _ in
                  (2 * random.unit(), 3 * random.unit() - 1)
                }))
        }
      }
      let program = AdditiveProgram(blocks, need: 0, isSquared: isSquared)
      let need = program.mostGain * (0.2 + random.unit())
      guard need > 0 else { continue }
      let solution = AdditiveProgram(blocks, need: need, isSquared: isSquared).solve()
      let brute = Self.bruteForce(blocks, need: need, isSquared: isSquared)
      #expect((solution == nil) == (brute == nil), "seed \(seed), round \(round)")
      guard let solution, let brute else { continue }
      #expect(solution.isProved, "seed \(seed), round \(round)")
      #expect(
        abs(solution.cost - brute) <= 1e-9 * max(1, brute),
        "seed \(seed), round \(round): \(solution.cost), by brute force \(brute)")
      var gain = 0.0
      for (block, amount) in zip(blocks, solution.amounts) {
        switch block {
        case .amount(_, let own, let most):
          gain += own * amount
          #expect(amount >= 0 && amount <= most)
        case .steps(_, let own, _):
          gain += own * amount
          #expect(amount == amount.rounded())
        case .options(let options): gain += options[Int(amount)].gain
        }
      }
      #expect(gain >= need - 1e-9, "seed \(seed), round \(round)")
    }
  }

  private struct Reference: Decodable {
    struct Case: Decodable {
      let prices: [Double]
      let gains: [Double]
      let most: [Double]
      let need: Double
      let sum: Double
      let squares: Double
    }
    struct Mixed: Decodable {
      let prices: [Double]
      let gains: [Double]
      let most: [Double]
      let whole: [Bool]
      let need: Double
      let sum: Double
    }
    let amounts: [Case]
    let mixed: [Mixed]
  }

  @Test func `linear, quadratic and mixed-integer programs come out as scipy has them`() throws {
    let golden = try Golden.json("explanations/recourse_scipy.json", as: Reference.self)
    #expect(golden.amounts.count > 10 && golden.mixed.count > 10)
    for own in golden.amounts {
      let blocks = own.prices.indices.map {
        AdditiveProgram.Block.amount(
          price: own.prices[$0], gain: own.gains[$0], most: own.most[$0])
      }
      let sum = try #require(AdditiveProgram(blocks, need: own.need, isSquared: false).solve())
      #expect(abs(sum.cost - own.sum) <= 1e-9 * own.sum)
      let squares = try #require(AdditiveProgram(blocks, need: own.need, isSquared: true).solve())
      // SLSQP ends at 1e-12 of the objective, and its bounds hold to as much: 1e-6 in all.
      #expect(abs(squares.cost - own.squares) <= 1e-6 * own.squares)
      #expect(sum.isProved && squares.isProved)
    }
    for own in golden.mixed {
      let blocks = own.prices.indices.map { place -> AdditiveProgram.Block in
        own.whole[place]
          ? .steps(
            price: own.prices[place], gain: own.gains[place], most: Int(own.most[place]))
          : .amount(price: own.prices[place], gain: own.gains[place], most: own.most[place])
      }
      let sum = try #require(AdditiveProgram(blocks, need: own.need, isSquared: false).solve())
      #expect(sum.isProved && abs(sum.cost - own.sum) <= 1e-8 * own.sum, "\(sum.cost) \(own.sum)")
    }
  }
}
