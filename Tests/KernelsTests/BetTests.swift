import Glibc
import Kernels
import TestSupport
import Testing

/// Bets in lanes against the formulas, one number at a time.
@Suite struct BetTests {
  private func isNear(_ a: Double, _ b: Double) -> Bool {
    abs(a - b) <= 1e-12 * max(1, abs(a), abs(b))
  }

  @Test(arguments: [1, 3, 4, 9, 35]) func `rates are bet on as the formula says`(columns: Int) {
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SplitMix(seed: seed)
    let bounds = (0..<columns).map { _ in 0.001 + 0.3 * random.unit() }
    var bets = RateBets(columns: columns)
    for (column, bound) in bounds.enumerated() { bets.begin(column, bound: bound, event: 0) }
    var sums = Array(repeating: Array(repeating: 0.0, count: 6), count: columns)
    var (starts, hitsSince) = (
      Array(repeating: 0, count: columns), Array(repeating: 0, count: columns)
    )
    for block in 0..<60 {
      // Mostly whole blocks without hits.
      let rows = block % 7 == 6 ? 1 + random.below(63) : 64
      let single = block % 3 == 2 ? random.below(columns) : nil
      let hits = single.map { _ in random.below(rows + 1) } ?? 0
      let before = single.map { bets[$0] }
      let greatest = bets.take(rows: rows, event: block * 64)
      if let single, let before {
        bets[single] = before
        bets.take(single, hits: hits, rows: rows, event: block * 64)
      }
      for column in 0..<columns {
        let k = column == single ? hits : 0
        if sums[column].reduce(0, +) <= Double(rows) {
          (starts[column], hitsSince[column]) = (block * 64, 0)
        }
        hitsSince[column] += k
        let m = bounds[column]
        for (place, share) in RateBets.places.enumerated() {
          let rate = m + (1 - m) * share
          let g = (rate - m) / (m * (1 - rate))
          let win = Double(k) * log1p(g) - Double(rows) * log1p(g * m)
          sums[column][place] = min(1e100, (sums[column][place] + Double(rows) / 6) * exp(win))
          #expect(isNear(bets[column].sums[place], sums[column][place]), "seed \(seed)")
        }
        let found = bets[column]
        #expect(isNear(found.total, sums[column].reduce(0, +)), "seed \(seed)")
        #expect(found.start == starts[column] && Int(found.hits) == hitsSince[column])
      }
      if single == nil { #expect(greatest == bets.totals.max(), "seed \(seed)") }
    }
  }

  @Test func `a column that nobody bets on keeps nothing`() {
    var bets = RateBets(columns: 5)
    bets.begin(2, bound: 0.1, event: 0)
    _ = bets.take(rows: 64, event: 0)
    #expect(bets.total(2) > 0 && bets.total(1) == 0)
    bets.setBetting(2, false)
    bets[2].total = 0
    _ = bets.take(rows: 64, event: 64)
    #expect(bets.totals == [0, 0, 0, 0, 0])
  }

  @Test func `deviations are bet on as the formula says, up to the limit`() {
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SplitMix(seed: seed)
    let shares = [1, 0.5, 0.2, 0.08, 0.03]
    let (slack, kept, limit) = (0.02, exp(-1.0 / 256), 1e4)
    var bets = DeviationBets(
      streams: 3, shares: shares, slack: slack, kept: kept, limit: limit, calm: 64)
    var deviations = Deviations()
    for event in 0..<2_000 {
      let stream = random.below(3)
      // The last of them drifts off half-way.
      let mean = stream == 2 && event > 1_000 ? 0.3 : 0
      deviations.append(
        min(max(mean + random.normal() / 3, -1), 1), of: stream, event: event)
    }
    var sums = Array(repeating: Array(repeating: 0.0, count: 10), count: 3)
    var wins = sums
    var first: Int?
    for row in 0..<deviations.count where first == nil {
      let stream = Int(deviations.streams[row])
      for k in 0..<10 {
        let side = k < 5 ? 1.0 : -1
        let stake = shares[k % 5] / (1 + slack)
        let e = 1 + stake * (side * deviations.values[row] - slack)
        sums[stream][k] = (sums[stream][k] + 0.1) * e
        wins[stream][k] = max(1, wins[stream][k]) * e
      }
      if sums[stream].reduce(0, +) >= limit { first = row }
    }
    #expect(bets.take(deviations, from: 0) == first, "seed \(seed)")
    #expect(first != nil && deviations.streams[first ?? 0] == 2, "seed \(seed)")
    for stream in 0..<3 {
      for k in 0..<10 {
        #expect(isNear(bets[stream][0][k], sums[stream][k]), "seed \(seed)")
        #expect(isNear(bets[stream][1][k], wins[stream][k]), "seed \(seed)")
      }
      #expect(isNear(bets.head(stream).total, sums[stream].reduce(0, +)))
    }
    let start = bets.start(2)
    #expect(start.event > 900 && start.event < (first ?? 0), "seed \(seed)")
    // Nobody bets any more: it asks for attention once its last values are as they should be.
    bets.setBetting(2, false)
    var calm = Deviations()
    for event in 0..<2_000 { calm.append(event % 2 == 0 ? 0.2 : -0.2, of: 2, event: event) }
    var (recentSum, recentCount) = (bets.head(2).recentSum, bets.head(2).recentCount)
    let expected = calm.values.firstIndex { value in
      (recentSum, recentCount) = (recentSum * kept + value, recentCount * kept + 1)
      return recentCount > 64 && abs(recentSum / recentCount) <= slack
    }
    #expect(expected != nil && bets.take(calm, from: 0) == expected, "seed \(seed)")
    #expect(isNear(bets.head(2).total, sums[2].reduce(0, +)))
  }

  @Test func `shifts are bet on as the formula says`() {
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SplitMix(seed: seed)
    let shifts = [0.5, 1, 1.5, 2.2, 3.2]
    var bets = ShiftBets(shifts: shifts, weight: 0.2)
    var (sums, excesses) = (Array(repeating: 0.0, count: 5), Array(repeating: 0.0, count: 5))
    var starts = sums
    for step in 0..<500 {
      let score = random.normal() + (step > 400 ? 1 : 0)
      let total = bets.bet(score, count: Double(step), mean: Double(2 * step))
      for (k, shift) in shifts.enumerated() {
        let gain = shift * score - shift * shift / 2
        sums[k] = (sums[k] + 0.2) * exp(gain)
        if excesses[k] == 0 { starts[k] = Double(step) }
        excesses[k] = max(0, excesses[k] + gain)
        #expect(isNear(bets[0, k], sums[k]) && isNear(bets[1, k], excesses[k]), "seed \(seed)")
        #expect(bets[2, k] == starts[k] && bets[3, k] == 2 * starts[k], "seed \(seed)")
      }
      #expect(isNear(total, sums.reduce(0, +)), "seed \(seed)")
    }
    #expect(bets.start.count > 300, "seed \(seed)")
  }

  @Test(arguments: [1, 4, 6, 30]) func `figures of a block are those of its rows`(width: Int) {
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SplitMix(seed: seed)
    let (rows, stride) = (64, (width + 3) & ~3)
    let targets = (0..<rows).map { _ in random.normal() }
    var numbers = Array(repeating: 0.0, count: rows * stride)
    for row in 0..<rows {
      for j in 0..<width {
        // The second does not vary; the third is the target itself.
        let scale = exp2(Double(j % 9) * 4 - 16)
        let noise = random.normal()
        numbers[row * stride + j] =
          j == 1 ? 7 : j == 2 ? 3 * targets[row] : scale * (noise + targets[row] * 0.3)
      }
    }
    var sums = BlockSums(width: width)
    for j in 0..<width { sums.setShift(numbers[j], j) }
    sums.add(numbers, targets: targets, count: rows, stride: stride)
    var (means, spreads, relations) = (
      Array(repeating: 0.0, count: stride), Array(repeating: 0.0, count: stride),
      Array(repeating: 0.0, count: stride)
    )
    let known = (targets.reduce(0, +), targets.reduce(0) { $0 + $1 * $1 })
    sums.figures(
      rows: rows, targets: known, limit: 0.999, means: &means, logSpreads: &spreads,
      relations: &relations)
    let n = Double(rows)
    let middle = known.0 / n
    let own = targets.reduce(0) { $0 + ($1 - middle) * ($1 - middle) }
    for j in 0..<width {
      let x = (0..<rows).map { numbers[$0 * stride + j] }
      let mean = x.reduce(0, +) / n
      let squares = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      let products = zip(x, targets).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - middle) }
      #expect(abs(means[j] - mean) <= 1e-9 * max(abs(mean), squares.squareRoot()), "seed \(seed)")
      guard j != 1 else {
        #expect(spreads[j].isNaN && relations[j].isNaN)
        continue
      }
      #expect(abs(spreads[j] - log((squares / n).squareRoot())) < 1e-9, "seed \(seed)")
      let r = products / (squares * own).squareRoot()
      #expect(abs(relations[j] - atanh(min(r, 0.999))) < 1e-6, "seed \(seed), column \(j)")
    }
    sums.figures(
      rows: rows, targets: nil, limit: 0.999, means: &means, logSpreads: &spreads,
      relations: &relations)
    #expect(relations[..<width].allSatisfy { $0.isNaN })
  }
}
