extension Registry {
  /// Where the names point: alias → version, in the order of names.
  package func aliases() throws(RegistryError) -> [(name: String, version: Int)] {
    try database.rows("SELECT name, version FROM aliases ORDER BY name") {
      ($0.text(0) ?? "", $0.int(1) ?? 0)
    }
  }

  /// Points `alias` at a version whose snapshot is there; nil when it points there already, and nothing is written.
  ///
  /// `evidence` is JSON text; `time` is UTC.
  @discardableResult
  package func move(
    _ alias: String, to number: Int, reason: String, evidence: String = "{}", at time: String
  ) throws(RegistryError) -> AliasMove? {
    try Names.check(alias, noun: "an alias")
    try check(evidence, time)
    return try writing { () throws(RegistryError) in
      let version = try row(number)
      if let when = version.pruned { throw .pruned(version: number, when: when) }
      let last = try lastMove(of: alias)
      if last?.version == number { return nil }
      return try point(
        alias, at: number, .promotion, reason: reason, evidence: evidence, created: time,
        beneath: last?.sequence)
    }
  }

  /// Points `alias` where it pointed before; again, where it pointed before that.
  ///
  /// Moves of an alias are a stack: a promotion puts one on top, a rollback takes the top off. After 1, 2, 3 and a
  /// rollback comes 2; after a promotion of 4 and two rollbacks, 1.
  @discardableResult
  package func rollback(
    _ alias: String, reason: String, evidence: String = "{}", at time: String
  ) throws(RegistryError) -> AliasMove {
    try check(evidence, time)
    return try writing { () throws(RegistryError) in
      let last = try knownMove(of: alias)
      guard let goal = try move(beneath: last), let number = goal.version else {
        throw .nothingBefore(alias: alias)
      }
      if let when = try row(number).pruned { throw .pruned(version: number, when: when) }
      return try point(
        alias, at: number, .rollback, reason: reason, evidence: evidence, created: time,
        beneath: goal.beneath)
    }
  }

  /// Lets `alias` point nowhere; a rollback takes that back.
  @discardableResult
  package func remove(
    _ alias: String, reason: String, evidence: String = "{}", at time: String
  ) throws(RegistryError) -> AliasMove {
    try check(evidence, time)
    return try writing { () throws(RegistryError) in
      let last = try knownMove(of: alias)
      guard last.version != nil else {
        throw .unknownAlias(alias, aliases: try aliases().map(\.name))
      }
      return try point(
        alias, at: nil, .removal, reason: reason, evidence: evidence, created: time,
        beneath: last.sequence)
    }
  }

  /// The moves of one alias, or of all, in order.
  package func history(_ alias: String? = nil) throws(RegistryError) -> [AliasMove] {
    guard let alias else { return try moves("ORDER BY sequence") }
    let found = try moves("WHERE alias = ?1 ORDER BY sequence", [.text(alias)])
    guard !found.isEmpty else { throw .unknownAlias(alias, aliases: try aliases().map(\.name)) }
    return found
  }

  /// Where `alias` pointed at a time in UTC; nil: nowhere. Of moves at the same instant the last counts.
  package func version(of alias: String, at time: String) throws(RegistryError) -> Int? {
    try Names.checkTime(time)
    let moment = time.dropLast()
    return try history(alias).last { $0.created.dropLast() <= moment }?.version
  }

  // MARK: - Within a transaction

  func lastMove(of alias: String) throws(RegistryError) -> AliasMove? {
    try moves("WHERE alias = ?1 ORDER BY sequence DESC LIMIT 1", [.text(alias)]).first
  }

  /// The move whose state a rollback would go back to.
  func move(beneath move: AliasMove) throws(RegistryError) -> AliasMove? {
    guard let beneath = move.beneath else { return nil }
    return try moves("WHERE sequence = ?1", [.int(beneath)]).first
  }

  private func knownMove(of alias: String) throws(RegistryError) -> AliasMove {
    guard let last = try lastMove(of: alias) else {
      throw .unknownAlias(alias, aliases: try aliases().map(\.name))
    }
    return last
  }

  private func check(_ evidence: String, _ time: String) throws(RegistryError) {
    try Names.checkTime(time)
    guard try isJSON(evidence) else { throw .notJSON(field: "evidence") }
  }

  func moves(_ clause: String, _ values: [Value] = []) throws(RegistryError) -> [AliasMove] {
    try database.rows(
      """
      SELECT sequence, alias, version, kind, reason, evidence, created, beneath FROM moves \(clause)
      """, values
    ) { row in
      AliasMove(
        sequence: row.int(0) ?? 0, alias: row.text(1) ?? "", version: row.int(2),
        kind: AliasMove.Kind(rawValue: row.text(3) ?? "") ?? .promotion, reason: row.text(4) ?? "",
        evidenceJSON: row.text(5) ?? "", created: row.text(6) ?? "", beneath: row.int(7))
    }
  }

  func point(
    _ alias: String, at number: Int?, _ kind: AliasMove.Kind, reason: String, evidence: String,
    created: String, beneath: Int?
  ) throws(RegistryError) -> AliasMove {
    try database.run(
      """
      INSERT INTO moves (alias, version, kind, reason, evidence, created, beneath)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
      """,
      [
        .text(alias), Value(number), .text(kind.rawValue), .text(reason), .text(evidence),
        .text(created), Value(beneath),
      ])
    return AliasMove(
      sequence: database.lastNumber, alias: alias, version: number, kind: kind, reason: reason,
      evidenceJSON: evidence, created: created, beneath: beneath)
  }
}
