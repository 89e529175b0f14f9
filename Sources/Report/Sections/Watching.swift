import Telemetry

/// What the checks of the flow found, and the state of health.
extension RunReport {
  var checkSection: Section? {
    guard !history.checks.isEmpty || !history.health.isEmpty else { return nil }
    var html = ""
    if !history.health.isEmpty { html += healthFigure.html }
    if !history.checks.isEmpty { html += checkFigure.html }
    return Section(id: "checks", title: "Health and checks", html: html)
  }

  private var healthFigure: Figure {
    let rows = history.health.map { entry -> [ReportTable.Cell] in
      [
        .whole(entry.event), .name(entry.text("state") ?? ""),
        .name(
          entry.text("why") ?? RunReport.details(entry.value, without: ["event", "kind", "state"])),
      ]
    }
    return Figure(
      id: "health", title: "How it was",
      picture: ReportTable("States of health", ["#from event", "state", "why"], rows: rows)
        .first(200, of: history.count("health")).html, command: command("checks"))
  }

  private var checkFigure: Figure {
    let table = checkTable.first(300, of: history.count("check"))
    // What to do about it stands once for each entry of the runbook.
    var pages: [String] = []
    for entry in history.checks {
      if let page = entry.text("runbook"), !pages.contains(page), pages.count < 40 {
        pages.append(page)
      }
    }
    var html = table.html
    if !pages.isEmpty {
      html += "<h4>What to do about it</h4><ul>"
      for page in pages { html += "<li>\(Markup.name(page, most: 400))</li>" }
      html += "</ul>"
    }
    return Figure(
      id: "check-list", title: "What the checks found", picture: html, command: command("checks"))
  }

  var checkTable: ReportTable {
    let rows = history.checks.map { entry -> [ReportTable.Cell] in
      [
        .whole(entry.event), .name(entry.text("severity") ?? ""), .name(entry.text("check") ?? ""),
        .name(entry.text("column") ?? ""), .whole(entry.whole("since")),
        .name(entry["expected"].map(RunReport.short) ?? ""),
        .name(entry["found"].map(RunReport.short) ?? ""), .name(entry.text("text") ?? ""),
      ]
    }
    return ReportTable(
      "Checks",
      ["#event", "severity", "check", "column", "#since", "expected", "found", "in words"],
      rows: rows)
  }
}
