import Engine
import Ingest
import Scores
import Telemetry

/// What became of labels that came later than their rows, as JSON and as text.
struct LateLabelAccount {
  let engine: Engine
  /// Nil: labels were not joined by id.
  let joined: JoinCounts?

  /// Nil when no label comes late.
  init?(_ engine: Engine, _ joined: JoinCounts?) {
    guard engine.models[0].late != nil else { return nil }
    (self.engine, self.joined) = (engine, joined)
  }

  // MARK: - JSON

  var members: [(String, JSONValue)] {
    (joined.map { [("labels", counts($0))] } ?? []) + [("scores", scores)]
  }

  private func counts(_ n: JoinCounts) -> JSONValue {
    .members([
      ("rows", .int(n.rows)), ("atOnce", .int(n.atOnce)), ("joined", .int(n.joined)),
      ("expired", .int(n.expired)), ("waiting", .int(n.waiting)), ("unmatched", .int(n.unmatched)),
      ("afterExpiry", .int(n.afterExpiry)), ("duplicates", .int(n.duplicates)),
      ("repeatedRows", .int(n.repeatedRows)), ("meanDelay", .number(n.meanDelay)),
      ("longestDelay", .int(n.longestDelay)), ("remembersIds", .int(engine.options.waitRows)),
    ])
  }

  /// The three scores of the served model, the first two with the best baseline asked at the same moment.
  private var scores: JSONValue {
    let served = engine.models[0]
    guard let late = served.late else { return .null }
    let atTheTime = board(served.board, served.boardSince) { $0.board }
    let atArrival = board(late.atArrival, late.atArrivalSince) { $0.late?.atArrival }
    var members = [("atTheTime", atTheTime), ("atArrival", atArrival)]
    if let board = late.reevaluated {
      members.append(
        (
          "reevaluated",
          .members(board.names.map { ($0, .members([("window", .number(board.overall($0)))])) })
        ))
    }
    return .members(members)
  }

  private func board(
    _ board: ScoreBoard, _ since: ScoreBoard?, _ ofBaseline: (ModelReport) -> ScoreBoard?
  ) -> JSONValue {
    let window = board.overWindow
    return .members(
      board.names.map { name in
        var values: [(String, JSONValue)] = [
          ("all", .number(board.overall(name))),
          ("window", .number(window.first { $0.name == name }?.value)),
        ]
        if let since { values.append(("since", .number(since.overall(name)))) }
        if let best = best(name, ofBaseline) {
          values.append(("baseline", .members([(best.name, .double(best.value))])))
        }
        return (name, .members(values))
      })
  }

  private func best(
    _ name: String, _ board: (ModelReport) -> ScoreBoard?
  ) -> (name: String, value: Double)? {
    var best: (name: String, value: Double)?
    for report in engine.baselineReports {
      guard let scores = board(report), let value = scores.overall(name) else { continue }
      let isGain = scores.isGain(name)
      if best.map({ isGain ? value > $0.value : value < $0.value }) ?? true {
        best = (report.name, value)
      }
    }
    return best
  }

  // MARK: - Text

  var lines: [String] { countLines + scoreLines }

  /// How many labels came, and how many rows none came for.
  var countLines: [String] {
    var lines: [String] = []
    if let n = joined {
      lines.append("")
      var line = "labels: \(n.joined) came later"
      if let mean = n.meanDelay {
        line += " (after \(Figure.fixed(mean, 1)) events in the mean, \(n.longestDelay) at most)"
      }
      line += ", \(n.atOnce) with their rows; \(n.expired) rows expired, \(n.waiting) wait"
      lines.append(line)
      lines.append(
        "  not learned: \(n.unmatched) of unknown ids, \(n.afterExpiry) too late, "
          + "\(n.duplicates) that came twice, \(n.repeatedRows) rows that came twice")
    }
    return lines
  }

  private var scoreLines: [String] {
    var lines: [String] = []
    let served = engine.models[0]
    guard let late = served.late else { return lines }
    let count = served.board.windowCount
    lines += [
      "",
      "said at the time · as the label arrived · re-evaluated by the model of the end "
        + "(baselines: the best of the moment)",
      Figure.pad("at the time", 29) + Figure.pad("baseline", 10) + Figure.pad("at arrival", 12)
        + Figure.pad("baseline", 10) + Figure.pad("last \(count): then", 17)
        + Figure.pad("arrival", 9) + Figure.pad("now", 8),
    ]
    func cell(_ value: Double?, _ width: Int) -> String {
      Figure.pad(value.map { Figure.text($0) } ?? "–", width)
    }
    let (then, now) = (served.board.overWindow, late.atArrival.overWindow)
    for name in served.board.names {
      var line = "  " + name + String(repeating: " ", count: max(1, 18 - name.count))
      line += cell(served.board.overall(name), 9)
      line += cell(best(name) { $0.board }?.value, 10)
      line += cell(late.atArrival.overall(name), 12)
      line += cell(best(name) { $0.late?.atArrival }?.value, 10)
      line += cell(then.first { $0.name == name }?.value, 17)
      line += cell(now.first { $0.name == name }?.value, 9)
      line += cell(late.reevaluated?.overall(name), 8)
      lines.append(line)
    }
    return lines
  }
}
