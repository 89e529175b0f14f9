import Telemetry

/// Where the model came from: which version was made of which, when, and what became of it.
extension RunReport {
  /// Versions that are drawn.
  private static let mostVersions = 60

  struct Version: Sendable {
    let number: Int
    let parent: Int?
    let model: String
    let born: Int
    /// Why it was made: retrain, restart, window reset, promotion; nil for what the run began with.
    let origin: String?
    let reason: String
    var fate: String?
    var died: Int?
  }

  /// All versions of which the journal tells, in the order of their making.
  ///
  /// A reaction says which version it changed. The number of what it made stands in the verdict on it, or is the version that
  /// the same model's next reaction changes; numbers of a run are given one after another.
  var versions: [Version] {
    var versions: [Version] = []
    var next = facts.models.count
    var current: [String: Int] = [:]
    for (number, model) in facts.models.enumerated() {
      versions.append(
        Version(number: number, parent: nil, model: model, born: 0, origin: nil, reason: ""))
      current[model] = number
    }
    if versions.isEmpty {
      next = 1
      versions.append(Version(number: 0, parent: nil, model: "", born: 0, origin: nil, reason: ""))
    }
    func place(_ number: Int) -> Int? { versions.lastIndex { $0.number == number } }
    func end(_ number: Int?, _ event: Int, _ fate: String? = nil) {
      guard let number, let place = place(number) else { return }
      versions[place].died = event
      if let fate { versions[place].fate = fate }
    }
    func add(_ entry: RunHistory.Entry, _ origin: String, model: String, number: Int?, parent: Int?)
    {
      let own = number ?? next
      next = max(next, own + 1)
      versions.append(
        Version(
          number: own, parent: parent, model: model, born: entry.event, origin: origin,
          reason: entry.text("reason") ?? ""))
      current[model] = own
    }
    let changes: Set = ["retrain", "restart"]
    for entry in history.reactions {
      let model = entry.text("model") ?? ""
      let from = entry.whole("fromVersion") ?? current[model]
      switch entry.kind {
      case let kind where changes.contains(kind):
        end(from, entry.event)
        add(entry, kind, model: model, number: nil, parent: from)
      case "kept", "undone":
        // What was tried is named here: a version that was not known by another sign is known now.
        let tried = entry.whole("version")
        if let tried, place(tried) == nil {
          let started = entry.whole("startedAt") ?? entry.event
          end(current[model], started)
          versions.append(
            Version(
              number: tried, parent: current[model], model: model, born: started,
              origin: "window reset", reason: entry.text("reason") ?? ""))
          current[model] = tried
          next = max(next, tried + 1)
        }
        if let tried, let place = place(tried) { versions[place].fate = entry.kind }
        guard entry.kind == "undone", let to = entry.whole("to") else { continue }
        end(tried, entry.event)
        let parent = tried.flatMap { place($0) }.flatMap { versions[$0].parent }
        add(entry, "undo", model: model, number: to, parent: parent)
      case "challenger-started":
        add(entry, "challenger", model: model, number: entry.whole("version"), parent: nil)
      case "promotion", "rollback":
        let (old, new) = (entry.whole("fromVersion"), entry.whole("toVersion"))
        let winner = entry.text("to") ?? ""
        end(old, entry.event)
        end(current[winner], entry.event, "promoted")
        add(entry, entry.kind, model: winner, number: new, parent: current[winner])
      case "challenger-ended": end(current[model], entry.event, "given up")
      default: continue
      }
    }
    return versions
  }

  var lineageSection: Section? {
    let all = versions
    guard all.count > 1 else { return nil }
    let shown = all.suffix(RunReport.mostVersions)
    let events = Double(max(1, facts.events))
    var html = "<p>Each bar is a version, from when it was made until another took its place."
    if shown.count < all.count { html += " The last \(shown.count) of \(all.count)." }
    html += "</p><ol class=\"lineage\">"
    for version in shown {
      let (from, to) = (
        Double(version.born) / events, Double(version.died ?? facts.events) / events
      )
      let fate = version.fate ?? (version.died == nil ? "serves" : "replaced")
      html +=
        "<li style=\"--depth:\(depth(version, all))\"><span class=\"who\"><b>v\(version.number)</b> "
      html += Markup.escaped(version.origin ?? "at first")
      if let parent = version.parent { html += " <small>of v\(parent)</small>" }
      html +=
        " <span class=\"tag \(fate.hasPrefix("given") ? "undone" : fate)\">\(fate)</span></span>"
      html +=
        "<span class=\"life\"><i class=\"\(fate == "undone" ? "undone" : "kept")\" style=\"left:"
      html +=
        "\(percentage(min(from, 0.99)));width:\(percentage(max(0.006, to - from)))\"></i></span>"
      html +=
        "<span class=\"sr\">from event \(version.born) to \(version.died ?? facts.events)</span></li>\n"
    }
    html += "</ol>"
    let figure = Figure(
      id: "lineage-chart", title: "Which version came of which", picture: html,
      command: command("versions"), table: lineageTable?.first(200), tableTitle: "All versions")
    return Section(id: "lineage", title: "The model’s lineage", html: figure.html)
  }

  /// How many ancestors a version has, up to six.
  private func depth(_ version: Version, _ all: [Version]) -> Int {
    var (depth, parent) = (0, version.parent)
    while let number = parent, depth < 6 {
      depth += 1
      parent = all.first { $0.number == number }?.parent
    }
    return depth
  }

  var lineageTable: ReportTable? {
    let all = versions
    guard all.count > 1 else { return nil }
    let rows = all.map { version -> [ReportTable.Cell] in
      [
        .whole(version.number), .whole(version.parent), .text(version.origin ?? "at first"),
        .whole(version.born), .whole(version.died), .text(version.fate ?? ""),
        .name(version.model), .name(version.reason),
      ]
    }
    return ReportTable(
      "Versions",
      ["#version", "#made of", "by", "#from event", "#to event", "verdict", "model", "because of"],
      rows: rows)
  }
}
