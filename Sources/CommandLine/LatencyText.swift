import Kernels
import Telemetry

extension LatencyMeter {
  /// By the machine's clock.
  init() { self.init { MonotonicTime.now().nanoseconds } }

  /// A table for people.
  var lines: [String] {
    guard histogram(.total).count > 0 else { return [] }
    let header =
      "milliseconds" + Figure.pad("p50", 12) + Figure.pad("p99", 11) + Figure.pad("p99.9", 11)
      + Figure.pad("max", 11)
    return ["", header]
      + Stage.allCases.map { stage in
        let histogram = histogram(stage)
        let values =
          LatencyMeter.quantiles.map { histogram.quantile($0.1) ?? 0 } + [histogram.longest]
        return "  " + stage.rawValue + String(repeating: " ", count: 11 - stage.rawValue.count)
          + values.map { Figure.pad(Figure.text(Double($0) / 1e6), 11) }.joined()
      }
  }
}

extension LatencyWatch {
  /// What is to be said at once of a verdict.
  func text(_ verdict: Verdict) -> String {
    let found = Figure.text(Double(verdict.found) / 1e6)
    var text = "latency: at event \(verdict.entry.event) "
    text += "\(found) ms, the budget is \(budget?.text ?? "none"): "
    if verdict.isOver {
      text += "kept again" + (stretches.isEmpty ? "" : ", all events are learned")
    } else {
      text += learnsEvery > 1 ? "one of \(learnsEvery) events is learned" : "exceeded"
    }
    return text
  }

  var lines: [String] {
    meter.lines
      + stretches.prefix(10).map {
        "  from event \($0.from) to \($0.to) there was no time to learn \($0.skipped) events"
      }
  }
}
