import ArgumentParser
import Registry
import Telemetry

/// `weir models verify`: reads everything.
struct ModelsVerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Check the database, and every snapshot by its hash.",
    discussion: """
      Ends with 65 when something is lost or damaged. What a crash left is told, and is
      no fault.

      EXAMPLES
        weir models verify models
      """)

  @Argument(help: "The registry's folder.")
  var registry: String
  @Flag(help: "One JSON object.")
  var json = false

  func run() throws {
    try reporting {
      let verification = try Registry.open(registry).verify()
      let out = try OutputFile(path: "-")
      if json {
        try out.append(verification.json.text + "\n")
      } else {
        for finding in verification.findings { try out.append(finding.message + "\n") }
        try out.append(verification.line + "\n")
      }
      try out.flush()
      guard verification.isWhole else { throw ExitCode(Exit.badData) }
    }
  }
}

extension Verification {
  var line: String {
    let state = isWhole ? "whole" : "NOT whole"
    return "\(state): \(versions) versions, \(pruned) of them pruned, \(bytes) bytes read"
  }

  var json: JSONValue {
    .members([
      ("whole", .bool(isWhole)), ("versions", .int(versions)), ("pruned", .int(pruned)),
      ("bytes", .int(bytes)),
      (
        "findings",
        .array(
          findings.map {
            .members([("loss", .bool($0.isLoss)), ("message", .string($0.message))])
          })
      ),
    ])
  }
}

/// `weir models export`: a version's snapshot as a file.
struct ModelsExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a version's snapshot to a file.",
    discussion: """
      EXAMPLES
        weir models export models@champion champion.weir --manifest champion.json
        weir models export models 7 - | sha256sum
      """)

  @Argument(help: "The registry's folder, or REGISTRY@REF.")
  var registry: String
  @Argument(help: "The version, and the file; - is standard output.")
  var others: [String] = []
  @Option(help: "Write what is known of the version to this file, as JSON.")
  var manifest: String?

  func run() throws {
    try reporting {
      let target = try RegistryTarget(registry, others, after: " FILE")
      guard target.rest.count == 1 else {
        throw Failure(
          message: target.rest.isEmpty
            ? "where to? expected a file after the version, or -"
            : "unexpected '\(target.rest[1])' after the file", code: Exit.usage)
      }
      let snapshot = try target.registry.snapshot(of: target.number)
      try write(snapshot, to: target.rest[0])
      if let manifest {
        let text = try VersionText(target).json.indented() + "\n"
        try write(Array(text.utf8), to: manifest)
      }
    }
  }

  /// To a file, which is then there as a whole or not at all; "-" is standard output.
  private func write(_ bytes: [UInt8], to path: String) throws {
    guard path == "-" else { return try WholeFile.replace(path, bytes) }
    let out = try OutputFile(path: path)
    try out.append(bytes)
    try out.flush()
  }
}

/// `weir models prune`: gives up old snapshots.
struct ModelsPruneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune", abstract: "Give up snapshots of old versions; their records stay.",
    discussion: """
      Kept are the last N versions, those with a tag, those that a name points at, and
      those that it would point at after a rollback. Files that crashes left go, too,
      once they are older than --grace.

      EXAMPLES
        weir models prune models --keep 20 --dry-run
        weir models prune models --keep 20
      """)

  @Argument(help: "The registry's folder.")
  var registry: String
  @Option(help: "How many of the last versions to keep.")
  var keep: Int
  @Option(help: "Minutes that a file which no version names must be old.")
  var grace = 60
  @Flag(help: "Only say what would go.")
  var dryRun = false
  @Flag(help: "One JSON object.")
  var json = false

  func run() throws {
    try reporting {
      _ = try LearnSettings.check(keep, "keep", atLeast: 0)
      _ = try LearnSettings.check(grace, "grace", atLeast: 0)
      let pruning = try Registry.open(registry).prune(
        keep: keep, at: UTCTime.now, before: UTCTime.seconds - 60 * grace, isTrial: dryRun)
      let out = try OutputFile(path: "-")
      try out.append(
        json ? pruning.json(isTrial: dryRun).text + "\n" : pruning.text(isTrial: dryRun))
      try out.flush()
    }
  }
}

extension Pruning {
  func json(isTrial: Bool) -> JSONValue {
    .members([
      ("dryRun", .bool(isTrial)), ("versions", .array(versions.map { .int($0) })),
      ("files", .array(files.map { .string($0) })), ("bytes", .int(bytes)),
    ])
  }

  func text(isTrial: Bool) -> String {
    let list = versions.map { "\($0)" }.joined(separator: ", ")
    let what = versions.count == 1 ? "version \(list)" : "versions \(list)"
    return (isTrial ? "would prune " : "pruned ") + (versions.isEmpty ? "no version" : what)
      + "; \(files.count) files, \(bytes) bytes\n"
  }
}
