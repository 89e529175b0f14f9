package import Kernels

/// What came of asking a source for bytes.
package enum ReadOutcome: Sendable, Equatable {
  /// So many bytes were read; at least one.
  case bytes(Int)
  /// A writer left; another may come. What it left unfinished is finished.
  case gap
  /// Nothing came before the deadline.
  case late
  /// Nothing will ever come again.
  case end
  /// The user asked for an end.
  case interrupted
}

/// Where bytes come from: a descriptor, a compressed stream, memory, a failing fake.
package protocol ByteSource {
  /// Reads some bytes into `buffer`, waiting for them until `deadline` (nil: for ever).
  mutating func read(
    into buffer: UnsafeMutableRawBufferPointer, until deadline: MonotonicTime?
  ) throws(IngestError) -> ReadOutcome
}

/// Why the input as a whole cannot be used. A single bad row is a `Refusal` instead.
package enum IngestError: Error, Equatable {
  case cannotOpen(path: String, reason: String)
  case cannotRead(reason: String)
  case cannotWrite(path: String, reason: String)
  case damagedCompression(reason: String)
  case notText(reason: String)
  /// The input of an earlier run is not what it was.
  case cannotGoOn(reason: String)
  /// The input does not begin as the run did that is to be done again.
  case otherInput
  case noHeader
  /// The user asked for an end before the first event. Not a failure.
  case interrupted
  case badHeader(reason: String)
  /// Another version of a model cannot read what is served.
  case otherVersion(reason: String)
  /// A model of another run does not fit this one's rows.
  case otherNumbering(reason: String)
  case noSuchColumn(option: String, name: String, known: [String], near: [String])
  case conflictingRoles(name: String, first: String, second: String)
  case noTarget(known: [String])
  case badFeature(option: String, text: String, reason: String)
  case unfitTarget(name: String, reason: String)
  case tooManyBadRows(count: Int, limit: String, first: Refusal)
  case badRow(Refusal)

  package var message: String {
    switch self {
    case .cannotOpen(let path, let reason): return "cannot open \(path): \(reason)"
    case .cannotRead(let reason): return "cannot read the input: \(reason)"
    case .cannotWrite(let path, let reason): return "cannot write \(path): \(reason)"
    case .damagedCompression(let reason):
      return "the compressed input is damaged: \(reason); what came before was learned"
    case .notText(let reason): return "the input is not text that weir reads: \(reason)"
    case .cannotGoOn(let reason):
      return "the input begins as what the checkpoint has learned, but is not that any more: "
        + "\(reason); give it the same input, or one that begins with what is new"
    case .otherInput:
      return "the input does not begin with the events that the run began with; name the one that "
        + "it read first"
    case .noHeader:
      return
        "the input is empty: no header line; name the columns with --columns a,b,c if it has none"
    case .interrupted: return "interrupted before the first event"
    case .badHeader(let reason): return "the header cannot be used: \(reason)"
    case .otherVersion(let reason):
      return "the version cannot read the same events: \(reason)"
    case .otherNumbering(let reason): return "cannot take part in this run: \(reason)"
    case .noSuchColumn(let option, let name, let known, let near):
      let hint = near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?"
      return "\(option) \(name): there is no such column\(hint) "
        + "(the columns are \(known.joined(separator: ", ")))"
    case .conflictingRoles(let name, let first, let second):
      return "column \(name) cannot be both \(first) and \(second)"
    case .noTarget(let known):
      return "name the column to learn with --target (the columns are "
        + "\(known.joined(separator: ", ")))"
    case .badFeature(let option, let text, let reason): return "\(option) \(text): \(reason)"
    case .unfitTarget(let name, let reason): return "target \(name): \(reason)"
    case .tooManyBadRows(let count, let limit, let first):
      return "\(count) bad rows, more than --max-bad \(limit); the first: \(first.message)"
    case .badRow(let refusal):
      return "\(refusal.message) (--bad-rows skip would go on without it)"
    }
  }
}
