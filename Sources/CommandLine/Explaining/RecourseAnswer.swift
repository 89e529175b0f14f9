import Batches
import Engine
import Explanations
import Ingest
import Learners
import Telemetry

/// What is answered of one row: as JSON, and in words.
struct RecourseAnswer {
  /// One way to the wanted decision.
  struct Way {
    let point: [Double]
    let cost: Double
    let isProved: Bool
    /// The model's prediction of the row with the changes, made alone.
    let prediction: Predictions
    let isVerified: Bool
    /// The same with rounder numbers, at most 1 % more change each; it was predicted too.
    let rounded: [Double]
  }

  let model: ProbedModel
  let goal: RecourseGoal
  let table: RecourseTable
  let before: Predictions
  /// Rows that spreads and ranges are from.
  let profiled: Int
  private(set) var ways: [Way] = []
  /// Where there is no way: whether that is proved, and the point that came nearest.
  private(set) var denial: (isProved: Bool, nearest: [Double], prediction: Predictions)?
  var blockedBy: [String] = []
  /// Predictions that it took.
  var asked = 0

  init(
    _ model: ProbedModel, _ goal: RecourseGoal, _ table: RecourseTable, before: Predictions,
    profiled: Int
  ) {
    (self.model, self.goal, self.table, self.before) = (model, goal, table, before)
    self.profiled = profiled
  }

  var isMet: Bool { goal.isMet(before, 0) }

  /// Takes a way, which the model is asked about once more.
  mutating func add(_ finding: RecourseFinding, _ oracle: RecourseOracle) throws {
    guard let after = model.predict(table.changes(finding.point)) else { return }
    ways.append(
      Way(
        point: finding.point, cost: finding.cost, isProved: finding.isProved, prediction: after,
        isVerified: goal.isMet(after, 0), rounded: rounded(finding.point, oracle)))
  }

  mutating func deny(isProved: Bool, nearest: [Double]) {
    guard let prediction = model.predict(table.changes(nearest)) else { return }
    denial = (isProved, nearest, prediction)
  }

  /// Numbers with fewer digits, a little farther from the row, that still do.
  private func rounded(_ point: [Double], _ oracle: RecourseOracle) -> [Double] {
    var rounded = point
    for place in table.problem.changes(point) {
      let variable = table.problem.variables[place]
      guard case .number(_, _, let isWhole) = variable.domain, !isWhole else { continue }
      let change = point[place] - variable.from
      var unit = 1e9
      for _ in 0..<24 {
        let steps = point[place] / unit
        let value = (change > 0 ? steps.rounded(.up) : steps.rounded(.down)) * unit
        if abs(value - point[place]) <= 0.01 * abs(change), variable.allows(value) {
          rounded[place] = value
          break
        }
        unit /= 10
      }
      // 0.30000000000000004 is no round number.
      if let shorter = Double(Words.digits(rounded[place])), shorter != variable.from,
        variable.allows(shorter)
      {
        rounded[place] = shorter
      }
    }
    return oracle.margin(rounded) >= 0 ? rounded : point
  }

  // MARK: - JSON

  var json: JSONValue {
    var members: [(String, JSONValue)] = [("event", .int(model.event))]
    if !model.id.isEmpty { members.append(("id", .string(model.id))) }
    members.append(("model", .string(model.name)))
    members.append(("version", .int(model.version)))
    members += said(before)
    members.append(("wanted", .string(wanted)))
    members.append(("isAsWanted", .bool(isMet)))
    guard !isMet else { return .members(members) }
    members.append(("recourse", .array(ways.map(json))))
    if let denial {
      members.append(
        (
          "none",
          .members(
            [
              ("proved", .bool(denial.isProved)),
              (
                "nearest",
                .members([("changes", changes(denial.nearest))] + said(denial.prediction))
              ),
              ("blockedBy", .array(blockedBy.map { .string($0) })),
            ])
        ))
    }
    members.append(
      ("fixed", .members(table.fixed.map { ($0.column, .string($0.why)) })))
    members.append(("profiledRows", .int(profiled)))
    members.append(("predictions", .int(asked)))
    return .members(members)
  }

  private func json(_ way: Way) -> JSONValue {
    .members(
      [("changes", changes(way.point)), ("cost", .double(way.cost))] + said(way.prediction) + [
        ("verified", .bool(way.isVerified)),
        ("optimal", .string(way.isProved ? "proved" : "not proved")),
      ])
  }

  private func changes(_ point: [Double]) -> JSONValue {
    .array(
      table.problem.changes(point).map { place in
        let variable = table.problem.variables[place]
        return .members([
          ("column", .string(table.name(place))),
          ("from", value(place, variable.from)), ("to", value(place, point[place])),
          ("cost", .double(variable.cost(point[place]))),
        ])
      })
  }

  private func value(_ place: Int, _ value: Double) -> JSONValue {
    if case .number = table.problem.variables[place].domain { return .double(value) }
    return .string(table.text(place, value))
  }

  /// The decision and the prediction that it follows from.
  private func said(_ predictions: Predictions) -> [(String, JSONValue)] {
    switch goal.kind {
    case .positive(_, let threshold):
      return [
        ("decision", .string(decision(predictions))), ("prediction", .double(predictions[0])),
        ("threshold", .double(threshold)),
      ]
    case .likeliest:
      return [
        ("decision", .string(decision(predictions))),
        ("probability", .double(predictions[0, predictions.likeliest(0)])),
      ]
    case .value: return [("prediction", .double(predictions[0]))]
    }
  }

  /// The class that is decided for.
  private func decision(_ predictions: Predictions) -> String {
    switch goal.kind {
    case .positive(_, let threshold): className(predictions[0] >= threshold ? 1 : 0)
    case .likeliest: className(predictions.likeliest(0))
    case .value: ""
    }
  }

  private func className(_ place: Int) -> String {
    let classes = model.classNames
    return place < classes.count && !classes[place].isEmpty ? classes[place] : "another class"
  }

  private var wanted: String {
    switch goal.kind {
    case .positive(let isPositive, _): className(isPositive ? 1 : 0)
    case .likeliest(let place): className(place)
    case .value(let isAbove, let isStrict, let bound):
      model.schema.targetName + (isAbove ? ">" : "<") + (isStrict ? "" : "=")
        + JSONValue.double(bound).text
    }
  }

  // MARK: - Words

  /// For the person concerned.
  var words: String {
    guard !isMet else { return "\(now) Nothing needs to change." }
    guard let first = ways.first else { return "\(now) \(noWay)" }
    var text = "\(now) \(outcome) if \(phrase(first.rounded)), everything else the same."
    for way in ways.dropFirst() { text += " Or if \(phrase(way.rounded))." }
    if ways.count == 1 {
      text +=
        first.isProved
        ? " No smaller change does it."
        : " A smaller change may do it too: this is the smallest that was found."
    }
    return text
  }

  /// What was said, and what is needed.
  private var now: String {
    let target = model.schema.targetName
    switch goal.kind {
    case .positive(let isPositive, let threshold):
      let share = Words.number(before[0])
      let need = Words.number(threshold)
      return "The decision was \(target) = \(decision(before)) (probability of \(className(1)): "
        + "\(share); \(isPositive ? "\(need) was needed" : "it had to be below \(need)"))."
    case .likeliest:
      let share = Words.number(before[0, before.likeliest(0)])
      return "The decision was \(target) = \(decision(before)) (probability \(share))."
    case .value(let isAbove, let isStrict, let bound):
      let need =
        isAbove
        ? (isStrict ? "more than" : "at least") : (isStrict ? "less than" : "at most")
      return "The prediction of \(target) was \(Words.number(before[0])); "
        + "\(need) \(Words.number(bound)) was wanted."
    }
  }

  private var outcome: String {
    switch goal.kind {
    case .positive, .likeliest: "It would have been \(wanted)"
    case .value: "It would have been that"
    }
  }

  private func phrase(_ point: [Double]) -> String {
    let parts = table.problem.changes(point).map { place in
      let from = table.problem.variables[place].from
      return "\(table.name(place)) had been \(shown(place, point[place])) instead of "
        + shown(place, from)
    }
    guard parts.count > 1, let last = parts.last else { return parts.first ?? "" }
    return parts.dropLast().joined(separator: ", ") + " and " + last
  }

  private func shown(_ place: Int, _ value: Double) -> String {
    if case .number = table.problem.variables[place].domain { return Words.number(exactly: value) }
    return table.text(place, value)
  }

  private var noWay: String {
    let free = table.problem.variables.indices.filter { table.problem.variables[$0].isFree }
    guard !free.isEmpty else {
      return "Nothing that could change it may change: "
        + table.fixed.map { "\($0.column) (\($0.why))" }.joined(separator: ", ") + "."
    }
    guard let denial else { return "No change was found that would have turned it." }
    var text =
      denial.isProved
      ? "No change within the bounds would have turned it"
      : "No change within the bounds was found that would have turned it"
    let reached = Words.number(denial.prediction[0])
    switch goal.kind {
    case .positive: text += ": the nearest comes to \(reached)"
    case .value: text += ": the nearest comes to \(reached)"
    case .likeliest: break
    }
    let changed = table.problem.changes(denial.nearest)
    if !changed.isEmpty, changed.count <= 6 { text += ", if \(phrase(denial.nearest))" }
    text += "."
    if !blockedBy.isEmpty {
      text += " In the way stands what was said of \(blockedBy.joined(separator: ", "))."
    }
    return text
  }
}

/// Numbers as people write them.
enum Words {
  /// Three significant digits; more of large numbers.
  static func number(_ value: Double) -> String {
    guard value.isFinite, value != 0, abs(value) < 1e15 else { return "\(value)" }
    var unit = 1.0
    while abs(value) / unit >= 1000 { unit *= 10 }
    while abs(value) / unit < 100, unit > 1e-12 { unit /= 10 }
    if unit >= 1 { return number(exactly: value.rounded()) }
    return number(exactly: Double(digits((value / unit).rounded() * unit)) ?? value)
  }

  /// All digits, thousands apart.
  static func number(exactly value: Double) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    let text = digits(value)
    guard !text.contains("e") else { return text }
    let sign = text.hasPrefix("-") ? "-" : ""
    let parts = text.drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
    var whole = ""
    for (place, digit) in parts[0].enumerated() {
      if place > 0, (parts[0].count - place) % 3 == 0 { whole += "," }
      whole.append(digit)
    }
    return sign + whole + (parts.count > 1 ? "." + parts[1] : "")
  }

  /// Twelve significant digits at most, without zeros behind the point.
  static func digits(_ value: Double) -> String {
    guard value != value.rounded() || abs(value) >= 1e15 else { return "\(Int(value))" }
    let magnitude = abs(value)
    guard magnitude >= 1e-5, magnitude < 1e12 else { return "\(value)" }
    var (decimals, unit) = (12, 10.0)
    while unit <= magnitude, decimals > 1 {
      unit *= 10
      decimals -= 1
    }
    var text = Figure.fixed(value, min(decimals, 14))
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }
}
