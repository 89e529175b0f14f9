import Telemetry

/// How long events took, where the journal tells.
extension RunReport {
  private static let quantiles = ["p50", "p99", "p99.9"]

  private var windows: [RunHistory.Entry] {
    history.series("latency").filter { $0.value["state"] == .string("window") }
  }

  var latencySection: Section? {
    guard !history.series("latency").isEmpty else { return nil }
    var html = ""
    if !windows.isEmpty { html += latencyFigure }
    if let table = latencyStages {
      html +=
        Figure(
          id: "latency-stages", title: "By stage, over the whole run", picture: table.html,
          command: command("latency")
        ).html
    }
    if let table = latencyBudget {
      html +=
        Figure(
          id: "latency-budget", title: "Where the budget was passed",
          picture: table.sparse(RunReport.mostRows).html, command: command("latency")
        ).html
    }
    return html.isEmpty ? nil : Section(id: "latency", title: "Latency", html: html)
  }

  private var latencyFigure: String {
    let lines = RunReport.quantiles.enumerated().map { index, name in
      var series = ThinnedSeries()
      for entry in windows {
        if let value = entry.value[name]?.number { series.append(value, event: entry.event) }
      }
      return LineChart.Line(name: name, style: "s\(index)", series: series)
    }
    var chart = LineChart(
      label: "Quantiles of the time an event took, in milliseconds, over the events",
      unit: "milliseconds, from arrival to written prediction",
      events: 0...max(1, facts.events), lines: lines)
    chart.isRanked = true
    return Figure(
      id: "latency-chart", title: "How long an event took",
      picture: chart.legend + chart.html, command: command("latency"),
      table: latencyTable?.sparse(RunReport.mostRows)
    ).html
  }

  /// What windows of a thousand events took.
  var latencyTable: ReportTable? {
    guard !windows.isEmpty else { return nil }
    return ReportTable(
      "Latency of windows, in milliseconds",
      ["#event", "#events"] + RunReport.quantiles.map { "#\($0)" },
      rows: windows.map { entry in
        [.whole(entry.event), .whole(entry.value["events"]?.number.map { Int($0) })]
          + RunReport.quantiles.map { .number(entry.value[$0]?.number) }
      })
  }

  private var latencyStages: ReportTable? {
    let whole = history.series("latency").last { $0.value["state"] == .string("whole") }
    guard case .object(let members)? = whole?.value else { return nil }
    let rows = members.compactMap { member -> [ReportTable.Cell]? in
      guard case .object = member.value else { return nil }
      return [.text(member.key)]
        + (RunReport.quantiles + ["max"]).map { .number(member.value[$0]?.number) }
    }
    return ReportTable(
      "Latency of stages, in milliseconds",
      ["stage"] + (RunReport.quantiles + ["max"]).map { "#\($0)" }, rows: rows)
  }

  private var latencyBudget: ReportTable? {
    let entries = history.series("latency").filter { $0.value["budget"] != nil }
    guard !entries.isEmpty else { return nil }
    func text(_ value: JSONValue?) -> String {
      if case .string(let text)? = value { text } else { "" }
    }
    return ReportTable(
      "The budget of time, in milliseconds",
      ["#event", "state", "budget", "#found", "#one learned of", "#skipped"],
      rows: entries.map { entry in
        [
          .whole(entry.event), .name(text(entry.value["state"])),
          .name(text(entry.value["budget"])), .number(entry.value["found"]?.number),
          .whole(entry.value["learnsEvery"]?.number.map { Int($0) }),
          .whole(entry.value["skipped"]?.number.map { Int($0) }),
        ]
      })
  }
}
