/// The score over time, with all that happened.
extension RunReport {
  /// Rows of a table on the page; `--data` has all.
  static let mostRows = 120

  private var span: ClosedRange<Int> { 0...max(1, facts.events) }

  var scoreSection: Section? {
    var html = ""
    if let score = facts.score, let served = facts.served, !history.scores.isEmpty {
      html += mainFigure(score, served).html
      html += smallFigures(except: score, served)
    } else {
      html += "<p class=\"lead\">The journal tells no scores, so there is no curve to draw. "
      html += "With <code>--score-every auto</code> a run tells them.</p>"
      html += happenings.html
    }
    return Section(id: "score", title: "The score over time", html: html)
  }

  private func mainFigure(_ score: String, _ served: ScoreHistory.Owner) -> Figure {
    let chart = chart(score, served, isSmall: false)
    let window = history.scores.window.map {
      "each point looks back on \(Numerals.count($0)) events"
    }
    let better = ScoreWords.isGain(score) ? "higher is better" : "lower is better"
    let lead: Prose =
      "\(ScoreWords.title(score)), \(better); \(window ?? "over a window of events")."
    return Figure(
      id: "score-\(RunReport.slug(score))", title: chart.title, lead: lead,
      picture: chart.picture.legend + chart.picture.html, command: command("scores"),
      table: scoreTable.sparse(RunReport.mostRows))
  }

  /// The other scores, small.
  private func smallFigures(except score: String, _ served: ScoreHistory.Owner) -> String {
    let others = served.metrics.filter { $0.name != score && $0.series.count > 0 }.prefix(6)
    guard !others.isEmpty else { return "" }
    var html = "<div class=\"grid\">"
    for metric in others {
      let chart = chart(metric.name, served, isSmall: true)
      html += "<div class=\"part\"><h4>\(Markup.escaped(ScoreWords.title(metric.name)))</h4>"
      html += chart.picture.html + "</div>"
    }
    return Figure(
      id: "score-others", title: "By other scores", picture: html + "</div>",
      command: command("scores")
    ).html
  }

  private func chart(
    _ score: String, _ served: ScoreHistory.Owner, isSmall: Bool
  ) -> (title: String, picture: LineChart) {
    var lines: [LineChart.Line] = []
    let baseline = history.scores.bestBaseline(score)
    if let baseline, let metric = baseline[score] {
      lines.append(.init(name: baseline.name, style: "b", series: metric.series))
    }
    let others = history.scores.models.filter { $0.name != served.name }.prefix(isSmall ? 0 : 6)
    for (index, other) in others.enumerated() {
      guard let metric = other[score] else { continue }
      lines.append(.init(name: other.name, style: "s\(index)", series: metric.series))
    }
    // Last, so that it lies above the others.
    if let metric = served[score] {
      let name = served.name == "served" ? "what was served" : served.name
      lines.append(.init(name: name, style: "m", series: metric.series))
    }
    let title = "\(ScoreWords.title(score).capitalised) of the model and the best baseline"
    var picture = LineChart(
      label: label(score, served, baseline), unit: score, events: span, lines: lines)
    picture.isSmall = isSmall
    picture.columns = isSmall ? 160 : 480
    picture.rules = ("alarm", history.alarms.drifts)
    if !isSmall {
      picture.lanes = lanes
      picture.stretches = ("trials", trials)
    }
    return (title, picture)
  }

  private func label(
    _ score: String, _ served: ScoreHistory.Owner, _ baseline: ScoreHistory.Owner?
  ) -> String {
    func words(_ series: ThinnedSeries?) -> String {
      guard let points = series?.points, let first = points.first, let last = points.last else {
        return "not known"
      }
      let values = points.map(\.value)
      return "from \(Numerals.value(first.value)) to \(Numerals.value(last.value)), between "
        + "\(Numerals.value(values.min())) and \(Numerals.value(values.max()))"
    }
    var text = "\(ScoreWords.title(score)) over \(Numerals.count(facts.events)) events. "
    text += "Model: \(words(served[score]?.series)). "
    if let baseline {
      text += "Best baseline, \(Markup.shortened(baseline.name, to: 40)): "
      text += words(baseline[score]?.series) + ". "
    }
    return text + "\(Numerals.count(history.alarms.drifts.count)) drifts are marked."
  }

  /// What happened, without a score above it.
  private var happenings: LineChart {
    var chart = LineChart(
      label: "\(history.alarms.drifts.count) drifts over \(facts.events) events", unit: "",
      events: span, lines: [])
    chart.isSmall = true
    chart.lanes = lanes
    chart.stretches = ("trials", trials)
    return chart
  }

  // MARK: - What is marked

  private var lanes: [LineChart.Lane] {
    func places(_ kinds: Set<String>) -> [Int] {
      history.reactions.filter { kinds.contains($0.kind) }.map(\.event)
    }
    let lanes = [
      LineChart.Lane(title: "drifts", style: "alarm", places: history.alarms.drifts),
      .init(title: "warnings", style: "warning", places: history.alarms.warnings),
      .init(title: "checks", style: "check", places: history.checks.map(\.event)),
      .init(
        title: "reactions", style: "react",
        places: places(["window-reset", "retrain", "restart", "challenger-started"])),
      .init(title: "failed", style: "undone", places: places(["retrain-failed"])),
      .init(title: "promoted", style: "kept", places: places(["promotion", "rollback"])),
      .init(title: "versions", style: "version", places: versions.dropFirst().map(\.born)),
    ]
    return lanes.filter { !$0.places.isEmpty }
  }

  private var trials: [LineChart.Stretch] {
    history.reactions.compactMap { entry in
      guard ["kept", "undone"].contains(entry.kind), let from = entry.whole("startedAt") else {
        return nil
      }
      return LineChart.Stretch(from: from, to: entry.event, style: entry.kind)
    }
  }

  // MARK: - Numbers

  var scoreTable: ReportTable {
    let (models, baselines) = (history.scores.models, history.scores.baselines)
    var (titles, columns) = (["#event"], [ThinnedSeries]())
    for owner in models + baselines {
      for metric in owner.metrics where metric.series.count > 0 {
        titles.append("#\(Markup.shortened(owner.name, to: 40)) \(metric.name)")
        columns.append(metric.series)
      }
    }
    let points = columns.map(\.points)
    let events = Set(points.joined().map(\.event)).sorted()
    var places = [Int](repeating: 0, count: columns.count)
    let rows = events.map { event -> [ReportTable.Cell] in
      var row: [ReportTable.Cell] = [.whole(event)]
      for column in points.indices {
        let own = points[column]
        while places[column] < own.count, own[places[column]].event < event { places[column] += 1 }
        let isThere = places[column] < own.count && own[places[column]].event == event
        row.append(.number(isThere ? own[places[column]].value : nil))
      }
      return row
    }
    return ReportTable("Scores over the window", titles, rows: rows)
  }

  /// A text as it may stand in an address within the page.
  static func slug(_ text: String) -> String {
    String(
      text.unicodeScalars.map { scalar -> Character in
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9": Character(scalar)
        default: "-"
        }
      }.prefix(40))
  }
}

extension ReportTable {
  /// So many rows at most, evenly spread, the last one among them.
  func sparse(_ most: Int) -> ReportTable {
    guard rows.count > most, most > 1 else { return self }
    var table = self
    table.rows = (0..<most).map { rows[$0 * (rows.count - 1) / (most - 1)] }
    table.note =
      "\(most) of \(Numerals.count(rows.count)) rows, evenly spread; the command has all."
    return table
  }

  /// The first rows alone.
  func first(_ most: Int, of count: Int? = nil) -> ReportTable {
    var table = self
    table.rows = Array(rows.prefix(most))
    let all = count ?? rows.count
    if all > table.rows.count, table.note == nil {
      table.note = "The first \(table.rows.count) of \(Numerals.count(all)); the command has more."
    }
    return table
  }
}

extension String {
  /// With a capital letter in front.
  var capitalised: String { prefix(1).uppercased() + dropFirst() }
}
