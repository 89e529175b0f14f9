import Telemetry

/// What the run was: its command, options, columns, and what its journal holds.
extension RunReport {
  var runSection: Section? {
    var html = "<figure id=\"command\"><h3>The command</h3>"
    html += "<p>SOURCE is the file, the pipe or - that was learned from.</p>"
    html += Markup.command(learnCommand)
    html += "</figure>\n<div class=\"grid\">"
    if let table = optionTable { html += "<div class=\"part\"><h3>Options</h3>\(table.html)</div>" }
    html += "<div class=\"part\"><h3>Columns</h3>\(columns)</div>"
    html += "<div class=\"part\"><h3>The journal</h3>\(countTable.html)</div></div>\n"
    if !history.others.isEmpty { html += otherTable.folded("Other entries of the journal") }
    return Section(id: "run", title: "What the run was", html: html)
  }

  private var optionTable: ReportTable? {
    guard case .object(let members)? = facts.options, !members.isEmpty else { return nil }
    return ReportTable(
      "Options", ["option", "value"],
      rows: members.map { [.name("--" + $0.key), .name(RunReport.short($0.value))] })
  }

  private var columns: String {
    var html = "<dl class=\"pairs\">"
    if let target = facts.target { html += "<dt>target</dt><dd>\(Markup.name(target))</dd>" }
    if let task = facts.task { html += "<dt>task</dt><dd>\(Markup.name(task))</dd>" }
    html += "<dt>models</dt><dd>\(list(facts.models))</dd>"
    html += "<dt>numbers</dt><dd>\(list(facts.features))</dd>"
    if let categories = facts.option("category") {
      html +=
        "<dt>categories</dt><dd>\(list(categories.split(separator: ",").map(String.init)))</dd>"
    }
    return html + "</dl>"
  }

  private func list(_ names: [String]) -> String {
    guard !names.isEmpty else { return "none" }
    let some = names.prefix(60).map { Markup.name($0, most: 40) }.joined(separator: ", ")
    return names.count > 60 ? some + ", and \(names.count - 60) more" : some
  }

  private var countTable: ReportTable {
    ReportTable(
      "Entries by kind", ["kind", "#entries"],
      rows: history.counts.map { [.name($0.kind), .whole($0.count)] })
  }

  private var otherTable: ReportTable {
    let rows = history.others.map { entry -> [ReportTable.Cell] in
      [
        .whole(entry.event), .name(entry.kind),
        .name(RunReport.details(entry.value, without: ["event", "kind"])),
      ]
    }
    let shown = Set(history.others.map(\.kind))
    let all = history.counts.filter { shown.contains($0.kind) }.reduce(0) { $0 + $1.count }
    return ReportTable("Other entries", ["#event", "kind", "what"], rows: rows).first(200, of: all)
  }
}
