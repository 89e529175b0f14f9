import Batches
import Telemetry
import TestSupport
import Testing

@testable import Engine

@Suite struct ScoreScheduleTests {
  /// All places up to `events`, as an engine finds them.
  private func places(_ schedule: ScoreSchedule, _ events: Int) -> [Int] {
    var (places, next) = ([Int](), schedule.next(after: 0))
    while next <= events {
      places.append(next)
      next = schedule.next(after: next)
    }
    return places
  }

  @Test func `every so many events means all of them`() {
    #expect(places(.every(50), 1000) == stride(from: 50, through: 1000, by: 50).map { $0 })
  }

  @Test func `a run a thousand times as long is told of some times as often`() {
    let short = places(.thinning(from: 64), 60_000)
    #expect(short == stride(from: 64, through: 60_000, by: 64).map { $0 })
    let long = places(.thinning(from: 64), 60_000_000)
    #expect(long.count < 8 * short.count)
    // What was told of a shorter run was told of the longer one, and nowhere are there gaps beyond a 512th of what was.
    #expect(Array(long.prefix(short.count)) == short)
    #expect(zip(long, long.dropFirst()).allSatisfy { ($1 - $0) * 512 <= $1 || $1 - $0 == 64 })
  }

  @Test(arguments: [ScoreSchedule.every(7), .thinning(from: 1), .thinning(from: 64)])
  func `the next place does not depend on where one asks`(schedule: ScoreSchedule) {
    let all = places(schedule, 40_000)
    var place = 0
    for events in 0..<30_000 {
      while all[place] <= events { place += 1 }
      #expect(schedule.next(after: events) == all[place])
    }
  }

  @Test func `the journal is told the scores over the window, and at the end over all`() throws {
    var options = EngineOptions()
    options.models = ["running-mean", "no-change"]
    options.scoreWindow = 10
    options.scoreSchedule = .every(25)
    var engine = try Engine(options, Schema(task: .regression, targetName: "y", denseNames: ["a"]))
    let rows = Rows(width: 1, (0..<100).map { Rows.Row([0], target: $0 < 50 ? 0 : 10) })
    rows.forEachBatch([13]) { engine.step($0) }
    engine.finish()
    let entries = engine.takeEntries().filter { $0.kind == "scores" }
    #expect(entries.map(\.event) == [25, 25, 50, 50, 75, 75, 100, 100, 100, 100])
    let own = entries.filter { $0["model"] == .string("no-change") }
    #expect(own.map { $0["over"] } == [.int(10), .int(10), .int(10), .int(10), .string("all")])
    // The one jump lies before the window of 75, and is one of 100 errors over all.
    #expect(own[2]["metrics"]?["mae"] == .double(0))
    #expect(own[4]["metrics"]?["mae"] == .double(0.1))
    let first = try #require(entries.first?["baselines"])
    #expect(first["no-change"]?["mae"] == .double(0) && first["running-mean"]?["mae"] != nil)
    #expect(own[0]["baselines"] == nil)
  }
}
