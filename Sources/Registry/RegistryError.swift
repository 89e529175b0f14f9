/// Why a registry could not do what was asked, and the way out.
package enum RegistryError: Error, Equatable {
  /// There is no registry at the path.
  case notARegistry(path: String)
  /// There is a file of that name, and it is something else.
  case foreign(path: String)
  /// Written by a later program.
  case newer(path: String, version: Int)
  /// The database cannot be written by this user, or stands on a medium that cannot.
  case readOnly(path: String)
  /// Others wrote for longer than we wait.
  case busy(path: String, seconds: Int)
  /// The database is not what SQLite wrote.
  case damagedDatabase(path: String, detail: String)
  /// A call of the system failed.
  case system(operation: String, path: String, reason: String)
  /// SQLite refused what we asked: a fault of ours.
  case database(path: String, detail: String)

  case unknownVersion(Int, newest: Int?)
  case unknownReference(String, aliases: [String])
  case ambiguousHash(String, hashes: [String])
  case unknownAlias(String, aliases: [String])
  /// A rollback, and the alias pointed nowhere before.
  case nothingBefore(alias: String)
  case badAddress(String)
  /// `noun` is what it was to name.
  case badName(String, noun: String)
  case badTime(String)
  case badHash(String)
  case badRange(field: String, text: String)
  /// A field of a record that is no JSON text.
  case notJSON(field: String)

  /// The version's bytes were given up; its record is there.
  case pruned(version: Int, when: String)
  case missingBlob(version: Int, path: String)
  case damagedBlob(version: Int, path: String, found: String)

  package var message: String {
    switch self {
    case .notARegistry(let path):
      "no registry at \(path): there is no \(path)/registry.sqlite; check the path — "
        + "`weir models add` makes a registry"
    case .foreign(let path):
      "\(path) is not a registry of weir's; name another folder"
    case .newer(let path, let version):
      "\(path) is a registry of format \(version), newer than this program reads "
        + "(\(Tables.version)); use the newer weir"
    case .readOnly(let path):
      "\(path) cannot be written; run as a user who may write it, or copy the registry"
    case .busy(let path, let seconds):
      "\(path) was held by other processes for \(seconds) s; try again, and look for one that hangs"
    case .damagedDatabase(let path, let detail):
      "\(path) is damaged (\(detail)); take it from a backup, or read out what is left with "
        + "`sqlite3 \(path) .recover`"
    case .system(let operation, let path, let reason): "cannot \(operation) \(path): \(reason)"
    case .database(let path, let detail): "\(path): SQLite: \(detail)"
    case .unknownVersion(let number, let newest):
      "there is no version \(number); "
        + (newest.map { "the newest is \($0)" } ?? "the registry holds none")
    case .unknownReference(let text, let aliases):
      "'\(text)' is no version: expected an alias (\(RegistryError.list(aliases))), a number such as "
        + "7 or v7, or the first four or more digits of a snapshot's SHA-256"
    case .ambiguousHash(let text, let hashes):
      "'\(text)' begins \(hashes.count) hashes: \(hashes.map { $0.prefix(16) }.joined(separator: ", "));"
        + " give more digits"
    case .unknownAlias(let name, let aliases):
      "there is no alias '\(name)'; there are: \(RegistryError.list(aliases))"
    case .nothingBefore(let alias):
      "\(alias) pointed nowhere before; `weir models promote` points it at a version"
    case .badAddress(let text):
      "'\(text)' is no address of a version: expected REGISTRY@REF, such as models@champion or models@7"
    case .badName(let text, let noun):
      "'\(text)' cannot name \(noun): expected small letters, digits and single hyphens, a letter "
        + "first, at most 64 of them, and no version such as v7"
    case .badTime(let text):
      "'\(text)' is no time: expected UTC as in 2026-03-01T12:30:00Z, with up to nine decimals of "
        + "the second"
    case .badHash(let text):
      "'\(text)' is no hash: expected its algorithm's name, a colon and hexadecimal digits, as in "
        + "sha256:9f86d0…"
    case .badRange(let field, let text):
      "\(field) \(text): expected a range that does not end before it begins, of finite numbers"
    case .notJSON(let field): "\(field) is not JSON text"
    case .pruned(let version, let when):
      "version \(version)'s snapshot was pruned at \(when); its record is all there is — "
        + "take another version"
    case .missingBlob(let version, let path):
      "version \(version)'s snapshot is missing: there is no \(path); take it from a backup, or "
        + "another version"
    case .damagedBlob(let version, let path, let found):
      "version \(version)'s snapshot \(path) is damaged: its SHA-256 is \(found.prefix(16))…; take it "
        + "from a backup, or another version"
    }
  }

  private static func list(_ names: [String]) -> String {
    names.isEmpty ? "none yet" : names.joined(separator: ", ")
  }
}
