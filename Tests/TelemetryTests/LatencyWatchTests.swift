import Telemetry
import Testing

/// What is done where answers come too late, by a clock that the test has in hand.
@Suite struct LatencyWatchTests {
  /// A pipeline whose events take so long to be predicted and so long to be learned.
  private struct Pipeline {
    var watch: LatencyWatch
    var event = 0
    var skipped = 0
    var clock = 1_000_000
    var entries: [JournalEntry] = []

    init(_ budget: String, thins: Bool) {
      watch = LatencyWatch(LatencyBudget(budget), thins: thins, meter: LatencyMeter { 0 })
    }

    /// Batches of 100 events, each of which takes `predicting` µs to predict and `learning` µs to learn.
    mutating func run(batches: Int, learning: Int, predicting: Int = 1) {
      for _ in 0..<batches {
        let learned = (event..<event + 100).count { $0 % watch.learnsEvery == 0 }
        skipped += 100 - learned
        event += 100
        let taken = clock + 10_000
        let done = taken + 100_000 * predicting + 1000 * learning * learned
        let verdict = watch.record(
          LatencyMeter.Stamps(
            arrived: clock, filled: clock + 5_000, taken: taken, learned: done,
            written: done + 1_000), events: 100, event: event, skipped: skipped)
        clock = done + 1_000
        if let verdict { entries.append(verdict.entry) }
      }
    }

    var states: [String] {
      entries.map { if case .string(let text)? = $0["state"] { text } else { "" } }
    }
  }

  @Test func `within its budget nothing is said and everything is learned`() {
    var pipeline = Pipeline("5ms", thins: true)
    pipeline.run(batches: 100, learning: 10)
    #expect(pipeline.entries.isEmpty && pipeline.skipped == 0)
  }

  @Test func `beyond it there is one alarm, and one end of it`() {
    var pipeline = Pipeline("5ms", thins: false)
    pipeline.run(batches: 50, learning: 60)
    pipeline.run(batches: 50, learning: 10)
    #expect(pipeline.states == ["exceeded", "over"])
    #expect(pipeline.skipped == 0)
    #expect(pipeline.entries[0]["budget"] == .string("5ms@p99"))
  }

  @Test func `what cannot be learned in time is skipped, and the journal says how much`() throws {
    var pipeline = Pipeline("2ms", thins: true)
    // Of 100 events 100, 50, 25 or 13 take 20 ms, 10 ms, 5 ms or 2.6 ms; 7 are within.
    pipeline.run(batches: 100, learning: 200)
    #expect(pipeline.watch.learnsEvery == 16)
    #expect(pipeline.states == ["exceeded", "thinned-more", "thinned-more", "thinned-more"])
    // Load falls: all are learned again, one doubling after the other.
    pipeline.run(batches: 100, learning: 2)
    #expect(pipeline.watch.learnsEvery == 1)
    #expect(
      pipeline.states.suffix(4) == ["learning-more", "learning-more", "learning-more", "over"])
    let end = try #require(pipeline.entries.last)
    #expect(end["skipped"] == .int(pipeline.skipped))
    #expect(end["thinnedFrom"] == .int(1000))
    #expect(end["thinnedTo"] == .int(end.event))
    pipeline.run(batches: 50, learning: 2)
    #expect(pipeline.watch.stretches.count == 1)
  }

  @Test func `where predicting alone takes too long all is learned again, and that is said once`()
    throws
  {
    var pipeline = Pipeline("2ms", thins: true)
    pipeline.run(batches: 100, learning: 1, predicting: 60)
    #expect(pipeline.states == ["exceeded", "thinned-more", "thinned-in-vain"])
    #expect(pipeline.watch.learnsEvery == 1)
    let last = try #require(pipeline.entries.last)
    #expect(last["skipped"] == .int(pipeline.skipped) && pipeline.skipped > 1000)
    // Once it was in time again it is tried anew.
    pipeline.run(batches: 50, learning: 1)
    pipeline.run(batches: 10, learning: 200)
    #expect(pipeline.states.suffix(2) == ["over", "exceeded"])
    #expect(pipeline.watch.learnsEvery == 2)
  }

  @Test func `between half the budget and the whole nothing changes`() {
    var pipeline = Pipeline("2ms", thins: true)
    pipeline.run(batches: 20, learning: 30)
    #expect(pipeline.watch.learnsEvery == 2)
    // One of two: 1.6 ms, more than half of what is allowed.
    let told = pipeline.entries.count
    pipeline.run(batches: 200, learning: 30)
    #expect(pipeline.entries.count == told && pipeline.watch.learnsEvery == 2)
  }

  @Test func `a stream that ends while events are skipped says so`() throws {
    var pipeline = Pipeline("1ms", thins: true)
    pipeline.run(batches: 30, learning: 100)
    let told = pipeline.watch.finish(event: pipeline.event, skipped: pipeline.skipped)
    let entry = try #require(told)
    #expect(entry["state"] == .string("ended"))
    #expect(entry["skipped"] == .int(pipeline.skipped))
    let again = pipeline.watch.finish(event: 0, skipped: 0)
    #expect(again == nil)
  }

  @Test func `stages add up to the whole`() {
    var pipeline = Pipeline("1s", thins: false)
    pipeline.run(batches: 10, learning: 10)
    let meter = pipeline.watch.meter
    #expect(meter.histogram(.read).longest == 5_000)
    #expect(meter.histogram(.wait).longest == 5_000)
    #expect(meter.histogram(.learn).longest == 1_100_000)
    #expect(meter.histogram(.write).longest == 1_000)
    #expect(meter.histogram(.total).longest == 1_111_000)
    #expect(meter.histogram(.total).count == 1000)
  }

  @Test(arguments: [
    ("5ms", 5_000_000, 0.99), ("800us@p99.9", 800_000, 0.999), ("1s@p50", 1_000_000_000, 0.5),
    ("1.5µs", 1_500, 0.99),
  ]) func `a budget is a time and a share`(text: String, limit: Int, quantile: Double) throws {
    let budget = try #require(LatencyBudget(text))
    #expect(budget.limit == limit)
    #expect(abs(budget.quantile - quantile) < 1e-12)
  }

  @Test(arguments: ["5", "ms", "-5ms", "5ms@99", "5ms@p0", "5ms@p100", "5ms@p99@p50", ""])
  func `what is no budget is none`(text: String) {
    #expect(LatencyBudget(text) == nil)
  }
}
