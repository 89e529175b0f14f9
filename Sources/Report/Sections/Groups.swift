import Telemetry

/// How groups of rows fared, and how far they lie apart.
extension RunReport {
  private static let mostGroups = 8

  /// One group in one entry.
  private struct Group {
    let name: String
    let rows: Int
    let metrics: [(name: String, all: Double?, window: Double?)]

    init?(_ value: JSONValue) {
      guard case .string(let name)? = value["group"] else { return nil }
      self.name = name
      rows = value["rows"]?.number.map { Int($0) } ?? 0
      metrics = ["metrics", "rates"].flatMap { key in
        guard case .object(let members)? = value[key] else { return [(String, Double?, Double?)]() }
        return members.map { ($0.key, $0.value["all"]?.number, $0.value["window"]?.number) }
      }
    }
  }

  private static func groups(_ entry: RunHistory.Entry) -> [Group] {
    guard case .array(let groups)? = entry["groups"] else { return [] }
    return groups.compactMap { Group($0) }
  }

  /// Columns that make groups, with their entries in order.
  private var columns: [(name: String, entries: [RunHistory.Entry])] {
    var columns: [(name: String, entries: [RunHistory.Entry])] = []
    for entry in history.series("group") {
      let name = entry.text("column") ?? ""
      if let place = columns.firstIndex(where: { $0.name == name }) {
        columns[place].entries.append(entry)
      } else if columns.count < 12 {
        columns.append((name, [entry]))
      }
    }
    return columns
  }

  var groupSection: Section? {
    let columns = columns
    guard !columns.isEmpty || history.count("group-gap") > 0 else { return nil }
    var html = ""
    for (index, column) in columns.enumerated() {
      guard let last = column.entries.last else { continue }
      html += figure(column.name, column.entries, RunReport.groups(last), "group-\(index)")
    }
    let gaps = history.series("group-gap")
    if !gaps.isEmpty { html += gapFigure(gaps).html }
    return Section(id: "groups", title: "Groups", html: html)
  }

  private func figure(
    _ column: String, _ entries: [RunHistory.Entry], _ last: [Group], _ id: String
  ) -> String {
    let biggest = last.sorted { ($1.rows, $0.name) < ($0.rows, $1.name) }.prefix(
      RunReport.mostGroups)
    let metric = last.first?.metrics.first?.name ?? ""
    var series = [ThinnedSeries](repeating: ThinnedSeries(), count: biggest.count)
    for entry in entries {
      let groups = RunReport.groups(entry)
      for (index, group) in biggest.enumerated() {
        let own = groups.first { $0.name == group.name }?.metrics.first { $0.name == metric }
        if let value = own?.window ?? own?.all { series[index].append(value, event: entry.event) }
      }
    }
    let lines = zip(biggest, series).enumerated().map { index, pair in
      LineChart.Line(name: pair.0.name, style: "s\(index)", series: pair.1)
    }
    var chart = LineChart(
      label: "\(ScoreWords.title(metric)) of \(biggest.count) groups over the events",
      unit: "\(metric), over the window", events: 0...max(1, facts.events), lines: lines)
    chart.isRanked = true
    let hasCurve = series.contains { $0.count > 1 }
    let table = RunReport.table(last, of: column)
    return
      "<figure id=\"\(id)\"><h3>By \(Markup.name(column))</h3>"
      + (hasCurve
        ? chart.legend + chart.html + table.folded("All groups, over all events") : table.html)
      + "<figcaption><span>Made by</span> \(Markup.command(command("groups")))</figcaption></figure>\n"
  }

  private static func table(_ groups: [Group], of column: String) -> ReportTable {
    let names = groups.first?.metrics.map(\.name) ?? []
    let rows = groups.map { group -> [ReportTable.Cell] in
      [.name(group.name), .whole(group.rows)]
        + names.map { name in .number(group.metrics.first { $0.name == name }?.all) }
    }
    return ReportTable(
      "Groups of \(Markup.shortened(column, to: 60)) over all events",
      ["group", "#rows"] + names.map { "#\($0)" }, rows: rows
    ).first(300)
  }

  private func gapFigure(_ gaps: [RunHistory.Entry]) -> Figure {
    let rows = gaps.map { gap -> [ReportTable.Cell] in
      let interval = gap["interval"]?.numbers ?? []
      return [
        .whole(gap.event), .name(gap.text("column") ?? ""), .name(gap.text("quantity") ?? ""),
        .name(gap.text("high") ?? ""), .name(gap.text("low") ?? ""), .number(gap.number("gap")),
        .number(interval.first), .number(interval.last),
      ]
    }
    let table = ReportTable(
      "Gaps that are no chance",
      ["#event", "column", "quantity", "higher in", "lower in", "#gap", "#at least", "#at most"],
      rows: rows)
    return Figure(
      id: "gaps", title: "Gaps that became certain",
      lead: "Each holds at all times at once, however often it is looked at.",
      picture: table.first(200, of: history.count("group-gap")).html, command: command("groups"))
  }

  var groupTable: ReportTable? {
    let columns = columns
    guard !columns.isEmpty else { return nil }
    var rows: [[ReportTable.Cell]] = []
    for column in columns {
      for entry in column.entries {
        for group in RunReport.groups(entry) {
          for metric in group.metrics {
            rows.append([
              .whole(entry.event), .name(column.name), .name(group.name), .whole(group.rows),
              .text(metric.name), .number(metric.all), .number(metric.window),
            ])
          }
        }
      }
    }
    return ReportTable(
      "Groups over time", ["#event", "column", "group", "#rows", "score", "#all", "#window"],
      rows: rows)
  }
}
