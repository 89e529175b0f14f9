import Catalogues
import Engine
import Ingest
import Learners
import Registry

/// Versions of a registry that challenge, or are compared with, the models of a run: `--challenger models@champion`.
///
/// An alias is followed once, when the run begins; from then on the run knows the version by its number. All that it needs
/// of it is then in its own checkpoints.
enum RegistryGuests {
  /// The version that `text` names; nil: it names a learner. Names of columns may have an @ in them too.
  static func address(_ text: String) throws -> RegistryAddress? {
    let name = String(text.prefix { $0 != ":" })
    guard !Catalogue.learners.names.contains(name) else { return nil }
    return try RegistryAddress(text)
  }

  /// Puts the number of its version in place of each alias.
  static func pin(_ options: inout LearnOptions) throws {
    options.challenger = try options.challenger.map(pinned)
    options.shadow = try options.shadow.map(pinned)
  }

  private static func pinned(_ text: String) throws -> String {
    guard let address = try address(text) else { return text }
    let number = try Registry.open(address.registry).resolve(address.reference)
    return "\(address.registry)@\(number)"
  }

  /// Whether a run that goes on is asked for the models that it had; an alias may point elsewhere by now.
  static func areSame(_ now: [String], _ then: [String]) throws -> Bool {
    guard now.count == then.count else { return false }
    return try zip(now, then).allSatisfy { now, then in
      if now == then { return true }
      guard let asked = try address(now), let had = try address(then) else { return false }
      return asked.registry == had.registry && Int(asked.reference) == nil
    }
  }

  /// Loads the versions, and has the run's source number levels as theirs did.
  ///
  /// - Parameters:
  ///   - options: with numbers in place of aliases.
  ///   - source: fresh, before its first row.
  /// - Returns: each by the text that names it.
  /// - Throws: `Failure` where a version does not fit the run.
  static func load(
    _ options: LearnOptions, _ source: inout EventSource
  ) throws -> [String: ReadyModel] {
    var guests: [String: ReadyModel] = [:]
    for text in options.challenger + options.shadow where guests[text] == nil {
      guard let address = try address(text) else { continue }
      let registry = try Registry.open(address.registry)
      let number = try registry.resolve(address.reference)
      let kept = try ServedModel(try registry.snapshot(of: number), version: number) { _ in }
      do {
        try source.takeNumbering(of: kept.source)
      } catch {
        throw Failure(message: "\(text) \(error.message)", code: Failure(error).code)
      }
      guests[text] = kept.engine.readyModel(named: text)
    }
    return guests
  }
}
