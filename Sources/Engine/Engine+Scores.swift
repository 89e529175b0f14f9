import Scores
import Telemetry

/// The scores as the journal has them, so that how they went over time can be drawn.
extension Engine {
  /// Tells the scores over the window, or over everything.
  mutating func tellScores(overAll: Bool = false) {
    let boards =
      (contest.map { [("served", $0.record.board, $0.record.boardSince)] } ?? [])
      + runners.map { ($0.name, $0.board, $0.boardSince) }
    func scores(_ board: ScoreBoard) -> JSONValue {
      let values = overAll ? board.overall : board.overWindow
      return .members(values.map { ($0.name, .number($0.value)) })
    }
    let others = JSONValue.members(baselineBoards.map { ($0.name, scores($0.board)) })
    for (index, (name, board, since)) in boards.enumerated() {
      var fields: [(String, JSONValue)] = [
        ("model", .string(name)),
        ("over", overAll ? .string("all") : .int(board.windowCount)),
        ("metrics", scores(board)),
      ]
      // Windows tell where scores go; the part that is kept apart is told once, at the end.
      if overAll, let since {
        fields.append(("since", .members(since.overall.map { ($0.name, .number($0.value)) })))
      }
      if index == 0 { fields.append(("baselines", others)) }
      add(JournalEntry(event: events, kind: "scores", fields))
    }
  }
}

/// What there is to show of a run while it goes on, without a report of everything.
extension Engine {
  package struct Progress {
    package let score: String
    package let overall: Double?
    package let window: Double?
    /// The baseline that does best over all, with its score over the window.
    package let baseline: (name: String, value: Double)?
    package let alarms: Int
  }

  package var progress: Progress {
    let board = contest?.record.board ?? runners[0].board
    let name = board.names[0]
    var best: (board: (name: String, board: ScoreBoard), value: Double)?
    for other in baselineBoards {
      guard let value = other.board.overall(name) else { continue }
      if let best, board.isGain(name) ? best.value >= value : best.value <= value { continue }
      best = (other, value)
    }
    return Progress(
      score: name, overall: board.overall(name), window: board.overWindow(name),
      baseline: best.flatMap { best in
        best.board.board.overWindow(name).map { (best.board.name, $0) }
      },
      alarms: contest?.record.alarmCount(of: runners[served]) ?? runners[0].alarmCount)
  }
}
