import ArgumentParser
import Registry
import Telemetry

/// `weir models promote`: points a name at a version.
struct ModelsPromoteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "promote", abstract: "Point a name at a version.",
    discussion: """
      EXAMPLES
        weir models promote models 7 --why 'better on the last week'
        weir models promote models@challenger
        weir models promote models 9 --alias shadow
      """)

  @Argument(help: "The registry's folder, or REGISTRY@REF.")
  var registry: String
  @Argument(help: "The version: an alias, a number, or digits of its snapshot's SHA-256.")
  var reference: [String] = []
  @Option(help: "The name.")
  var alias = "champion"
  @Option(help: "Why, for the history.")
  var why = ""
  @Option(help: "What speaks for it: a JSON text.")
  var evidence = "{}"

  func run() throws {
    try reporting {
      let target = try RegistryTarget(registry, reference)
      try target.nothingMore()
      let before = try target.registry.aliases().first { $0.name == alias }?.version
      let move = try target.registry.move(
        alias, to: target.number, reason: why, evidence: evidence, at: UTCTime.now)
      try AliasReport.write(alias, before, move)
    }
  }
}

/// `weir models rollback`: points a name where it pointed before.
struct ModelsRollbackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback", abstract: "Point a name where it pointed before.",
    discussion: """
      A second rollback goes to where it pointed before that; a promotion in between
      is undone first.

      EXAMPLES
        weir models rollback models --why 'complaints since noon'
        weir models rollback models --alias shadow
      """)

  @Argument(help: "The registry's folder.")
  var registry: String
  @Option(help: "The name.")
  var alias = "champion"
  @Option(help: "Why, for the history.")
  var why = ""
  @Option(help: "What speaks for it: a JSON text.")
  var evidence = "{}"

  func run() throws {
    try reporting {
      let registry = try Registry.open(registry)
      let before = try registry.aliases().first { $0.name == alias }?.version
      let move = try registry.rollback(alias, reason: why, evidence: evidence, at: UTCTime.now)
      try AliasReport.write(alias, before, move)
    }
  }
}

/// `weir models unalias`: lets a name point nowhere.
struct ModelsUnaliasCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unalias", abstract: "Let a name point nowhere; a rollback takes it back.",
    discussion: """
      EXAMPLES
        weir models unalias models challenger --why 'it lost'
      """)

  @Argument(help: "The registry's folder.")
  var registry: String
  @Argument(help: "The name.")
  var alias: String
  @Option(help: "Why, for the history.")
  var why = ""

  func run() throws {
    try reporting {
      let registry = try Registry.open(registry)
      let before = try registry.aliases().first { $0.name == alias }?.version
      try AliasReport.write(
        alias, before, try registry.remove(alias, reason: why, at: UTCTime.now))
    }
  }
}

/// `weir models history`: every move of the names.
struct ModelsHistoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "Every move of a name: when, where to, why.",
    discussion: """
      EXAMPLES
        weir models history models
        weir models history models --alias champion --json
        weir models history models --at 2026-03-01T12:00:00Z   # who was champion then?
      """)

  @Argument(help: "The registry's folder.")
  var registry: String
  @Option(help: "Only this name; with --at, champion unless said.")
  var alias: String?
  @Option(help: "Only the version that it pointed at then, UTC.")
  var at: String?
  @Flag(help: "NDJSON.")
  var json = false

  func run() throws {
    try reporting {
      let registry = try Registry.open(registry)
      let out = try OutputFile(path: "-")
      if let at {
        let name = alias ?? "champion"
        let number = try registry.version(of: name, at: at)
        if json {
          let value = number.map { JSONValue.int($0) } ?? .null
          try out.append(
            JSONValue.members([("alias", .string(name)), ("at", .string(at)), ("version", value)])
              .text + "\n")
        } else {
          try out.append((number.map { "\($0)" } ?? "none") + "\n")
        }
      } else {
        for move in try registry.history(alias) {
          try out.append((json ? move.json.text : move.line) + "\n")
        }
      }
      try out.flush()
    }
  }
}

/// What is said of a move.
enum AliasReport {
  /// `move` is nil when there was nothing to do.
  static func write(_ alias: String, _ before: Int?, _ move: AliasMove?) throws {
    func text(_ number: Int?) -> String { number.map { "\($0)" } ?? "nowhere" }
    let out = try OutputFile(path: "-")
    if let move {
      try out.append("\(alias): \(text(before)) → \(text(move.version))\n")
    } else {
      try out.append("\(alias): \(text(before)), as it was\n")
    }
    try out.flush()
  }
}
