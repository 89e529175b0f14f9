import Telemetry

/// What was estimated before labels came, and what age costs a model that is not updated, where the journal tells.
extension RunReport {
  /// Estimates with what came for them, one for each stretch of events.
  private var estimates: [RunHistory.Entry] {
    history.series("estimate").filter { $0.value["state"] == .string("realised") }
  }

  /// The main score that was estimated.
  private var estimatedScore: String? {
    guard case .object(let members)? = estimates.first?.value["estimated"] else { return nil }
    return members.first?.key
  }

  var estimateSection: Section? {
    guard let score = estimatedScore else { return nil }
    let kinds = [("estimated", "estimated"), ("came", "realised"), ("last known", "lastKnown")]
    let lines = kinds.enumerated().map { index, kind in
      var series = ThinnedSeries()
      for entry in estimates {
        if let value = entry.value[kind.1]?[score]?.number {
          series.append(value, event: entry.event)
        }
      }
      return LineChart.Line(name: kind.0, style: "s\(index)", series: series)
    }
    let chart = LineChart(
      label: "\(ScoreWords.title(score)) as it was estimated and as it came, over the events",
      unit: score, events: 0...max(1, facts.events), lines: lines)
    let figure = Figure(
      id: "estimates-chart", title: "Estimated before the labels came",
      lead:
        "Of stretches of events: the score as it was estimated without their labels, as it came to be, and as it was last known by then.",
      picture: chart.legend + chart.html, command: command("estimates"),
      table: estimateTable?.sparse(RunReport.mostRows))
    return Section(id: "estimates", title: "Before labels come", html: figure.html)
  }

  var estimateTable: ReportTable? {
    guard let score = estimatedScore else { return nil }
    return ReportTable(
      "Estimates of \(score)", ["#from", "#to", "#labels", "#estimated", "#came", "#last known"],
      rows: estimates.map { entry in
        ["from", "to", "labels"].map { .whole(entry.value[$0]?.number.map { Int($0) }) }
          + ["estimated", "realised", "lastKnown"].map { .number(entry.value[$0]?[score]?.number) }
      })
  }

  var decaySection: Section? {
    guard let table = decayTable else { return nil }
    let figure = Figure(
      id: "decay-table", title: "What age costs a model that is not updated",
      lead:
        "Copies of the model are frozen and go on predicting: their loss above that of what was served, by their age in events.",
      picture: table.html, command: command("decay"))
    return Section(id: "decay", title: "Decay", html: figure.html)
  }

  var decayTable: ReportTable? {
    guard case .array(let ages)? = history.series("decay").last?.value["ages"] else { return nil }
    return ReportTable(
      "Frozen copies by age",
      ["#age from", "#to", "#rows", "#loss", "#excess", "#excess at least", "#at most"],
      rows: ages.map { age in
        let interval = age["interval"]?.numbers ?? []
        return ["from", "to", "rows"].map { .whole(age[$0]?.number.map { Int($0) }) }
          + ["loss", "excess"].map { .number(age[$0]?.number) }
          + [.number(interval.first), .number(interval.count > 1 ? interval[1] : nil)]
      })
  }
}
