import ArgumentParser
import Monitors
import Registry
import Telemetry

/// `weir models diff`: what differs between two versions.
struct ModelsDiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "What differs between two versions.",
    discussion: """
      Without a second version, the first is compared with its parent. Scores are
      all shown, side by side; of everything else what differs.

      EXAMPLES
        weir models diff models champion challenger
        weir models diff models@7 --json
      """)

  @Argument(help: "The registry's folder, or REGISTRY@REF.")
  var registry: String
  @Argument(help: "The version, and one to compare it with.")
  var references: [String] = []
  @Flag(help: "One JSON object.")
  var json = false

  func run() throws {
    try reporting {
      let target = try RegistryTarget(registry, references)
      var (from, to) = (target.number, target.number)
      if let second = target.rest.first {
        to = try target.registry.resolve(second)
      } else if let parent = try target.registry.version(to).record.parent {
        from = parent
      } else {
        throw Failure(
          message: "version \(to) has no parent to be compared with; name a second version",
          code: Exit.usage)
      }
      guard target.rest.count < 2 else {
        throw Failure(
          message: "unexpected '\(target.rest[1])': two versions are compared", code: Exit.usage)
      }
      let difference = VersionDifference(
        from: try target.registry.version(from), to: try target.registry.version(to))
      let out = try OutputFile(path: "-")
      try out.append(json ? difference.json.indented() + "\n" : difference.text)
      try out.flush()
    }
  }
}

/// Two versions side by side.
struct VersionDifference {
  let from: ModelVersion
  let to: ModelVersion

  /// What is compared under which heading; scores are shown though they be the same.
  private var sections: [(name: String, lines: [JSONDifference.Line])] {
    func field(_ text: (VersionRecord) -> String, byName: Bool = false) -> [JSONDifference.Line] {
      JSONDifference(
        VersionText.value(text(from.record)), VersionText.value(text(to.record)), byName: byName
      ).lines
    }
    let all = [
      ("version", JSONDifference(about(from), about(to)).lines),
      ("data", JSONDifference(data(from), data(to)).lines),
      ("configuration", field(\.configurationJSON)),
      ("schema", field(\.schemaJSON, byName: true)), ("software", field(\.softwareJSON)),
      ("profile", profiles == nil ? field(\.profileJSON) : []),
    ].map { ($0.0, $0.1.filter { !$0.isSame }) }
    return all + [("scores", field(\.scoresJSON))]
  }

  /// What their data were like, where both versions know.
  private var profiles: ProfileComparison? {
    guard let before = Reference(VersionText.value(from.record.profileJSON)),
      let after = Reference(VersionText.value(to.record.profileJSON)), before != after
    else { return nil }
    return ProfileComparison(before: before, after: after)
  }

  private func about(_ version: ModelVersion) -> JSONValue {
    .members([
      ("model", .string(version.record.model)), ("reason", .string(version.record.reason)),
      ("created", .string(version.record.created)),
      ("parent", version.record.parent.map { .int($0) } ?? .null),
      ("sha256", .string(version.blob)),
    ])
  }

  private func data(_ version: ModelVersion) -> JSONValue {
    let text = VersionText(version: version, aliases: [])
    return .members([
      ("events", .string(text.events)), ("times", .string(text.times)),
      ("learned", .int(version.record.learned)),
      ("source", .string(version.record.source ?? "")),
      ("hash", .string(version.record.dataHash ?? "")),
    ])
  }

  var json: JSONValue {
    .members(
      [("from", .int(from.number)), ("to", .int(to.number))]
        + sections.map { ($0.name, .array($0.lines.map(\.json))) }
        + (profiles.map { [("data profile", $0.json)] } ?? []))
  }

  var text: String {
    var table = TextTable(
      ["", " ", "\(from.number)", "\(to.number)", "change"], numbers: ["change"])
    for (name, lines) in sections {
      // Of the training data's profile there is a lot.
      if name == "profile" {
        if !lines.isEmpty { table.append([name, "", "", "", "\(lines.count) values differ"]) }
        continue
      }
      for (place, line) in lines.enumerated() {
        table.append([
          place == 0 ? name : "", line.path, VersionDifference.text(line.from),
          VersionDifference.text(line.to), name == "version" ? "" : VersionDifference.change(line),
        ])
      }
    }
    let data = profiles.map { "\nthe data, column by column: \($0.text)" } ?? ""
    return table.isEmpty && data.isEmpty ? "no difference\n" : table.text() + data
  }

  private static func text(_ leaf: JSONLeaves.Leaf?) -> String {
    guard let leaf, leaf.value != .null else { return "–" }
    if case .bool(true) = leaf.value { return "yes" }
    // A hash is told by its beginning.
    return leaf.path == "sha256" ? String(leaf.text.prefix(12)) + "…" : leaf.text
  }

  private static func change(_ line: JSONDifference.Line) -> String {
    guard let from = line.from?.number, let to = line.to?.number, from != to else { return "" }
    return (to > from ? "+" : "") + DataTable.rounded(to - from)
  }
}
