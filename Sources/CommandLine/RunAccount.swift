import Batches
import Detectors
import Engine
import Ingest
import Learners
import Monitors
import Scores
import Telemetry

/// What a run comes to: one JSON object, and a page of text.
struct RunAccount {
  let engine: Engine
  let schema: Schema
  let refusals: RefusalLog
  /// Events that came again, by their sequence; nil where there is none.
  let passedOver: Int?
  let seconds: Double
  let isInterrupted: Bool
  let classNames: [String]
  /// What became of labels that were joined by id; nil where they were not.
  var joined: JoinCounts?
  /// How long events took, where that was asked for.
  var latency: LatencyWatch?

  // MARK: - JSON

  var json: JSONValue {
    let served = engine.models[0]
    var members: [(String, JSONValue)] = [
      ("events", .int(engine.events)), ("learned", .int(engine.labelled)),
      ("refused", .int(refusals.total)),
      (
        "refusedByKind",
        .members(
          refusals.counts.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { ($0.key.rawValue, .int($0.value)) })
      ),
      ("interrupted", .bool(isInterrupted)),
      ("seconds", .double(seconds)),
      ("eventsPerSecond", .double((Double(engine.events) / max(seconds, 1e-9)).rounded())),
      ("task", .string(schema.task.rawValue)), ("target", .string(schema.targetName)),
      ("metrics", metrics(served)),
      ("baselines", .members(engine.baselineReports.map { ($0.name, metrics($0)) })),
      ("alarms", .array(alarms(served))),
      ("reactions", .array(served.reactions.map(\.json))),
      ("versions", .int(served.versions)), ("memoryBytes", .int(served.memoryBytes)),
    ]
    if let late = LateLabelAccount(engine, joined) { members += late.members }
    if let decay = DecayAccount(engine) { members.append(("decay", decay.json)) }
    if let estimates = EstimateAccount(engine) { members.append(("estimates", estimates.json)) }
    if let latency { members.append(("latency", latency.json)) }
    if let groups = GroupAccount(engine) { members.append(("groups", groups.json)) }
    if engine.options.watching != nil {
      members.append(("checks", .array(engine.findings.map { $0.summary })))
      if let health = engine.health { members.append(("health", health.json)) }
    }
    if let passedOver { members.insert(("passedOver", .int(passedOver)), at: 3) }
    if let target = engine.options.interval, served.coverage.labels > 0 {
      members.append(("interval", interval(served, target)))
    }
    if let reliability = served.reliability, !reliability.bins.isEmpty {
      members.append(("reliability", table(reliability)))
    }
    if let shape = served.shape { members.append(("trees", shape.json)) }
    if !served.experts.isEmpty {
      members.append(("experts", .array(served.experts.map { $0.json(withSeconds: true) })))
    }
    if let name = engine.servedName {
      members.append(("served", .string(name)))
      members.append(("comparisons", .array(engine.comparisons)))
    }
    if engine.models.count > 1 {
      members.append(
        (
          "models",
          .array(
            engine.models.map { model in
              .members(
                [("name", .string(model.name))] + (model.role.map { [("role", .string($0))] } ?? [])
                  + [
                    ("metrics", metrics(model)), ("alarms", .int(model.alarmCount)),
                    ("reactions", .array(model.reactions.map(\.json))),
                    ("versions", .int(model.versions)),
                    ("memoryBytes", .int(model.memoryBytes)),
                  ])
            })
        ))
    }
    return .members(members)
  }

  /// Each alarm with what was found to have moved, if it was a drift.
  private func alarms(_ model: ModelReport) -> [JSONValue] {
    var found: [Alarm: Localisation.Cause] = [:]
    for cause in model.causes { found[cause.alarm] = cause.localisation.cause }
    return model.alarms.map { alarm in
      .members(alarm.members + (found[alarm].map { [("cause", .string($0.rawValue))] } ?? []))
    }
  }

  private func interval(_ report: ModelReport, _ target: Double) -> JSONValue {
    func account(_ count: CoverageCount) -> JSONValue {
      .members([("coverage", .number(count.share)), ("meanWidth", .number(count.meanWidth))])
    }
    var members: [(String, JSONValue)] = [
      ("target", .double(target)), ("all", account(report.coverage)),
    ]
    if report.coverageSince.labels > 0 { members.append(("since", account(report.coverageSince))) }
    return .members(members)
  }

  private func table(_ reliability: Reliability) -> JSONValue {
    .members([
      ("expectedCalibrationError", .number(reliability.expectedCalibrationError)),
      (
        "bins",
        .array(
          reliability.bins.map {
            .members([
              ("upTo", .double($0.upTo)), ("count", .int($0.count)),
              ("predicted", .double($0.predicted)), ("observed", .double($0.observed)),
            ])
          })
      ),
    ])
  }

  /// Scores by their names.
  static func scores(_ scores: [(name: String, value: Double)]) -> JSONValue {
    .members(scores.map { ($0.name, .number($0.value)) })
  }

  private func metrics(_ report: ModelReport) -> JSONValue {
    let window = report.board.overWindow
    return .members(
      report.board.names.map { name in
        var values: [(String, JSONValue)] = [
          ("all", .number(report.board.overall(name))),
          ("window", .number(window.first { $0.name == name }?.value)),
        ]
        if let since = report.boardSince { values.append(("since", .number(since.overall(name)))) }
        return (name, .members(values))
      })
  }

  // MARK: - Text

  /// The page; `sparseName` says what a sparse feature is called.
  func text(_ sparseName: @escaping (Int) -> String) -> String {
    var lines = [headline]
    for refusal in refusals.samples { lines.append("  refused: \(refusal.message)") }
    if refusals.total > refusals.samples.count {
      lines.append("  refused: … and \(refusals.total - refusals.samples.count) more")
    }
    guard engine.labelled > 0 else {
      lines.append("nothing was learned: no event had a label")
      if let late = LateLabelAccount(engine, joined) { lines += late.countLines }
      return lines.joined(separator: "\n") + "\n"
    }
    for model in engine.models { lines += scoreTable(model) }
    if let late = LateLabelAccount(engine, joined) { lines += late.lines }
    let served = engine.models[0]
    lines += decisions(served, engine.names(level: sparseName))
    lines += honesty(served)
    if let groups = GroupAccount(engine) { lines += groups.lines }
    if let decay = DecayAccount(engine) { lines += decay.lines }
    if let estimates = EstimateAccount(engine) { lines += estimates.lines }
    if let latency { lines += latency.lines }
    if let shape = served.shape { lines += ["", shape.text(bytes: served.memoryBytes)] }
    lines += listenedTo(served.experts)
    if let weights = served.weights { lines += largest(weights, sparseName) }
    return lines.joined(separator: "\n") + "\n"
  }

  private var headline: String {
    let rate = Figure.count(Double(engine.events) / max(seconds, 1e-9))
    return "\(engine.events) events, \(engine.labelled) learned, \(refusals.total) refused, "
      + "\(Figure.fixed(seconds, 2)) s (\(rate)/s)" + (isInterrupted ? ", interrupted" : "")
  }

  private func scoreTable(_ model: ModelReport) -> [String] {
    let since = model.boardSince
    var header = "\n" + model.name + (model.role.map { " (\($0))" } ?? "")
    header += " → " + schema.targetName
    header += "\n" + Figure.pad("", 18) + Figure.pad("all", 10)
    header += Figure.pad("last \(model.board.windowCount)", 12)
    if since != nil { header += Figure.pad("from \(engine.options.scoreSince ?? 0)", 12) }
    header += "   best baseline (all)"
    var lines = [header]
    let window = model.board.overWindow
    for name in model.board.names {
      func cell(_ value: Double?, _ width: Int) -> String {
        Figure.pad(value.map { Figure.text($0) } ?? "–", width)
      }
      var line = "  " + name + String(repeating: " ", count: max(1, 16 - name.count))
      line += cell(model.board.overall(name), 10)
      line += cell(window.first { $0.name == name }?.value, 12)
      if let since { line += cell(since.overall(name), 12) }
      if let base = engine.bestBaseline(name) {
        line += "   \(Figure.text(base.value)) \(base.name)"
        if let own = model.board.overall(name), !isBetter(own, base.value, model.board.isGain(name))
        {
          line += "  ← better than the model"
        }
      }
      lines.append(line)
    }
    return lines
  }

  private func isBetter(_ a: Double, _ b: Double, _ isGain: Bool) -> Bool {
    isGain ? a >= b : a <= b
  }

  private func decisions(_ model: ModelReport, _ names: FeatureNames) -> [String] {
    let all =
      model.alarms.map { ($0.event, $0.text) }
      + model.causes.map { ($0.event, "\($0.event)  cause: \($0.localisation.summary(names))") }
      + model.reactions.map { ($0.event, $0.text) }
      + engine.findings.map { ($0.event, $0.line) }
    guard !all.isEmpty else { return ["", "no alarm, no reaction"] }
    let shown = 40
    var lines = ["", "\(model.alarmCount) alarms, \(model.reactions.count) reactions"]
    if engine.options.watching != nil {
      lines[1] += ", \(engine.findingCount) findings of checks (weir runbook NAME: what to do)"
    }
    for (_, text) in all.sorted(by: { $0.0 < $1.0 }).prefix(shown) { lines.append("  " + text) }
    if all.count > shown { lines.append("  … and \(all.count - shown) more (--journal has all)") }
    return lines
  }

  /// What was promised beside what came: intervals, and with --calibrate probabilities.
  private func honesty(_ model: ModelReport) -> [String] {
    var lines: [String] = []
    if let target = engine.options.interval, let share = model.coverage.share,
      let width = model.coverage.meanWidth
    {
      lines.append("")
      var line = "intervals for \(Figure.fixed(100 * target, 0)) % held "
      line += "\(Figure.fixed(100 * share, 1)) % of the labels, mean width \(Figure.text(width))"
      if let since = model.coverageSince.share {
        line += "; from \(engine.options.scoreSince ?? 0) \(Figure.fixed(100 * since, 1)) %"
      }
      lines.append(line)
    }
    if engine.options.calibrates, let reliability = model.reliability,
      let error = reliability.expectedCalibrationError
    {
      lines += ["", "reliability (expected calibration error \(Figure.text(error)))"]
      lines.append("  predicted  observed      rows")
      lines += reliability.bins.map {
        "  " + Figure.pad(Figure.text($0.predicted), 9) + Figure.pad(Figure.text($0.observed), 10)
          + Figure.pad("\($0.count)", 10)
      }
    }
    return lines
  }

  private func listenedTo(_ experts: [ExpertAccount]) -> [String] {
    let top = experts.sorted { $0.share > $1.share }.prefix(6).filter { $0.share > 0.005 }
    guard !top.isEmpty else { return [] }
    let width = (top.map(\.name.count).max() ?? 0) + 2
    return [
      "",
      "a mixture of \(experts.count) experts, most listened to "
        + "(mean weight, now, its own loss, seconds of its own)",
    ]
      + top.map {
        "  " + $0.name + Figure.pad(Figure.fixed($0.share, 2), width - $0.name.count + 6)
          + Figure.pad(Figure.fixed($0.weight, 2), 8)
          + Figure.pad($0.loss.map { Figure.text($0) } ?? "–", 10)
          + Figure.pad($0.seconds.map { Figure.fixed($0, 2) } ?? "–", 8)
      }
  }

  private func largest(_ weights: LinearWeights, _ sparseName: (Int) -> String) -> [String] {
    var named = zip(schema.denseNames, weights.dense).map { ($0, $1) }
    for (index, weight) in weights.sparse.enumerated() where weight != 0 {
      named.append((sparseName(index), weight))
    }
    let top = named.sorted { abs($0.1) > abs($1.1) }.prefix(12)
    let width = (top.map(\.0.count).max() ?? 0) + 2
    return ["", "largest of \(named.count) weights (numbers in standard deviations)"]
      + top.map { "  " + $0.0 + Figure.pad(Figure.text($0.1), width - $0.0.count + 10) }
  }
}

extension TreeShape {
  var json: JSONValue {
    .members([
      ("trees", .int(trees)), ("nodes", .int(nodes)), ("leaves", .int(leaves)),
      ("depth", .int(depth)),
    ])
  }

  func text(bytes: Int) -> String {
    (trees == 1 ? "a tree" : "\(trees) trees")
      + " of \(nodes) nodes, \(leaves) of them leaves, at most \(depth) tests deep; "
      + "\(bytes >> 10) KB with what they need to grow"
  }
}

extension Alarm {
  var members: [(String, JSONValue)] {
    [
      ("event", .int(event)), ("signal", .string(signal)), ("detector", .string(detector)),
      ("level", .string(level.rawValue)), ("since", .int(since)), ("before", .number(before)),
      ("after", .number(after)),
    ]
  }

  var text: String {
    "\(event)  \(level.rawValue): \(signal) \(Figure.text(before)) → \(Figure.text(after)) "
      + "since \(since) (\(detector))"
  }
}

extension JournalEntry {
  /// The entry as a line for people.
  var text: String {
    let details = fields.filter { !["model", "reason", "fromVersion"].contains($0.key) }
      .map { "\($0.key) \(JournalEntry.short($0.value))" }
    return "\(event)  \(kind): " + details.joined(separator: ", ")
  }

  private static func short(_ value: JSONValue) -> String {
    switch value {
    case .double(let number): Figure.text(number)
    case .string(let text): text
    case .array(let values): "[" + values.map(short).joined(separator: ", ") + "]"
    default: value.text
    }
  }
}

extension Engine {
  /// The baseline that does best at a score.
  func bestBaseline(_ name: String) -> (name: String, value: Double)? {
    var best: (name: String, value: Double)?
    for report in baselineReports {
      guard let value = report.board.overall(name) else { continue }
      let isGain = report.board.isGain(name)
      if best.map({ isGain ? value > $0.value : value < $0.value }) ?? true {
        best = (report.name, value)
      }
    }
    return best
  }
}
