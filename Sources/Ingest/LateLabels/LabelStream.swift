import Batches
import Catalogues
import Kernels
import Snapshots

/// A second stream, of labels: an id and the target a record, in CSV with a header or NDJSON.
///
/// Between which rows of the first stream a label arrives is told in one of three ways:
///
/// - `--arrival COLUMN` of the labels says how many events come before it;
/// - both streams have the columns of `--time`: before the first event that is not earlier than it;
/// - by neither: as it comes, which two runs need not have alike. A file is refused then.
///
/// With the first two what comes next of the labels has to be known before the next event is taken, and is
/// waited for. When the rows are at their end, the labels that are left arrive.
final class LabelStream {
  enum Order {
    case byArrival
    case byTime
    case asItComes
  }

  /// A label, its bytes good until the next one is asked for.
  struct Label {
    let record: Record
    let arrival: Double
    let time: Double
  }

  enum Outcome {
    case label(Label)
    case refused(Refusal)
    case late
    case end
    case interrupted
  }

  private var reader: RecordReader
  private var format: (any RecordFormat)?
  private let options: IngestOptions
  /// Whether all of it is there from the beginning.
  private let isFile: Bool
  private(set) var columns = RowColumns(count: 1)
  private(set) var names: [String] = []
  private(set) var id = 0
  private(set) var target = 0
  private var arrival: Int?
  private var time: [Int] = []
  private var isRegression = true
  private(set) var isAtEnd = false
  /// The next label, once it was looked at and until it is taken.
  private var head: Label?
  /// Nil: what its first record says of its columns decides.
  private(set) var order: Order?

  /// The next event of the first stream, taken apart, and waiting for labels that come before it.
  var held: (record: Record, time: Double)?
  /// The first record, if it names the columns.
  private var header: [UInt8] = []
  /// What was used last.
  private var place = InputPlace()
  /// Where a run before was, until it is known whether this input is the same.
  private var before: InputPlace?

  /// Whether the first stream is at its end.
  var rowsAreOver = false
  /// Events since labels were looked for.
  var eventsSinceLook = 0

  init(_ source: any ByteSource, _ options: IngestOptions, isFile: Bool) {
    reader = RecordReader(source, lineLimit: options.lineLimit)
    self.options = options
    self.isFile = isFile
    if options.lateLabels?.arrival != nil {
      order = .byArrival
    } else if options.time.isEmpty, !isFile {
      order = .asItComes
    }
  }

  /// Whether late labels can be had of what the first events showed.
  static func check(
    _ options: IngestOptions, _ evidence: [ColumnEvidence]
  ) throws(IngestError) {
    guard options.id != nil else {
      throw .badFeature(
        option: "--late-labels", text: "", reason: "name the column that joins them with --id")
    }
    guard options.task == nil, let target = options.target else { return }
    guard evidence.contains(where: { $0.name == target && $0.values == 0 }) else { return }
    throw .unfitTarget(
      name: target,
      reason: "no label is among the first events; say --task binary, multiclass or regression")
  }

  /// From here on labels are numbers, or classes.
  func lock(isRegression: Bool) { self.isRegression = isRegression }

  /// The next label, which stays the next until `take`; waited for until `deadline`.
  func next(until deadline: MonotonicTime?) throws(IngestError) -> Outcome {
    if let head { return .label(head) }
    if let before { try goOn(from: before) }
    while !isAtEnd {
      switch try reader.next(until: deadline) {
      case .late: return .late
      case .interrupted: return .interrupted
      case .refused(let refusal):
        (place.offset, place.line, place.length) = (refusal.offset, refusal.line, -1)
        return .refused(refusal)
      case .end:
        isAtEnd = true
        order = order ?? .asItComes
      case .record(let record):
        if format == nil, try begin(record) { continue }
        if let fault = format?.parse(record, into: columns) {
          place.set(record)
          return .refused(refusal(fault, record))
        }
        return look(at: record)
      }
    }
    return .end
  }

  // MARK: - Going on

  /// Writes how far labels were taken.
  func write(to writer: inout SnapshotWriter) {
    var place = before ?? place
    if before == nil { place.beginning = Array(reader.beginning.prefix(place.end)) }
    place.write(to: &writer)
    writer.write(header)
  }

  /// Goes on where another run was, once the first labels are asked for.
  func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    before = try InputPlace(from: &reader)
    header = try reader.readBytes()
  }

  /// Passes over what the run before has taken, if the input begins with the same bytes; otherwise it is a new one.
  private func goOn(from before: InputPlace) throws(IngestError) {
    self.before = nil
    guard let offset = before.offset, try reader.begins(with: before.beginning[...]) else { return }
    if !header.isEmpty { try beginAsBefore() }
    try reader.pass(offset, lines: before.line - 1)
    place = before
    switch try reader.next(until: nil) {
    case .record(let record): if format == nil { _ = try begin(record) }
    case .refused, .late: break
    case .interrupted: throw .interrupted
    case .end: throw .cannotGoOn(reason: "--labels ends at byte \(offset)")
    }
  }

  /// Takes the header that the run before has found.
  private func beginAsBefore() throws(IngestError) {
    let bytes = header
    let margin = 64
    let room = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count + margin)
    defer { room.deallocate() }
    room.initialize(repeating: 0x0A, count: bytes.count + margin)
    for (index, byte) in bytes.enumerated() { room[index] = byte }
    let body = Field(start: UnsafePointer(room), end: UnsafePointer(room + bytes.count))
    let hasQuotes = bytes.contains(UInt8(ascii: "\""))
    _ = try begin(Record(body: body, line: 1, offset: 0, hasQuotes: hasQuotes))
  }

  /// The label that `next` told is dealt with.
  func take() {
    if let record = head?.record { place.set(record) }
    head = nil
  }

  private func look(at record: Record) -> Outcome {
    let number = arrival.map { columns.numbers[$0] } ?? .nan
    if let arrival, !(number >= 0) {
      let fault = Fault(
        kind: .missingValue, column: arrival, expected: "how many events come before the label",
        found: number.isNaN ? "nothing" : "\(number)")
      return .refused(refusal(fault, record))
    }
    var moment = Double.nan
    if let first = time.first {
      let date = Timestamp.read(columns.fields[first].trimmed)
      let hour = time.count > 1 ? columns.numbers[time[1]] : 0
      guard let date, !hour.isNaN else {
        let fault = Fault(
          kind: .notATime, column: first, expected: "seconds or a date such as 2011-01-31T18:00",
          found: Refusal.sample(columns.fields[first]))
        return .refused(refusal(fault, record))
      }
      moment = date + 3600 * hour
    }
    let label = Label(record: record, arrival: number, time: moment)
    head = label
    return .label(label)
  }

  func refusal(_ fault: Fault, _ record: Record) -> Refusal {
    Refusal(
      kind: fault.kind, line: record.line, offset: record.offset,
      column: (fault.column.map { names[$0] } ?? "a record") + " of --labels",
      expected: fault.expected, found: fault.found, record: record.body)
  }

  /// Takes the first record; true if it was a header.
  private func begin(_ record: Record) throws(IngestError) -> Bool {
    let isNDJSON = record.body.trimmed.bytes.first == UInt8(ascii: "{")
    var format: any RecordFormat
    if isNDJSON {
      format = NDJSONFormat()
      names = [options.id, options.target, options.lateLabels?.arrival].compactMap { $0 }
      names += options.time.filter { !names.contains($0) }
    } else {
      let text = record.body.bytes
      let delimiter =
        text.contains(UInt8(ascii: "\t")) && !text.contains(UInt8(ascii: ","))
        ? UInt8(ascii: "\t") : UInt8(ascii: ",")
      var csv = CSVFormat(columns: [], delimiter: delimiter)
      reader.configure(quotes: true, delimiter: delimiter)
      try csv.readHeader(record)
      names = csv.columns
      header = Array(record.body.bytes)
      format = csv
    }
    var plan = FeaturePlan(
      columns: names, needs: names.map { _ in [] }, missing: names.map { _ in .mean },
      task: .regression, target: nil, targetName: "")
    id = try column(options.id ?? "", "--id")
    target = try column(options.target ?? "", "--target")
    plan.needs[id] = .text
    plan.needs[target] = isRegression ? .number : .text
    if let name = options.lateLabels?.arrival {
      let index = try column(name, "--arrival")
      plan.needs[index] = .number
      arrival = index
      order = .byArrival
    } else {
      time = options.time.compactMap { names.firstIndex(of: $0) }
      // A line of JSON does not tell what the next one lacks: a file's are to have what is asked for.
      if time.count != options.time.count || (isNDJSON && !isFile) { time = [] }
      for (position, index) in time.enumerated() {
        plan.needs[index] = position == 0 ? .text : .number
      }
      order = time.isEmpty ? .asItComes : .byTime
    }
    guard order != .asItComes || !isFile else {
      throw .badFeature(
        option: "--labels", text: "",
        reason: "nothing tells when a label of a file arrives: name a column that counts the "
          + "events before it with --arrival, or give both files the columns of --time")
    }
    format.lock(plan)
    columns = RowColumns(count: names.count)
    self.format = format
    return !isNDJSON
  }

  private func column(_ name: String, _ option: String) throws(IngestError) -> Int {
    guard let index = names.firstIndex(of: name) else {
      throw .noSuchColumn(
        option: option, name: "\(name) of --labels", known: names,
        near: nearestNames(to: name, among: names))
    }
    return index
  }
}
