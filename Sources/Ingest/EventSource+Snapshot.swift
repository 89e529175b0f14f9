import Batches
package import Snapshots

/// Going on where an earlier run was. What the first events fixed is found again from their own bytes, by the way it was
/// found at first; the rest is state.
///
/// A later run makes `reopened` of the snapshot, which has the schema and the families of the first moment, then
/// `restore`s what came of them, and `attach`es the input.
extension EventSource {
  /// Events that were passed over as they had been taken before, by their sequence.
  package var passedOver: Int { encoder.passedOver }

  /// Writes where the source stands. To be called between two rows, when the notices have been taken.
  package func write(to writer: inout SnapshotWriter) {
    writer.write(opening)
    writer.write(headerLength)
    var place = place
    let used = (place.offset ?? -1) + 1
    place.beginning = Array(reader.beginning.prefix(used))
    place.write(to: &writer)
    encoder.write(to: &writer)
    refusals.write(to: &writer)
    labels?.write(to: &writer)
  }

  /// A source as it was before its first row.
  package static func reopened(
    _ options: IngestOptions, labels: (bytes: any ByteSource, isFile: Bool)? = nil,
    from reader: inout SnapshotReader
  ) throws -> EventSource {
    let opening = try reader.readBytes()
    let headerLength = try reader.readInt()
    var options = options
    options.isResumable = true
    options.keepsQuarantine = true
    let source = try EventSource.open(MemorySource(opening), options, labels: labels)
    guard source.headerLength == headerLength else { throw SnapshotError.corrupt }
    return source
  }

  /// Takes over what came after that.
  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    place = try InputPlace(from: &reader)
    try encoder.restore(from: &reader)
    try refusals.restore(from: &reader)
    try labels?.restore(from: &reader)
  }

  /// Reads on from `source`: what the earlier run used of it is passed over, if it begins with the same bytes.
  ///
  /// `isFile`: whether it has all bytes that it had then. A producer that numbers its events may well send others after the
  /// first ones: then their numbers tell which are new.
  package mutating func attach(
    _ source: any ByteSource, isFile: Bool
  ) throws(IngestError) -> InputContinuation {
    var fresh = RecordReader(source, lineLimit: settled.lineLimit)
    fresh.configure(
      quotes: format.quotesHoldLineEnds, delimiter: format.delimiter, comment: format.comment)
    var continuation = InputContinuation.new
    let isNumbered = encoder.plan.sequence != nil && !isFile
    if let offset = place.offset, !isNumbered, try fresh.begins(with: place.beginning[...]) {
      try fresh.pass(offset, lines: place.line - 1)
      // The last record was used too.
      switch try fresh.next(until: nil) {
      case .record, .refused, .late: break
      case .interrupted: throw .interrupted
      case .end: throw .cannotGoOn(reason: "it ends at byte \(offset)")
      }
      continuation = .same(bytes: fresh.offset)
    } else {
      place = InputPlace()
      try passHeader(&fresh)
    }
    reader = fresh
    return continuation
  }

  /// Reads from `source` what is to be predicted: all of it, whatever was learned. The target may lack, and a CSV may have
  /// its columns in any order.
  package mutating func serve(_ source: any ByteSource) throws(IngestError) {
    var fresh = RecordReader(source, lineLimit: settled.lineLimit)
    fresh.configure(
      quotes: format.quotesHoldLineEnds, delimiter: format.delimiter, comment: format.comment)
    place = InputPlace()
    if headerLength > 0, !(try fresh.begins(with: opening[..<headerLength])) {
      guard let header = try fresh.nextRecord() else { throw .noHeader }
      let plan = encoder.plan
      let isTaken = try format.takeOrder(header) { column in
        plan.needs[column] == [] || column == plan.target || column == plan.weight
      }
      guard isTaken else {
        throw .badHeader(reason: "it is another one than the model was made with")
      }
    } else if headerLength > 0 {
      let lines = opening[..<headerLength].count { $0 == UInt8(ascii: "\n") }
      try fresh.pass(headerLength, lines: lines)
    }
    reader = fresh
  }

  /// Whether there is something to be read, or nothing ever will be; waits so long for it.
  package mutating func isReady(milliseconds: Int) throws(IngestError) -> Bool {
    try reader.isReady(until: EventSource.deadline(milliseconds))
  }

  /// Takes over the input that `other`, of another version of the model, reads, where it reads it. Both have the same
  /// columns, or the header is refused.
  package mutating func takeInput(of other: inout EventSource) throws(IngestError) {
    guard encoder.plan.columns == other.encoder.plan.columns,
      type(of: format) == type(of: other.format)
    else {
      throw .badHeader(reason: "the version reads other columns")
    }
    format = other.format
    swap(&reader, &other.reader)
    place = other.place
  }

  /// An input that goes on with new events may begin with the header again, or not; another header is refused.
  private func passHeader(_ fresh: inout RecordReader) throws(IngestError) {
    guard headerLength > 0 else { return }
    let header = opening[..<headerLength]
    if try fresh.begins(with: header) {
      return try fresh.pass(headerLength, lines: header.count { $0 == UInt8(ascii: "\n") })
    }
    _ = try fresh.peek()
    fresh.setMark()
    if let first = try fresh.nextRecord(), names(first, target: schema.targetName) {
      throw .badHeader(
        reason: "it is another one than the checkpoint was made with: "
          + Refusal.sample(first.body))
    }
    fresh.rewind()
  }

  /// Whether a record has the target's name in it, as a header has.
  private func names(_ record: Record, target: String) -> Bool {
    let name = Array(target.utf8)
    return record.body.bytes.split { $0 == format.delimiter || $0 == UInt8(ascii: "\"") }
      .contains { $0.elementsEqual(name) }
  }
}
