/// Lines over the events of a run, with lanes of marks below.
///
/// The picture is SVG that is stretched to whatever width there is; its strokes keep their width. All that is text is HTML
/// beside it, at the places that percentages say, so that it keeps its size on a phone and on paper, can be selected and grows
/// with the reader's letters. Lines are thinned to `columns` stretches, of each the least and the greatest value; marks are
/// never left out: those that fall on the same place are one mark, taller the more there are.
struct LineChart: Sendable {
  struct Line: Sendable {
    let name: String
    /// The style's class: m for a model, b for a baseline, s0 … s7 for others.
    let style: String
    let series: ThinnedSeries
  }

  /// Marks in a row of their own.
  struct Lane: Sendable {
    let title: String
    let style: String
    let places: [Int]
  }

  /// A stretch of events in a lane.
  struct Stretch: Sendable {
    let from: Int
    let to: Int
    let style: String
  }

  /// What is read aloud instead of the picture.
  let label: String
  /// What the vertical axis counts.
  let unit: String
  let events: ClosedRange<Int>
  let lines: [Line]
  var lanes: [Lane] = []
  var stretches: (title: String, all: [Stretch])?
  /// Marks that go all the way through the picture.
  var rules: (style: String, places: [Int])?
  var columns = 480
  var isSmall = false
  /// Whether the first line is the one to look at first; else the last, which lies above the others.
  var isRanked = false
  /// Whether the axis begins at 0 wherever values do not lie far from it.
  var beginsAtZero = true

  private static let (width, height) = (2000.0, 1000.0)
  /// Places that marks can stand at.
  private static let places = 500
  /// More places than this are shown in their lane alone.
  private static let mostRules = 60

  var html: String {
    let drawn = lines.map { $0.series.points(columns: columns, over: events) }
    let (y, isCut) = vertical(drawn)
    let x = Axis(
      covering: Double(events.lowerBound)...Double(max(events.upperBound, events.lowerBound + 1)),
      marks: isSmall ? 3 : 6, isRounded: false)
    var text = "<div class=\"chart\(isSmall ? " small" : "")\" role=\"img\" aria-label=\""
    text += Markup.plain(label, most: 600)
    text += "\" data-x=\"\(Int(x.low)) \(Int(x.high))\" data-y=\"\(y.low) \(y.high)\">"
    text += "<p class=\"unit\">\(Markup.escaped(unit))"
    if isCut { text += " (some values lie above)" }
    text += "</p><div class=\"plot\">"
    text += "<svg viewBox=\"0 0 2000 1000\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
    text += grid(x, y) + through(x)
    for (line, points) in zip(lines, drawn) {
      let places = points.map { point in
        "\(whole(x.place(Double(point.event)) * LineChart.width)),\(whole((1 - y.place(point.value)) * LineChart.height))"
      }
      text += "<polyline class=\"line \(line.style)\" data-name=\"\(Markup.plain(line.name))\""
      text += " points=\"\(places.joined(separator: " "))\"/>"
    }
    text += "</svg>\n"
    for mark in y.marks {
      text += "<span class=\"yt\" style=\"bottom:\(percentage(y.place(mark)))\">"
      text += "\(Axis.short(mark))</span>"
    }
    for (index, mark) in x.marks.enumerated() {
      text += "<span class=\"xt\(index % 2 == 1 ? " odd" : "")\""
      text += " style=\"left:\(percentage(x.place(mark)))\">\(Axis.short(mark))</span>"
    }
    text += "</div>\n"
    for lane in lanes { text += row(lane, x) }
    if let (title, all) = stretches, !all.isEmpty { text += row(title, all, x) }
    return text + "</div>\n"
  }

  /// The axis upwards, and whether something lies above it.
  ///
  /// One outburst would flatten all the rest: where the greatest value is many times what nearly all stay below, it is cut.
  private func vertical(_ drawn: [[ThinnedSeries.Point]]) -> (Axis, Bool) {
    let values = drawn.joined().map(\.value).sorted()
    guard let least = values.first, let most = values.last else {
      return (Axis(covering: 0...1, marks: 4, isRounded: true), false)
    }
    let usual = values[min(values.count - 1, values.count * 98 / 100)]
    let bottom = beginsAtZero && least >= 0 && least < 0.6 * usual ? 0 : least
    let isCut = most - bottom > 3 * (usual - bottom) && usual > bottom
    let top = isCut ? bottom + 1.25 * (usual - bottom) : most
    return (Axis(covering: bottom...top, marks: isSmall ? 3 : 4, isRounded: true), isCut)
  }

  private func whole(_ value: Double) -> Int { Int(value.rounded()) }

  private func grid(_ x: Axis, _ y: Axis) -> String {
    var path = ""
    for mark in y.marks {
      path += "M0 \(whole((1 - y.place(mark)) * LineChart.height))h2000"
    }
    return "<path class=\"grid\" d=\"\(path)\"/>"
  }

  private func through(_ x: Axis) -> String {
    guard let rules else { return "" }
    let columns = Set(rules.places.map { whole(x.place(Double($0)) * LineChart.width) }).sorted()
    guard !columns.isEmpty, columns.count <= LineChart.mostRules else { return "" }
    let path = columns.map { "M\($0) 0v1000" }.joined()
    return "<path class=\"rule \(rules.style)\" d=\"\(path)\"/>"
  }

  private func row(_ lane: Lane, _ x: Axis) -> String {
    var counts = [Int](repeating: 0, count: LineChart.places + 1)
    for place in lane.places { counts[whole(x.place(Double(place)) * 500)] += 1 }
    let most = Double(counts.max() ?? 1)
    var path = ""
    for (place, count) in counts.enumerated() where count > 0 {
      // Half the height says one; the whole height the most that there are anywhere.
      let share = most > 1 ? 0.5 + 0.5 * LineChart.bits(Double(count)) / LineChart.bits(most) : 0.6
      path += "M\(place * 4) 20v-\(max(6, whole(share * 20)))"
    }
    return opening(lane.title, "\(lane.title): \(lane.places.count)")
      + "<path class=\"mark \(lane.style)\" d=\"\(path)\"/></svg>"
      + "<span class=\"lc\">\(Numerals.count(lane.places.count))</span></div>\n"
  }

  private func row(_ title: String, _ stretches: [Stretch], _ x: Axis) -> String {
    var text = opening(title, "\(title): \(stretches.count)")
    for stretch in stretches {
      let from = x.place(Double(stretch.from)) * LineChart.width
      let to = x.place(Double(stretch.to)) * LineChart.width
      text += "<rect class=\"stretch \(stretch.style)\" x=\"\(whole(from))\" y=\"4\" height=\"14\""
      text += " width=\"\(max(4, whole(to - from)))\"/>"
    }
    return text + "</svg><span class=\"lc\">\(Numerals.count(stretches.count))</span></div>\n"
  }

  private func opening(_ title: String, _ label: String) -> String {
    "<div class=\"lane\"><span class=\"lt\">\(Markup.escaped(title))</span>"
      + "<svg viewBox=\"0 0 2000 22\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
      + "<path class=\"grid\" d=\"M0 21h2000\"/>"
  }

  /// How many times one is doubled to reach a number, and one more.
  private static func bits(_ value: Double) -> Double {
    var (rest, bits) = (value, 1.0)
    while rest >= 2 {
      rest /= 2
      bits += 1
    }
    return bits + rest - 1
  }

  /// The lines' names beside samples of how they are drawn.
  var legend: String {
    guard lines.count > 1 || rules != nil else { return "" }
    var text = "<ul class=\"legend\">"
    for line in isRanked ? lines : lines.reversed() {
      text += "<li><svg viewBox=\"0 0 24 8\" aria-hidden=\"true\">"
      text +=
        "<path class=\"line \(line.style)\" d=\"M0 4h24\"/></svg>\(Markup.name(line.name))</li>"
    }
    return text + "</ul>"
  }
}

/// A picture with its title, what it says, the command that makes it, and its numbers.
struct Figure: Sendable {
  let id: String
  let title: String
  /// What is to be seen, in words.
  var lead: Prose?
  let picture: String
  /// The command that makes it.
  let command: String
  var table: ReportTable?
  var tableTitle = "The numbers"

  var html: String {
    var text = "<figure id=\"\(id)\"><h3>\(Markup.escaped(title))</h3>"
    if let lead { text += "<p>\(lead.html)</p>" }
    text += picture
    if let table { text += table.folded(tableTitle) }
    text += "<figcaption><span>Made by</span> \(Markup.command(command))</figcaption>"
    return text + "</figure>\n"
  }
}
