/// A version of a registry as it is written on the command line: `REGISTRY@REF`, such as `models@champion`.
package struct RegistryAddress: Sendable, Equatable {
  /// The registry's folder.
  package let registry: String
  /// An alias, a version's number, or the beginning of a snapshot's hash.
  package let reference: String

  package init(registry: String, reference: String) {
    (self.registry, self.reference) = (registry, reference)
  }

  /// Reads an address; nil when `text` is none, so that it may be the path of a file: there is no @, or a slash
  /// after the last one. Throws when one of its sides is empty.
  package init?(_ text: String) throws(RegistryError) {
    guard let at = text.lastIndex(of: "@"), !text[at...].contains("/") else { return nil }
    let (registry, reference) = (text[..<at], text[text.index(after: at)...])
    guard !registry.isEmpty, !reference.isEmpty else { throw .badAddress(text) }
    self.init(registry: String(registry), reference: String(reference))
  }
}

extension Registry {
  /// The version that is meant by an alias, a number (7, v7), or four or more digits that begin a snapshot's SHA-256.
  ///
  /// Names go before numbers, numbers before hashes; of versions with the same bytes the newest is meant.
  package func resolve(_ reference: String) throws(RegistryError) -> Int {
    try reading { () throws(RegistryError) in
      let aliases = try aliases()
      if let found = aliases.first(where: { $0.name == reference }) { return found.version }
      let number = Names.version(reference)
      if let number, let version = try rows("WHERE number = ?1", [.int(number)]).first {
        return version.number
      }
      if let found = try version(hash: reference) { return found }
      if let number { throw .unknownVersion(number, newest: try newest()) }
      throw .unknownReference(reference, aliases: aliases.map(\.name))
    }
  }

  private func version(hash start: String) throws(RegistryError) -> Int? {
    guard 4...64 ~= start.utf8.count, Names.isHexadecimal(start) else { return nil }
    let found = try database.rows(
      """
      SELECT blob, max(number) FROM versions WHERE blob >= ?1 AND blob < ?1 || 'g'
        GROUP BY blob ORDER BY blob
      """, [.text(start)]
    ) { (hash: $0.text(0) ?? "", number: $0.int(1) ?? 0) }
    guard found.count < 2 else { throw .ambiguousHash(start, hashes: found.map(\.hash)) }
    return found.first?.number
  }
}
