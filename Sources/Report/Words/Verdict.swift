import Telemetry

/// What a run came to, in words, before any picture.
struct Verdict: Sendable {
  /// In a few words, and how it is meant.
  enum Tone: String, Sendable { case good, fair, bad }

  let tone: Tone
  let headline: Prose
  let sentences: [Prose]

  init(_ facts: RunFacts) {
    var sentences = Verdict.scores(facts)
    sentences += Verdict.drifts(facts)
    sentences += Verdict.reactions(facts)
    sentences += Verdict.watch(facts)
    sentences += Verdict.journal(facts)
    self.sentences = sentences
    let name = facts.baseline?.name ?? "the baselines"
    let isIll = Verdict.illness(facts) != nil
    switch facts.isBetter {
    case true?:
      tone = isIll ? .fair : .good
      headline = "Better than every baseline"
    case false?:
      tone = .bad
      headline = "No better than \(name: name)"
    case nil:
      tone = .fair
      headline =
        facts.history.scores.isEmpty ? "How well it did was not told" : "Nothing to compare it with"
    }
  }

  private static func scores(_ facts: RunFacts) -> [Prose] {
    guard let score = facts.score else {
      return ["The journal tells no scores: with --score-every auto it would."]
    }
    var sentences: [Prose] = []
    let title = ScoreWords.title(score)
    if let (own, base) = facts.overall {
      var sentence: Prose =
        "Over all \(facts.events) events the model’s \(title) was \(Numerals.value(own))"
      if let base, let name = facts.baseline?.name {
        sentence =
          "\(sentence); the best baseline, \(name: name), had \(Numerals.value(base))\(difference(own, base, score))"
      }
      sentences.append("\(sentence).")
    }
    if let (own, base) = facts.latest, let window = facts.history.scores.window {
      var sentence: Prose = "Over the last \(window) events it was \(Numerals.value(own))"
      if let base {
        let ending =
          ScoreWords.isBetter(own, than: base, score)
          ? "" : ": by now the baseline does at least as well"
        sentence = "\(sentence), and \(Numerals.value(base)) for that baseline\(ending)"
      }
      sentences.append("\(sentence).")
    }
    return sentences
  }

  /// How much a loss is lower or higher; nothing for other scores, of which shares say little.
  private static func difference(_ own: Double, _ base: Double, _ score: String) -> String {
    guard !ScoreWords.isGain(score), base > 0 else { return "" }
    let share = own / base - 1
    guard abs(share) >= 0.0005 else { return ", which is the same" }
    return
      ", so that the model’s is \(Numerals.percent(abs(share))) \(share < 0 ? "lower" : "higher")"
  }

  private static func drifts(_ facts: RunFacts) -> [Prose] {
    let alarms = facts.history.alarms
    guard alarms.count > 0 else { return ["No drift was named."] }
    var sentence: Prose = "\(Prose.count(alarms.drifts.count, "drift")) "
    sentence = "\(sentence)\(alarms.drifts.count == 1 ? "was" : "were") named"
    if !alarms.warnings.isEmpty {
      sentence = "\(sentence) and \(Prose.count(alarms.warnings.count, "warning")) given"
    }
    let parts = [
      ("inputs", "the inputs had moved"), ("relation", "the relation to the target"),
      ("data", "a column was broken"), ("unclear", "nothing stood out"),
    ].compactMap { cause, words in
      let count = facts.causes(cause)
      return count > 0 ? "in \(Numerals.count(count)) \(words)" : nil
    }
    if !parts.isEmpty { sentence = "\(sentence); \(Prose.list(parts))" }
    return ["\(sentence)."]
  }

  private static func reactions(_ facts: RunFacts) -> [Prose] {
    var sentences: [Prose] = []
    let (kept, undone) = (facts.reactions("kept"), facts.reactions("undone"))
    let done = facts.reactions("retrain", "restart", "window-reset", "challenger-started")
    if kept + undone > 0 {
      let trials = Prose.count(kept + undone, "reaction")
      sentences.append(
        "\(trials) \(kept + undone == 1 ? "was" : "were") tried against what was there before: \(kept) kept, \(undone) undone because \(undone == 1 ? "it" : "they") had made things worse."
      )
    } else if done > 0 {
      sentences.append("\(Prose.count(done, "reaction")) took effect, none of them on trial.")
    } else if facts.history.alarms.count > 0 {
      let isAsked = facts.option("on-drift") == "note" || facts.option("on-drift") == nil
      sentences.append(
        isAsked
          ? "Nothing was done about them, as the run was asked to (--on-drift note)."
          : "Nothing was done about them.")
    }
    let promotions = facts.reactions("promotion")
    if promotions > 0 {
      let back = facts.reactions("rollback")
      let ending = back > 0 ? ", and went back \(Prose.count(back, "time"))" : ""
      sentences.append("Another model took over \(Prose.count(promotions, "time"))\(ending).")
    }
    return sentences
  }

  /// The state of health that was told last, unless it is a good one.
  private static func illness(_ facts: RunFacts) -> RunHistory.Entry? {
    guard let last = facts.history.health.last, let state = last.text("state"),
      !["healthy", "ok", "fine"].contains(state)
    else { return nil }
    return last
  }

  private static func watch(_ facts: RunFacts) -> [Prose] {
    var sentences: [Prose] = []
    let checks = facts.history.checks
    let alarms = checks.count { $0.text("severity") != "note" }
    if !checks.isEmpty {
      sentences.append(
        "Checks of the flow raised \(Prose.count(alarms, "alarm")) and \(Prose.count(checks.count - alarms, "note"))."
      )
    }
    if let last = illness(facts), let state = last.text("state") {
      let why = last.text("why").map { ": " + Markup.shortened($0, to: 300) } ?? ""
      sentences.append("At the end it said of its health: \(name: state)\(why).")
    }
    return sentences
  }

  private static func journal(_ facts: RunFacts) -> [Prose] {
    var sentences: [Prose] = []
    if let refused = facts.refused, refused > 0 {
      sentences.append("\(Prose.count(refused, "row")) could not be read and were left out.")
    }
    if facts.history.end == nil {
      sentences.append(
        "The journal has no end: the run still goes on, or was broken off. All this is as of event \(facts.events)."
      )
    }
    if facts.history.unreadable > 0 {
      let first = facts.history.firstUnreadable ?? 0
      sentences.append(
        "\(Prose.count(facts.history.unreadable, "line")) of the journal could not be read, the first of them line \(first)."
      )
    }
    return sentences
  }
}
