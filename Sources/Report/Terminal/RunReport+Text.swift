import Telemetry

/// The report as lines for a terminal.
extension RunReport {
  /// Alarms and reactions that are listed.
  private static let mostLines = 20

  /// The lines, at most `width` columns wide.
  package func text(width: Int, _ style: TerminalStyle) -> String {
    let width = max(40, min(width, 100))
    var lines: [String] = []
    let target = facts.target ?? "?"
    lines.append(style.spelled(Markup.shortened("Predicting \(target)", to: width)))
    let models = facts.models.map { Markup.shortened($0, to: 40) }.joined(separator: ", ")
    lines += style.wrapped(
      style.spelled("\(Prose.count(facts.events, "event")) · \(facts.task ?? "") · \(models)"),
      width)
    lines.append("")
    let ink: TerminalStyle.Ink =
      switch verdict.tone {
      case .good: .kept
      case .fair: .warning
      case .bad: .drift
      }
    lines.append(style.painted(style.spelled(verdict.headline.plain), ink))
    for sentence in verdict.sentences {
      lines += style.wrapped(style.spelled(sentence.plain), width)
    }
    lines += chart(width, style)
    lines += happenings(width, style)
    return lines.joined(separator: "\n") + "\n"
  }

  private func chart(_ width: Int, _ style: TerminalStyle) -> [String] {
    guard let score = facts.score, let own = facts.served?[score], own.series.count > 1 else {
      return []
    }
    let base = facts.baseline?[score]
    let events = 0...max(1, facts.events)
    func line(_ series: ThinnedSeries, _ ink: TerminalStyle.Ink) -> TerminalChart.Line {
      .init(points: series.points(columns: width * 2, over: events), ink: ink)
    }
    let drawn = TerminalChart(
      lines: (base.map { [line($0.series, .baseline)] } ?? []) + [line(own.series, .model)],
      events: events, marks: history.alarms.drifts, width: width, height: 12)
    var title = style.painted(style.spelled(ScoreWords.title(score)), .model)
    if let name = facts.baseline?.name {
      title +=
        " and " + style.painted(style.spelled("\(Markup.shortened(name, to: 30))'s"), .baseline)
    }
    return ["", title] + drawn.rows(style)
  }

  private func happenings(_ width: Int, _ style: TerminalStyle) -> [String] {
    var happened: [(event: Int, text: String, ink: TerminalStyle.Ink)] = []
    for row in alarmTable.rows {
      guard case .whole(let event?) = row[0], case .text(let level) = row[1],
        case .name(let signal) = row[2], case .number(let before) = row[5],
        case .number(let after) = row[6], case .name(let cause) = row[7]
      else { continue }
      var text = "\(level): \(Markup.shortened(signal, to: 40)) "
      text += "\(Numerals.value(before)) → \(Numerals.value(after))"
      if !cause.isEmpty { text += "; \(cause)" }
      happened.append((event, text, level == "warning" ? .warning : .drift))
    }
    for entry in history.reactions {
      let known: Set = ["event", "kind", "model", "reason", "fromVersion", "standardErrors"]
      let details = RunReport.details(entry.value, without: known)
      happened.append(
        (
          entry.event, "\(entry.kind): \(details)",
          entry.kind == "kept" ? .kept : entry.kind == "undone" ? .drift : .plain
        ))
    }
    guard !happened.isEmpty else { return [] }
    let all = history.alarms.count + history.reactions.count
    let sorted = happened.enumerated().sorted {
      ($0.element.event, $0.offset) < ($1.element.event, $1.offset)
    }
    var lines = [""]
    for (_, item) in sorted.suffix(RunReport.mostLines) {
      let number = Numerals.count(item.event)
      let place = String(repeating: " ", count: max(0, 9 - number.count)) + number + "  "
      lines.append(
        place + style.painted(style.fitted(style.spelled(item.text), width - 11), item.ink))
    }
    if all > RunReport.mostLines {
      lines.append(
        style.spelled(
          "           … the last \(RunReport.mostLines) of \(Numerals.count(all)); --data alarms and --data reactions have more"
        ))
    }
    return lines
  }
}
