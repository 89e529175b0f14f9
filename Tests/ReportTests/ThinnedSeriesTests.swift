import Report
import TestSupport
import Testing

@Suite struct ThinnedSeriesTests {
  @Test(arguments: [1, 7, 64, 1000, 5000]) func `no peak is lost, however long the series`(
    most: Int
  ) {
    var random = SplitMix(seed: 5)
    var series = ThinnedSeries(most: max(2, most))
    var (least, greatest) = (Double.infinity, -Double.infinity)
    for event in 0..<20_000 {
      let value = random.normal() + (event == 7_777 ? 1_000 : 0) - (event == 123 ? 1_000 : 0)
      (least, greatest) = (min(least, value), max(greatest, value))
      series.append(value, event: event)
    }
    let points = series.points
    #expect(points.count <= 2 * max(2, most) + 1)
    #expect(points.map(\.value).min() == least)
    #expect(points.map(\.value).max() == greatest)
    #expect(zip(points, points.dropFirst()).allSatisfy { $0.event <= $1.event })
    #expect(points.last?.event == 19_999)
    let drawn = series.points(columns: 50, over: 0...19_999)
    #expect(drawn.count <= 2 * 51 + 1)
    #expect(drawn.map(\.value).max() == greatest)
    #expect(drawn.map(\.value).min() == least)
  }

  @Test func `a short series stays as it is`() {
    var series = ThinnedSeries(most: 100)
    for event in 0..<100 { series.append(Double(event % 7), event: event * 3) }
    #expect(series.points.map(\.event) == (0..<100).map { $0 * 3 })
    #expect(series.points.map(\.value) == (0..<100).map { Double($0 % 7) })
  }
}
