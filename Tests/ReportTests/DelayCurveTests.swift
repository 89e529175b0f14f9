import Foundation
import TestSupport
import Testing

@testable import Report

/// The picture of delays against false alarms.
@Suite struct DelayCurveTests {
  private func curve(_ names: [String]) -> DelayCurve {
    let lines = names.enumerated().map { index, name in
      DelayCurve.Line(
        name: name,
        points: [10_000, 1000, 100_000].map { rate in
          let delay = 100 * Double(index + 1) + rate / 1000
          return .init(
            valuesPerAlarm: rate, delay: delay, interval: delay * 0.9...delay * 1.2,
            isCut: index == 1)
        })
    }
    return DelayCurve(stream: "errors:rate=0.2", to: "errors:rate=0.3", lines: lines)
  }

  /// Names of the elements that are open at the end; every tag must close the one that was opened last.
  private func unclosed(_ svg: String) throws -> [String] {
    var open: [String] = []
    for match in svg.matches(of: #/<(/?)(\w+)[^<>]*?(/?)>/#) {
      let name = String(match.2)
      if !match.1.isEmpty {
        #expect(open.popLast() == name)
      } else if match.3.isEmpty {
        open.append(name)
      }
    }
    return open
  }

  @Test
  func `the picture is whole, has a line for each detector, and no more than shapes and text`()
    throws
  {
    let names = ["bcs", "adwin", "cusum:delta=0.03"]
    let svg = curve(names).svg
    #expect(try unclosed(svg).isEmpty)
    #expect(svg.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\""))
    #expect(svg.matches(of: #/class="line"/#).count == 3)
    #expect(svg.matches(of: #/class="(full|hollow)"/#).count == 9)
    #expect(svg.matches(of: #/class="hollow"/#).count == 3)
    for name in names { #expect(svg.contains(">\(name)</text>")) }
    for label in ["1 k", "10 k", "100 k"] { #expect(svg.contains(">\(label)</text>")) }
    #expect(svg.contains("<title id=\"title\">Delay against false alarms: errors:rate=0.2 → "))
    #expect(svg.contains("bcs 101 at one in 1 k, 110 at one in 10 k, 200 at one in 100 k"))
    #expect(svg.contains("prefers-color-scheme: dark"))
    for banned in ["<script", "href", "url(", "@import"] { #expect(!svg.contains(banned)) }
  }

  @Test func `names with marks of XML stand as they are written`() throws {
    let curve = DelayCurve(
      stream: "bootstrap:file=a&b<c>\"d\".txt", to: "errors",
      lines: [
        .init(
          name: "<b>&\"",
          points: [.init(valuesPerAlarm: 1000, delay: 7, interval: 5...9, isCut: false)])
      ])
    #expect(try unclosed(curve.svg).isEmpty)
    #expect(curve.svg.contains("a&amp;b&lt;c&gt;&quot;d&quot;.txt"))
    #expect(curve.svg.contains(">&lt;b&gt;&amp;&quot;</text>"))
  }

  @Test
  func `what never alarmed or has no delay is left out, and nothing at all is still a picture`()
    throws
  {
    let none = DelayCurve(
      stream: "a", to: "b",
      lines: [
        .init(
          name: "silent",
          points: [.init(valuesPerAlarm: .infinity, delay: 7, interval: 5...9, isCut: false)]),
        .init(name: "nothing", points: []),
      ])
    #expect(try unclosed(none.svg).isEmpty)
    #expect(!none.svg.contains("silent") && !none.svg.contains("nan") && !none.svg.contains("inf"))
  }

  @Test func `labels never cover one another and stay as near as they can`() {
    #expect(DelayCurve.spread([10, 50, 90], apart: 16, within: 0...100) == [10, 50, 90])
    #expect(DelayCurve.spread([50, 50], apart: 16, within: 0...100) == [42, 58])
    #expect(DelayCurve.spread([99, 98], apart: 16, within: 0...100) == [100, 84])
    #expect(DelayCurve.spread([1, 2], apart: 16, within: 0...100) == [0, 16])
    let seed: UInt64 = 91
    var random = SplitMix(seed: seed)
    for _ in 0..<200 {
      let wishes = (0..<12).map { _ in random.unit() * 300 }
      let places = DelayCurve.spread(wishes, apart: 16, within: 0...340)
      let sorted = places.sorted()
      #expect(
        zip(sorted, sorted.dropFirst()).allSatisfy { $1 - $0 > 15.999 }
          && sorted.allSatisfy { (-0.001...340.001).contains($0) }, "seed \(seed): \(wishes)")
    }
  }

  @Test func `axes begin and end at one, two or five times a power of ten`() {
    let short = LogAxis(covering: [130, 900])
    #expect(short.labelled == [100, 200, 500, 1000])
    let long = LogAxis(covering: [3, 90_000])
    #expect(long.labelled == [10, 100, 1000, 10_000, 100_000])
    #expect(abs(short.place(100)) < 1e-12 && abs(short.place(1000) - 1) < 1e-12)
    #expect(LogAxis.text(20_000) == "20 k" && LogAxis.text(1_500_000) == "1.5 M")
    #expect(LogAxis.text(2) == "2" && LogAxis.text(999_999.9) == "1 M")
  }
}
