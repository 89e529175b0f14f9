package import Batches
import Catalogues
import Kernels

/// The whole way from bytes to micro-batches: reads, frames, parses, encodes, and refuses what is
/// bad. The first events fix format, columns, types and roles.
package struct EventSource: BatchSource, ~Copyable {
  /// How many of the first events are looked at before types are locked.
  private static let sampleRows = 100

  package let schema: Schema
  var reader: RecordReader
  var format: any RecordFormat
  var encoder: RowEncoder
  /// A second stream, of labels, where there is one.
  var labels: LabelStream?
  /// The columns of a record that is parsed and encoded at once.
  let ownColumns: RowColumns
  /// Records on their way through other threads, where there are any.
  /// Milliseconds for which no row may come before a batch without any is handed out; nil: as long as it takes.
  package var idle: Int?
  private var ring: ParsingRing?
  let delay: Int
  package internal(set) var refusals: RefusalLog
  /// How many events the types were inferred from.
  package let inferredFrom: Int
  /// The options, with what an automatic recipe added to them.
  package let settled: IngestOptions
  /// The bytes that fixed the schema, the first `headerLength` of them the header, if the options ask for them.
  var opening: [UInt8] = []
  var headerLength = 0
  /// The header of the input that is served, which may be another one; empty where there is none.
  var servedHeader: [UInt8] = []
  /// What was used last.
  var place = InputPlace()
  /// Whether batches say when their rows came.
  private let stamps: Bool
  /// A record that ends the batch though it be refused.
  var stopsAt: Int?

  /// Reads as much of the input as fixing the schema takes.
  /// `labels` is a second stream, with the labels of rows of the first, which are joined to them by id.
  package static func open(
    _ source: any ByteSource, _ options: IngestOptions,
    labels: (bytes: any ByteSource, isFile: Bool)? = nil
  ) throws(IngestError) -> EventSource {
    let refusals = try RefusalLog(options.badRows, keepsQuarantine: options.keepsQuarantine)
    var reader = RecordReader(source, lineLimit: options.lineLimit)
    let beginning = try reader.peek()
    reader.setMark()
    let firstLine = beginning.bytes.prefix { $0 != 0x0A }
    let line = firstLine.starts(with: [0xEF, 0xBB, 0xBF]) ? firstLine.dropFirst(3) : firstLine
    // Taken now: what `beginning` points at moves when more is read.
    let shownLine = Refusal.sample(
      Field(start: beginning.start, end: beginning.start + firstLine.count))
    var format = try EventSource.format(options, beginning)
    reader.configure(
      quotes: format.quotesHoldLineEnds, delimiter: format.delimiter, comment: format.comment)
    if format.hasHeader, !options.columnsIfHeaderless.isEmpty,
      line.split(separator: UInt8(ascii: ",")).allSatisfy({
        Double(String(decoding: $0, as: UTF8.self).filter { !$0.isWhitespace }) != nil
      })
    {
      format = CSVFormat(columns: options.columnsIfHeaderless, delimiter: format.delimiter)
    } else if format.hasHeader {
      guard let header = try reader.nextRecord() else { throw .noHeader }
      try format.readHeader(header)
      while format.headerGoesOn {
        guard let header = try reader.nextRecord() else {
          throw .badHeader(reason: "the input ends before its data begin")
        }
        try format.readHeader(header)
      }
    }
    var opening = Array(reader.marked)
    reader.removeMark()
    let headerLength = opening.count
    var evidence: [ColumnEvidence] = []
    let rows = try sample(&reader, &format, options, &evidence, &opening)
    var options = options
    try format.settle(&options, &evidence)
    guard rows == 0 || !evidence.isEmpty else {
      throw .badHeader(
        reason: "none of the first \(rows) lines is a JSON object; the first is "
          + shownLine)
    }
    guard !evidence.isEmpty else { throw .noHeader }
    // One column leaves nothing to choose.
    if options.readsTargetOnly, options.target == nil, evidence.count == 1 {
      options.target = evidence[0].name
    }
    let isApart =
      labels != nil
      && !evidence.contains { [target = options.target] column in column.name == target }
    // The column that rows do not have and labels will bring.
    if isApart, let target = options.target { evidence.append(ColumnEvidence(name: target)) }
    if options.lateLabels != nil { try LabelStream.check(options, evidence) }
    if options.isAutomatic { options = AutoRecipe.complete(options, evidence) }
    var plan = try FeaturePlanner.plan(options, evidence)
    plan.hashed = format.hashed
    format.lock(isApart ? plan.withoutLastColumn : plan)
    var target = try TargetReader(
      task: plan.task, name: plan.targetName, positive: options.positive,
      seen: plan.target.map { evidence[$0].distinct } ?? [])
    try target.setWeights(options.classWeights)
    let second = labels.map { LabelStream($0.bytes, options, isFile: $0.isFile) }
    second?.lock(isRegression: plan.task == .regression)
    var events = EventSource(
      schema: Schema(
        task: plan.task, targetName: plan.targetName, denseNames: plan.denseNames),
      reader: reader, format: format,
      encoder: RowEncoder(
        plan, target: target, categoryLimit: options.categoryLimit,
        labelDelay: options.labelDelay, lateLabels: options.lateLabels,
        isTargetApart: isApart, groupLimit: options.groupLimit),
      labels: second, delay: options.delayMilliseconds, refusals: refusals, inferredFrom: rows,
      settled: options)
    if options.isResumable { (events.opening, events.headerLength) = (opening, headerLength) }
    return events
  }

  private init(
    schema: Schema, reader: consuming RecordReader, format: any RecordFormat,
    encoder: consuming RowEncoder, labels: LabelStream?,
    delay: Int, refusals: RefusalLog, inferredFrom: Int, settled: IngestOptions
  ) {
    self.settled = settled
    stamps = settled.stampsBatches
    self.schema = schema
    self.reader = reader
    self.format = format
    ownColumns = encoder.columns
    self.encoder = encoder
    self.labels = labels
    self.delay = delay
    self.refusals = refusals
    self.inferredFrom = inferredFrom
  }

  private static func format(
    _ options: IngestOptions, _ beginning: Field
  ) throws(IngestError) -> any RecordFormat {
    let context = FormatContext(
      columns: options.columns, delimiter: options.delimiter,
      firstLine: Array(beginning.bytes.prefix { $0 != 0x0A }), hashBits: options.hashBits)
    // What the user says of columns that have no names, or of what lies between them, is said of CSV.
    let isTable = !options.columns.isEmpty || options.delimiter != nil
    let name =
      options.format != "auto"
      ? options.format : FormatGuess.name(beginning.bytes, isTable: isTable)
    do {
      return try Catalogue.formats.make(name, context).format
    } catch {
      throw .badFeature(option: "--format", text: name, reason: error.message)
    }
  }

  /// Looks at the first records and goes back to where it began.
  private static func sample(
    _ reader: inout RecordReader, _ format: inout any RecordFormat,
    _ options: IngestOptions, _ evidence: inout [ColumnEvidence], _ opening: inout [UInt8]
  ) throws(IngestError) -> Int {
    reader.setMark()
    var (rows, used) = (0, 0)
    var deadline: MonotonicTime?
    let most = options.isAutomatic ? AutoRecipe.sampleRows : sampleRows
    let delay =
      options.isAutomatic
      ? max(options.delayMilliseconds, AutoRecipe.patienceMilliseconds) : options.delayMilliseconds
    sampling: while rows < most {
      switch try reader.next(until: deadline) {
      case .record(let record):
        format.sample(record, row: options.isAutomatic ? rows : nil, into: &evidence)
        rows += 1
        used = reader.marked.count
        // The first event is waited for; the others only as long as its answer may take.
        if deadline == nil { deadline = EventSource.deadline(delay) }
      // What is passed over is kept while the sample lasts; a line without end must not be.
      case .refused(let refusal) where refusal.kind == .tooLong: break sampling
      case .refused: continue
      case .late, .end, .interrupted: break sampling
      }
    }
    if options.isResumable { opening += reader.marked[..<used] }
    reader.rewind()
    return rows
  }

  static func deadline(_ delay: Int) -> MonotonicTime {
    delay == 0 ? .past : MonotonicTime.now().advanced(byMilliseconds: delay)
  }

  package var classNames: [String] { encoder.target.classNames }
  /// Columns of a record.
  var columnCount: Int { encoder.plan.columns.count }
  /// Events accepted so far.
  package var accepted: Int { encoder.accepted }
  /// What became of rows and labels that are joined by id; nil where they are not.
  var joined: JoinCounts? { encoder.join?.counts }
  /// Whether labels come by a stream of their own.
  var hasLabelStream: Bool { labels != nil }
  /// Bytes used so far.
  package var bytesRead: Int { reader.offset }

  package func sparseName(_ index: Int) -> String { encoder.sparseName(index) }

  package mutating func takeNotices() -> [SourceNotice] { encoder.takeNotices() }

  package var families: [FeatureFamily] { encoder.featureFamilies }

  package mutating func change(_ changes: [FeatureChange]) {
    for change in changes { encoder.change(change) }
  }

  package mutating func fill(
    _ batch: inout MicroBatch, upTo limit: Int?
  ) throws -> FillOutcome {
    try fill(&batch, upTo: limit, waits: true)
  }

  /// The same; unless it `waits`, with no more than is there to be read.
  mutating func fill(
    _ batch: inout MicroBatch, upTo limit: Int?, waits: Bool
  ) throws -> FillOutcome {
    guard stamps else { return try fillTyped(&batch, upTo: limit ?? Int.max, waits: waits) }
    // Where nothing is waited for, what is there was there before.
    if !waits || ring.map({ !$0.isEmpty }) ?? false { batch.arrived = EventSource.now() }
    let outcome = try fillTyped(&batch, upTo: limit ?? Int.max, waits: waits)
    batch.filled = EventSource.now()
    if batch.arrived == 0 { batch.arrived = batch.filled }
    return outcome
  }

  static func now() -> Int { MonotonicTime.now().nanoseconds }

  /// Says when the first record of a batch was there.
  @inline(never)
  func stamp(_ batch: inout MicroBatch) {
    if stamps, batch.arrived == 0 { batch.arrived = EventSource.now() }
  }

  /// From here on `fill` may have records parsed by other threads too, of which `helpers` do nothing else; what
  /// these threads share with this one is returned.
  mutating func shareParsing(helpers: Int) -> ParsingRing {
    let ring = ParsingRing(format, columns: columnCount, helpers: helpers)
    self.ring = ring
    return ring
  }

  private mutating func fillTyped(
    _ batch: inout MicroBatch, upTo limit: Int, waits: Bool
  ) throws(IngestError) -> FillOutcome {
    if labels != nil { return try fillFromBoth(&batch, upTo: limit) }
    // Counted here: asking another module's struct copies it, at every row.
    let capacity = batch.capacity
    var count = batch.count
    if let ring, !waits || !ring.isEmpty {
      if let outcome = try take(ring, &batch, &count, upTo: limit, frames: !waits) {
        return outcome
      }
    }
    let columns = ownColumns
    var isBegun = count > 0
    var deadline = isBegun ? EventSource.deadline(delay) : idle.map(EventSource.deadline)
    var refused = 0
    while count < capacity, encoder.accepted < limit {
      if !isBegun, count > 0 { (isBegun, deadline) = (true, EventSource.deadline(delay)) }
      switch try reader.next(until: deadline) {
      case .record(let record):
        if count == 0 { stamp(&batch) }
        place.set(record)
        var fault = format.parse(record, into: columns)
        if fault == nil { fault = encoder.encode(columns, into: &batch, line: record.line) }
        if let fault {
          try refuse(fault, record)
          refused += show(fault, in: &batch)
          if record.offset == stopsAt { return .full }
          if refused >= EventSource.mostRefused { return .late }
        } else {
          count += 1
        }
      case .refused(let refusal):
        try add(refusal)
        refused += show(refusal, in: &batch)
        if refusal.offset == stopsAt { return .full }
        if refused >= EventSource.mostRefused { return .late }
      case .late: return .late
      case .interrupted: return .interrupted
      case .end: return try end()
      }
    }
    return .full
  }

  /// Fills the batch from blocks of records; nil where there are no more of them and none are to be framed.
  private mutating func take(
    _ ring: ParsingRing, _ batch: inout MicroBatch, _ count: inout Int, upTo limit: Int,
    frames: Bool
  ) throws(IngestError) -> FillOutcome? {
    let capacity = batch.capacity
    var refused = 0
    while count < capacity, encoder.accepted < limit {
      if refused >= EventSource.mostRefused { return .late }
      switch ring.next() {
      case .row(let block, let row):
        var fault = block.takeFault(row)
        place.set(block.record(row))
        if fault == nil {
          fault = encoder.encode(block.columns(row), into: &batch, line: block.line(row))
        }
        if let fault {
          try refuse(fault, block.record(row))
          refused += show(fault, in: &batch)
        } else {
          count += 1
        }
      case .refused(let refusal):
        try add(refusal)
        refused += show(refusal, in: &batch)
      case .blockTaken: if frames { ring.frame(&reader) }
      case .ending(.more): continue
      case .ending(.late): return .late
      case .ending(.interrupted): return .interrupted
      case .ending(.end): return try end()
      case .ending(.failure(let error)): throw error
      case .nothing:
        guard frames else { return nil }
        ring.frame(&reader)
      }
    }
    return .full
  }

  /// Rows that are refused after which those who watch the input are to hear of it, though no event may come.
  private static let mostRefused = 64

  /// Shows a record that was refused to those who watch the input; how many there are to be counted.
  private func show(_ fault: Fault, in batch: inout MicroBatch) -> Int {
    guard encoder.isWatched, fault !== Fault.passedOver else { return 0 }
    batch.addRefused(
      fault.column.map { encoder.plan.columns[$0] } ?? fault.feature, fault.kind.rawValue)
    return 1
  }

  private func show(_ refusal: Refusal, in batch: inout MicroBatch) -> Int {
    guard encoder.isWatched else { return 0 }
    batch.addRefused(refusal.column, refusal.kind.rawValue)
    return 1
  }

  func end() throws(IngestError) -> FillOutcome {
    try refusals.checkLimit(accepted: encoder.accepted)
    return .end
  }

  /// Takes a record that could not be framed.
  mutating func add(_ refusal: Refusal) throws(IngestError) {
    (place.offset, place.line, place.length) = (refusal.offset, refusal.line, -1)
    try refusals.add(refusal, accepted: encoder.accepted)
  }

  mutating func refuse(_ fault: Fault, _ record: Record) throws(IngestError) {
    if fault === Fault.passedOver { return }
    try refusals.add(
      Refusal(
        kind: fault.kind, line: record.line, offset: record.offset,
        column: fault.column.map { encoder.plan.columns[$0] } ?? fault.feature,
        expected: fault.expected,
        found: fault.found, record: record.body), accepted: encoder.accepted)
  }

  /// Closes what the source opened itself.
  package mutating func close() { refusals.close() }
}
