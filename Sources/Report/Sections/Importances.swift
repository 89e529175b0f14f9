import Telemetry

/// Which features the model leaned on, over time.
extension RunReport {
  /// Features with a line of their own.
  private static let mostLines = 6
  /// Features that are looked at in each entry.
  private static let mostFeatures = 400

  private func model(_ entry: RunHistory.Entry) -> String { entry.text("model") ?? "" }

  /// The entries of the model that is served, where several are told of.
  private var entries: [RunHistory.Entry] {
    let all = history.importances.kept
    guard let first = all.first.map(model) else { return [] }
    let name = facts.models.first { name in all.contains { model($0) == name } } ?? first
    return all.filter { model($0) == name }
  }

  private static func shares(_ entry: RunHistory.Entry) -> [(name: String, value: Double)] {
    guard case .object(let members)? = entry["features"] else { return [] }
    return members.prefix(mostFeatures).compactMap { member in
      member.value.number.map { (member.key, abs($0)) }
    }
  }

  /// Features by the mean of what they contributed over the run, the greatest first.
  private var ranked: [(name: String, mean: Double, first: Double?, last: Double?)] {
    let entries = entries
    var sums: [String: Double] = [:]
    var order: [String] = []
    for entry in entries {
      for (name, value) in RunReport.shares(entry) {
        if sums[name] == nil { order.append(name) }
        sums[name, default: 0] += value
      }
    }
    func value(_ name: String, _ entry: RunHistory.Entry?) -> Double? {
      entry.flatMap { RunReport.shares($0).first { $0.name == name }?.value }
    }
    let ranks = order.enumerated().sorted { left, right in
      let (a, b) = (sums[left.element] ?? 0, sums[right.element] ?? 0)
      return a != b ? a > b : left.offset < right.offset
    }
    return ranks.prefix(60).map { _, name in
      (
        name, (sums[name] ?? 0) / Double(max(1, entries.count)), value(name, entries.first),
        value(name, entries.last)
      )
    }
  }

  var importanceSection: Section? {
    let entries = entries
    guard !entries.isEmpty else { return nil }
    let top = ranked.prefix(RunReport.mostLines).map(\.name)
    let lines = top.enumerated().map { index, name in
      var series = ThinnedSeries()
      for entry in entries {
        guard let value = RunReport.shares(entry).first(where: { $0.name == name })?.value else {
          continue
        }
        series.append(value, event: entry.event)
      }
      return LineChart.Line(name: name, style: "s\(index)", series: series)
    }
    var chart = LineChart(
      label:
        "Mean contribution of \(Prose.list(top.map { Markup.shortened($0, to: 30) })) over the events",
      unit: "mean |contribution|", events: 0...max(1, facts.events), lines: lines)
    chart.rules = ("alarm", history.alarms.drifts)
    chart.isRanked = true
    let figure = Figure(
      id: "importances-chart", title: "What the model leaned on",
      lead:
        "How much each feature moved the prediction on average. After a drift it shows which features the model now leans on.",
      picture: chart.legend + chart.html, command: command("importances"),
      table: importanceTable?.first(60), tableTitle: "All features")
    return Section(id: "importances", title: "Importances over time", html: figure.html)
  }

  var importanceTable: ReportTable? {
    guard !entries.isEmpty else { return nil }
    return ReportTable(
      "Mean contribution of each feature", ["feature", "#mean", "#at first", "#at last"],
      rows: ranked.map { [.name($0.name), .number($0.mean), .number($0.first), .number($0.last)] })
  }
}
