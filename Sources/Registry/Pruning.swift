/// What was given up, or would be.
package struct Pruning: Sendable, Equatable {
  /// Versions whose snapshots go; their records stay.
  package var versions: [Int] = []
  /// Files that go: those versions' snapshots, unless another version has the same bytes; and what crashes left.
  package var files: [String] = []
  /// Bytes of these files.
  package var bytes = 0

  package init(versions: [Int] = [], files: [String] = [], bytes: Int = 0) {
    (self.versions, self.files, self.bytes) = (versions, files, bytes)
  }
}

extension Registry {
  /// Gives up snapshots of old versions and removes what crashes left. Records, and with them numbers and lineage, stay.
  ///
  /// Kept are the last `keep` versions, those with a tag, those that an alias points at, and those that it would
  /// point at after a rollback. What no version names goes when it was last written before `before` (seconds since
  /// 1970): what is younger may be somebody's who is at work.
  package func prune(
    keep: Int, at time: String, before: Int, isTrial: Bool = false
  ) throws(RegistryError) -> Pruning {
    precondition(keep >= 0, "keep \(keep)")
    try Names.checkTime(time)
    var pruning = Pruning()
    if isTrial {
      pruning.versions = try reading { () throws(RegistryError) in try expendable(keep) }
      try collect(&pruning, before: before, isTrial: true)
      return pruning
    }
    pruning.versions = try writing { () throws(RegistryError) in
      let numbers = try expendable(keep)
      for number in numbers {
        try database.run(
          "UPDATE versions SET pruned = ?1 WHERE number = ?2", [.text(time), .int(number)])
      }
      return numbers
    }
    // First the rows, then the files: a crash between leaves files that nobody names. Under the lock: nobody can
    // add a version with the same bytes while they go.
    try writing { () throws(RegistryError) in
      try collect(&pruning, before: before, isTrial: false)
    }
    return pruning
  }

  /// Versions that nothing speaks for, in order.
  private func expendable(_ keep: Int) throws(RegistryError) -> [Int] {
    let held = try holdings().filter { !$0.isPruned }
    var wanted = Set(held.suffix(keep).map(\.number))
    for (alias, version) in try aliases() {
      wanted.insert(version)
      guard let last = try lastMove(of: alias) else { continue }
      if let before = try move(beneath: last)?.version { wanted.insert(before) }
    }
    return held.filter { !$0.isTagged && !wanted.contains($0.number) }.map(\.number)
  }

  private func collect(
    _ pruning: inout Pruning, before: Int, isTrial: Bool
  ) throws(RegistryError) {
    let going = Set(pruning.versions)
    let versions = try holdings()
    let named = Set(
      versions.filter { !$0.isPruned && !going.contains($0.number) }.map(\.blob))
    let givenUp = Set(versions.map(\.blob)).subtracting(named)
    for entry in try blobs.entries() {
      let goes =
        switch entry.kind {
        case .blob(let hash):
          givenUp.contains(hash) || !named.contains(hash) && entry.status.modified < before
        case .unfinished: entry.status.modified < before
        case .foreign: false
        }
      guard goes else { continue }
      if !isTrial { try blobs.files.remove(entry.path) }
      pruning.files.append(entry.path)
      pruning.bytes += entry.status.size
    }
  }
}
