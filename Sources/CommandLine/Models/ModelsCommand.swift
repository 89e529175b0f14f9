import ArgumentParser
import Kernels
import Registry
import Telemetry

/// `weir models`: what is in a registry, and which version is served.
struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models",
    abstract: "List, compare, promote, roll back, verify and export the versions of a registry.",
    discussion: """
      A registry is a folder: every version of a model with its parent, why it was
      made, from which events, and how it did; and names such as champion,
      challenger and shadow that point at versions. A version is written as a
      name, a number (7 or v7), or the first digits of its snapshot's SHA-256, and
      with its registry as REGISTRY@REF.

      EXAMPLES
        weir models list models
        weir models show models@champion
        weir models diff models 6 7
        weir models promote models 7 --why 'better on the last week'
        weir models rollback models --why 'complaints since noon'
        weir models history models --at 2026-03-01T12:00:00Z
        weir models export models@champion champion.weir --manifest champion.json
      """,
    subcommands: [
      ModelsListCommand.self, ModelsShowCommand.self, ModelsDiffCommand.self,
      ModelsTagCommand.self, ModelsPromoteCommand.self, ModelsRollbackCommand.self,
      ModelsUnaliasCommand.self, ModelsHistoryCommand.self, ModelsVerifyCommand.self,
      ModelsExportCommand.self, ModelsRebuildCommand.self,
      ModelsPruneCommand.self, ModelsAddCommand.self,
    ])
}

/// A registry and a version of it, as `REGISTRY REF …` or `REGISTRY@REF …`.
struct RegistryTarget {
  let registry: Registry
  /// The version's number.
  let number: Int
  /// What comes after.
  let rest: [String]

  /// `after` names what comes after the version, for messages.
  init(_ first: String, _ others: [String], after: String = "") throws {
    let isFolder = try SystemFiles().status(first) != nil
    if !isFolder, let address = try RegistryAddress(first) {
      registry = try Registry.open(address.registry)
      number = try registry.resolve(address.reference)
      rest = others
      return
    }
    registry = try Registry.open(first)
    guard let reference = others.first else {
      let names = try registry.aliases().map(\.name).joined(separator: ", ")
      throw Failure(
        message: "which version? expected \(first) REF\(after) or \(first)@REF\(after), REF being "
          + "an alias (\(names.isEmpty ? "none yet" : names)), a number, or digits of a hash",
        code: Exit.usage)
    }
    number = try registry.resolve(reference)
    rest = Array(others.dropFirst())
  }

  /// Throws when something is left that nobody asked for.
  func nothingMore() throws {
    guard let first = rest.first else { return }
    throw Failure(message: "unexpected '\(first)' after the version", code: Exit.usage)
  }
}

/// What this program is made of, as a version carries it.
enum Software {
  static var json: JSONValue {
    .members([
      ("weir", .string(Version.number)), ("swift", .string(swift)),
      ("blas", .string(BLAS.configuration)),
    ])
  }

  /// The compiler's version, which cannot be asked for but only tried.
  private static var swift: String {
    #if compiler(>=6.5)
      "6.5 or later"
    #elseif compiler(>=6.4)
      "6.4"
    #elseif compiler(>=6.3)
      "6.3"
    #else
      "6.2"
    #endif
  }
}
