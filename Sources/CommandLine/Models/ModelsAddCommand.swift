import ArgumentParser
import Registry
import Telemetry

/// `weir models add`: a snapshot registered by hand.
struct ModelsAddCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Register a snapshot file as a version, by hand.",
    discussion: """
      Makes the registry if there is none, and prints the version's number. The file
      is taken as it is.

      EXAMPLES
        weir models add models model.weir --model rls --why 'trained elsewhere'
        weir models add models model.weir --model rls --parent champion \\
          --config run.json --alias challenger --tag release=1.2
      """)

  @Argument(help: "The registry's folder.")
  var registry: String
  @Argument(help: "The snapshot.")
  var file: String
  @Option(help: "The model's specification.")
  var model: String
  @Option(help: "Why, kept as evidence.")
  var why: String
  @Option(help: "The version it was made from.")
  var parent: String?
  @Option(help: "What --write-config wrote for the run.")
  var config: String?
  @Option(help: "How it did: a JSON text.")
  var scores = "{}"
  @Option(help: "Where its data came from.")
  var source: String?
  @Option(help: "A name that points at it from now on. Repeatable.")
  var alias: [String] = []
  @Option(help: "NAME or NAME=TEXT. Repeatable.")
  var tag: [String] = []

  func run() throws {
    try reporting {
      let snapshot = try ModelsAddCommand.content(file)
      var record = VersionRecord(created: UTCTime.now, model: model, reason: "manual")
      record.evidenceJSON = JSONValue.members([("why", .string(why))]).text
      record.scoresJSON = scores
      record.softwareJSON = Software.json.text
      record.source = source
      if let config {
        record.configurationJSON = String(
          decoding: try ModelsAddCommand.content(config), as: UTF8.self)
      }
      let tags = tag.map(ModelsTagCommand.parts)
      let registry = try Registry.open(registry, creates: true)
      if let parent { record.parent = try registry.resolve(parent) }
      let number = try registry.add(
        record, snapshot: snapshot, tags: Dictionary(tags) { _, last in last }, aliases: alias)
      let out = try OutputFile(path: "-")
      try out.append("\(number)\n")
      try out.flush()
    }
  }

  private static func content(_ path: String) throws -> [UInt8] {
    guard let content = try SystemFiles().read(path) else {
      throw RegistryError.system(operation: "read", path: path, reason: "there is no such file")
    }
    return content
  }
}

/// `weir models tag`: texts that people give to a version.
struct ModelsTagCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tag", abstract: "Give tags to a version, or take them away.",
    discussion: """
      Versions with a tag are not pruned.

      EXAMPLES
        weir models tag models 7 release=1.2 approved-by=Ada
        weir models tag models@champion keep
        weir models tag models 7 keep --remove
      """)

  @Argument(help: "The registry's folder, or REGISTRY@REF.")
  var registry: String
  @Argument(help: "The version, and tags: NAME or NAME=TEXT.")
  var others: [String] = []
  @Flag(help: "Take the tags away.")
  var remove = false

  func run() throws {
    try reporting {
      let target = try RegistryTarget(registry, others, after: " NAME=TEXT …")
      guard !target.rest.isEmpty else {
        throw Failure(message: "which tag? expected NAME or NAME=TEXT", code: Exit.usage)
      }
      for tag in target.rest {
        let (name, text) = ModelsTagCommand.parts(tag)
        try target.registry.tag(target.number, name, remove ? nil : text)
      }
    }
  }

  /// Name and text of NAME=TEXT.
  static func parts(_ tag: String) -> (String, String) {
    guard let sign = tag.firstIndex(of: "=") else { return (tag, "") }
    return (String(tag[..<sign]), String(tag[tag.index(after: sign)...]))
  }
}
