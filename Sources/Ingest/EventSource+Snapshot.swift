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
    place.beginning = Array(reader.beginning.prefix(place.end))
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
      case .record(let record):
        guard place.length < 0 || record.body.count == place.length else {
          throw .cannotGoOn(
            reason: "line \(record.line), the last one that was used, has "
              + "\(record.body.count) bytes and had \(place.length)")
        }
      case .refused, .late: break
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

  /// Reads `source` from its first event on, as the run did whose first events these are.
  package mutating func begin(_ source: any ByteSource) throws(IngestError) {
    var fresh = RecordReader(source, lineLimit: settled.lineLimit)
    fresh.configure(
      quotes: format.quotesHoldLineEnds, delimiter: format.delimiter, comment: format.comment)
    guard try fresh.begins(with: opening[...]) else { throw .otherInput }
    place = InputPlace()
    let lines = opening[..<headerLength].count { $0 == UInt8(ascii: "\n") }
    if headerLength > 0 { try fresh.pass(headerLength, lines: lines) }
    reader = fresh
  }

  /// Where the last record that was used begins.
  package var offset: Int? { place.offset }

  /// From here on `fill` ends a batch after a record there that is refused, which otherwise ends none.
  package mutating func stop(at offset: Int?) { stopsAt = offset }

  /// Labels of a second stream are no longer waited for.
  package mutating func dropLabels() { labels = nil }

  /// Reads from `source` what is to be predicted: all of it, whatever was learned. The target may lack, and a CSV may have
  /// its columns in any order.
  package mutating func serve(_ source: any ByteSource) throws(IngestError) {
    var fresh = RecordReader(source, lineLimit: settled.lineLimit)
    fresh.configure(
      quotes: format.quotesHoldLineEnds, delimiter: format.delimiter, comment: format.comment)
    place = InputPlace()
    encoder.forgetWhatWasTaken()
    servedHeader = Array(opening[..<headerLength])
    if headerLength > 0, !(try fresh.begins(with: opening[..<headerLength])) {
      guard let header = try fresh.nextRecord() else { throw .noHeader }
      servedHeader = Array(header.body.bytes) + [UInt8(ascii: "\n")]
      guard try takeOrder(header) else {
        throw .badHeader(reason: "it is another one than the model was made with")
      }
    } else if headerLength > 0 {
      let lines = opening[..<headerLength].count { $0 == UInt8(ascii: "\n") }
      try fresh.pass(headerLength, lines: lines)
    }
    reader = fresh
  }

  /// Takes the columns as another header has them; false where a format has no such header.
  private mutating func takeOrder(_ header: Record) throws(IngestError) -> Bool {
    let plan = encoder.plan
    return try format.takeOrder(header) { column in
      plan.needs[column] == [] || column == plan.target || column == plan.weight
    }
  }

  /// Whether there is something to be read, or nothing ever will be; waits so long for it.
  package mutating func isReady(milliseconds: Int) throws(IngestError) -> Bool {
    try reader.isReady(until: EventSource.deadline(milliseconds))
  }

  /// Takes over the input that `other`, of another version of the model, reads, where it reads it. Both read the same
  /// columns, or the version is refused.
  package mutating func takeInput(of other: inout EventSource) throws(IngestError) {
    try readAlike(other)
    swap(&reader, &other.reader)
    place = other.place
  }

  /// Makes itself ready for the records of the input that `other` serves, of another version of the model. Each takes
  /// them apart in its own way, but both read the same columns of the same format, and answer the same question.
  package mutating func readAlike(_ other: borrowing EventSource) throws(IngestError) {
    guard type(of: format) == type(of: other.format), format.delimiter == other.format.delimiter,
      format.comment == other.format.comment
    else { throw .otherVersion(reason: "it reads another format") }
    let (own, its) = (encoder.plan, other.encoder.plan)
    guard own.targetName == its.targetName, own.task == its.task else {
      throw .otherVersion(
        reason: "it predicts \(own.targetName) (\(own.task.rawValue)), not \(its.targetName) "
          + "(\(its.task.rawValue))")
    }
    if own.task == .binary, classNames != other.classNames,
      !classNames.contains(""), !other.classNames.contains("")
    {
      throw .otherVersion(
        reason: "its classes are \(classNames.joined(separator: " and ")), not "
          + other.classNames.joined(separator: " and "))
    }
    let (id, otherID) = (own.id.map { own.columns[$0] }, its.id.map { its.columns[$0] })
    guard id == otherID else {
      throw .otherVersion(
        reason: "its --id is \(id ?? "not given"), not \(otherID ?? "left out")")
    }
    guard (encoder.join == nil) == (other.encoder.join == nil) else {
      throw .otherVersion(
        reason: "labels come by id (--late-labels) to one of the two, and not to the other")
    }
    encoder.forgetWhatWasTaken()
    if try takeOrder(ofLine: other.servedHeader) { return servedHeader = other.servedHeader }
    guard own.columns == its.columns else {
      throw .otherVersion(reason: "it reads other columns: \(own.columns.joined(separator: ", "))")
    }
  }

  /// Takes the columns as a header has them that was read elsewhere.
  private mutating func takeOrder(ofLine header: [UInt8]) throws(IngestError) -> Bool {
    guard !header.isEmpty else { return false }
    var line = RecordReader(MemorySource(header), lineLimit: settled.lineLimit)
    line.configure(
      quotes: format.quotesHoldLineEnds, delimiter: format.delimiter, comment: format.comment)
    guard let record = try line.nextRecord() else { return false }
    return try takeOrder(record)
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
    let first = try fresh.nextRecord()
    // The same line with another end, or with or without a byte-order mark.
    if let first, first.body.bytes.elementsEqual(EventSource.bare(header)) {
      return fresh.removeMark()
    }
    if let first, names(first, target: schema.targetName) {
      throw .badHeader(
        reason: "it is another one than the checkpoint was made with: "
          + Refusal.sample(first.body))
    }
    fresh.rewind()
  }

  private static func bare(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var line = line
    if line.starts(with: [0xEF, 0xBB, 0xBF]) { line = line.dropFirst(3) }
    while line.last == 0x0A || line.last == 0x0D { line.removeLast() }
    return line
  }

  /// Whether a record has the target's name in it, as a header has.
  private func names(_ record: Record, target: String) -> Bool {
    let name = Array(target.utf8)
    return record.body.bytes.split { $0 == format.delimiter || $0 == UInt8(ascii: "\"") }
      .contains { $0.elementsEqual(name) }
  }
}

extension RowEncoder {
  /// Rows are taken whether or not the same ones were learned, and whatever their numbers.
  mutating func forgetWhatWasTaken() {
    servesAll = true
    join?.forgetRemembered()
  }
}
