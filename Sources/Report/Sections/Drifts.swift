import Telemetry

/// The alarms, and the distributions of what moved.
extension RunReport {
  /// Features whose distributions are drawn.
  private static let mostPanels = 9

  /// How a feature moved, as a cause tells it.
  private struct Shift {
    let name: String
    let cause: RunHistory.Entry
    let distance: Double
    let usual: Double
    let value: JSONValue
  }

  var driftSection: Section? {
    guard history.alarms.count > 0 || !history.causes.isEmpty else { return nil }
    var html = ""
    let panels = panels
    if !panels.isEmpty {
      html +=
        Figure(
          id: "distributions", title: "What moved most",
          lead:
            "The share of rows with each value before the change and after it: of each feature, at the drift where it moved farthest beyond what is usual for it.",
          picture: "<div class=\"grid\">" + panels.map(panel).joined() + "</div>",
          command: command("causes")
        ).html
    }
    if history.alarms.count > 0 {
      let all = history.alarms.count
      var table = alarmTable
      if all > table.rows.count {
        table.note =
          "The first \(Numerals.count(table.rows.count)) of \(Numerals.count(all)) alarms. All of them are marked in the picture above, and counted by signal here below."
      }
      html +=
        Figure(
          id: "alarm-list", title: "Every alarm", picture: table.html, command: command("alarms"),
          table: history.alarms.signals.count > 1 || all > table.rows.count ? signalTable : nil,
          tableTitle: "Alarms by signal"
        ).html
    }
    return Section(id: "drifts", title: "Alarms, and what had moved", html: html)
  }

  // MARK: - Distributions

  private var shifts: [Shift] {
    history.causes.flatMap { cause -> [Shift] in
      guard case .array(let features)? = cause["features"] else { return [] }
      return features.compactMap { feature in
        guard case .string(let name)? = feature["name"] else { return nil }
        return Shift(
          name: name, cause: cause, distance: feature["distance"]?.number ?? 0,
          usual: feature["usual"]?.number ?? 0, value: feature)
      }
    }
  }

  /// Of each feature where it moved most, those first that moved most.
  private var panels: [Shift] {
    var best: [String: Shift] = [:]
    for shift in shifts where shift.value["bins"] != nil {
      if let other = best[shift.name], other.distance - other.usual >= shift.distance - shift.usual
      {
        continue
      }
      best[shift.name] = shift
    }
    let sorted = best.values.sorted { left, right in
      let (a, b) = (left.distance - left.usual, right.distance - right.usual)
      return a != b ? a > b : left.name < right.name
    }
    return Array(sorted.prefix(RunReport.mostPanels))
  }

  private func panel(_ shift: Shift) -> String {
    guard let bins = shift.value["bins"] else { return "" }
    let rows = RunReport.rows(bins, of: shift.name)
    let most = rows.flatMap { [$0.before, $0.after] }.max() ?? 1
    let since = shift.cause.whole("since") ?? shift.cause.event
    var text = "<div class=\"part\"><h4>\(Markup.name(shift.name, most: 40))</h4>"
    text +=
      "<p>changed at event \(Numerals.count(since)); distance \(Numerals.value(shift.distance))"
    text += ", usual \(Numerals.value(shift.usual))"
    if let before = shift.value["before"]?.number, let after = shift.value["after"]?.number {
      text += "; mean \(Numerals.value(before)) → \(Numerals.value(after))"
    }
    text += "</p><table class=\"bins\"><caption class=\"sr\">Rows by value before and after"
    text += "</caption><thead><tr><th scope=\"col\">value</th><th scope=\"col\">share of rows, "
    text += "<span class=\"before\">before</span> and <span class=\"after\">after</span></th>"
    text += "</tr></thead><tbody>"
    for row in rows {
      text += "<tr><th scope=\"row\">\(Markup.name(row.label, most: 26))</th><td>"
      for (name, share) in [("before", row.before), ("after", row.after)] {
        text +=
          "<span class=\"share \(name)\"><i style=\"width:\(percentage(share / most * 0.78))\">"
        text += "</i><b>\(Numerals.percent(share))</b></span>"
      }
      text += "</td></tr>"
    }
    return text + "</tbody></table></div>\n"
  }

  private typealias Row = (label: String, before: Double, after: Double)

  /// The shares of rows in each bin; bins that no row is in are left out.
  private static func rows(_ bins: JSONValue, of feature: String) -> [Row] {
    let (before, after) = (bins["before"]?.numbers ?? [], bins["after"]?.numbers ?? [])
    guard before.count == after.count, !before.isEmpty else { return [] }
    var labels: [String] = []
    if let levels = bins["levels"] {
      let prefix = feature + "="
      labels = levels.texts.map { $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : $0 }
      labels.append("all others")
    } else {
      let edges = bins["edges"]?.numbers ?? []
      if let first = edges.first, let last = edges.last {
        labels.append("below \(Numerals.value(first))")
        for (from, to) in zip(edges, edges.dropFirst()) {
          labels.append("\(Numerals.value(from)) – \(Numerals.value(to))")
        }
        labels.append("above \(Numerals.value(last))")
      } else {
        labels.append("any")
      }
      labels.append("missing")
    }
    let (b, a) = (max(1, before.reduce(0, +)), max(1, after.reduce(0, +)))
    let rows = zip(labels, zip(before, after)).compactMap { label, counts -> Row? in
      guard counts.0 + counts.1 > 0 else { return nil }
      return (label, counts.0 / b, counts.1 / a)
    }
    guard bins["levels"] != nil else { return rows }
    // Levels that are numbers are looked for in their order.
    let values = rows.map { Double($0.label) }
    let order = rows.indices.sorted { left, right in
      switch (values[left], values[right]) {
      case (let a?, let b?): a != b ? a < b : left < right
      case (nil, nil): left < right
      case (let a, _): a != nil
      }
    }
    return order.map { rows[$0] }
  }

  // MARK: - Tables

  private static let causeWords = [
    "inputs": "the inputs moved", "relation": "the relation moved", "data": "a column is broken",
    "unclear": "nothing stands out",
  ]

  var alarmTable: ReportTable {
    // An alarm's cause is told later, and says which alarm it is of.
    var words: [String: String] = [:]
    for cause in history.causes {
      guard let alarm = cause.whole("alarm") else { continue }
      let key = "\(cause.text("model") ?? "")\n\(cause.text("signal") ?? "")\n\(alarm)"
      var text = RunReport.causeWords[cause.text("cause") ?? ""] ?? cause.text("cause") ?? ""
      if let fault = cause.text("fault") { text += ": " + fault }
      if case .array(let features)? = cause["features"] {
        let names = features.compactMap { feature -> String? in
          if case .string(let name)? = feature["name"] { return Markup.shortened(name, to: 30) }
          return nil
        }
        if !names.isEmpty { text += ": " + names.joined(separator: ", ") }
      }
      words[key] = text
    }
    let hasSeveral = facts.models.count > 1
    let rows = history.alarms.told.map { alarm -> [ReportTable.Cell] in
      func text(_ key: String) -> String {
        if case .string(let text)? = alarm[key] { return text }
        return ""
      }
      func whole(_ key: String) -> Int? {
        if case .int(let whole)? = alarm[key] { return whole }
        return nil
      }
      let key = "\(text("model"))\n\(text("signal"))\n\(whole("event") ?? -1)"
      let row: [ReportTable.Cell] = [
        .whole(whole("event")), .text(text("level")), .name(text("signal")),
        .name(text("detector")), .whole(whole("since")), .number(alarm["before"]?.number),
        .number(alarm["after"]?.number), .name(words[key] ?? ""),
      ]
      return hasSeveral ? row + [.name(text("model"))] : row
    }
    return ReportTable(
      "Alarms",
      ["#event", "level", "signal", "detector", "#since", "#before", "#after", "what had moved"]
        + (hasSeveral ? ["model"] : []), rows: rows)
  }

  private var signalTable: ReportTable {
    let rows = history.alarms.signals.map { signal -> [ReportTable.Cell] in
      [
        .name(signal.name), .whole(signal.drifts), .whole(signal.warnings), .whole(signal.first),
        .whole(signal.last),
      ]
    }
    return ReportTable(
      "Alarms by signal", ["signal", "#drifts", "#warnings", "#first", "#last"], rows: rows
    ).first(200)
  }

  var causeTable: ReportTable {
    var rows: [[ReportTable.Cell]] = []
    for shift in shifts {
      let bins = shift.value["bins"].map { RunReport.rows($0, of: shift.name) } ?? []
      for row in bins {
        rows.append([
          .whole(shift.cause.whole("alarm")), .whole(shift.cause.whole("since")),
          .name(shift.name), .name(row.label), .number(row.before), .number(row.after),
        ])
      }
      guard bins.isEmpty else { continue }
      rows.append([
        .whole(shift.cause.whole("alarm")), .whole(shift.cause.whole("since")),
        .name(shift.name), .text(""), .number(nil), .number(nil),
      ])
    }
    return ReportTable(
      "What had moved", ["#alarm", "#since", "feature", "value", "#before", "#after"], rows: rows)
  }
}
