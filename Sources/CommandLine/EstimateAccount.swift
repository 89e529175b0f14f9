import Engine
import Telemetry

/// What was estimated before labels were here, beside what came, as JSON and as text.
struct EstimateAccount {
  let reports: [EstimateReport]

  /// Nil where nobody asked for estimates.
  init?(_ engine: Engine) {
    guard let reports = engine.estimateReports else { return nil }
    self.reports = reports
  }

  /// How far off estimates were, and how far what was known otherwise: means over the chunks that have both.
  private struct Distance {
    var (chunks, estimate, lastKnown) = (0, 0.0, 0.0)
  }

  private func value(_ name: String, _ list: [(name: String, value: Double)]) -> Double? {
    list.first { $0.name == name }?.value
  }

  private var distances: [(name: String, distance: Distance)] {
    var all: [(name: String, distance: Distance)] = []
    for name in ["mae", "accuracy", "log-loss", "f1", "roc-auc"] {
      var distance = Distance()
      for report in reports {
        guard let estimate = value(name, report.estimated), let came = value(name, report.realised)
        else { continue }
        let known = value(name, report.lastKnown)
        // Of mean scores what is known otherwise is compared on the same chunks.
        if known == nil, ["mae", "accuracy", "log-loss"].contains(name) { continue }
        distance.chunks += 1
        distance.estimate += abs(estimate - came)
        distance.lastKnown += known.map { abs($0 - came) } ?? .nan
      }
      if distance.chunks > 0 { all.append((name, distance)) }
    }
    return all
  }

  var json: JSONValue {
    .members([
      (
        "distance",
        .members(
          distances.map { name, distance in
            let n = Double(distance.chunks)
            return (
              name,
              .members([
                ("chunks", .int(distance.chunks)), ("estimated", .number(distance.estimate / n)),
                ("lastKnown", .number(distance.lastKnown / n)),
              ])
            )
          })
      ),
      ("chunks", .array(reports.map { .members($0.members) })),
    ])
  }

  var lines: [String] {
    guard let name = reports.lazy.compactMap({ $0.estimated.first?.name }).first else {
      return ["", "estimates: no chunk of events was complete"]
    }
    var lines = [
      "",
      "estimated before the labels came, and what came (the last chunks)",
      Figure.pad("events", 20) + Figure.pad(name, 12) + Figure.pad("came", 10)
        + Figure.pad("last known", 12) + Figure.pad("labels", 9),
    ]
    for report in reports.suffix(8) {
      func cell(_ list: [(name: String, value: Double)], _ width: Int) -> String {
        Figure.pad(value(name, list).map { Figure.text($0) } ?? "–", width)
      }
      lines.append(
        Figure.pad("\(report.from) … \(report.to - 1)", 20) + cell(report.estimated, 12)
          + cell(report.realised, 10) + cell(report.lastKnown, 12)
          + Figure.pad("\(report.labels)", 9))
    }
    for (name, distance) in distances {
      let n = Double(distance.chunks)
      var line = "  \(name): estimates off by \(Figure.text(distance.estimate / n)) in the mean"
      if !distance.lastKnown.isNaN {
        line += ", the last known score by \(Figure.text(distance.lastKnown / n))"
      }
      lines.append(line + " (\(distance.chunks) chunks)")
    }
    return lines
  }
}
