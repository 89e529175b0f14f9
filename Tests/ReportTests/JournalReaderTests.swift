import Foundation
import Report
import Telemetry
import TestSupport
import Testing

@Suite struct JournalReaderTests {
  static func history(_ text: String, pieces: Int = .max) -> RunHistory {
    var reader = JournalReader()
    let bytes = Array(text.utf8)
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start &+ min(pieces, bytes.count - start))
      bytes[start..<end].withUnsafeBytes { reader.take($0) }
      start = end
    }
    return reader.finish()
  }

  private static let journal = """
    {"event":0,"kind":"start","task":"regression","target":"y","features":["a"],"models":["rls"],"options":{"target":"y"}}
    {"event":64,"kind":"scores","model":"rls","over":64,"metrics":{"mae":2.5,"r2":0.25},"baselines":{"no-change":{"mae":5},"running-mean":{"mae":4e0}}}
    {"event":100,"kind":"alarm","model":"rls","signal":"loss","detector":"adwin","level":"drift","since":90,"before":1,"after":2.5}
    {"event":101,"kind":"alarm","model":"rls","signal":"a \\"quoted\\" \\u00e9","detector":"bcs","level":"warning","since":95,"before":1,"after":2}

    {"kind":"odd", "event" : 120 , "x": [1, {"y": "}"}]}
    {"event":128,"kind":"scores","model":"rls","over":100,"metrics":{"mae":1.5,"r2":null},"baselines":{"no-change":{"mae":-5.25e-1}}}
    {"event":200,"kind":"scores","model":"rls","over":"all","metrics":{"mae":2},"since":{"mae":1.75},"baselines":{"running-mean":{"mae":3},"no-change":{"mae":4}}}
    {"event":200,"kind":"end","learned":199,"refused":1}

    """

  @Test(arguments: [1, 2, 3, 7, 64, 1 << 20]) func `where pieces end changes nothing`(pieces: Int)
    throws
  {
    let history = JournalReaderTests.history(JournalReaderTests.journal, pieces: pieces)
    #expect(history.unreadable == 0)
    #expect(history.alarms.drifts == [100] && history.alarms.warnings == [101])
    #expect(history.alarms.signals.map(\.name) == ["loss", "a \"quoted\" é"])
    #expect(history.count("odd") == 1 && history.count("scores") == 3)
    #expect(history.end?.whole("refused") == 1)
    let model = try #require(history.scores.models.first)
    #expect(model.name == "rls")
    #expect(model["mae"]?.series.points.map(\.value) == [2.5, 1.5])
    #expect(model["mae"]?.overall == 2 && model["mae"]?.since == 1.75)
    // A score that was not defined has no point.
    #expect(model["r2"]?.series.points.map(\.event) == [64])
    #expect(history.scores.baselines.map(\.name) == ["no-change", "running-mean"])
    #expect(history.scores.bestBaseline("mae")?.name == "running-mean")
    let last = try #require(history.scores.baselines[0]["mae"]?.series.last)
    #expect(abs(last.value + 0.525) < 1e-12)
  }

  @Test func `a journal that was cut in the middle of a line says so and has the rest`() {
    let whole = JournalReaderTests.journal
    for cut in stride(from: 200, to: whole.utf8.count, by: 37) {
      let history = JournalReaderTests.history(
        String(decoding: whole.utf8.prefix(cut), as: UTF8.self))
      #expect(history.start != nil)
      #expect(history.unreadable <= 1)
    }
  }

  @Test func `lines that are no entries are counted, and the first is named`() {
    let text = """
      {"event":1,"kind":"alarm","level":"drift","signal":"loss"}
      not JSON
      {"event":"two","kind":"alarm"}
      {"event":3}
      {"event":4,"kind":
      [1,2]
      {"event":5,"kind":"alarm","level":"drift","signal":"loss"}
      """
    let history = JournalReaderTests.history(text)
    #expect(history.unreadable == 5 && history.firstUnreadable == 2)
    #expect(history.alarms.drifts == [1, 5])
  }

  /// What the walk over bytes finds is what the parser finds, of random objects.
  @Test func `numbers are read as the parser reads them`() throws {
    var random = SplitMix(seed: 99)
    for _ in 0..<2000 {
      let value = random.normal() * pow(10, Double(random.below(40)) - 20)
      let entry = JournalEntry(
        event: 7, kind: "scores",
        [
          ("model", .string("m")), ("over", .int(3)),
          ("metrics", .members([("mae", .double(value))])),
        ])
      var history = RunHistory()
      history.take(entry)
      let read = try #require(history.scores.models.first?["mae"]?.series.last?.value)
      #expect(abs(read - value) <= abs(value) * 1e-14, "\(value) was read as \(read)")
    }
  }

  @Test func `bytes that mean nothing harm nothing`() {
    var random = SplitMix(seed: 3)
    let letters = Array("{}[]\",:\\u0e+-123nulltruefalse\n eventkind\"".utf8)
    for turn in 0..<300 {
      let text = (0..<200).map { _ in letters[random.below(letters.count)] }
      let history = JournalReaderTests.history(String(decoding: text, as: UTF8.self))
      #expect(history.lines > 0)
      if turn % 10 == 0 { #expect(RunReport(history, journal: nil).html.hasSuffix("</html>\n")) }
    }
  }
}
