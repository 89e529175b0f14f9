import Detectors
import Foundation
import Kernels
import TestSupport
import Testing

/// Distances of two samples against scipy 1.15, `Tests/Golden/statistics_scipy.json`.
@Suite struct TwoSampleTestTests {
  private struct Statistics: Decodable {
    struct Smirnov: Decodable {
      let a: String
      let b: String
      let method: String
      let alternative: String
      let statistic: Double
      let pvalue: Double
    }
    struct Distance: Decodable {
      let a: String
      let b: String
      let value: Double
    }
    struct Stability: Decodable {
      let inner_edges: [Double]
      let ref_counts: [Int]
      let cur_counts: [Int]
      let value: Double
    }
    struct Divergence: Decodable { let distance_base_2: Double }
    struct Table: Decodable {
      let table: [[Int]]
      let statistic: Double
      let pvalue: Double
    }
    struct Tail: Decodable {
      let x: Double
      let dof: Int
      let sf: Double
    }
    let samples: [String: [Double]]
    let ks_2samp: [Smirnov]
    let wasserstein_1: [Distance]
    let psi: Stability
    let jensen_shannon: Divergence
    let chi2_two_samples: Table
    let chi2_sf: [Tail]
  }

  private let golden: Statistics

  init() throws {
    let file = Golden.project.appending(path: "Tests/Golden/statistics_scipy.json")
    golden = try JSONDecoder().decode(Statistics.self, from: Data(contentsOf: file))
  }

  private func sample(_ name: String) throws -> [Double] {
    try #require(golden.samples[name]).sorted()
  }

  private func isClose(_ value: Double, _ expected: Double) -> Bool {
    abs(value - expected) <= 1e-9 * abs(expected)
  }

  @Test func `Kolmogorov and Smirnov`() throws {
    var exact = 0
    for wanted in golden.ks_2samp where wanted.alternative == "two-sided" {
      let (a, b) = (try sample(wanted.a), try sample(wanted.b))
      #expect(isClose(TwoSampleTest.kolmogorovSmirnov(a, b), wanted.statistic))
      guard wanted.method == "exact" else { continue }
      exact += 1
      let chance = TwoSampleTest.kolmogorovSmirnovChance(a, b)
      #expect(isClose(chance, wanted.pvalue), "\(wanted.a) \(wanted.b): \(chance)")
    }
    #expect(exact > 1)
  }

  @Test func `Wasserstein`() throws {
    for wanted in golden.wasserstein_1 {
      let distance = TwoSampleTest.wasserstein(try sample(wanted.a), try sample(wanted.b))
      #expect(isClose(distance, wanted.value))
    }
  }

  @Test func `shares of bins`() throws {
    let (reference, current) = (try sample("ref"), try sample("cur"))
    let (psi, table) = (golden.psi, golden.chi2_two_samples)
    #expect(TwoSampleTest.counts(reference, edges: psi.inner_edges) == psi.ref_counts)
    #expect(TwoSampleTest.counts(current, edges: psi.inner_edges) == psi.cur_counts)
    #expect(isClose(TwoSampleTest.stability(psi.ref_counts, psi.cur_counts), psi.value))
    #expect(
      isClose(
        TwoSampleTest.jensenShannon(psi.ref_counts, psi.cur_counts),
        golden.jensen_shannon.distance_base_2))
    let pearson = TwoSampleTest.chiSquare(table.table[0], table.table[1])
    #expect(isClose(pearson.statistic, table.statistic) && isClose(pearson.chance, table.pvalue))
    let edges = TwoSampleTest.edges(of: reference, bins: 10)
    #expect(TwoSampleTest.counts(reference, edges: edges) == psi.ref_counts)
  }

  @Test func `tails of the chi-square distribution`() {
    for tail in golden.chi2_sf {
      #expect(
        abs(ChiSquare.survival(tail.x, freedom: tail.dof) - tail.sf) <= 1e-12 + 1e-9 * tail.sf)
    }
  }

  /// Of ten values each, all orders counted one by one.
  @Test func `the chance is that of all orders`() {
    var (all, far) = (0, 0)
    let (a, b): ([Double], [Double]) = ([1, 2, 3, 7], [4, 5, 6, 8, 9])
    let distance = TwoSampleTest.kolmogorovSmirnov(a, b)
    for mask in 0..<(1 << 9) where mask.nonzeroBitCount == 4 {
      let first = (0..<9).filter { mask >> $0 & 1 == 1 }.map(Double.init)
      let second = (0..<9).filter { mask >> $0 & 1 == 0 }.map(Double.init)
      all += 1
      if TwoSampleTest.kolmogorovSmirnov(first, second) >= distance - 1e-12 { far += 1 }
    }
    let chance = TwoSampleTest.kolmogorovSmirnovChance(a, b)
    #expect(abs(chance - Double(far) / Double(all)) < 1e-12)
  }
}
