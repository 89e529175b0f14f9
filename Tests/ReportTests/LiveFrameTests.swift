import Report
import TestSupport
import Testing

/// The live view is a pure function of what there is to show and of the terminal's size.
@Suite struct LiveFrameTests {
  private static func frame() -> LiveFrame {
    var frame = LiveFrame()
    frame.events = 123_456
    frame.eventsPerSecond = 1_234_567
    (frame.share, frame.secondsLeft) = (0.42, 75)
    (frame.score, frame.overall, frame.window) = ("mae", 12.345, 13.5)
    frame.baseline = ("seasonal-naive", 58.25)
    (frame.alarms, frame.reactions) = (16, 3)
    for event in stride(from: 0, through: 123_456, by: 1000) {
      frame.own.append(10 + Double(event % 7000) / 1000, event: event)
      frame.base.append(58, event: event)
    }
    frame.drifts = [50_000, 100_000]
    return frame
  }

  @Test(arguments: [(80, 24), (200, 50), (40, 12), (41, 24), (20, 5), (10, 3), (1, 1), (300, 2)])
  func `a frame fits into the terminal, whatever its size`(width: Int, height: Int) {
    for style in [(true, true), (false, true), (false, false), (true, false)] {
      let style = TerminalStyle(hasColour: style.0, hasUnicode: style.1)
      for frame in [LiveFrameTests.frame(), LiveFrame()] {
        let lines = frame.lines(width: width, height: height, style)
        #expect(lines.count <= max(1, height / 2))
        for line in lines {
          #expect(columns(line) < width, "\(columns(line)) columns of \(width): \(line)")
          if !style.hasUnicode { #expect(line.utf8.allSatisfy { $0 < 0x80 }) }
          if !style.hasColour { #expect(!line.unicodeScalars.contains("\u{1B}")) }
        }
      }
    }
  }

  /// Columns without escape sequences; all that is drawn is one column wide.
  private func columns(_ line: String) -> Int {
    line.replacing(#/\u{1B}\[[0-9]+m/#, with: "").count
  }

  @Test func `at 80 by 24 there is a chart, and below it the figures`() throws {
    let lines = LiveFrameTests.frame().lines(
      width: 80, height: 24, TerminalStyle(hasColour: false, hasUnicode: true))
    #expect(lines.count == 11)
    #expect(lines[0] == "mean absolute error: the model 13.5  seasonal-naive 58.25")
    #expect(lines[1].hasPrefix("     60 |"))
    #expect(lines[9].contains("▲") && lines[9].contains("─"))
    #expect(
      lines[10]
        == "123,456 events  1.235 M/s  mae 12.35  16 alarms  3 reactions  42 %, 1:15 to go")
    #expect(
      lines[1...8].contains { $0.unicodeScalars.contains { (0x2801...0x28FF).contains($0.value) } })
  }

  @Test func `without dots there are letters`() {
    let lines = LiveFrameTests.frame().lines(
      width: 80, height: 24, TerminalStyle(hasColour: false, hasUnicode: false))
    #expect(
      lines[1...8].contains { $0.contains("*") } && lines[1...8].contains { $0.contains(".") })
    #expect(lines[9].contains("^"))
  }

  // MARK: - The region

  /// A terminal as far as the region uses one: rows that break where they are full, and a cursor.
  private struct Screen {
    let width: Int
    var rows: [[Character]] = [[]]
    var row = 0
    var column = 0

    mutating func take(_ text: String) {
      var rest = text[...]
      while let letter = rest.popFirst() {
        switch letter {
        case "\r": column = 0
        case "\n":
          row += 1
          column = 0
          if row == rows.count { rows.append([]) }
        case "\u{1B}":
          rest = rest.dropFirst()
          let digits = rest.prefix { $0.isNumber }
          rest = rest.dropFirst(digits.count)
          let kind = rest.removeFirst()
          if kind == "A" { row = max(0, row - (Int(digits) ?? 1)) }
          if kind == "B" { row = min(rows.count - 1, row + (Int(digits) ?? 1)) }
          if kind == "K" { rows[row] = [] }
        default:
          if column == width {
            row += 1
            column = 0
            if row == rows.count { rows.append([]) }
          }
          while rows[row].count <= column { rows[row].append(" ") }
          rows[row][column] = letter
          column += 1
        }
      }
    }
  }

  @Test func `what stays scrolls above, and the last frame goes without a trace`() {
    var (screen, region) = (Screen(width: 30), LiveRegion())
    screen.take(region.drawn(["one", "two", "three"], width: 30))
    screen.take(region.drawn(["four"], above: ["an alarm"], width: 30))
    screen.take(region.drawn(["five", "six"], above: ["another"], width: 30))
    screen.take(region.cleared(width: 30))
    #expect(screen.rows.map { String($0) } == ["an alarm", "another", "", ""])
    #expect(screen.row == 2)
    #expect(screen.column == 0)
  }

  @Test func `a window that became narrower is cleaned too`() {
    var region = LiveRegion()
    let frame = [String(repeating: "a", count: 29), String(repeating: "b", count: 12), "c"]
    _ = region.drawn(frame, width: 30)
    // What the terminal makes of the frame at ten columns: three rows, two rows and one.
    var screen = Screen(width: 10)
    screen.take(frame.joined(separator: "\n"))
    #expect(screen.rows.count == 6)
    screen.take(region.drawn(["new"], width: 10))
    #expect(screen.rows.map { String($0) } == ["new", "", "", "", "", ""])
    #expect(screen.row == 0)
  }

  @Test func `colours take no columns`() {
    var region = LiveRegion()
    let style = TerminalStyle(hasColour: true, hasUnicode: true)
    _ = region.drawn([style.painted(String(repeating: "x", count: 9), .model)], width: 10)
    #expect(region.cleared(width: 10) == "\r\u{1B}[2K")
  }

  @Test func `text is cut and wrapped by columns, wide letters counting twice`() {
    let style = TerminalStyle(hasColour: false, hasUnicode: true)
    #expect(style.fitted("漢字漢字", 5) == "漢字…")
    #expect(style.fitted("abc", 3) == "abc" && style.fitted("abcd", 3) == "ab…")
    #expect(style.wrapped("one two three", 8) == ["one two", "three"])
  }
}
