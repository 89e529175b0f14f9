import Monitors
import TestSupport
import Testing

@Suite struct LossDecompositionTests {
  private typealias Tally = LossDecomposition.Tally

  private func tallies(
    _ count: Int, shares: [Double], costs: [Double], _ random: inout SplitMix
  ) -> [Tally] {
    var tallies = [Tally](repeating: Tally(), count: shares.count)
    for _ in 0..<count {
      var (bin, rest) = (0, random.unit() * shares.reduce(0, +))
      while bin + 1 < shares.count, rest >= shares[bin] {
        rest -= shares[bin]
        bin += 1
      }
      tallies[bin].add(costs[bin] + random.normal())
    }
    return tallies
  }

  @Test func `the two parts add up to the change, however rows fall`() {
    for seed in 0..<200 as Range<UInt64> {
      var random = SplitMix(seed: seed)
      let bins = 1 + random.below(12)
      func side() -> [Tally] {
        tallies(
          1 + random.below(80), shares: (0..<bins).map { _ in random.unit() },
          costs: (0..<bins).map { _ in 5 * random.unit() }, &random)
      }
      let split = LossDecomposition(before: side(), after: side())
      let sum = split.composition + split.within.reduce(0, +)
      #expect(abs(sum - split.change) < 1e-9, "seed \(seed)")
    }
  }

  @Test func `other shares of bins that cost the same as ever are all composition`() {
    var random = SplitMix(seed: 4)
    let costs = [1.0, 5, 9]
    let before = tallies(4_000, shares: [0.6, 0.3, 0.1], costs: costs, &random)
    let after = tallies(4_000, shares: [0.1, 0.3, 0.6], costs: costs, &random)
    let split = LossDecomposition(before: before, after: after)
    #expect(abs(split.composition / split.change - 1) < 0.05)
    #expect(split.compositionInErrors > 10)
  }

  @Test func `a bin that costs more is found, and nothing is composition`() {
    var random = SplitMix(seed: 5)
    let shares = [0.4, 0.3, 0.3]
    let before = tallies(3_000, shares: shares, costs: [1, 1, 1], &random)
    let after = tallies(3_000, shares: shares, costs: [1, 1, 4], &random)
    let split = LossDecomposition(before: before, after: after)
    #expect(abs(split.composition / split.change) < 0.1)
    #expect(split.contrasts[2] > 10 && split.contrasts[0] < 0)
    #expect(abs(split.within[2] - 0.9) < 0.1)
  }

  @Test func `a bin that nobody has seen before is the inputs' doing`() {
    var before = [Tally(), Tally()]
    var after = before
    for _ in 0..<100 { before[0].add(1) }
    for _ in 0..<50 {
      after[0].add(1)
      after[1].add(7)
    }
    let split = LossDecomposition(before: before, after: after)
    #expect(split.change == 3)
    #expect(split.composition == 3)
  }

  /// Kitagawa's own arithmetic, on a table by hand: shares .25/.75 and .5/.5, means 2/4 and 3/8.
  @Test func `the figures of a small table`() {
    func tally(_ count: Int, _ mean: Double) -> Tally {
      var tally = Tally()
      for _ in 0..<count { tally.add(mean) }
      return tally
    }
    let split = LossDecomposition(
      before: [tally(10, 2), tally(30, 4)], after: [tally(20, 3), tally(20, 8)])
    // Means 3.5 and 5.5; composition .25·(2.5 − 6), within .375·1 and .625·4.
    #expect(abs(split.change - 2) < 1e-12)
    #expect(abs(split.composition + 0.875) < 1e-12)
    #expect(abs(split.within[0] - 0.375) < 1e-12 && abs(split.within[1] - 2.5) < 1e-12)
  }
}
