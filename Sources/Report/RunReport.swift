/// What a journal comes to, as a page, as lines for a terminal, and as tables.
///
/// Charts are SVG that the report writes itself, and no library of JavaScript: a page is some tens of kilobytes and not a
/// megabyte, works without a network and without a script, prints as it is seen, and what is in it can be read aloud,
/// copied and searched. A few lines of script add what is nice to have: numbers under the pointer, and another theme.
package struct RunReport: Sendable {
  let facts: RunFacts
  let verdict: Verdict
  /// Where the journal is; nil where there was none.
  let journal: String?

  package init(_ history: RunHistory, journal: String?) {
    facts = RunFacts(history)
    verdict = Verdict(facts)
    self.journal = journal
  }

  var history: RunHistory { facts.history }

  /// The command that gives the numbers of a section.
  func command(_ data: String) -> String {
    "weir report \(CommandWords.quoted(journal ?? RunReport.anyJournal)) --data \(data)"
  }

  /// What a journal is called that there was none of.
  private static let anyJournal = "run.jsonl"

  /// The command that makes the run again, with a journal where there was none.
  var learnCommand: String {
    CommandWords.learn(
      facts.options,
      (facts.option("score-every") == nil ? ["--score-every auto"] : [])
        + ["--journal \(CommandWords.quoted(journal ?? RunReport.anyJournal))"])
  }

  /// The parts of the page that have something to show, in their order.
  private var sections: [Section] {
    let parts: [Section?] = [
      scoreSection, reactionSection, driftSection, importanceSection, checkSection, groupSection,
      estimateSection, decaySection, latencySection, lineageSection, runSection,
    ]
    return parts.compactMap { $0 }
  }

  /// The page.
  package var html: String {
    let target = facts.target.map { "Predicting \(Markup.name($0))" } ?? "A run of weir learn"
    let about = [
      Prose.count(facts.events, "event"), facts.task,
      facts.models.isEmpty ? nil : Prose.list(facts.models.map { Markup.shortened($0, to: 60) }),
    ].compactMap { $0 }.map { Markup.name($0, most: 200) }.joined(separator: " · ")
    let page = Page(
      title: facts.target.map { "Weir: predicting \(Markup.shortened($0, to: 60))" } ?? "Weir",
      eyebrow: "Weir · run report", heading: target, about: about,
      opening: opening, sections: sections,
      footer: facts.version ?? "weir")
    return page.html
  }

  /// The verdict and the figures at a glance.
  private var opening: String {
    var text = "<section id=\"verdict\" aria-labelledby=\"verdict-title\">"
    text += "<h2 id=\"verdict-title\" class=\"verdict \(verdict.tone.rawValue)\">"
    text += "\(verdict.headline.html)</h2>"
    for sentence in verdict.sentences { text += "<p class=\"lead\">\(sentence.html)</p>" }
    text += "<dl class=\"glance\">"
    for (name, value) in glance { text += "<div><dt>\(name)</dt><dd>\(value)</dd></div>" }
    return text + "</dl></section>\n"
  }

  private var glance: [(String, String)] {
    var figures: [(String, String)] = []
    if let score = facts.score, let (own, base) = facts.overall ?? facts.latest {
      figures.append((Markup.escaped(score), Numerals.value(own)))
      if let base { figures.append(("best baseline", Numerals.value(base))) }
    }
    figures.append(("events", Numerals.count(facts.events)))
    if let learned = facts.learned { figures.append(("learned", Numerals.count(learned))) }
    if let refused = facts.refused { figures.append(("refused", Numerals.count(refused))) }
    figures.append(("drifts", Numerals.count(history.alarms.drifts.count)))
    let (kept, undone) = (facts.reactions("kept"), facts.reactions("undone"))
    if kept + undone > 0 { figures.append(("kept / undone", "\(kept) / \(undone)")) }
    return figures
  }

  // MARK: - Numbers

  /// What `data` can be asked for.
  package static let dataNames = [
    "scores", "alarms", "causes", "reactions", "importances", "checks", "groups", "estimates",
    "decay", "latency", "versions",
  ]

  /// The numbers behind a part of the page; nil where the journal has none.
  package func data(_ name: String) -> ReportTable? {
    switch name {
    case "scores": history.scores.isEmpty ? nil : scoreTable
    case "alarms": history.alarms.count > 0 ? alarmTable : nil
    case "causes": history.causes.isEmpty ? nil : causeTable
    case "reactions": history.reactions.isEmpty ? nil : reactionTable
    case "importances": importanceTable
    case "checks": history.checks.isEmpty ? nil : checkTable
    case "groups": groupTable
    case "estimates": estimateTable
    case "decay": decayTable
    case "latency": latencyTable
    case "versions": lineageTable
    default: nil
    }
  }
}

/// A part of the page.
struct Section: Sendable {
  let id: String
  let title: String
  let html: String
}
