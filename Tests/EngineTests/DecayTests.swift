import Batches
import Learners
import Snapshots
import Telemetry
import TestSupport
import Testing

@testable import Engine

/// What age costs a frozen version is what it was made to cost.
@Suite struct DecayTests {
  /// A level that climbs by `drift` an event, with noise of ±1: a model of an hour ago lacks what it climbed since.
  private func rows(_ count: Int, drift: Double, seed: UInt64 = 3) -> Rows {
    var random = SplitMix(seed: seed)
    return Rows(
      width: 1,
      (0..<count).map { row in
        Rows.Row(
          [random.unit()], target: 100 + drift * Double(row) + (random.unit() < 0.5 ? -1 : 1))
      })
  }

  private func engine(
    _ rows: Rows, delay: Int = 0, sizes: [Int] = [64], restored: [UInt8]? = nil
  ) throws -> Engine {
    var options = EngineOptions()
    options.models = ["no-change"]
    options.labelDelay = delay
    options.batchRows = sizes.max() ?? 1
    options.decay = DecayOptions()
    options.decay?.every = 64
    options.decay?.retrainCost = 100
    var engine = try Engine(
      options, Schema(task: .regression, targetName: "y", denseNames: ["a"]))
    if let restored {
      var reader = try SnapshotReader(restored)
      try engine.restore(from: &reader)
      #expect(reader.left == 0)
    }
    rows.forEachBatch(sizes) { engine.step($0) }
    return engine
  }

  @Test(arguments: [0, 90]) func `a level that climbs costs a copy what it climbed since`(
    delay: Int
  ) throws {
    var engine = try engine(rows(6400, drift: 0.05), delay: delay)
    engine.finish()
    let report = try #require(engine.decayReport)
    // With prompt labels what is served is off by the noise alone, 1 in the mean; with late ones copies and what is served
    // lack the same.
    for age in report.ages where age.mean > 100 {
      let expected = 0.05 * age.mean - (delay > 0 ? 0 : 1)
      #expect(abs(age.excess - expected) < 0.6 + 0.02 * expected, "age \(age.mean), seed 3")
      if let interval = age.interval, age.rows > 1000 { #expect(interval.lowerBound > 0) }
    }
    #expect(report.ages.map(\.from).prefix(8) == [0, 64, 128, 256, 512, 1024, 2048, 4096])
    let rate = try #require(report.line?.perEvent)
    #expect(abs(rate - 0.05) < 0.004)
  }

  @Test func `where nothing changes age costs nothing, and copies are few`() throws {
    var engine = try engine(rows(6400, drift: 0))
    engine.finish()
    let report = try #require(engine.decayReport)
    for age in report.ages where age.rows > 500 {
      #expect(abs(age.excess) < 0.15, "age \(age.mean), seed 3")
      if let interval = age.interval { #expect(interval.contains(0), "age \(age.mean), seed 3") }
    }
    #expect((engine.frozen?.count ?? 99) <= 2 * 8 + 2)
  }

  @Test func `the best schedule is where the formula says`() throws {
    // Age costs .01 an event, to the end.
    let report = DecayReport(
      ages: (0..<8).map { k in
        let mean = 64.0 * Double(1 << k)
        return DecayReport.Age(
          from: 0, to: 0, mean: mean, rows: 1000, loss: 0, excess: 0.01 * mean, interval: nil)
      }, servedLoss: 1, secondsPerEvent: 3600)
    #expect(abs((report.line?.perEvent ?? 0) - 0.01) < 1e-12)
    for cost in [50.0, 500, 5000] {
      let schedule = try #require(report.schedule(cost: cost))
      let every = (2 * cost / 0.01).squareRoot()
      #expect(abs(schedule.every / every - 1) < 0.02, "\(cost)")
      #expect(!schedule.isLongest)
      #expect(abs(report.worth(of: every) / cost - 1) < 1e-9)
      #expect(abs(schedule.costPerEvent - (2 * cost * 0.01).squareRoot()) < 1e-3)
    }
    // So dear that it should be done more rarely than any copy was old.
    #expect(try #require(report.schedule(cost: 1e9)).isLongest)
  }

  @Test func `what it costs at once is told apart from age, and age never helps`() throws {
    func age(_ mean: Double, _ rows: Int, _ excess: Double) -> DecayReport.Age {
      DecayReport.Age(
        from: 0, to: 0, mean: mean, rows: rows, loss: 0, excess: excess, interval: nil)
    }
    let report = DecayReport(
      ages: [age(100, 500, 80.1), age(200, 500, 80.2), age(400, 500, 80.4)], servedLoss: 1,
      secondsPerEvent: nil)
    let line = try #require(report.line)
    #expect(abs(line.atOnce - 80) < 1e-9 && abs(line.perEvent - 0.001) < 1e-12)
    // The third seems to be better than the second: together they are as both on average.
    let odd = DecayReport(
      ages: [age(100, 400, 5), age(200, 300, 9), age(400, 100, 5), age(800, 100, 20)],
      servedLoss: 1, secondsPerEvent: nil)
    #expect(odd.excess(at: 200) == 8 && odd.excess(at: 400) == 8 && odd.excess(at: 800) == 20)
    let worth = [100.0, 200, 400, 800].map(odd.worth)
    #expect(zip(worth, worth.dropFirst()).allSatisfy { $0 <= $1 } && worth[0] > 0, "\(worth)")
    #expect(DecayReport(ages: [age(9, 500, 1)], servedLoss: 1, secondsPerEvent: nil).line == nil)
  }

  @Test(arguments: [0, 90]) func `where batches end and where a run went on changes no age`(
    delay: Int
  ) throws {
    let all = rows(2000, drift: 0.02)
    var (whole, other) = (
      try engine(all, delay: delay), try engine(all, delay: delay, sizes: [1, 37, 5, 200])
    )
    var (first, rest) = (all, all)
    first.rows = Array(all.rows[..<900])
    rest.rows = Array(all.rows[900...])
    var half = try engine(first, delay: delay)
    _ = half.takeEntries()
    var writer = SnapshotWriter()
    half.write(to: &writer)
    var resumed = try engine(rest, delay: delay, restored: writer.sealed())
    func text(_ engine: inout Engine) throws -> String {
      engine.finish()
      return JSONValue.members(try #require(engine.decayReport).members(cost: 100)).text
    }
    let expected = try text(&whole)
    #expect(expected == (try text(&other)))
    #expect(expected == (try text(&resumed)))
    let told = whole.takeEntries().filter { $0.kind == "decay" }
    #expect(told.map(\.event) == [1024, 2000], "\(delay)")
  }
}
