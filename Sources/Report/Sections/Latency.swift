import Telemetry

/// How long events took, where the journal tells.
extension RunReport {
  /// The numbers of an entry, those of objects within it by both names.
  private static func numbers(_ entry: RunHistory.Entry) -> [(name: String, value: Double)] {
    func within(_ value: JSONValue, _ prefix: String) -> [(String, Double)] {
      guard case .object(let members) = value else { return [] }
      return members.flatMap { member -> [(String, Double)] in
        if prefix.isEmpty, ["event", "kind"].contains(member.key) { return [] }
        let name = prefix.isEmpty ? member.key : "\(prefix) \(member.key)"
        if let number = member.value.number { return [(name, number)] }
        return within(member.value, name)
      }
    }
    return within(entry.value, "").map { (name: $0.0, value: $0.1) }
  }

  private var names: [String] {
    var names: [String] = []
    for entry in history.series("latency") {
      for (name, _) in RunReport.numbers(entry) where !names.contains(name) && names.count < 24 {
        names.append(name)
      }
    }
    return names
  }

  var latencySection: Section? {
    let entries = history.series("latency")
    guard !entries.isEmpty else { return nil }
    let wanted = names.filter { $0.contains("p50") || $0.contains("p99") }.prefix(6)
    let lines = wanted.enumerated().map { index, name in
      var series = ThinnedSeries()
      for entry in entries {
        if let value = RunReport.numbers(entry).first(where: { $0.name == name })?.value {
          series.append(value, event: entry.event)
        }
      }
      return LineChart.Line(name: name, style: "s\(index)", series: series)
    }
    var chart = LineChart(
      label: "Quantiles of the time an event took, over the events", unit: "time of an event",
      events: 0...max(1, facts.events), lines: lines)
    chart.isRanked = true
    let figure = Figure(
      id: "latency-chart", title: "How long an event took",
      picture: lines.isEmpty ? "" : chart.legend + chart.html, command: command("latency"),
      table: latencyTable?.sparse(RunReport.mostRows))
    return Section(id: "latency", title: "Latency", html: figure.html)
  }

  var latencyTable: ReportTable? {
    let (entries, names) = (history.series("latency"), names)
    guard !entries.isEmpty else { return nil }
    let rows = entries.map { entry -> [ReportTable.Cell] in
      let numbers = RunReport.numbers(entry)
      return [.whole(entry.event)]
        + names.map { name in .number(numbers.first { $0.name == name }?.value) }
    }
    return ReportTable(
      "Latency", ["#event"] + names.map { "#\(Markup.shortened($0, to: 40))" }, rows: rows)
  }
}
