import ArgumentParser
import Registry
import Telemetry

/// `weir models list`: the versions, a line each.
struct ModelsListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "The versions of a registry, a line each.",
    discussion: """
      EXAMPLES
        weir models list models
        weir models list models --last 10 --json
      """)

  @Argument(help: "The registry's folder.")
  var registry: String
  @Option(help: "Only the last N versions.")
  var last: Int?
  @Flag(help: "NDJSON.")
  var json = false

  func run() throws {
    try reporting {
      if let last { _ = try LearnSettings.check(last, "last", atLeast: 1) }
      let registry = try Registry.open(registry)
      let (versions, aliases) = try registry.reading { () throws(RegistryError) in
        (try registry.versions(last: last ?? .max), try registry.aliases())
      }
      let shown = versions.map { version in
        VersionText(
          version: version,
          aliases: aliases.filter { $0.version == version.number }.map(\.name))
      }
      let out = try OutputFile(path: "-")
      if json {
        for version in shown { try out.append(JSONValue.members(version.brief).text + "\n") }
      } else {
        try out.append(shown.isEmpty ? "no versions\n" : table(shown).text())
      }
      try out.flush()
    }
  }

  private func table(_ versions: [VersionText]) -> TextTable {
    var table = TextTable(
      ["version", "parent", "created", "reason", "events", "learned", "score", "names", "model"],
      numbers: ["version", "parent", "learned"])
    for text in versions {
      let record = text.version.record
      table.append([
        "\(text.version.number)", record.parent.map { "\($0)" } ?? "", record.created,
        record.reason, text.events, record.learned > 0 ? "\(record.learned)" : "",
        text.firstScore, text.names, record.model,
      ])
    }
    return table
  }
}

/// `weir models show`: all that is known of a version.
struct ModelsShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "All that a registry knows of a version.",
    discussion: """
      EXAMPLES
        weir models show models@champion
        weir models show models 7 --json
      """)

  @Argument(help: "The registry's folder, or REGISTRY@REF.")
  var registry: String
  @Argument(help: "The version: an alias, a number, or digits of its snapshot's SHA-256.")
  var reference: [String] = []
  @Flag(help: "One JSON object, with the profile of the training data.")
  var json = false

  func run() throws {
    try reporting {
      let target = try RegistryTarget(registry, reference)
      try target.nothingMore()
      let text = try VersionText(target)
      let out = try OutputFile(path: "-")
      if json {
        try out.append(text.json.indented() + "\n")
      } else {
        let moves = try target.registry.history().filter { $0.version == target.number }
        try out.append(text.page(moves: moves))
      }
      try out.flush()
    }
  }
}

extension VersionText {
  init(_ target: RegistryTarget) throws {
    let (registry, number) = (target.registry, target.number)
    (version, aliases) = try registry.reading { () throws(RegistryError) in
      (
        try registry.version(number),
        try registry.aliases().filter { $0.version == number }.map(\.name)
      )
    }
  }
}
