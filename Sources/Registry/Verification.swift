/// Something that `verify` found.
package enum Finding: Sendable, Equatable {
  /// The database is not what it should be, by SQLite's own check.
  case database(String)
  /// A version's snapshot is not there.
  case missing(version: Int, path: String)
  /// A version's snapshot has another hash than its name.
  case damaged(version: Int, path: String, found: String)
  /// A blob that no version names, or only such as were pruned: what a crash leaves. Or it is being added now.
  case unnamed(path: String, size: Int)
  /// The file of a snapshot that was never finished. Or it is being written now.
  case unfinished(path: String, size: Int)
  /// A file that is none of the registry's.
  case foreign(path: String)

  /// Whether something is lost; else it is in nobody's way.
  package var isLoss: Bool {
    switch self {
    case .database, .missing, .damaged: true
    case .unnamed, .unfinished, .foreign: false
    }
  }

  /// The same of another version with the same bytes.
  func of(_ number: Int) -> Finding {
    switch self {
    case .missing(_, let path): .missing(version: number, path: path)
    case .damaged(_, let path, let found): .damaged(version: number, path: path, found: found)
    default: self
    }
  }

  package var message: String {
    switch self {
    case .database(let text): "database: \(text)"
    case .missing(let version, let path): "version \(version): missing: \(path)"
    case .damaged(let version, let path, let found):
      "version \(version): damaged: \(path) has the SHA-256 \(found)"
    case .unnamed(let path, let size):
      "no version names \(path), \(size) bytes; `weir models prune` removes it"
    case .unfinished(let path, let size):
      "never finished: \(path), \(size) bytes; `weir models prune` removes it"
    case .foreign(let path): "not of the registry: \(path)"
    }
  }
}

/// What `verify` looked at, and what it found.
package struct Verification: Sendable, Equatable {
  package var versions = 0
  /// Versions whose snapshots were given up.
  package var pruned = 0
  /// Bytes of snapshots that were read.
  package var bytes = 0
  package var findings: [Finding] = []

  package init(versions: Int = 0, pruned: Int = 0, bytes: Int = 0, findings: [Finding] = []) {
    (self.versions, self.pruned, self.bytes) = (versions, pruned, bytes)
    self.findings = findings
  }

  package var isWhole: Bool { !findings.contains(where: \.isLoss) }
}

extension Registry {
  /// Reads everything: the database by SQLite's own check, every snapshot by its hash.
  ///
  /// Others may go on meanwhile: what they add or prune is taken for neither loss nor damage.
  package func verify() throws(RegistryError) -> Verification {
    var verification = Verification()
    let texts = try database.rows("PRAGMA integrity_check") { $0.text(0) ?? "" }
    verification.findings = texts.filter { $0 != "ok" }.map { .database($0) }
    let broken = try database.rows("PRAGMA foreign_key_check") {
      "\($0.text(0) ?? ""), row \($0.int(1) ?? 0): no such row of \($0.text(2) ?? "")"
    }
    verification.findings += broken.map { .database($0) }
    // Before the rows: a blob whose row comes between is then named.
    let entries = try blobs.entries()
    let versions = try holdings()
    // Versions may have the same bytes, which are read once.
    var named: Set<String> = []
    var losses: [String: Finding] = [:]
    for version in versions {
      verification.versions += 1
      guard !version.isPruned else {
        verification.pruned += 1
        continue
      }
      if named.insert(version.blob).inserted {
        losses[version.blob] = try look(at: version, &verification.bytes)
      }
      if let loss = losses[version.blob] {
        verification.findings.append(loss.of(version.number))
      }
    }
    for entry in entries {
      switch entry.kind {
      case .blob(let hash):
        guard !named.contains(hash), try blobs.holds(hash) else { continue }
        verification.findings.append(.unnamed(path: entry.path, size: entry.status.size))
      case .unfinished:
        verification.findings.append(.unfinished(path: entry.path, size: entry.status.size))
      case .foreign: verification.findings.append(.foreign(path: entry.path))
      }
    }
    return verification
  }

  private func look(at version: Holding, _ bytes: inout Int) throws(RegistryError) -> Finding? {
    do {
      bytes += try snapshot(of: version.number).count
      return nil
    } catch .missingBlob(let number, let path) {
      return .missing(version: number, path: path)
    } catch .damagedBlob(let number, let path, let found) {
      return .damaged(version: number, path: path, found: found)
    } catch .pruned {
      return nil
    }
  }
}
