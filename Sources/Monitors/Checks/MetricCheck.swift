import Catalogues
package import Snapshots

/// A score over the window that is beyond a threshold: `metric:when=mae>60`.
///
/// It is looked at where reactions take effect, every `--react-every` events. It promises no rate of false alarms: where a
/// threshold lies, and how much a score over `--score-window` events swings, is for those to say who set it.
package struct MetricCheck: Check {
  static let entry = Entry<CheckContext, any Check>(
    "metric", "a score over the window that is beyond a threshold",
    parameters: [
      CheckEntry.action(.alarm),
      Parameter("when", .text, "SCORE>NUMBER or SCORE<NUMBER, such as mae>60; none: never"),
      Parameter(
        "for", .integer(default: 0, in: 0...1_000_000_000),
        "events for which it must be so without a break"),
    ],
    make: { settings, _ throws(SpecificationError) in
      let text = settings.word("when")
      guard let condition = MetricCondition(text) else {
        guard text.isEmpty else {
          throw .malformedValue(
            parameter: "when", text: text, expected: "SCORE>NUMBER or SCORE<NUMBER")
        }
        return MetricCheck(settings, nil)
      }
      return MetricCheck(settings, condition)
    })

  static let runbook = Runbook(
    meaning:
      "A score of the served model is beyond what somebody said it must not be beyond. That the data or the model are at fault does not follow: hard days are hard for every model.",
    lookAt: [
      "`baseline`: the same score of the best baseline over the same rows. If it got worse as well, the rows are hard.",
      "What other checks, and the drift alarms, found since `since`.",
      "Scores by group (`--group`): whether it is all rows or some.",
    ],
    toDo: [
      "Where baselines hold and the model does not: retrain, or go back to a version that did better (`weir models`).",
      "Where all got worse: nothing that retraining would mend; look at the data, or set the threshold to what can be had.",
    ])

  private let severity: Severity
  private let condition: MetricCondition?
  private let patience: Int
  private var since: Int?
  private var isRaised = false
  private var isUnknownTold = false

  private init(_ settings: Settings, _ condition: MetricCondition?) {
    severity = settings.severity
    patience = settings.integer("for")
    self.condition = condition
  }

  package var wantsAnswers: Bool { condition != nil }
  package var wantsScores: Bool { condition != nil }

  package mutating func ask(_ moment: Moment) -> [Finding] {
    guard let condition, !moment.scores.isEmpty else { return [] }
    guard let score = moment.scores.first(where: { $0.name == condition.score }) else {
      guard !isUnknownTold, !moment.scores.isEmpty else { return [] }
      isUnknownTold = true
      let known = moment.scores.map(\.name).joined(separator: ", ")
      return [
        finding(
          moment, .note, nil, nil,
          "there is no score \(condition.score) now; there are \(known)", isOver: false)
      ]
    }
    let baseline = moment.baselines.first { $0.name == condition.score }?.value
    guard condition.holds(score.value) else {
      since = nil
      guard isRaised else { return [] }
      isRaised = false
      return [
        finding(
          moment, .note, score.value, baseline,
          "\(condition.score) is \(ShortNumber.text(score.value)) again, within "
            + ShortNumber.text(condition.bound), isOver: true)
      ]
    }
    let began = since ?? moment.event
    since = began
    guard !isRaised, moment.event - began >= patience else { return [] }
    isRaised = true
    return [
      finding(
        moment, severity, score.value, baseline,
        "\(condition.score) is \(ShortNumber.text(score.value)), "
          + "\(condition.isAbove ? "above" : "below") \(ShortNumber.text(condition.bound))",
        isOver: false)
    ]
  }

  private func finding(
    _ moment: Moment, _ severity: Severity, _ value: Double?, _ baseline: Double?, _ text: String,
    isOver: Bool
  ) -> Finding {
    Finding(
      check: "metric", severity: severity, column: nil, event: moment.event,
      since: since ?? moment.event, kind: "metric", expected: condition?.bound, found: value,
      evidence: baseline.map { [("baseline", $0)] } ?? [], text: text, isOver: isOver)
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(since)
    writer.write(isRaised)
    writer.write(isUnknownTold)
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    since = try reader.readOptionalInt()
    isRaised = try reader.readBool()
    isUnknownTold = try reader.readBool()
  }
}

/// `mae>60`.
package struct MetricCondition: Sendable {
  let score: String
  let isAbove: Bool
  let bound: Double

  init?(_ text: String) {
    let plain = text.filter { $0 != " " }
    guard let sign = plain.firstIndex(where: { $0 == ">" || $0 == "<" }), sign > plain.startIndex,
      let bound = Double(plain[plain.index(after: sign)...]), bound.isFinite
    else { return nil }
    score = String(plain[..<sign])
    isAbove = plain[sign] == ">"
    self.bound = bound
  }

  func holds(_ value: Double) -> Bool { isAbove ? value > bound : value < bound }
}

extension MetricCondition {
  /// The score that a specification of the check names; nil where it is another check, or names none.
  package static func score(of specification: String) -> String? {
    guard specification.split(separator: ":").first == "metric" else { return nil }
    let settings = specification.drop { $0 != ":" }.dropFirst().split(separator: ",")
    let when = settings.first { $0.hasPrefix("when=") }
    return when.flatMap { MetricCondition(String($0.dropFirst("when=".count)))?.score }
  }
}
