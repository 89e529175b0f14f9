extension Registry {
  /// Adds a version with its snapshot; all on the medium when this returns the version's number. When its key is
  /// there already nothing is done, and the number is that of the one that has it.
  ///
  /// The names in `aliases` point at it from then on, in the same transaction and for the record's reason.
  package func add(
    _ record: VersionRecord, snapshot: [UInt8], tags: [String: String] = [:],
    aliases: [String] = []
  ) throws(RegistryError) -> Int {
    try record.check()
    for name in aliases { try Names.check(name, noun: "an alias") }
    for name in tags.keys { try Names.check(name, noun: "a tag") }
    for (field, text) in record.texts where try !isJSON(text) { throw .notJSON(field: field) }
    guard !database.isReadOnly else { throw .readOnly(path: database.path) }
    if let key = record.key, let known = try number(key: key) { return known }
    let hash = BlobStore.hash(snapshot)
    try blobs.put(snapshot, hash: hash)
    return try writing { () throws(RegistryError) in
      if let key = record.key, let known = try number(key: key) { return known }
      // The same bytes may have been there, and pruned since. Nobody prunes while we hold the lock.
      if try !blobs.holds(hash) { try blobs.put(snapshot, hash: hash) }
      if let parent = record.parent { _ = try row(parent) }
      let number = try insert(record, blob: hash, size: snapshot.count)
      for (name, text) in tags.sorted(by: { $0.key < $1.key }) {
        try setTag(name, text, of: number)
      }
      for name in aliases {
        _ = try point(
          name, at: number, .promotion, reason: record.reason, evidence: record.evidenceJSON,
          created: record.created, beneath: try lastMove(of: name)?.sequence)
      }
      return number
    }
  }

  /// The version that its maker called that; nil when there is none.
  package func number(key: String) throws(RegistryError) -> Int? {
    try database.number("SELECT number FROM versions WHERE key = ?1", [.text(key)])
  }

  /// A version, whether or not its snapshot is still there.
  package func version(_ number: Int) throws(RegistryError) -> ModelVersion {
    try reading { () throws(RegistryError) in try row(number) }
  }

  /// All versions, or the last so many, in order.
  package func versions(last: Int = .max) throws(RegistryError) -> [ModelVersion] {
    try reading { () throws(RegistryError) in
      let first = try database.number(
        "SELECT min(number) FROM (SELECT number FROM versions ORDER BY number DESC LIMIT ?1)",
        [.int(last)])
      return try rows("WHERE number >= ?1 ORDER BY number", [.int(first ?? 0)])
    }
  }

  /// The snapshot of a version; its hash is checked.
  package func snapshot(of number: Int) throws(RegistryError) -> [UInt8] {
    let version = try version(number)
    if let when = version.pruned { throw .pruned(version: number, when: when) }
    let path = blobs.path(version.blob)
    guard let bytes = try blobs.bytes(version.blob) else {
      // It may have been pruned between the two looks.
      if let when = try self.version(number).pruned { throw .pruned(version: number, when: when) }
      throw .missingBlob(version: number, path: path)
    }
    let found = BlobStore.hash(bytes)
    guard found == version.blob else {
      throw .damagedBlob(version: number, path: path, found: found)
    }
    return bytes
  }

  /// Sets a tag of a version; without a text, takes it away.
  package func tag(_ number: Int, _ name: String, _ text: String?) throws(RegistryError) {
    try Names.check(name, noun: "a tag")
    try writing { () throws(RegistryError) in
      _ = try row(number)
      try setTag(name, text, of: number)
    }
  }

  // MARK: - Within a transaction

  private static let columns = """
    number, parent, created, model, reason, evidence, first_event, end_event, first_time, last_time,
    learned, source, data_hash, configuration, schema, scores, profile, software, key, blob, size,
    pruned
    """

  func row(_ number: Int) throws(RegistryError) -> ModelVersion {
    guard let version = try rows("WHERE number = ?1", [.int(number)]).first else {
      throw .unknownVersion(number, newest: try newest())
    }
    return version
  }

  /// A version without its record, which may be long.
  struct Holding {
    let number: Int
    let blob: String
    let isPruned: Bool
    let isTagged: Bool
  }

  /// All of them, in order.
  func holdings() throws(RegistryError) -> [Holding] {
    try database.rows(
      """
      SELECT number, blob, pruned IS NOT NULL,
        EXISTS (SELECT 1 FROM tags WHERE version = versions.number)
      FROM versions ORDER BY number
      """
    ) { row in
      Holding(
        number: row.int(0) ?? 0, blob: row.text(1) ?? "", isPruned: row.int(2) == 1,
        isTagged: row.int(3) == 1)
    }
  }

  func newest() throws(RegistryError) -> Int? {
    try database.number("SELECT max(number) FROM versions")
  }

  func rows(_ clause: String, _ values: [Value] = []) throws(RegistryError) -> [ModelVersion] {
    var versions = try database.rows(
      "SELECT \(Registry.columns) FROM versions \(clause)", values, Registry.version)
    let isOne = versions.count == 1
    let tags = try database.rows(
      "SELECT version, name, text FROM tags" + (isOne ? " WHERE version = ?1" : ""),
      isOne ? [.int(versions[0].number)] : []
    ) { ($0.int(0) ?? 0, $0.text(1) ?? "", $0.text(2) ?? "") }
    guard !tags.isEmpty else { return versions }
    var places: [Int: Int] = [:]
    for (place, version) in versions.enumerated() { places[version.number] = place }
    for (number, name, text) in tags {
      if let place = places[number] { versions[place].tags[name] = text }
    }
    return versions
  }

  private static func version(_ row: Statement) -> ModelVersion {
    var record = VersionRecord(
      created: row.text(2) ?? "", model: row.text(3) ?? "", reason: row.text(4) ?? "")
    record.parent = row.int(1)
    record.evidenceJSON = row.text(5) ?? ""
    if let first = row.int(6), let end = row.int(7), first <= end { record.events = first..<end }
    if let first = row.real(8), let last = row.real(9), first <= last {
      record.times = first...last
    }
    record.learned = row.int(10) ?? 0
    record.source = row.text(11)
    record.dataHash = row.text(12)
    record.configurationJSON = row.text(13) ?? ""
    record.schemaJSON = row.text(14) ?? ""
    record.scoresJSON = row.text(15) ?? ""
    record.profileJSON = row.text(16) ?? ""
    record.softwareJSON = row.text(17) ?? ""
    record.key = row.text(18)
    return ModelVersion(
      number: row.int(0) ?? 0, record: record, blob: row.text(19) ?? "", size: row.int(20) ?? 0,
      pruned: row.text(21))
  }

  private func insert(
    _ record: VersionRecord, blob: String, size: Int
  ) throws(RegistryError) -> Int {
    try database.run(
      """
      INSERT INTO versions (\(Registry.columns)) VALUES
        (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
         ?20, NULL)
      """,
      [
        Value(record.parent), .text(record.created), .text(record.model), .text(record.reason),
        .text(record.evidenceJSON), Value(record.events?.lowerBound),
        Value(record.events?.upperBound), Value(record.times?.lowerBound),
        Value(record.times?.upperBound), .int(record.learned), Value(record.source),
        Value(record.dataHash), .text(record.configurationJSON), .text(record.schemaJSON),
        .text(record.scoresJSON), .text(record.profileJSON), .text(record.softwareJSON),
        Value(record.key), .text(blob), .int(size),
      ])
    return database.lastNumber
  }

  private func setTag(_ name: String, _ text: String?, of number: Int) throws(RegistryError) {
    guard let text else {
      return try database.run(
        "DELETE FROM tags WHERE version = ?1 AND name = ?2", [.int(number), .text(name)])
    }
    try database.run(
      "INSERT OR REPLACE INTO tags (version, name, text) VALUES (?1, ?2, ?3)",
      [.int(number), .text(name), .text(text)])
  }

  func isJSON(_ text: String) throws(RegistryError) -> Bool {
    try database.number("SELECT json_valid(?1)", [.text(text)]) == 1
  }
}
