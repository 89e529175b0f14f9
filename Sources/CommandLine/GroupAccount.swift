import Engine
import Telemetry

/// How the groups of rows fared, as JSON and as text.
struct GroupAccount {
  let reports: [GroupReport]

  /// Nil where no groups were asked for.
  init?(_ engine: Engine) {
    reports = engine.groupReports
    guard !reports.isEmpty else { return nil }
  }

  var json: JSONValue { .members(reports.map { ($0.column, $0.json) }) }

  var lines: [String] { reports.flatMap(table) }

  private func table(_ report: GroupReport) -> [String] {
    guard let first = report.groups.first else {
      return ["", "by \(report.column): no labelled row"]
    }
    let scores = first.scores.prefix(6).map(\.name)
    let columns = scores + first.rates.map(\.name)
    let widths = columns.map { max(8, $0.count) + 2 }
    let width = max(14, (report.groups.map(\.name.count).max() ?? 0) + 2)
    func line(_ name: String, _ rows: String, _ cells: [String]) -> String {
      let start = "  " + name + String(repeating: " ", count: max(1, width - name.count))
      return start + Figure.pad(rows, 8)
        + zip(cells, widths).map { Figure.pad($0, $1) }.joined()
    }
    var lines = ["", "by \(report.column), over all labelled rows", line("", "rows", columns)]
    for group in report.groups {
      let values = group.scores.prefix(6).map(\.all) + group.rates.map(\.all)
      let name = group.members > 0 ? "\(group.name): \(group.members)" : group.name
      lines.append(
        line(name, "\(group.rows)", values.map { $0.map { Figure.text($0) } ?? "–" }))
    }
    guard !report.gaps.isEmpty else { return lines }
    let sure = Figure.fixed(100 * (1 - report.risk), 0)
    lines.append("  widest gaps, with intervals that hold at all times together with \(sure) %")
    for gap in report.gaps {
      var text = "    " + gap.quantity
      text += String(repeating: " ", count: max(1, 21 - gap.quantity.count))
      text += "\(gap.high) − \(gap.low): \(Figure.text(gap.difference)) "
      text += "[\(Figure.text(gap.interval.lowerBound)), \(Figure.text(gap.interval.upperBound))]"
      if let event = gap.seenAt { text += ", not 0: known since event \(event)" }
      if let cap = gap.cap { text += " (each row up to \(Figure.text(cap)))" }
      lines.append(text)
    }
    return lines
  }
}
