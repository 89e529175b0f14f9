package import Batches

/// How far the input is taken on its way to rows, for those who ask what each step costs: every stage has in it
/// those before it.
package enum IngestStage: String, Sendable, CaseIterable {
  /// Bytes are taken over from where they come from.
  case read
  /// They are cut into records.
  case index
  /// Records are taken apart, and numbers are read.
  case parse
  /// Columns become the features of a row.
  case encode
}

extension EventSource {
  /// Takes what is next as far as `stage`: a piece of bytes to `.read`, records to the others, as many as `batch`
  /// has room for. Only `.encode` leaves rows in it.
  ///
  /// - Returns: how many bytes or records; 0 at the end.
  package mutating func take(
    _ stage: IngestStage, _ batch: inout MicroBatch
  ) throws -> Int {
    switch stage {
    case .read: return try reader.skipPiece()
    case .index: return try takeRecords(atMost: batch.capacity, parses: false)
    case .parse: return try takeRecords(atMost: batch.capacity, parses: true)
    case .encode:
      batch.removeAll()
      guard try fill(&batch, upTo: nil) != .interrupted else { throw IngestError.interrupted }
      return batch.count
    }
  }

  /// What cannot be parsed is passed over and not counted.
  private mutating func takeRecords(atMost most: Int, parses: Bool) throws(IngestError) -> Int {
    let columns = ownColumns
    var count = 0
    while count < most {
      switch try reader.next(until: nil) {
      case .record(let record):
        if parses, format.parse(record, into: columns) != nil { continue }
        count += 1
      case .refused, .late: continue
      case .interrupted: throw .interrupted
      case .end: return count
      }
    }
    return count
  }
}
