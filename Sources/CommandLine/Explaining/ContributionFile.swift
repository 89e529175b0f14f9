import Batches
import Engine
import Explanations
import Learners
import Telemetry

/// Writes why each event was predicted as it was, one line an event, made before it was learned.
///
/// CSV: `event,prediction,predictor,base`, then a column for each feature that there was at the start, and `others` for
/// features without a column and for products that came later. base and all that follows it add up to the predictor,
/// which is the prediction in the explanation's space: itself, its log-odds or its logarithm. Of more than two classes the
/// prediction is the probability of the likeliest.
///
/// NDJSON, if the file's name ends in .ndjson: the same with `space`, `method`, and the contributions by name; what is 0
/// is left out.
final class ContributionFile {
  let file: OutputFile
  private let isNDJSON: Bool
  private let isNew: Bool
  private var names: [String] = []

  init(path: String, keeping: Int = 0) throws {
    file = try OutputFile(path: path, keeping: keeping)
    isNDJSON = path.hasSuffix(".ndjson")
    isNew = keeping == 0
  }

  /// Names the columns: the dense features and the families that there are at the start.
  func begin(_ names: [String]) throws {
    self.names = names
    guard !isNDJSON, isNew else { return }
    let columns = ["event", "prediction", "predictor", "base"] + names + ["others"]
    try file.append(columns.map(DataTable.quoted).joined(separator: ",") + "\n")
  }

  /// `predictions` are those of the batch, `families` the names of the families by number.
  func append(
    _ explanations: [EventExplanation], _ predictions: Predictions, families: [String],
    denseNames: [String]
  ) throws {
    for own in explanations {
      let said = predictions[own.row, own.output]
      if isNDJSON {
        try file.append(line(own, said, denseNames + families))
      } else {
        try append(own, said)
      }
    }
    try file.flush()
  }

  private func append(_ own: EventExplanation, _ said: Double) throws {
    let explanation = own.explanation
    try file.append(String(own.event))
    for value in [said, explanation.predictor, explanation.base] { try append(value) }
    let contributions = explanation.contributions
    let columns = min(names.count, explanation.groups.looseStart)
    for g in 0..<columns { try append(contributions[g]) }
    for _ in columns..<names.count { try append(0) }
    try append(contributions[columns...].reduce(0, +))
    try file.append("\n")
  }

  /// With all digits: what is added up must not have been rounded before.
  private func append(_ value: Double) throws {
    try file.append("," + (value.isFinite ? JSONValue.double(value).text : ""))
  }

  private func line(_ own: EventExplanation, _ said: Double, _ names: [String]) -> String {
    let explanation = own.explanation
    var members: [(String, JSONValue)] = []
    var others = 0.0
    for (g, contribution) in explanation.contributions.enumerated() where contribution != 0 {
      if g < names.count, g < explanation.groups.looseStart {
        members.append((names[g], .number(contribution)))
      } else {
        others += contribution
      }
    }
    if others != 0 { members.append(("others", .number(others))) }
    return JSONValue.members([
      ("event", .int(own.event)), ("prediction", .number(said)),
      ("space", .string(explanation.space.name)),
      ("method", .string(explanation.method.rawValue)),
      ("predictor", .number(explanation.predictor)), ("base", .number(explanation.base)),
      ("contributions", .members(members)),
    ]).text + "\n"
  }
}
