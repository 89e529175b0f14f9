package import Batches

/// One of several versions that read the same records: its columns as it knows them, and the rows that it makes of the
/// records at hand.
package final class SplitBranch {
  package var source: EventSource
  package private(set) var batch: MicroBatch
  /// Why it made no event of the record at hand; nil: it made one, or the record is none to it.
  private(set) var fault: Fault?
  /// Whether the record at hand could be taken apart.
  private(set) var isParsed = false
  /// The row of the record at hand.
  private(set) var row: Int?

  /// `rows` is how many rows its batch has room for.
  package init(_ source: consuming EventSource, rows: Int) {
    batch = MicroBatch(capacity: rows, denseWidth: source.schema.denseWidth)
    self.source = source
  }

  /// Another version takes the place of this one.
  package func become(_ source: consuming EventSource, rows: Int) {
    batch = MicroBatch(capacity: rows, denseWidth: source.schema.denseWidth)
    self.source = source
  }

  /// Fills the batch with what comes next, where it reads alone.
  package func fill() throws -> FillOutcome {
    batch.removeAll()
    return try source.fill(&batch, upTo: nil)
  }

  var room: Int { batch.capacity }

  func forgetRows() { batch.removeAll() }

  /// Makes a row of a record, and remembers it for the rows to come.
  func take(_ record: Record) {
    let columns = source.ownColumns
    row = nil
    fault = source.format.parse(record, into: columns)
    isParsed = fault == nil
    guard isParsed else { return }
    let before = batch.count
    fault = source.encoder.encode(columns, into: &batch, line: record.line)
    if fault == nil, batch.count > before, batch.ticket(before).isEvent { row = before }
  }

  /// The id of the record at hand, as it stands there; nil where it has none. Good until the next one.
  var id: UnsafeRawBufferPointer? {
    guard let column = source.encoder.idColumn, isParsed else { return nil }
    let field = source.ownColumns.fields[column]
    return field.isEmpty ? nil : field.bytes
  }

  /// Counts the record at hand as refused.
  func refuse(_ record: Record) throws(IngestError) {
    if let fault { try source.refuse(fault, record) }
  }
}
