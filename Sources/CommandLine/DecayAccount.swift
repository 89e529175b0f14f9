import Engine
import Telemetry

/// What age costs a version that learns no more, as JSON and as text.
struct DecayAccount {
  private let report: DecayReport
  private let cost: Double?

  /// Nil where nobody asked.
  init?(_ engine: Engine) {
    guard let report = engine.decayReport else { return nil }
    (self.report, cost) = (report, engine.options.decay?.retrainCost)
  }

  var json: JSONValue { .members(report.members(cost: cost)) }

  var lines: [String] {
    guard !report.ages.isEmpty else { return ["", "decay: no label came after the first copy"] }
    var lines = [
      "",
      "frozen copies: what they cost above what was served"
        + (report.servedLoss.map { " (\(Figure.text($0)))" } ?? ""),
      Figure.pad("age in events", 18) + Figure.pad("rows", 9) + Figure.pad("loss", 10)
        + Figure.pad("excess", 10) + Figure.pad("at 95 %, at all times", 26)
        + Figure.pad("pays if a retraining costs", 29),
    ]
    for age in report.ages {
      var line =
        Figure.pad("\(age.from) … \(age.to - 1)", 18) + Figure.pad("\(age.rows)", 9)
        + Figure.pad(Figure.text(age.loss), 10) + Figure.pad(Figure.text(age.excess), 10)
      let interval = age.interval.map {
        "[\(Figure.text($0.lowerBound)), \(Figure.text($0.upperBound))]"
      }
      line += Figure.pad(interval ?? "–", 26)
      line += Figure.pad(Figure.text(report.worth(of: age.mean)), 29)
      lines.append(line)
    }
    if let (atOnce, perEvent) = report.line {
      var line = "  decay: \(Figure.text(atOnce)) at once, as it learns no more, and "
      line += "\(Figure.text(1000 * perEvent)) in 1000 events of age"
      if let seconds = report.secondsPerEvent {
        line += ", \(Figure.text(perEvent * 86_400 / seconds)) a day"
      }
      lines.append(line)
    }
    if let cost, let schedule = report.schedule(cost: cost) {
      let period = Figure.fixed(schedule.every, 0)
      lines.append(
        "  where a retraining costs \(Figure.text(cost)): one every \(period) events costs least, "
          + "\(Figure.text(schedule.costPerEvent)) an event"
          + (schedule.isLongest ? "; more rarely may be cheaper yet: no copy was older" : ""))
    }
    return lines
  }
}
