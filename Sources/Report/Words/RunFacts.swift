import Telemetry

/// What there is to know of a run at a glance, from its history.
struct RunFacts: Sendable {
  let history: RunHistory
  /// The score that is looked at first; nil where none was told.
  let score: String?
  /// The served model's scores: of what was served, where others would like to be.
  let served: ScoreHistory.Owner?
  let baseline: ScoreHistory.Owner?

  init(_ history: RunHistory) {
    self.history = history
    let models = history.scores.models
    served = models.first { $0.name == "served" } ?? models.first
    // Scores come in the order in which they are to be looked at.
    score = served?.metrics.first { $0.series.count > 0 || $0.overall != nil }?.name
    baseline = score.flatMap { history.scores.bestBaseline($0) }
  }

  var target: String? { history.start?.text("target") }
  var task: String? { history.start?.text("task") }
  var models: [String] { history.start?["models"]?.texts ?? [] }
  var features: [String] { history.start?["features"]?.texts ?? [] }
  var options: JSONValue? { history.start?["options"] }
  var version: String? { history.start?.text("version") }
  var events: Int { history.end?.event ?? history.lastEvent }
  var learned: Int? { history.end?.whole("learned") }
  var refused: Int? { history.end?.whole("refused") }

  func option(_ name: String) -> String? {
    switch options?[name] {
    case .string(let text)?: text
    case .int(let whole)?: String(whole)
    case .double(let number)?: Numerals.value(number)
    default: nil
    }
  }

  /// Over all events: the model's score and the best baseline's.
  var overall: (own: Double, base: Double?)? {
    guard let score, let own = served?[score]?.overall else { return nil }
    return (own, baseline?[score]?.overall)
  }

  /// The same over the last window.
  var latest: (own: Double, base: Double?)? {
    guard let score, let own = served?[score]?.series.last else { return nil }
    return (own.value, baseline?[score]?.series.last?.value)
  }

  /// Whether the model did better than the best baseline, over all or else at the end; nil where that is not known.
  var isBetter: Bool? {
    guard let score, let (own, base) = overall ?? latest, let base else { return nil }
    return ScoreWords.isBetter(own, than: base, score)
  }

  func reactions(_ kinds: String...) -> Int { kinds.reduce(0) { $0 + history.count($1) } }

  /// Drifts by what was found to have moved.
  func causes(_ cause: String) -> Int { history.causes.count { $0.text("cause") == cause } }
}

/// The command of a run, put together from what its journal says of its options.
package enum CommandWords {
  /// Options that say where its output goes.
  private static let outputs: Set<String> = [
    "predictions", "losses", "journal", "summary", "draw", "registry", "checkpoint",
    "checkpoint-every", "resume", "quiet", "report",
  ]

  /// The command that makes the run again, with `more` at its end.
  static func learn(_ options: JSONValue?, _ more: [String] = []) -> String {
    var words = ["weir", "learn", "SOURCE"]
    if case .object(let members)? = options {
      for member in members where !outputs.contains(member.key) {
        let name = "--" + member.key
        switch member.value {
        case .array(let values): for value in values { words += [name, quoted(value)] }
        case .bool(let isOn): if isOn { words.append(name) }
        default: words += [name, quoted(member.value)]
        }
      }
    }
    return (words + more).joined(separator: " ")
  }

  private static func quoted(_ value: JSONValue) -> String {
    if case .string(let text) = value { return quoted(text) }
    return value.text
  }

  /// A word as a shell takes it.
  package static func quoted(_ text: String) -> String {
    let plain = text.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
      default: "-_./:=,@%+".utf8.contains(byte)
      }
    }
    guard !plain || text.isEmpty else { return text }
    return "'"
      + text.split(separator: "'", omittingEmptySubsequences: false)
      .joined(separator: "'\\''") + "'"
  }
}
