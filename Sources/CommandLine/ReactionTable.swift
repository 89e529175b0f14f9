import Engine
import Kernels
import Scores
import Studies
import Telemetry

/// What a study of reactions comes to: a row for each configuration, the best first, with never reacting and the best
/// baseline among them; always and never firing below, where alarms are judged.
struct ReactionTable {
  let stream: String
  let result: ReactionRun
  let truth: Truth?
  /// Whether rows have the columns of a judgement, of this stream or another.
  let isJudged: Bool
  let margin: Int

  var rows: [DataTable.Cells] {
    let arms = result.arms.map { arm -> (Double?, DataTable.Cells) in
      let report = arm.engine.models[0]
      var cells = beginning(
        detector: arm.watch.map { "\($0.signal)=\($0.detector)" } ?? "",
        reaction: arm.watch == nil ? "never-reacts" : arm.reaction.rawValue)
      cells += scores(report, arm.gain)
      cells += [
        ("alarms", arm.watch == nil ? .null : .int(arm.alarms.count)),
        ("reactions", .int(arm.reactions)),
        ("kept", .int(arm.kept)), ("undone", .int(arm.undone)),
      ]
      cells += judged(arm.watch == nil ? nil : arm.alarms)
      cells.append(("seconds", .number((arm.time.seconds * 100).rounded() / 100)))
      return (decisive(report), cells)
    }
    let baselines = zip(result.baselines, result.arms[0].engine.baselineReports).map {
      baseline, report in
      (
        decisive(report),
        beginning(detector: "", reaction: baseline.name) + scores(report, baseline.gain)
          + nothing(["alarms", "reactions", "kept", "undone"]) + judged(nil)
          + nothing(["seconds"])
      )
    }
    let best = baselines.min { isBefore($0.0, $1.0) }
    // Swift's sort keeps the order of equals.
    let ranked = (arms + (best.map { [$0] } ?? [])).sorted { isBefore($0.0, $1.0) }
    return ranked.map(\.1) + references
  }

  /// What decides the order: the score from `since` on, or over all.
  private func decisive(_ report: ModelReport) -> Double? {
    let board = result.since == nil ? report.board : report.boardSince ?? report.board
    return board.overall(result.score.rawValue)
  }

  private func isBefore(_ a: Double?, _ b: Double?) -> Bool {
    guard let a else { return false }
    guard let b else { return true }
    return result.score == .accuracy ? a > b : a < b
  }

  private func beginning(detector: String, reaction: String) -> DataTable.Cells {
    [
      ("stream", .string(stream)), ("events", .int(result.events)),
      ("detector", .string(detector)), ("reaction", .string(reaction)),
    ]
  }

  private func scores(_ report: ModelReport, _ gain: BatchMeans) -> DataTable.Cells {
    let name = result.score.rawValue
    let range = gain.interval()
    return [
      ("score", .string(name)), ("all", .number(report.board.overall(name))),
      ("since", .number(report.boardSince?.overall(name))),
      ("bought", .number(gain.count > 0 ? gain.mean : nil)),
      ("bought_low", .number(range?.lowerBound)), ("bought_high", .number(range?.upperBound)),
      ("accuracy", .number(report.board.overall("accuracy"))),
      ("accuracy_since", .number(report.boardSince?.overall("accuracy"))),
    ]
  }

  private static let judgedColumns: Set<String> = [
    "episodes", "found", "missed", "delay", "delay_low", "delay_high", "false_alarms",
    "false_per_1000", "f1",
  ]

  /// How the alarms compare with the truth; nil: nothing is said of any.
  private func judged(_ alarms: [Int]?) -> DataTable.Cells {
    guard isJudged else { return [] }
    let judgement = Judgement(
      alarms: alarms ?? [], truth: truth ?? Truth([]), events: result.events, margin: margin)
    let cells = judgement.cells.filter { ReactionTable.judgedColumns.contains($0.0) }
    return alarms == nil || truth == nil ? nothing(cells.map(\.0)) : cells
  }

  private func nothing(_ names: [String]) -> DataTable.Cells { names.map { ($0, .null) } }

  /// What always and never firing would get.
  private var references: [DataTable.Cells] {
    guard let truth else { return [] }
    let names = [
      "score", "all", "since", "bought", "bought_low", "bought_high", "accuracy", "accuracy_since",
      "alarms",
      "reactions", "kept", "undone",
    ]
    let judgements: [(String, Judgement)] = [
      ("always-fire", .alwaysFire(truth: truth, events: result.events, margin: margin)),
      ("never-fire", .neverFire(truth: truth, events: result.events, margin: margin)),
    ]
    return judgements.map { name, judgement in
      beginning(detector: name, reaction: "") + nothing(names)
        + judgement.cells.filter { ReactionTable.judgedColumns.contains($0.0) }
        + nothing(["seconds"])
    }
  }
}
