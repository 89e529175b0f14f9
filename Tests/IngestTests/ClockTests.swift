import Testing

@testable import Ingest

/// Categories by the clock.
@Suite struct ClockTests {
  @Test(arguments: ["time@24", "time@weekday", "row@7"]) func `a clock is read as it is written`(
    name: String
  ) {
    #expect(ClockColumn(name)?.name == name)
  }

  @Test(arguments: ["time@0", "time@1441", "row@", "time@month", "cnt@1", "row@7@2", "weekday"])
  func `what is no clock is none`(name: String) { #expect(ClockColumn(name) == nil) }

  @Test func `clocks tell the part of the day and the day of the week, before 1970 too`() throws {
    let day = 86_400.0
    let hour = try #require(ClockColumn("time@24"))
    let weekday = try #require(ClockColumn("time@weekday"))
    // 2011-01-01, a Saturday, at 18:30; and 1969-12-31, a Wednesday, at 23:00.
    #expect(hour.level(time: 14_975 * day + 66_600, row: 0) == 18)
    #expect(weekday.level(time: 14_975 * day + 66_600, row: 0) == 6)
    #expect(hour.level(time: -3600, row: 0) == 23)
    #expect(weekday.level(time: -3600, row: 0) == 3)
    #expect(try #require(ClockColumn("row@7")).level(time: .nan, row: 15) == 1)
  }
}
