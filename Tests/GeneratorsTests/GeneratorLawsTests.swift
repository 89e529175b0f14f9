import Catalogues
import Foundation
import Generators
import Kernels
import TestSupport
import Testing

/// Laws that every synthetic stream of the catalogue keeps.
@Suite struct GeneratorLawsTests {
  static let all = Catalogue<GeneratorContext, any StreamGenerator>.generators
  private static let series = Golden.project.appending(path: "Tests/Golden/series")
  /// A specification of each; what draws from a file needs one.
  static let specifications = all.names.map {
    $0 == "bootstrap" ? "bootstrap:file=\(series.path)/gaussian_shift.csv" : $0
  }

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

  @Test(arguments: specifications) func `the same seed gives the same rows, another seed others`(
    name: String
  ) throws {
    let first = try rows(name, seed: 5, 500).rows
    #expect(try rows(name, seed: 5, 500).rows == first)
    #expect(try rows(name, seed: 6, 500).rows != first)
  }

  @Test(arguments: specifications) func `every value is of its column`(name: String) throws {
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

  @Test func `a bootstrap has the mean of its series and the dependence that its blocks leave`()
    throws
  {
    var chain = Errors(rate: 0.2, correlation: 0.8)
    var random = RandomBits(seed: 71)
    var row = [0.0]
    let series = (0..<20_000).map { _ in
      row.withUnsafeMutableBufferPointer { chain.next($0, &random) }
      return row[0]
    }
    func moments(_ values: [Double]) -> (mean: Double, lag1: Double, lag5: Double) {
      let mean = values.reduce(0, +) / Double(values.count)
      func product(_ lag: Int) -> Double {
        zip(values, values.dropFirst(lag)).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) }
      }
      return (mean, product(1) / product(0), product(5) / product(0))
    }
    let own = moments(series)
    for block in [1, 5, 200] {
      var bootstrap = Bootstrap(series, block: block)
      let drawn = moments(
        (0..<400_000).map { _ in
          row.withUnsafeMutableBufferPointer { bootstrap.next($0, &random) }
          return row[0]
        })
      let kept = 1 - 1 / Double(block)
      #expect(abs(drawn.mean - own.mean) < 0.01, "block \(block), seed 71: \(drawn)")
      #expect(abs(drawn.lag1 - own.lag1 * kept) < 0.02, "block \(block), seed 71: \(drawn)")
      let fifth = own.lag5 * kept * kept * kept * kept * kept
      #expect(abs(drawn.lag5 - fifth) < 0.03, "block \(block), seed 71: \(drawn)")
    }
  }

  @Test func `a bootstrap takes the part of the file, the column and the rise that are asked for`()
    throws
  {
    let folder = FileManager.default.temporaryDirectory.appending(path: "weir-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "losses.csv").path
    let text = "event,loss,error\r\n0,0.5,0\r\n1,,\r\n2,1.5,1\r\n3,2.25,0\r\n4,3,1\r\n"
    try Data(text.utf8).write(to: URL(filePath: file))
    let base = "bootstrap:file=\(file)"
    func values(_ rest: String, _ count: Int) throws -> [Double] {
      try rows(base + rest, seed: 1, count).rows.map { $0[0] }
    }
    #expect(try values(",column=loss,block=0", 6) == [0.5, 1.5, 2.25, 3, 0.5, 1.5])
    #expect(try values(",column=loss,block=0,from=1,to=3,times=2", 3) == [3, 4.5, 3])
    #expect(try values(",column=error,block=0,extra=1", 4) == [1, 1, 1, 1])
    #expect(Set(try values(",column=error,from=1,to=2", 50)) == [1])
    // Zeros and ones are like those of `errors`, so that one can give way to the other.
    let plan = try DriftPlan("2=errors:rate=1")
    let drifted = try rows(base + ",column=error,block=0", drifts: [plan], seed: 1, 4).rows
    #expect(drifted.map { $0[0] } == [0, 1, 1, 1])
    for wrong in ["", ",column=cost", ",column=loss,from=4", ",column=loss,from=2,to=2"] {
      #expect(throws: SpecificationError.self, "\(wrong)") { try rows(base + wrong, seed: 1, 1) }
    }
    for wrong in ["bootstrap", "bootstrap:file=\(folder.path)/none"] {
      #expect(throws: SpecificationError.self, "\(wrong)") { try rows(wrong, seed: 1, 1) }
    }
    try Data("1\n2\nx\n".utf8).write(to: URL(filePath: file))
    #expect(throws: SpecificationError.unfit(entry: file, reason: "line 3: 'x' is no number")) {
      try rows(base, seed: 1, 1)
    }
  }
}
