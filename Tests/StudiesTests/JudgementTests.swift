import Studies
import Testing

@Suite struct JudgementTests {
  private let truth = Truth([.init(start: 100, end: 100), .init(start: 200, end: 220)])

  @Test func `the first alarm of an episode finds it, later ones repeat it, others are false`() {
    let judged = Judgement(
      alarms: [20, 110, 120, 160, 199, 230, 300], truth: truth, events: 1000, margin: 50)
    #expect(judged.episodes == 2)
    #expect(judged.delays == [10, 30])
    #expect(judged.repeats == 1)
    #expect(judged.falseAlarms == 4)
    #expect(judged.quietEvents == 1000 - 50 - 70)
    #expect(judged.missed == 0 && judged.recall == 1)
    #expect(judged.f1 == 4.0 / 8)
    #expect(judged.meanTimeBetweenFalseAlarms == 220)
  }

  @Test func `always fire finds all at once, never fire nothing`() {
    let always = Judgement.alwaysFire(truth: truth, events: 1000, margin: 50)
    #expect(always.delays == [0, 0] && always.falseAlarms == 880)
    #expect(always.falseAlarmsPerThousand == 1000)
    let never = Judgement.neverFire(truth: truth, events: 1000, margin: 50)
    #expect(never.delays.isEmpty && never.falseAlarms == 0 && never.missed == 2 && never.f1 == 0)
  }

  @Test func `changes that begin together are one, as long as the longest`() {
    let together = Truth([
      .init(start: 9, end: 30), .init(start: 9, end: 9), .init(start: 1, end: 1),
    ])
    #expect(together.episodes == [.init(start: 1, end: 1), .init(start: 9, end: 30)])
  }

  @Test func `an episode ends where the next begins`() {
    let close = Truth([.init(start: 100, end: 100), .init(start: 120, end: 120)])
    let judged = Judgement(alarms: [125], truth: close, events: 500, margin: 1000)
    #expect(judged.delays == [5] && judged.missed == 1 && judged.falseAlarms == 0)
  }

  /// scipy 1.15: binomtest(k, n).proportion_ci(method="exact"); chi2.ppf for the Poisson mean.
  @Test func `intervals agree with scipy`() throws {
    let share = Intervals.share(3, of: 10)
    #expect(abs(share.lowerBound - 0.06673951117773447) < 1e-9)
    #expect(abs(share.upperBound - 0.6524528500599973) < 1e-9)
    #expect(abs(Intervals.share(0, of: 10).upperBound - 0.3084971078187608) < 1e-9)
    #expect(Intervals.share(0, of: 10).lowerBound == 0)
    let mean = Intervals.mean(ofCount: 5)
    #expect(abs(mean.lowerBound - 1.623486) < 1e-5)
    #expect(abs(mean.upperBound - 11.668332) < 1e-5)
    #expect(abs(Intervals.mean(ofCount: 0).upperBound - 3.688879454113936) < 1e-9)
    let median = try #require(Intervals.median(of: (1...10).reversed().map(Double.init)))
    #expect(median.median == 5.5 && median.interval == 2...9)
    #expect(Intervals.median(of: []) == nil)
  }
}
