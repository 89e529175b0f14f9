/// What a study came to, as a page like that of a run: configurations side by side.
package struct StudyReport: Sendable {
  /// An estimate with its interval.
  package struct Estimate: Sendable {
    package let name: String
    package let value: Double?
    package let low: Double?
    package let high: Double?

    package init(_ name: String, _ value: Double?, low: Double?, high: Double?) {
      (self.name, self.value, self.low, self.high) = (name, value, low, high)
    }
  }

  /// A line of a chart over events.
  package struct Curve: Sendable {
    package let name: String
    package let series: ThinnedSeries

    package init(name: String, series: ThinnedSeries) { (self.name, self.series) = (name, series) }
  }

  private let heading: String
  private let about: String
  private let command: String
  private let version: String
  private var opening = ""
  private var said = 0
  private var sections: [Section] = []

  /// `command` is the one that makes the page.
  package init(heading: String, about: String, command: String, version: String) {
    (self.heading, self.about) = (heading, about)
    (self.command, self.version) = (command, version)
  }

  /// The words that come first.
  package mutating func say(_ headline: Prose, _ sentences: [Prose]) {
    said += 1
    let id = said == 1 ? "verdict" : "verdict-\(said)"
    opening += "<section id=\"\(id)\" aria-labelledby=\"\(id)-title\">"
    opening += "<h2 id=\"\(id)-title\" class=\"verdict good\">\(headline.html)</h2>"
    for sentence in sentences { opening += "<p class=\"lead\">\(sentence.html)</p>" }
    opening += "</section>\n"
  }

  /// Begins a part of the page.
  package mutating func begin(_ title: String) {
    sections.append(Section(id: "part-\(sections.count + 1)", title: title, html: ""))
  }

  private mutating func add(_ title: String, _ lead: Prose?, _ picture: String) {
    if sections.isEmpty { begin("What came of it") }
    let part = sections.removeLast()
    let count = part.html.split(separator: "<figure").count
    let figure = Figure(
      id: "\(part.id)-\(count + 1)", title: title, lead: lead, picture: picture, command: command)
    sections.append(Section(id: part.id, title: part.title, html: part.html + figure.html))
  }

  /// A table by itself.
  package mutating func add(_ title: String, _ table: ReportTable, _ lead: Prose? = nil) {
    add(title, lead, table.html)
  }

  /// A title with that of its part: in several parts there may be figures of one title.
  private func named(_ title: String) -> String {
    (sections.last.map { [$0.title, title] } ?? [title]).joined(separator: ", ")
  }

  /// Estimates below one another. `reference` is a value that something is to be seen against.
  package mutating func add(
    _ title: String, _ estimates: [Estimate], unit: String, reference: Double? = nil,
    isLogarithmic: Bool = false, _ lead: Prose? = nil
  ) {
    let plot = EstimatePlot(
      title: named(title), estimates: estimates, unit: unit, reference: reference,
      isLogarithmic: isLogarithmic)
    add(title, lead, plot.html)
  }

  /// Lines over events.
  package mutating func add(
    _ title: String, _ curves: [Curve], unit: String, events: Int, _ lead: Prose? = nil
  ) {
    let lines = curves.prefix(8).enumerated().map { index, curve in
      LineChart.Line(name: curve.name, style: "s\(index)", series: curve.series)
    }
    var chart = LineChart(
      label: "\(unit) of \(lines.count) configurations over \(events) events", unit: unit,
      events: 0...max(1, events), lines: lines)
    chart.isRanked = true
    let table = StudyReport.table(lines, unit)
    add(title, lead, chart.legend + chart.html + table.folded())
  }

  private static func table(_ lines: [LineChart.Line], _ unit: String) -> ReportTable {
    let points = lines.map(\.series.points)
    let events = Set(points.joined().map(\.event)).sorted()
    let values = points.map { own in
      Dictionary(own.map { ($0.event, $0.value) }, uniquingKeysWith: { first, _ in first })
    }
    let rows = events.map { event in
      [ReportTable.Cell.whole(event)] + values.map { .number($0[event]) }
    }
    return ReportTable(
      unit, ["#event"] + lines.map { "#" + Markup.shortened($0.name, to: 50) }, rows: rows
    ).sparse(RunReport.mostRows)
  }

  /// A picture that stands for itself, with its styles and its words.
  package mutating func add(_ title: String, picture: DelayCurve, _ lead: Prose? = nil) {
    // As an image: what its style says of its lines is not to reach the page's.
    var address = "data:image/svg+xml;charset=utf-8,"
    for byte in picture.svg.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: address.unicodeScalars.append(.init(byte))
      case _ where "-_.~ /:=;,()".utf8.contains(byte): address.unicodeScalars.append(.init(byte))
      default:
        let digits = String(byte, radix: 16)
        address += "%" + (digits.count < 2 ? "0" : "") + digits
      }
    }
    let name = Markup.plain(named(title))
    var html = "<div class=\"scroll curve\" tabindex=\"0\" role=\"region\" aria-label=\"\(name)\">"
    html +=
      "<img src=\"\(address)\" alt=\"\(Markup.plain(picture.description, most: 2000))\"></div>"
    add(title, lead, html)
  }

  /// The page.
  package var html: String {
    Page(
      title: "Weir: \(heading)", eyebrow: "Weir · study", heading: Markup.escaped(heading),
      about: Markup.name(about, most: 200), opening: opening, sections: sections, footer: version
    ).html
  }
}
