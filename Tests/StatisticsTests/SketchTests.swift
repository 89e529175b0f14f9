import Kernels
import Snapshots
import Statistics
import Testing

/// Sketches of one stream, of its parts joined, and of a snapshot.
@Suite struct SketchTests {
  private static func numbers(_ count: Int, seed: UInt64) -> [Double] {
    var random = RandomBits(seed: seed)
    return (0..<count).map { _ in 1e6 + 3 * random.normal() }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `moments of two parts are those of the whole`(seed: UInt64) {
    let numbers = SketchTests.numbers(1_000, seed: seed)
    var (whole, first, second) = (Moments(), Moments(), Moments())
    for (i, x) in numbers.enumerated() {
      whole.add(x)
      if i < 311 { first.add(x) } else { second.add(x) }
    }
    first.merge(second)
    let mean = numbers.reduce(0, +) / 1_000
    let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 999
    for moments in [whole, first] {
      #expect(moments.count == 1_000)
      #expect(abs(moments.mean - mean) < 1e-8)
      #expect(abs(moments.variance - variance) < 1e-9 * variance)
      #expect(moments.least == numbers.min() && moments.most == numbers.max())
    }
  }

  @Test func `pairs of two parts correlate as the whole`() {
    var random = RandomBits(seed: 5)
    let pairs = (0..<500).map { _ in
      let x = random.normal()
      return (x: 50 + x, y: -2 * x + random.normal())
    }
    func account(_ pairs: some Collection<(x: Double, y: Double)>) -> PairMoments {
      let n = Double(pairs.count)
      let x = pairs.reduce(0) { $0 + $1.x } / n
      let y = pairs.reduce(0) { $0 + $1.y } / n
      return PairMoments(
        count: n, meanX: x, meanY: y,
        squaresX: pairs.reduce(0) { $0 + ($1.x - x) * ($1.x - x) },
        squaresY: pairs.reduce(0) { $0 + ($1.y - y) * ($1.y - y) },
        products: pairs.reduce(0) { $0 + ($1.x - x) * ($1.y - y) })
    }
    var joined = account(pairs[..<123])
    joined.merge(account(pairs[123...]))
    let whole = account(pairs)
    #expect(abs(joined.correlation - whole.correlation) < 1e-12)
    // −2/√5.
    #expect(abs(whole.correlation + 0.894) < 0.03)
  }

  /// The greatest distance of an estimated rank from the true one over 99 quantiles.
  private static func error(_ sketch: QuantileSketch, _ sorted: [Double]) -> Double {
    (1..<100).map { percent -> Double in
      let value = sorted[sorted.count * percent / 100]
      return abs(sketch.rank(value) - Double(percent) / 100)
    }.max() ?? 1
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `ranks are within the stated error, of the whole and of parts joined`(seed: UInt64) {
    let numbers = SketchTests.numbers(20_000, seed: seed)
    let sorted = numbers.sorted()
    var whole = QuantileSketch(seed: seed)
    var parts = (0..<5).map { QuantileSketch(seed: seed &+ UInt64($0)) }
    for (i, x) in numbers.enumerated() {
      whole.add(x)
      parts[i / 4_000].add(x)
    }
    for part in parts[1...] { parts[0].merge(part) }
    #expect(whole.count == 20_000 && parts[0].count == 20_000)
    // The greatest of 99, so the error at one of them is below the bound with a chance of 99 %.
    #expect(SketchTests.error(whole, sorted) < 0.02, "seed \(seed)")
    #expect(SketchTests.error(parts[0], sorted) < 0.025, "seed \(seed)")
  }

  @Test func `a sketch that has not compacted is exact`() {
    let numbers = SketchTests.numbers(150, seed: 9)
    var sketch = QuantileSketch()
    for x in numbers { sketch.add(x) }
    let sorted = numbers.sorted()
    #expect(sketch.quantiles([0, 0.5, 1]) == [sorted[0], sorted[74], sorted[149]])
    #expect(QuantileSketch().quantiles([0.5]).isEmpty)
  }

  @Test func `numbers that stand for many keep the ranks`() {
    let numbers = SketchTests.numbers(65_536, seed: 3)
    var (sketch, random) = (QuantileSketch(), RandomBits(seed: 1))
    for group in stride(from: 0, to: numbers.count, by: 16) {
      sketch.add(numbers[group + random.below(16)], level: 4)
    }
    #expect(sketch.count == numbers.count)
    #expect(SketchTests.error(sketch, numbers.sorted()) < 0.03)
  }

  @Test(arguments: [0, 1, 10, 100, 2_500, 100_000])
  func `distinct values are counted within three standard errors`(count: Int) {
    var whole = DistinctCount()
    var (odd, even) = (DistinctCount(), DistinctCount())
    for i in 0..<count {
      for _ in 0..<2 { whole.add(Double(i) * 0.37) }
      if i % 2 == 0 { even.add(Double(i) * 0.37) } else { odd.add(Double(i) * 0.37) }
    }
    even.merge(odd)
    #expect(even == whole)
    #expect(abs(whole.estimate - Double(count)) <= max(0.5, 3 * 0.033 * Double(count)))
  }

  @Test func `frequent values are counted within their bounds, of the whole and of parts`() {
    var random = RandomBits(seed: 4)
    // Few are frequent, many come once or twice.
    let values = (0..<20_000).map { _ in
      UInt64(random.below(3) == 0 ? random.below(5_000) : random.below(12))
    }
    var truth: [UInt64: Int] = [:]
    for value in values { truth[value, default: 0] += 1 }
    var whole = FrequentItems(capacity: 40)
    var parts = (0..<4).map { _ in FrequentItems(capacity: 40) }
    for (i, value) in values.enumerated() {
      whole.add(value)
      parts[i % 4].add(value)
    }
    for part in parts[1...] { parts[0].merge(part) }
    for account in [whole, parts[0]] {
      #expect(account.total == 20_000)
      for item in account.top {
        let true_ = truth[item.key] ?? 0
        #expect(item.count - item.error <= true_ && true_ <= item.count)
      }
      for value in UInt64(0)..<12 { #expect(account.item(value) != nil) }
      let uncounted = truth.filter { account.item($0.key) == nil }.map(\.value).max() ?? 0
      #expect(uncounted <= account.mostUncounted)
    }
    #expect(whole.mostUncounted <= 20_000 / 40)
  }

  @Test func `sketches go on after a snapshot as if nothing had been`() throws {
    var (quantiles, items, distinct) = (
      QuantileSketch(), FrequentItems(capacity: 8), DistinctCount()
    )
    let numbers = SketchTests.numbers(3_000, seed: 8)
    func feed(_ part: ArraySlice<Double>) {
      for x in part {
        quantiles.add(x)
        items.add(UInt64(x) % 17)
        distinct.add(x)
      }
    }
    feed(numbers[..<1_500])
    var writer = SnapshotWriter()
    quantiles.write(to: &writer)
    items.write(to: &writer)
    distinct.write(to: &writer)
    let payload = writer.payload
    feed(numbers[1_500...])
    let wanted = (quantiles.quantiles([0.1, 0.5, 0.9]), items.top, distinct)
    (quantiles, items, distinct) = (QuantileSketch(), FrequentItems(capacity: 8), DistinctCount())
    var reader = SnapshotReader(payload: payload)
    try quantiles.restore(from: &reader)
    try items.restore(from: &reader)
    try distinct.restore(from: &reader)
    #expect(reader.left == 0)
    feed(numbers[1_500...])
    #expect(quantiles.quantiles([0.1, 0.5, 0.9]) == wanted.0)
    #expect(items.top == wanted.1 && distinct == wanted.2)
  }
}
