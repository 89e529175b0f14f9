import Catalogues
import Foundation
import TestSupport
import Testing

@testable import Detectors

/// River's and MOA's detectors, index for index. The files are described in `Tests/Golden`.
@Suite struct DetectorGoldenTests {
  struct RiverFile: Decodable {
    struct Case: Decodable {
      let detector: String
      let params: [String: Value]
      let series: String
      let drift_at: [Int]
      let warning_runs: [[Int]]?
    }
    let cases: [Case]
  }

  enum Value: Decodable {
    case number(Double)
    case text(String)
    case flag(Bool)
    case other

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let flag = try? container.decode(Bool.self) {
        self = .flag(flag)
      } else if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else if let text = try? container.decode(String.self) {
        self = .text(text)
      } else {
        self = .other
      }
    }

    var number: Double { if case .number(let value) = self { value } else { .nan } }
    var flag: Bool { if case .flag(let value) = self { value } else { false } }
    var text: String { if case .text(let value) = self { value } else { "" } }
  }

  struct MOAFile: Decodable {
    struct Case: Decodable {
      let detector: String
      let series: String
      let drift_at: [Int]
      let warning_from: [Int]?
    }
    let cases: [Case]
  }

  private func series(_ name: String) throws -> [Double] {
    let file = Golden.folder.appending(path: "series/\(name).csv")
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    return lines.compactMap { Double($0) }
  }

  private func alarms(_ detector: some DriftDetector, _ values: [Double]) -> [Int] {
    var detector = detector
    return values.indices.filter { detector.observe(values[$0]) != nil }
  }

  @Test func `ADWIN fires where River's does`() throws {
    let cases = try Golden.json("detectors_river.json", as: RiverFile.self).cases
      .filter { $0.detector == "ADWIN" }
    #expect(cases.count == 24)
    for golden in cases {
      let p = golden.params.mapValues(\.number)
      let detector = ADWIN(
        delta: p["delta"] ?? 0, clock: Int(p["clock"] ?? 0), buckets: Int(p["max_buckets"] ?? 0),
        shortest: Int(p["min_window_length"] ?? 0), grace: Int(p["grace_period"] ?? 0))
      #expect(
        alarms(detector, try series(golden.series)) == golden.drift_at, "\(golden.series) \(p)")
    }
  }

  @Test func `Page-Hinkley fires where River's does`() throws {
    let cases = try Golden.json("detectors_river.json", as: RiverFile.self).cases
      .filter { $0.detector == "PageHinkley" }
    #expect(cases.count == 32)
    for golden in cases {
      let p = golden.params.mapValues(\.number)
      let detector = PageHinkley(
        delta: p["delta"] ?? 0, threshold: p["threshold"] ?? 0, alpha: p["alpha"] ?? 0,
        minimum: Int(p["min_instances"] ?? 0),
        direction: .init(rawValue: golden.params["mode"]?.text ?? "") ?? .both)
      #expect(
        alarms(detector, try series(golden.series)) == golden.drift_at, "\(golden.series) \(p)")
    }
  }

  @Test(arguments: [("adwin", ADWIN.Convention.moa), ("adwincd", .moaRise)])
  func `ADWIN fires where MOA's does`(name: String, convention: ADWIN.Convention) throws {
    let cases = try Golden.json("detectors_moa.json", as: MOAFile.self).cases
      .filter { $0.detector == name }
    #expect(cases.count == 8)
    for golden in cases {
      let found = alarms(ADWIN(convention: convention), try series(golden.series))
      #expect(found == golden.drift_at, "\(golden.series)")
    }
  }

  @Test func `Page-Hinkley fires where MOA's does`() throws {
    let cases = try Golden.json("detectors_moa.json", as: MOAFile.self).cases
      .filter { $0.detector == "ph" }
    #expect(cases.count == 8)
    for golden in cases {
      let found = alarms(PageHinkley(convention: .moa), try series(golden.series))
      #expect(found == golden.drift_at, "\(golden.series)")
    }
  }

  @Test(arguments: [
    ("adwin_trace_river.csv", ADWIN.Convention.river), ("adwin_trace_moa.csv", .moa),
  ]) func `ADWIN's window is the reference's all along`(
    file: String, convention: ADWIN.Convention
  ) throws {
    let (header, trace) = try Golden.table(file)
    #expect(trace.count > 100)
    let spread = header.firstIndex(of: "variance_sum")
    for (name, rows) in Dictionary(grouping: trace, by: { $0[0] }) {
      var detector = ADWIN(convention: convention)
      var seen = 0
      let values = try series(name)
      for row in rows {
        while seen < Int(row[1]) ?? 0 {
          _ = detector.observe(values[seen])
          seen += 1
        }
        #expect(detector.width == Int(row[2]), "\(name) after \(seen)")
        #expect(abs(detector.mean - (Double(row[3]) ?? 0)) < 1e-9)
        // River alone tells the window's sum of squared deviations.
        guard let spread else { continue }
        let error = abs(detector.deviation - (Double(row[spread]) ?? 0))
        #expect(error < 1e-6 * max(1, detector.deviation))
      }
    }
  }

  /// Where a detector speaks of drift, and where it enters its warning zone.
  private func signs(
    _ specification: String, _ values: [Double]
  ) throws -> (drifts: [Int], warnings: [Int]) {
    var detector = try Catalogue<Void, any DriftDetector>.detectors.make(specification, ())
    var (drifts, warnings): ([Int], [Int]) = ([], [])
    for i in values.indices {
      guard let alarm = detector.observe(values[i]) else { continue }
      if alarm.level == .drift { drifts.append(i) } else { warnings.append(i) }
    }
    return (drifts, warnings)
  }

  @Test(arguments: ["DDM", "EDDM", "HDDM_A", "HDDM_W"])
  func `detectors of errors fire where River's do`(name: String) throws {
    let cases = try Golden.json("detectors_river.json", as: RiverFile.self).cases
      .filter { $0.detector == name }
    #expect(cases.count == (name.hasPrefix("HDDM") ? 6 : 3))
    for golden in cases {
      // River keeps a boolean for both directions.
      let isTwoSided = golden.params["two_sided_test"]?.flag ?? false
      let specification = [
        "DDM": "ddm", "EDDM": "eddm", "HDDM_A": "hddm-a:direction=\(isTwoSided ? "both" : "up")",
        "HDDM_W": "hddm-w:direction=\(isTwoSided ? "both" : "up")",
      ]
      let found = try signs(specification[name] ?? "", try series(golden.series))
      #expect(found.drifts == golden.drift_at, "\(golden.series) \(isTwoSided)")
      guard let runs = golden.warning_runs else { continue }
      #expect(found.warnings == runs.map { $0[0] }, "warnings, \(golden.series) \(isTwoSided)")
    }
  }

  @Test(arguments: [
    ("cusum", "cusum", 8), ("gma", "geometric-moving-average", 8),
    ("gma-small", "geometric-moving-average:threshold=0.1", 8), ("ewma", "ewma-chart", 3),
    ("rddm", "rddm", 3), ("stepd", "stepd:direction=both", 3), ("seed", "seed", 8),
    ("seed-quick", "seed:delta=0.2,closeness=0.0025,growth=0.2,term=50", 8),
    ("seed-large", "seed:delta=0.01,block=64,term=50", 8),
  ]) func `more detectors fire where MOA's do`(
    name: String, specification: String, count: Int
  ) throws {
    let cases = try Golden.json("detectors_moa_more.json", as: MOAFile.self).cases
      .filter { $0.detector == name }
    #expect(cases.count == count)
    for golden in cases {
      // After thirty zeros and thirty more MOA's STEPD divides 0 by 0 and fires, which moves all that follows.
      if name == "stepd", golden.series == "bernoulli_gradual" { continue }
      let found = try signs(specification, try series(golden.series))
      #expect(found.drifts == golden.drift_at, "\(golden.series)")
      guard let warnings = golden.warning_from, !warnings.isEmpty else { continue }
      #expect(found.warnings == warnings, "warnings, \(golden.series)")
    }
  }
}

/// The test of Kolmogorov and Smirnov beside scipy 1.17.1, `ks_2samp(a, b, method="exact").pvalue` of `arange(n)`
/// and `arange(n) + h - 0.5`.
@Suite struct KolmogorovSmirnovTests {
  @Test(arguments: [
    (5, 3, 0.35714285714285715), (10, 5, 0.16782134274394334), (30, 6, 0.5940706297759378),
    (30, 10, 0.07088798787114439), (30, 14, 0.0025300622362698397),
    (30, 30, 1.6911233892144742e-17), (200, 17, 0.46628639073563594),
    (200, 30, 0.0220923622208589),
  ]) func `chances are exact`(n: Int, h: Int, expected: Double) {
    let a = (0..<n).map(Double.init)
    let steps = TwoSampleTest.crossSteps(a, a.map { $0 + Double(h) - 0.5 }) / n
    #expect(steps == h)
    #expect(abs(KolmogorovSmirnov.chance(steps: steps, of: n) - expected) < 1e-9 * expected)
  }

  @Test func `ties count once`() {
    #expect(TwoSampleTest.crossSteps([1, 1, 1, 2], [1, 2, 2, 2]) == 2 * 4)
    #expect(TwoSampleTest.crossSteps([3, 3], [3, 3]) == 0)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `KSWIN's false alarms are as rare as it says, when its windows do not overlap`(
    seed: UInt64
  ) {
    var random = SplitMix(seed: seed)
    // Detectors that see one full window each: the chance of an alarm is at most alpha.
    var alarms = 0
    for k in 0..<2000 {
      var detector = KSWIN(alpha: 0.05, window: 60, recent: 30, seed: UInt64(k))
      for _ in 0..<60 where detector.observe(random.normal()) != nil { alarms += 1 }
    }
    // At 9 steps the exact chance is .135, at 10 .071, at 11 .034, which is the level that can be had.
    #expect((40...100).contains(alarms), "seed \(seed): \(alarms) of 2000, expected 68")
  }
}
