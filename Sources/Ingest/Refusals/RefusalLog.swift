import Glibc
package import Snapshots

/// What happens to a bad row, and how many there may be.
package struct BadRowPolicy: Sendable, Equatable {
  package enum Action: Sendable, Equatable {
    case skip
    case quarantine(path: String)
    case fail
  }

  /// How many bad rows are too many.
  package enum Limit: Sendable, Equatable {
    case none
    case count(Int)
    /// A percentage of all rows, looked at from the hundredth row on and at the end.
    case percent(Double)

    var text: String {
      switch self {
      case .none: "none"
      case .count(let count): "\(count)"
      case .percent(let percent): "\(percent)%"
      }
    }
  }

  package let action: Action
  package let limit: Limit

  package init(action: Action = .skip, limit: Limit = .none) {
    self.action = action
    self.limit = limit
  }
}

/// Counts bad rows by kind, keeps the first few, and puts the rows where the policy says.
package struct RefusalLog: Snapshotted {
  private let policy: BadRowPolicy
  package private(set) var counts: [Refusal.Kind: Int] = [:]
  package private(set) var samples: [Refusal] = []
  private var quarantine: Int32 = -1

  /// Bytes in quarantine.
  private var kept = 0

  /// `keepsQuarantine`: what is there already stays until `restore` says how much of it is wanted.
  package init(_ policy: BadRowPolicy, keepsQuarantine: Bool = false) throws(IngestError) {
    self.policy = policy
    guard case .quarantine(let path) = policy.action else { return }
    let emptied = keepsQuarantine ? 0 : O_TRUNC
    quarantine = open(path, O_WRONLY | O_CREAT | emptied | O_CLOEXEC, 0o644)
    guard quarantine >= 0 else {
      throw .cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
  }

  package var total: Int { counts.values.reduce(0, +) }

  /// Takes a bad row; throws when it is one too many.
  mutating func add(_ refusal: Refusal, accepted: Int) throws(IngestError) {
    counts[refusal.kind, default: 0] += 1
    if samples.count < 5 { samples.append(refusal) }
    switch policy.action {
    case .skip: break
    case .fail: throw .badRow(refusal)
    case .quarantine(let path): try keep(refusal, path)
    }
    if total + accepted >= 100 || policy.limit == .count(0) { try checkLimit(accepted: accepted) }
    if case .count = policy.limit { try checkLimit(accepted: accepted) }
  }

  /// Throws when there are more bad rows than the policy allows.
  func checkLimit(accepted: Int) throws(IngestError) {
    let isTooMany =
      switch policy.limit {
      case .none: false
      case .count(let most): total > most
      case .percent(let percent): Double(total) * 100 > percent * Double(total + accepted)
      }
    guard isTooMany, let first = samples.first else { return }
    throw .tooManyBadRows(count: total, limit: policy.limit.text, first: first)
  }

  private mutating func keep(_ refusal: Refusal, _ path: String) throws(IngestError) {
    let bytes = refusal.record + [UInt8(ascii: "\n")]
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        Glibc.write(quarantine, buffer.baseAddress.map { $0 + written }, bytes.count - written)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        throw .cannotWrite(path: path, reason: String(cString: strerror(errno)))
      }
      written += count
    }
    kept += bytes.count
  }

  package func write(to writer: inout SnapshotWriter) {
    let kinds = counts.sorted { $0.key.rawValue < $1.key.rawValue }
    writer.write(kinds.map(\.key.rawValue))
    writer.write(kinds.map(\.value))
    writer.write(samples) { $1.write(to: &$0) }
    writer.write(kept)
  }

  /// What was put into quarantine since is taken out of it.
  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let (kinds, numbers) = (try reader.readStrings(), try reader.readInts())
    guard kinds.count == numbers.count else { throw .corrupt }
    for (name, count) in zip(kinds, numbers) {
      guard let kind = Refusal.Kind(rawValue: name) else { throw .corrupt }
      counts[kind] = count
    }
    samples = try reader.readList { reader throws(SnapshotError) in try Refusal(from: &reader) }
    kept = try reader.readInt()
    guard quarantine >= 0 else { return }
    // What was taken away meanwhile stays away: a file that is made longer would have holes.
    var about = stat()
    if fstat(quarantine, &about) == 0 { kept = min(kept, Int(about.st_size)) }
    if ftruncate(quarantine, off_t(kept)) == 0 { _ = lseek(quarantine, 0, SEEK_END) }
  }

  /// Closes the quarantine file.
  package mutating func close() {
    if quarantine >= 0 { Glibc.close(quarantine) }
    quarantine = -1
  }
}
