import Telemetry

/// What each reaction bought.
extension RunReport {
  private var verdicts: [RunHistory.Entry] {
    history.reactions.filter { ["kept", "undone"].contains($0.kind) }
  }

  var reactionSection: Section? {
    guard !history.reactions.isEmpty else { return nil }
    var html = ""
    if !verdicts.isEmpty { html += trialFigure.html }
    let contest = history.reactions.filter {
      ["promotion", "rollback", "challenger-ended", "shadow-better", "comparison"].contains($0.kind)
    }
    if !contest.isEmpty { html += contestFigure(contest).html }
    html +=
      Figure(
        id: "reactions-all", title: "Everything that was done",
        picture: reactionTable.first(200).html, command: command("reactions")
      ).html
    return Section(id: "reactions", title: "What each reaction bought", html: html)
  }

  /// Each trial as two points on a line: what the loss would have been without the reaction, and what it was.
  private var trialFigure: Figure {
    let shown = verdicts.suffix(60)
    let losses = shown.flatMap { [$0.number("lossAfter"), $0.number("lossWithout")] }
      .compactMap { $0 }
    let axis = Axis(
      covering: min(0, losses.min() ?? 0)...(losses.max() ?? 1), marks: 4, isRounded: true)
    var text = "<ul class=\"legend\"><li><i class=\"dot without\"></i>without the reaction</li>"
    text += "<li><i class=\"dot kept\"></i>with it, kept</li>"
    text += "<li><i class=\"dot undone\"></i>with it, undone</li></ul>"
    text += "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Trials\">"
    text +=
      "<table class=\"trials\"><caption>Mean loss on the same later events</caption><thead><tr>"
    text += "<th scope=\"col\" class=\"n\">tried</th><th scope=\"col\">because of</th>"
    text += "<th scope=\"col\"><span class=\"sr\">picture</span></th>"
    text += "<th scope=\"col\" class=\"n\">without</th><th scope=\"col\" class=\"n\">with</th>"
    text +=
      "<th scope=\"col\" class=\"n\">change</th><th scope=\"col\">verdict</th></tr></thead><tbody>\n"
    for entry in shown { text += row(entry, axis) }
    text += "</tbody></table></div>"
    let note = verdicts.count > shown.count ? " The last \(shown.count) are shown." : ""
    return Figure(
      id: "trials", title: "With the reaction, and without it on the same events",
      lead:
        "A reaction is tried beside what was there before, on the same events; where it made things worse it is undone.\(note)",
      picture: text, command: command("reactions"))
  }

  private func row(_ entry: RunHistory.Entry, _ axis: Axis) -> String {
    let (after, without) = (entry.number("lossAfter"), entry.number("lossWithout"))
    var text = "<tr><td class=\"n\">\(Numerals.count(entry.whole("startedAt") ?? entry.event))</td>"
    text += "<td>\(Markup.name(entry.text("reason") ?? ""))</td><td class=\"dumb\">"
    if let after, let without {
      let (a, b) = (axis.place(without), axis.place(after))
      text += "<span class=\"bar \(entry.kind)\" style=\"left:\(percentage(min(a, b)));"
      text += "width:\(percentage(abs(a - b)))\"></span>"
      text += "<i class=\"dot without\" style=\"left:\(percentage(a))\"></i>"
      text += "<i class=\"dot \(entry.kind)\" style=\"left:\(percentage(b))\"></i>"
    }
    let change = zipped(after, without).flatMap { $1 != 0 ? $0 / $1 - 1 : nil }
    text += "</td><td class=\"n\">\(Numerals.value(without))</td>"
    text += "<td class=\"n\">\(Numerals.value(after))</td>"
    text +=
      "<td class=\"n\">\(change.map { ($0 > 0 ? "+" : "") + Numerals.percent($0) } ?? "–")</td>"
    return text + "<td><span class=\"tag \(entry.kind)\">\(entry.kind)</span></td></tr>\n"
  }

  private func zipped(_ a: Double?, _ b: Double?) -> (Double, Double)? {
    guard let a, let b else { return nil }
    return (a, b)
  }

  private func contestFigure(_ entries: [RunHistory.Entry]) -> Figure {
    let known: Set = ["event", "kind", "model", "served", "from", "to", "role"]
    let rows = entries.map { entry -> [ReportTable.Cell] in
      let who = entry.text("model") ?? entry.text("to") ?? ""
      let against = entry.text("served") ?? entry.text("from") ?? ""
      return [
        .whole(entry.event), .text(entry.kind), .name(who), .name(against),
        .name(RunReport.details(entry.value, without: known)),
      ]
    }
    let table = ReportTable(
      "Who was compared with whom", ["#event", "what", "model", "against", "evidence"], rows: rows)
    return Figure(
      id: "contest", title: "Champion and challengers", picture: table.first(100).html,
      command: command("reactions"))
  }

  var reactionTable: ReportTable {
    let known: Set = ["event", "kind", "model", "reason", "fromVersion", "startedAt", "events"]
    let rows = history.reactions.map { entry -> [ReportTable.Cell] in
      [
        .whole(entry.event), .text(entry.kind),
        .name(entry.text("model") ?? entry.text("to") ?? ""),
        .whole(entry.whole("fromVersion")), .name(entry.text("reason") ?? ""),
        .name(RunReport.details(entry.value, without: known)),
      ]
    }
    return ReportTable(
      "Reactions, trials and promotions",
      ["#event", "what", "model", "#from version", "because of", "details"], rows: rows)
  }

  /// The members of an entry in a line.
  static func details(_ value: JSONValue, without known: Set<String>) -> String {
    guard case .object(let members) = value else { return "" }
    return members.filter { !known.contains($0.key) }.map { member in
      "\(member.key) \(short(member.value))"
    }.joined(separator: ", ")
  }

  static func short(_ value: JSONValue) -> String {
    switch value {
    case .int(let whole): Numerals.count(whole)
    case .double(let number): Numerals.value(number)
    case .string(let text): text
    case .null: "–"
    case .array(let values): "[" + values.prefix(12).map(short).joined(separator: ", ") + "]"
    default: value.text
    }
  }
}
