import Batches

/// Reads an input line by line with the time of each, for writing it out again at a speed.
package struct LineReplay: ~Copyable {
  package enum Outcome: Sendable {
    /// A line with its line end, and its time in seconds since 1970, if it has one.
    case line(bytes: [UInt8], time: Double?)
    case end
    case interrupted
  }

  private var reader: RecordReader
  private var csv: CSVFormat
  private var encoder: RowEncoder
  private let hasTimes: Bool
  private var header: [UInt8]?

  /// Reads the header of CSV. `time` names a timestamp column, or a date column and an hour column;
  /// when it is empty, no line has a time.
  package static func open(
    _ source: any ByteSource, time: [String]
  ) throws(IngestError) -> LineReplay {
    var reader = RecordReader(source, lineLimit: 1 << 24)
    let beginning = try reader.peek()
    let line = Array(beginning.bytes.prefix { $0 != 0x0A })
    let delimiter =
      line.contains(UInt8(ascii: "\t")) && !line.contains(UInt8(ascii: ","))
      ? UInt8(ascii: "\t") : UInt8(ascii: ",")
    var csv = CSVFormat(columns: [], delimiter: delimiter)
    reader.configure(quotes: true, delimiter: delimiter)
    guard let record = try reader.nextRecord() else { throw .noHeader }
    try csv.readHeader(record)
    let header = Array(record.body.bytes) + [UInt8(ascii: "\n")]
    var options = IngestOptions()
    options.target = csv.columns.first
    options.readsTargetOnly = true
    options.task = .multiclass
    options.time = time
    let plan = try FeaturePlanner.plan(options, csv.columns.map(ColumnEvidence.init))
    csv.lock(plan)
    let target = try TargetReader(task: .multiclass, name: "", positive: nil, seen: [])
    let encoder = RowEncoder(plan, target: target, categoryLimit: 1, labelDelay: 0)
    return LineReplay(
      reader: reader, csv: csv, encoder: encoder, hasTimes: !time.isEmpty, header: header)
  }

  private init(
    reader: consuming RecordReader, csv: CSVFormat, encoder: consuming RowEncoder, hasTimes: Bool,
    header: [UInt8]
  ) {
    self.reader = reader
    self.csv = csv
    self.encoder = encoder
    self.hasTimes = hasTimes
    self.header = header
  }

  /// The next line, the header first.
  package mutating func next() throws(IngestError) -> Outcome {
    if let first = header {
      header = nil
      return .line(bytes: first, time: nil)
    }
    while true {
      switch try reader.next(until: nil) {
      case .record(let record):
        var time: Double?
        if hasTimes, csv.parse(record, into: encoder.columns) == nil {
          time = encoder.readTime()
        }
        return .line(bytes: Array(record.body.bytes) + [UInt8(ascii: "\n")], time: time)
      case .refused, .late: continue
      case .end: return .end
      case .interrupted: return .interrupted
      }
    }
  }
}
