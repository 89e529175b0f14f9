import Catalogues
import Generators
import Kernels
import TestSupport
import Testing

/// Laws that every synthetic stream of the catalogue keeps.
@Suite struct GeneratorLawsTests {
  static let all = Catalogue<GeneratorContext, any StreamGenerator>.generators

  private func rows(_ spec: String, drifts: [DriftPlan] = [], seed: UInt64, _ count: Int) throws
    -> (columns: [StreamColumn], rows: [[Double]])
  {
    var stream = try DriftingStream(spec, drifts: drifts, seed: seed)
    var random = RandomBits(seed: seed)
    let columns = stream.columns
    var row = [Double](repeating: .nan, count: columns.count)
    return (
      columns,
      (0..<count).map { _ in
        row.withUnsafeMutableBufferPointer { stream.next($0, &random) }
        return row
      }
    )
  }

  @Test(arguments: all.names) func `the same seed gives the same rows, another seed others`(
    name: String
  ) throws {
    let first = try rows(name, seed: 5, 500).rows
    #expect(try rows(name, seed: 5, 500).rows == first)
    #expect(try rows(name, seed: 6, 500).rows != first)
  }

  @Test(arguments: all.names) func `every value is of its column`(name: String) throws {
    let (columns, rows) = try rows(name, seed: 3, 3000)
    #expect(Set(columns.map(\.name)).count == columns.count)
    for (index, column) in columns.enumerated() {
      let values = rows.map { $0[index] }
      #expect(Set(values).count > 1, "\(column.name) never varies")
      guard case .words(let words) = column.kind else {
        #expect(values.filter { !$0.isFinite }.isEmpty)
        continue
      }
      #expect(values.allSatisfy { $0 == $0.rounded() && $0 >= 0 && Int($0) < words.count })
    }
  }

  /// Rules as their papers state them, on rows without noise.
  @Test func `labels follow the rules`() throws {
    for (concept, threshold) in [8, 9, 7, 9.5].enumerated() {
      for row in try rows("sea:noise=0,concept=\(concept + 1)", seed: 1, 500).rows {
        #expect((row[3] == 1) == (row[0] + row[1] <= threshold))
      }
    }
    for row in try rows("stagger:concept=2", seed: 1, 500).rows {
      #expect((row[3] == 1) == (row[1] == 2 || row[2] == 0))
    }
    for row in try rows("agrawal:function=7,perturbation=0", seed: 1, 500).rows {
      #expect(
        (row[9] == 0) == (0.67 * (row[0] + row[1]) - 0.2 * row[8] - 20_000 > 0)
          || abs(2 * (row[0] + row[1]) / 3 - 0.2 * row[8] - 20_000) < 1000)
    }
    for row in try rows("led:noise=0,irrelevant=0", seed: 1, 500).rows where row[7] == 8 {
      #expect(row[..<7].allSatisfy { $0 == 1 })
    }
    // Seven lights tell ten digits apart.
    let shown = try rows("led:noise=0,irrelevant=0", seed: 1, 2000).rows
    #expect(Set(shown.map { Array($0[..<7]) }).count == 10)
    #expect(Set(shown).count == 10)
  }

  @Test func `errors have the mean and the correlation that were asked for`() throws {
    for (rate, correlation) in [(0.2, 0.0), (0.227, 0.49), (0.1, 0.8)] {
      let values = try rows("errors:rate=\(rate),correlation=\(correlation)", seed: 9, 400_000).rows
        .map { $0[0] }
      let mean = values.reduce(0, +) / Double(values.count)
      let pairs = zip(values, values.dropFirst()).map { ($0 - mean) * ($1 - mean) }
      let lagged = pairs.reduce(0, +) / Double(pairs.count) / (mean * (1 - mean))
      #expect(abs(mean - rate) < 0.006)
      #expect(abs(lagged - correlation) < 0.01)
    }
  }

  /// Only the relation moves: what comes in is the same, row for row in law and here even in number.
  @Test func `the lockdown leaves the inputs of flights as they were`() throws {
    let before = try rows("flights", seed: 4, 20_000).rows
    let after = try rows("flights:lockdown=yes", seed: 4, 20_000).rows
    #expect(zip(before, after).allSatisfy { Array($0[..<5]) == Array($1[..<5]) })
    func share(_ rows: [[Double]]) -> Double {
      let oneWay = rows.filter { $0[2] == 1 }
      return oneWay.reduce(0) { $0 + $1[5] } / Double(oneWay.count)
    }
    #expect(share(before) > 5 * share(after))
  }

  @Test func `an abrupt drift is at its row, a gradual one between its two`() throws {
    let low = "errors:rate=0"
    let plan = try DriftPlan("100=errors:rate=1")
    #expect(plan == DriftPlan(start: 100, end: 100, stream: "errors:rate=1"))
    let abrupt = try rows(low, drifts: [plan], seed: 1, 200).rows.map { $0[0] }
    #expect(abrupt == (0..<200).map { $0 < 100 ? 0 : 1 })
    let gradual = try rows(
      low, drifts: [try DriftPlan("1000..3000=errors:rate=1")], seed: 1, 4000
    ).rows.map { $0[0] }
    #expect(gradual[..<1000].allSatisfy { $0 == 0 } && gradual[3000...].allSatisfy { $0 == 1 })
    let half = gradual[1750..<2250].reduce(0, +) / 500
    #expect(abs(half - 0.5) < 0.12)
    let back = try rows(
      low, drifts: [plan, try DriftPlan("150=errors:rate=0")], seed: 1, 200
    ).rows.map { $0[0] }
    #expect(back == (0..<200).map { 100..<150 ~= $0 ? 1 : 0 })
  }

  @Test func `drifts that cannot be are refused`() {
    for text in ["100", "x=sea", "5..2=sea", "-1=sea"] {
      #expect(throws: SpecificationError.self, "\(text)") { try DriftPlan(text) }
    }
    #expect(throws: SpecificationError.self) {
      try DriftingStream("sea", drifts: [try DriftPlan("10=stagger")], seed: 1)
    }
    #expect(throws: SpecificationError.self) {
      let plans = [try DriftPlan("20=sea"), try DriftPlan("10=sea")]
      _ = try DriftingStream("sea", drifts: plans, seed: 1)
    }
  }
}
