import Studies
import TestSupport
import Testing

/// Means of values that hang together.
@Suite struct BatchMeansTests {
  /// Values with the mean 0 and this correlation of each with the next.
  private func autoregressive(_ correlation: Double, _ count: Int, seed: UInt64) -> [Double] {
    var random = SplitMix(seed: seed)
    let shock = (1 - correlation * correlation).squareRoot()
    var value = random.normal()
    return (0..<count).map { _ in
      value = correlation * value + shock * random.normal()
      return value
    }
  }

  private func covered(_ correlation: Double, seed: UInt64) throws -> (share: Double, naive: Double)
  {
    var (hits, naive) = (0, 0)
    let runs = 400
    for run in 0..<runs {
      let values = autoregressive(correlation, 8000, seed: seed &+ UInt64(run) &* 7919)
      var means = BatchMeans()
      var squares = 0.0
      for value in values {
        means.add(value)
        squares += value * value
      }
      if try #require(means.interval()).contains(0) { hits += 1 }
      let error = (squares / 8000 / 8000).squareRoot()
      if abs(means.mean) < 1.96 * error { naive += 1 }
    }
    return (Double(hits) / Double(runs), Double(naive) / Double(runs))
  }

  /// 380 of 400 is what is promised; 3 standard deviations are 13.
  @Test(arguments: [0, 0.5, 0.9, 0.97])
  func `intervals hold the mean of values that cling together`(correlation: Double) throws {
    let seed: UInt64 = 20_261
    let (share, naive) = try covered(correlation, seed: seed)
    #expect(share > 0.91 && share < 0.985, "seed \(seed): \(share)")
    // What taking them for independent would have held.
    if correlation > 0.8 { #expect(naive < 0.5, "seed \(seed): \(naive)") }
  }

  @Test func `the mean is of all values, the interval waits for sixteen`() throws {
    var means = BatchMeans()
    #expect(means.mean.isNaN && means.interval() == nil)
    for value in 1...15 { means.add(Double(value)) }
    #expect(means.mean == 8 && means.interval() == nil)
    means.add(16)
    let few = try #require(means.interval())
    // scipy: 8.5 ± t.ppf(.975, 15)·std(1…16, ddof=1)/4 = 8.5 ± 2.131449546·4.760952/4.
    #expect(abs(few.upperBound - 11.036932) < 1e-4 && abs(few.lowerBound - 5.963068) < 1e-4)
    for value in 17...1001 { means.add(Double(value)) }
    #expect(means.mean == 501 && means.count == 1001)
    var still = BatchMeans()
    for _ in 0..<5000 { still.add(0.25) }
    let none = try #require(still.interval())
    #expect(none.lowerBound == 0.25 && none.upperBound == 0.25)
  }
}
