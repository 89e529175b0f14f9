package import Catalogues

extension CheckEntry {
  /// Every check that can be named, one line each.
  package static var all: [CheckEntry] {
    [
      CheckEntry(entry: SchemaCheck.entry, runbook: SchemaCheck.runbook, blames: .dataBroken),
      CheckEntry(entry: EncodingCheck.entry, runbook: EncodingCheck.runbook, blames: .dataBroken),
      CheckEntry(entry: MissingCheck.entry, runbook: MissingCheck.runbook, blames: .dataBroken),
      CheckEntry(entry: RangeCheck.entry, runbook: RangeCheck.runbook, blames: .dataBroken),
      CheckEntry(entry: UnseenCheck.entry, runbook: UnseenCheck.runbook, blames: .dataBroken),
      CheckEntry(entry: VolumeCheck.entry, runbook: VolumeCheck.runbook, blames: .dataBroken),
      CheckEntry(entry: SkewCheck.entry, runbook: SkewCheck.runbook, blames: .dataBroken),
      CheckEntry(entry: DistributionCheck.entry, runbook: DistributionCheck.runbook),
      CheckEntry(
        entry: RelationCheck.entry, runbook: RelationCheck.runbook, blames: .modelDecaying),
      CheckEntry(entry: PredictionCheck.entry, runbook: PredictionCheck.runbook),
      CheckEntry(entry: LabelCheck.entry, runbook: LabelCheck.runbook),
      CheckEntry(
        entry: CalibrationCheck.entry, runbook: CalibrationCheck.runbook, blames: .modelWrong),
      CheckEntry(entry: MetricCheck.entry, runbook: MetricCheck.runbook, blames: .modelDecaying),
    ]
  }

  /// What the one who is woken by `name` needs; nil: there is no such check.
  package static func runbook(_ name: String) -> Runbook? {
    all.first { $0.name == name }?.runbook
  }
}

extension Catalogue where Context == CheckContext, Product == any Check {
  package static var checks: Catalogue { Catalogue("check", CheckEntry.all.map(\.entry)) }
}

/// Which checks a run has, in the words of `--monitor` and `--check`.
package struct CheckWish: Sendable, Equatable {
  package let specifications: [String]

  /// All checks if `all`, those of `named` as they say.
  package init(all: Bool, named: [String]) throws(SpecificationError) {
    var chosen: [(name: String, text: String)] = []
    if all { chosen = CheckEntry.all.map { ($0.name, $0.name) } }
    for text in named {
      try Catalogue.checks.check(text)
      let name = try Specification(text).name
      if let place = chosen.firstIndex(where: { $0.name == name }) {
        chosen[place].text = text
      } else {
        chosen.append((name, text))
      }
    }
    specifications = chosen.map(\.text)
  }

  /// Whether anything that is found may ask for a retraining.
  package var mayRetrain: Bool { specifications.contains { $0.contains("action=retrain") } }
}
