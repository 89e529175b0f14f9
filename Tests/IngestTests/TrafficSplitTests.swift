import Ingest
import TestSupport
import Testing

@Suite struct TrafficSplitTests {
  private func place(_ id: String, _ split: TrafficSplit) -> Int {
    Array(id.utf8).withUnsafeBytes { split.place(of: $0) }
  }

  /// Ids as they come: numbers, words with a number, long ones that differ in a byte, and none at all.
  private static let kinds: [@Sendable (Int) -> String?] = [
    { "\($0)" }, { "order-\($0)" }, { String(repeating: "x", count: 40) + "\($0)" }, { _ in nil },
  ]

  @Test(arguments: 0..<4) func `shares come out about right, and each salt deals anew`(kind: Int) {
    let make = TrafficSplitTests.kinds[kind]
    let splits = ["", "a", "b"].map { TrafficSplit(shares: [0.1, 0.3], salt: $0) }
    let count = 20_000
    let places = splits.map { split in
      (0..<count).map { i in make(i).map { place($0, split) } ?? split.place(ofEvent: i) }
    }
    for dealt in places {
      for (k, share) in [0.6, 0.1, 0.3].enumerated() {
        let deviation = (Double(count) * share * (1 - share)).squareRoot()
        let found = Double(dealt.count { $0 == k })
        #expect(abs(found - Double(count) * share) < 4.5 * deviation, "\(k): \(found)")
      }
    }
    // Of two that are independent .6² + .1² + .3² agree.
    let same = Double(zip(places[1], places[2]).count { $0 == $1 })
    #expect(abs(same - 0.46 * Double(count)) < 4.5 * (0.46 * 0.54 * Double(count)).squareRoot())
  }

  @Test func `a larger share takes from the first version alone`() {
    let (less, more) = (
      TrafficSplit(shares: [0.2, 0.1], salt: "s"), TrafficSplit(shares: [0.2, 0.4], salt: "s")
    )
    for i in 0..<5000 {
      let (before, after) = (place("id\(i)", less), place("id\(i)", more))
      #expect(after == before || (before == 0 && after == 2))
    }
  }

  /// The hash is part of what stays: a release must not deal ids anew.
  @Test func `these ids are dealt as ever`() {
    let split = TrafficSplit(shares: [0.5], salt: "weir")
    let ids = (0..<32).map { "customer-\($0)" }
    let dealt = ids.map { "\(place($0, split))" }.joined()
    #expect(dealt == "00010011101001011101110110011111")
    let byNumber = (0..<32).map { "\(split.place(ofEvent: $0))" }.joined()
    #expect(byNumber == "01111000101001011100101100001111")
  }
}
