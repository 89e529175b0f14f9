/// Lines over events in letters: of braille's dots, two across and four down in each, or of ASCII.
package struct TerminalChart: Sendable {
  package struct Line: Sendable {
    package let points: [ThinnedSeries.Point]
    package let ink: TerminalStyle.Ink

    package init(points: [ThinnedSeries.Point], ink: TerminalStyle.Ink) {
      (self.points, self.ink) = (points, ink)
    }
  }

  /// Columns of the numbers on the left.
  private static let margin = 9

  private let lines: [Line]
  private let events: ClosedRange<Int>
  private let marks: [Int]
  private let width: Int
  private let height: Int

  /// Later lines lie above earlier ones. `marks` are events that are pointed at below. `width` and `height` are of the whole
  /// picture, with its numbers.
  package init(
    lines: [Line], events: ClosedRange<Int>, marks: [Int] = [], width: Int, height: Int
  ) {
    self.lines = lines.filter { !$0.points.isEmpty }
    self.events = events
    self.marks = marks
    self.width = max(TerminalChart.margin + 4, width)
    self.height = max(3, height)
  }

  private var columns: Int { width - TerminalChart.margin }
  private var rowCount: Int { height - 1 }

  /// The picture, `height` rows of `width` columns at most; none where there is nothing to draw.
  package func rows(_ style: TerminalStyle) -> [String] {
    let values = lines.flatMap { $0.points.map(\.value) }.sorted()
    guard let least = values.first, let most = values.last else { return [] }
    let usual = values[values.count * 98 / 100]
    let bottom = least >= 0 && least < 0.6 * usual ? 0 : least
    let top = most - bottom > 3 * (usual - bottom) && usual > bottom ? usual * 1.25 : most
    let axis = Axis(covering: bottom...top, marks: 2, isRounded: true)
    // Two dots across and four down where there are dots.
    let (across, down) = style.hasUnicode ? (2, 4) : (1, 1)
    var cells = [[(dots: UInt8, ink: TerminalStyle.Ink)]](
      repeating: Array(repeating: (0, .plain), count: columns), count: rowCount)
    for line in lines {
      let spans = spans(line.points, columns * across, rowCount * down, axis)
      for (x, span) in spans.enumerated() {
        guard let span else { continue }
        for y in span {
          let (row, column) = (y / down, x / across)
          let bit = style.hasUnicode ? TerminalChart.bit(x % across, y % down) : 1
          if cells[row][column].ink != line.ink { cells[row][column] = (0, line.ink) }
          cells[row][column].dots |= bit
        }
      }
    }
    var rows: [String] = []
    for (index, row) in cells.enumerated() {
      let label =
        index == 0 ? Axis.short(axis.high) : index == rowCount - 1 ? Axis.short(axis.low) : ""
      rows.append(margin(style.spelled(label)) + TerminalChart.text(row, style))
    }
    return rows + [foot(style)]
  }

  private func margin(_ label: String) -> String {
    let room = TerminalChart.margin - 2
    let text = String(label.suffix(room))
    return String(repeating: " ", count: room - text.count) + text + " |"
  }

  private static func text(
    _ row: [(dots: UInt8, ink: TerminalStyle.Ink)], _ style: TerminalStyle
  ) -> String {
    var (text, run, ink) = ("", "", TerminalStyle.Ink.plain)
    // Blanks at an end would be broken into rows of their own where a window becomes narrower.
    let end = (row.lastIndex { $0.dots != 0 } ?? -1) + 1
    for cell in row[..<end] {
      let letter: Character
      if cell.dots == 0 {
        letter = " "
      } else if style.hasUnicode {
        letter = Unicode.Scalar(0x2800 + UInt32(cell.dots)).map { Character($0) } ?? "?"
      } else {
        letter = cell.ink == .baseline ? "." : "*"
      }
      if cell.dots != 0, cell.ink != ink {
        text += style.painted(run, ink)
        (run, ink) = ("", cell.ink)
      }
      run.append(letter)
    }
    return text + style.painted(run, ink)
  }

  /// The dot of a braille letter.
  private static func bit(_ x: Int, _ y: Int) -> UInt8 {
    switch (x, y) {
    case (0, 0): 0x01
    case (0, 1): 0x02
    case (0, 2): 0x04
    case (0, _): 0x40
    case (_, 0): 0x08
    case (_, 1): 0x10
    case (_, 2): 0x20
    default: 0x80
    }
  }

  /// The line's dots in each column, from the upper to the lower, counted from above.
  private func spans(
    _ points: [ThinnedSeries.Point], _ across: Int, _ down: Int, _ axis: Axis
  ) -> [ClosedRange<Int>?] {
    var spans = [ClosedRange<Int>?](repeating: nil, count: across)
    let length = Double(max(1, events.upperBound - events.lowerBound))
    func x(_ point: ThinnedSeries.Point) -> Double {
      min(1, max(0, Double(point.event - events.lowerBound) / length)) * Double(across - 1)
    }
    func y(_ value: Double) -> Int { Int(((1 - axis.place(value)) * Double(down - 1)).rounded()) }
    func add(_ column: Int, _ place: Int) {
      let other = spans[column] ?? place...place
      spans[column] = min(other.lowerBound, place)...max(other.upperBound, place)
    }
    for (index, point) in points.enumerated() {
      let here = Int(x(point))
      add(here, y(point.value))
      guard index > 0 else { continue }
      let before = points[index - 1]
      let from = Int(x(before))
      for column in from..<max(from, here) {
        // What lies between is joined by a straight line, whose steps touch.
        let share = Double(column + 1 - from) / Double(here - from)
        let last = Double(column - from) / Double(here - from)
        let (a, b) = (
          before.value + (point.value - before.value) * last,
          before.value + (point.value - before.value) * share
        )
        add(column, y(a))
        add(column, (y(a) + y(b)) / 2)
        add(column + 1, y(b))
      }
    }
    return spans
  }

  /// The lowest row: where events begin and end, and the marks between.
  private func foot(_ style: TerminalStyle) -> String {
    var row = [Character](repeating: style.hasUnicode ? "─" : "-", count: columns)
    let length = Double(max(1, events.upperBound - events.lowerBound))
    for mark in marks where events.contains(mark) {
      let place = Int(Double(mark - events.lowerBound) / length * Double(columns - 1))
      row[place] = style.hasUnicode ? "▲" : "^"
    }
    var (text, run) = ("", "")
    var isMark = false
    for letter in row {
      let now = letter == "▲" || letter == "^"
      if now != isMark {
        text += style.painted(run, isMark ? .drift : .baseline)
        (run, isMark) = ("", now)
      }
      run.append(letter)
    }
    text += style.painted(run, isMark ? .drift : .baseline)
    return String(repeating: " ", count: TerminalChart.margin - 1) + "+" + text
  }
}
