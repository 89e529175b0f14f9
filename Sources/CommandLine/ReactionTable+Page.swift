import Engine
import Report
import Studies
import Telemetry

/// The study as a page: what each configuration bought, its loss over the events, and the whole table.
extension ReactionTable {
  /// Lines of the chart.
  private static let mostCurves = 6

  /// Tells of this stream.
  func tell(_ report: inout StudyReport) {
    let rows = rows
    let estimates = rows.compactMap { row -> StudyReport.Estimate? in
      guard let bought = ReactionTable.number(row, "bought") else { return nil }
      return StudyReport.Estimate(
        ReactionTable.name(row), bought, low: ReactionTable.number(row, "bought_low"),
        high: ReactionTable.number(row, "bought_high"))
    }
    let score = result.score.rawValue
    if let best = rows.first,
      let value = ReactionTable.number(best, "since") ?? ReactionTable.number(best, "all")
    {
      report.say(
        "\(name: stream): best was \(name: ReactionTable.name(best))",
        [
          "Its \(score) was \(Numerals.value(value))\(gain(best)). All configurations learned the same \(result.events) events in one pass."
        ])
    }
    report.begin(Markup.harmless(stream))
    report.add(
      "What adapting bought", estimates, unit: "\(score) gained against never reacting",
      reference: 0,
      "On the same events\(result.since.map { ", from event \(Numerals.count($0)) on" } ?? ""). To the right of the line is better; intervals allow for losses that cling together."
    )
    let curves = curves(rows)
    if !curves.isEmpty {
      report.add(
        "How it went", curves, unit: "mean \(score) over stretches of the stream",
        events: result.events, "The best configurations, never reacting, and the best baseline.")
    }
    report.add("All configurations", ReactionTable.table(rows))
  }

  private func gain(_ row: DataTable.Cells) -> String {
    guard let bought = ReactionTable.number(row, "bought"),
      let low = ReactionTable.number(row, "bought_low"),
      let high = ReactionTable.number(row, "bought_high")
    else { return "" }
    let words = low > 0 ? "which is no chance" : high < 0 ? "which is worse" : "which may be chance"
    return
      ", \(Numerals.value(bought)) gained against never reacting (\(Numerals.value(low)) … \(Numerals.value(high))), \(words)"
  }

  private static func value(_ row: DataTable.Cells, _ name: String) -> JSONValue? {
    row.first { $0.0 == name }?.1
  }

  private static func number(_ row: DataTable.Cells, _ name: String) -> Double? {
    switch value(row, name) {
    case .double(let number)?: number
    case .int(let whole)?: Double(whole)
    default: nil
    }
  }

  private static func name(_ row: DataTable.Cells) -> String {
    func text(_ name: String) -> String {
      if case .string(let text)? = value(row, name) { return text }
      return ""
    }
    return [text("detector"), text("reaction")].filter { !$0.isEmpty }.joined(separator: " → ")
  }

  /// The lines in the order of the table.
  private func curves(_ rows: [DataTable.Cells]) -> [StudyReport.Curve] {
    var known: [String: MeanSeries] = [:]
    for arm in result.arms {
      let name =
        arm.watch.map { "\($0.signal)=\($0.detector) → \(arm.reaction.rawValue)" } ?? "never-reacts"
      if let curve = arm.curve { known[name] = curve }
    }
    for baseline in result.baselines {
      if let curve = baseline.curve { known[baseline.name] = curve }
    }
    let names = rows.map(ReactionTable.name).filter { known[$0] != nil }
    let references = ["never-reacts"] + result.baselines.map(\.name)
    let best = names.filter { !references.contains($0) }.prefix(ReactionTable.mostCurves - 2)
    let shown = names.filter { best.contains($0) || references.contains($0) }
    return shown.compactMap { name in
      known[name].map { StudyReport.Curve(name: name, series: $0.series) }
    }
  }

  private static func table(_ rows: [DataTable.Cells]) -> ReportTable {
    // A column that no row has is none: what delays are where no truth is known.
    let names = (rows.first?.map(\.0) ?? []).filter { name in
      rows.contains { row in value(row, name).map { $0 != .null } ?? false }
    }
    let isText: Set = ["stream", "detector", "reaction", "score"]
    let cells = rows.map { row in
      names.map { name -> ReportTable.Cell in
        switch value(row, name) {
        case .string(let text)?: .name(text)
        case .int(let whole)?: .whole(whole)
        case .double(let number)?: .number(number)
        default: isText.contains(name) ? .text("") : .number(nil)
        }
      }
    }
    return ReportTable(
      "Configurations, the best first", names.map { isText.contains($0) ? $0 : "#\($0)" },
      rows: cells)
  }
}
