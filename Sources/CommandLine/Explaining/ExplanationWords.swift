import Batches
import Engine
import Explanations
import Ingest
import Learners
import Telemetry

/// An explanation with the names and values that people know: as JSON, and in plain words.
struct ExplanationWords {
  /// One group of features that took part.
  struct Part {
    /// The column, or the family of a product: `temp`, `hr*workingday`.
    let feature: String
    /// What the row has: a number, or its level as in `hr=17`; null where nothing stood.
    let value: JSONValue
    let contribution: Double
    let error: Double?

    /// The feature with its value, as one writes it.
    var name: String {
      switch value {
      case .string(let level): level
      case .double(let number): "\(feature)=\(DataTable.rounded(number))"
      default: "\(feature) missing"
      }
    }
  }

  let explanation: Explanation
  /// Usual rows that it was explained against.
  let usualRows: Int
  /// What is explained: the target, or the probability of a class.
  let subject: String
  let isNumber: Bool
  /// The greatest first.
  let parts: [Part]
  private var names: [Int: String] = [:]

  /// Of row `row` of a batch that `source` read. `families` are their names, by number; `name` is that of the class whose
  /// probability is explained, nil where the target is a number.
  init(
    _ explanation: Explanation, _ batch: borrowing MicroBatch, _ row: Int,
    of source: borrowing EventSource, families: [String], usualRows: Int, class name: String?
  ) {
    let schema = source.schema
    (self.explanation, self.usualRows) = (explanation, usualRows)
    isNumber = schema.task == .regression
    subject = name.map { "the probability of \($0)" } ?? schema.targetName
    let groups = explanation.groups
    var levels: [Int: [String]] = [:]
    let sparse = batch.sparse(row)
    for k in 0..<sparse.count {
      let group = groups.group(family: sparse.families[k], index: sparse.indices[k])
      let name = source.sparseName(Int(sparse.indices[k]))
      let times = sparse.values[k] == 1 ? "" : "·\(DataTable.rounded(sparse.values[k]))"
      levels[group, default: []].append(name + times)
    }
    var parts: [Part] = []
    for group in explanation.order {
      let contribution = explanation.contributions[group]
      let feature: String
      var value = JSONValue.null
      if group < groups.denseWidth {
        feature = schema.denseNames[group]
        if !batch.isAbsent(row, group) { value = .number(batch.dense(row)[group]) }
      } else {
        // A family that the row has nothing of and that changes nothing is off.
        guard let own = levels[group] ?? (contribution != 0 ? [] : nil) else { continue }
        let family = group - groups.denseWidth
        if group >= groups.looseStart {
          feature = group < groups.rest ? own.joined(separator: "+") : "features it does not have"
        } else {
          feature = family < families.count ? families[family] : "family \(family)"
        }
        if !own.isEmpty { value = .string(own.joined(separator: "+")) }
      }
      let part = Part(
        feature: feature, value: value, contribution: contribution,
        error: explanation.standardErrors?[group])
      names[group] = part.name
      parts.append(part)
    }
    self.parts = parts
  }

  /// What a group of features is called, with its value.
  func name(_ group: Int) -> String { names[group] ?? "feature \(group)" }

  // MARK: - JSON

  /// With the greatest `top` contributions, and what the others add up to.
  func json(top: Int) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("of", .string(subject)), ("method", .string(explanation.method.rawValue)),
      ("exact", .bool(explanation.isExact)), ("space", .string(explanation.space.name)),
      ("usualRows", .int(usualRows)), ("base", .number(explanation.base)),
      ("predictor", .number(explanation.predictor)),
      ("usual", .number(explanation.space.prediction(explanation.base))),
      ("prediction", .number(explanation.prediction)),
    ]
    members.append(
      (
        "contributions",
        .array(
          parts.prefix(top).map { part in
            var own: [(String, JSONValue)] = [
              ("feature", .string(part.feature)), ("value", part.value),
              ("contribution", .number(part.contribution)),
            ]
            if let error = part.error { own.append(("standardError", .number(error))) }
            return .members(own)
          })
      ))
    let rest = parts.dropFirst(top)
    if !rest.isEmpty {
      members.append(
        (
          "others",
          .members([
            ("features", .int(rest.count)),
            ("contribution", .number(rest.reduce(0) { $0 + $1.contribution })),
          ])
        ))
    }
    return .members(members)
  }

  // MARK: - Words

  /// For a person: what was predicted, what is usual, and what makes the difference.
  func text(top: Int) -> String {
    let usual = explanation.space.prediction(explanation.base)
    let said = explanation.prediction
    var text: String
    let difference = said - usual
    let way = difference < 0 ? "below" : "above"
    if isNumber {
      text =
        "The predicted \(subject) of \(Figure.text(said)) is \(Figure.text(abs(difference))) \(way) "
        + "the usual \(Figure.text(usual))"
    } else {
      text =
        "As predicted, \(subject) is \(Figure.text(said)), \(way) the usual \(Figure.text(usual))"
    }
    let shown = parts.prefix(top).filter { $0.contribution != 0 }
    guard !shown.isEmpty else {
      return text + ": this model looks at none of the features.\n" + method + "\n"
    }
    text += ": " + shown.map { "\($0.name) \(effect($0.contribution))" }.joined(separator: ", ")
    let rest = parts.dropFirst(shown.count).filter { $0.contribution != 0 }
    if !rest.isEmpty {
      let sum = rest.reduce(0) { $0 + $1.contribution }
      text +=
        rest.count == 1
        ? "; \(rest[rest.startIndex].name) \(effect(sum))"
        : "; the other \(rest.count) features together: \(effect(sum, isAlone: false))"
    }
    return text + ".\n" + method + "\n"
  }

  /// What a contribution does, in words.
  private func effect(_ contribution: Double, isAlone: Bool = true) -> String {
    switch explanation.space {
    case .value, .probability:
      let size = Figure.text(abs(contribution))
      guard isAlone else { return (contribution < 0 ? "−" : "+") + size }
      return contribution < 0 ? "takes \(size) away" : "adds \(size)"
    case .logOdds:
      let factor = DataTable.rounded(rounded(power(contribution)))
      return isAlone ? "multiplies the odds by \(factor)" : "odds × \(factor)"
    case .log:
      let factor = DataTable.rounded(rounded(power(contribution)))
      return isAlone ? "multiplies it by \(factor)" : "× \(factor)"
    }
  }

  private func power(_ x: Double) -> Double { PredictionSpace.log.prediction(x) }

  /// Three significant digits.
  private func rounded(_ x: Double) -> Double {
    var (scale, size) = (1.0, abs(x))
    while size < 100, size > 0, scale < 1e12 { (scale, size) = (scale * 10, size * 10) }
    return (x * scale).rounded() / scale
  }

  /// How far it can be trusted.
  private var method: String {
    let usual = usualRows == 1 ? "a usual event" : "\(usualRows) usual events"
    switch explanation.method {
    case .constant: return "It goes by past labels and times alone."
    case .linear, .trees, .coalitions: return "Exact, set against \(usual)."
    case .sampling, .treesAndSampling:
      let most = explanation.standardErrors?.max()
      return "Sampled, set against \(usual)"
        + (most.map {
          "; standard errors of at most \(Figure.text($0)) in \(explanation.space.name)"
        } ?? "")
        + ". The sum is exact."
    }
  }
}

extension LocalSurrogate {
  /// The same in words.
  func text(_ names: (Int) -> String) -> String {
    let fit = fidelity.map { "fits with an R² of \(Figure.fixed($0, 2))" } ?? "has nothing to fit"
    let terms = weights.map { group, weight in
      names(group) + (weight < 0 ? " −" : " +") + Figure.text(abs(weight))
        + (group < groups.denseWidth ? " a standard deviation" : " by being as it is")
    }
    return
      "In the neighbourhood a simple model (LIME) says \(Figure.text(local)) where the model says "
      + "\(Figure.text(prediction)), and \(fit): " + terms.joined(separator: ", ") + ".\n"
  }

  /// The surrogate with the names that `parts` have of the row's features.
  func json(_ names: (Int) -> String) -> JSONValue {
    .members([
      ("prediction", .number(prediction)), ("surrogate", .number(local)),
      ("fidelity", .number(fidelity)), ("samples", .int(samples)),
      (
        "weights",
        .array(
          weights.map {
            .members([
              ("feature", .string(names($0.group))), ("weight", .number($0.weight)),
              (
                "per",
                .string($0.group < groups.denseWidth ? "standard deviation" : "being as it is")
              ),
            ])
          })
      ),
    ])
  }
}
