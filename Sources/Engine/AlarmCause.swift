package import Monitors
package import Telemetry

/// What moved when an alarm was raised, as found at the next position at which reactions take effect.
package struct AlarmCause: Sendable {
  /// Events taken by then.
  package let event: Int
  package let alarm: Alarm
  package let localisation: Localisation

  /// As it is kept for the summary.
  var kept: AlarmCause {
    AlarmCause(event: event, alarm: alarm, localisation: localisation.withoutBins)
  }

  /// The journal's entry; the names are the features'.
  package func entry(_ names: FeatureNames) -> JournalEntry {
    JournalEntry(
      event: event, kind: "cause",
      [
        ("model", .string(alarm.model)), ("signal", .string(alarm.signal)),
        ("detector", .string(alarm.detector)), ("alarm", .int(alarm.event)),
        ("since", .int(localisation.since)),
      ] + localisation.members(names))
  }
}

/// What the journal should tell, some of it still without names.
enum Told: Sendable {
  case entry(JournalEntry)
  case cause(AlarmCause)

  func entry(_ names: FeatureNames) -> JournalEntry {
    switch self {
    case .entry(let entry): entry
    case .cause(let cause): cause.entry(names)
    }
  }
}

/// What users call features.
package struct FeatureNames {
  private let dense: [String]
  private let families: [String]
  private let level: (Int) -> String

  /// `families` are the names of families, `level` says what a sparse feature is called.
  package init(dense: [String], families: [String], level: @escaping (Int) -> String) {
    (self.dense, self.families, self.level) = (dense, families, level)
  }

  func name(_ feature: Localisation.Feature) -> String {
    switch feature {
    case .dense(let feature): dense[feature]
    case .family(let family): family < families.count ? families[family] : "family \(family)"
    }
  }

  func text(_ members: Localisation.Members) -> String {
    switch members {
    case .level(_, let index): return level(index)
    case .range(let feature, let from, let to):
      let name = dense[feature]
      if from == -.infinity { return to == .infinity ? "\(name) of any value" : "\(name) < \(to)" }
      return to == .infinity ? "\(name) ≥ \(from)" : "\(from) ≤ \(name) < \(to)"
    }
  }

  func text(_ feature: Localisation.Feature, _ fault: DataFault) -> String {
    func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
    let name = name(feature)
    return switch fault {
    case .missing(let before, let after):
      "\(name) is missing in \(percent(after)) of the rows, before in \(percent(before))"
    case .stuck(let value): "\(name) is \(value) in every row"
    case .unit(let conversion):
      "\(name) is as before once \(conversion.name) is taken back"
    case .unknownLevels(let share):
      "\(percent(share)) of the rows have values of \(name) that were never there before"
    }
  }
}

extension ShiftBins {
  /// Edges or levels, and the counts of each bin before and after.
  fileprivate func json(_ feature: Localisation.Feature, _ names: FeatureNames) -> JSONValue {
    func counts(_ counts: [Int]) -> JSONValue { .array(counts.map { .int($0) }) }
    let place: (String, JSONValue)
    switch (places, feature) {
    case (.levels(let levels), .family(let family)):
      place = (
        "levels",
        .array(levels.map { .string(names.text(.level(family: family, index: $0))) })
      )
    case (.edges(let edges), _): place = ("edges", .array(edges.map { .number($0) }))
    case (.levels, .dense): place = ("levels", .array([]))
    }
    return .members([place, ("before", counts(before)), ("after", counts(after))])
  }
}

extension Localisation {
  /// Without what only the journal has.
  var withoutBins: Localisation {
    var rest = self
    for index in rest.shifts.indices { rest.shifts[index].bins = nil }
    return rest
  }

  /// As members of an object of the journal and of `weir detect --json`.
  package func members(_ names: FeatureNames) -> [(String, JSONValue)] {
    var members: [(String, JSONValue)] = [
      ("cause", .string(cause.rawValue)),
      ("rowsBefore", .int(rowsBefore)), ("rowsAfter", .int(rowsAfter)),
      ("lossBefore", .number(loss?.before)), ("lossAfter", .number(loss?.after)),
      ("explained", .number(explained)),
      (
        "features",
        .array(
          shifts.map { shift in
            var members: [(String, JSONValue)] = [
              ("name", .string(names.name(shift.feature))), ("distance", .number(shift.distance)),
              ("usual", .number(shift.usual)),
            ]
            if let means = shift.means {
              members += [("before", .number(means.before)), ("after", .number(means.after))]
            }
            members.append(("composition", .number(shift.composition)))
            if let bins = shift.bins { members.append(("bins", bins.json(shift.feature, names))) }
            return .members(members)
          })
      ),
    ]
    if let segment {
      members.append(
        (
          "segment",
          .members([
            ("rows", .string(names.text(segment.members))), ("share", .number(segment.share)),
            ("lossBefore", .number(segment.lossBefore)),
            ("lossAfter", .number(segment.lossAfter)), ("part", .number(segment.part)),
          ])
        ))
    }
    if let fault {
      members.append(("fault", .string(names.text(fault.feature, fault.fault))))
    }
    return members
  }

  /// In a few words, for a page.
  package func summary(_ names: FeatureNames) -> String {
    if let fault { return "the data are broken: " + names.text(fault.feature, fault.fault) }
    let moved = shifts.map { names.name($0.feature) }.joined(separator: ", ")
    let place = segment.map { ", most where " + names.text($0.members) } ?? ""
    return switch cause {
    case .inputs: "the inputs moved: " + (moved.isEmpty ? "in many small ways" : moved) + place
    case .relation:
      "the relation moved" + place + (moved.isEmpty ? "" : "; so did \(moved)")
    case .data, .unclear: "nothing stands out"
    }
  }
}
