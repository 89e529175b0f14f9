import Batches
import Catalogues
import Glibc

/// Comma-separated values: RFC 4180 quoting, a header line or `--columns`, any one-byte delimiter.
///
/// A record without quotes is parsed in one go, numbers straight from its bytes. In a record with
/// quotes each quoted field is first unescaped into a scratch buffer.
struct CSVFormat: RecordFormat {
  static let entry = Entry<FormatContext, AnyFormat>(
    "csv", "comma-separated values with RFC 4180 quoting; the delimiter is found or given",
    make: { _, context in
      AnyFormat(
        format: CSVFormat(
          columns: context.columns,
          delimiter: context.delimiter ?? likelyDelimiter(context.firstLine)))
    })

  private(set) var columns: [String]
  let delimiter: UInt8
  let hasHeader: Bool
  private var needs: [FeaturePlan.Need] = []
  private var scratch = Scratch()
  private let powers = Decimal.exactPowers
  private var ends = FieldEnds(capacity: 0)
  private var numeric = NumericColumns([])
  /// Of an input with other columns than the one whose header was read: which column each field is, −1 for none; and which
  /// columns no field is.
  private var order: [Int] = []
  private var lacking: [Int] = []

  var quotesHoldLineEnds: Bool { true }

  init(columns: [String], delimiter: UInt8) {
    self.columns = columns
    self.delimiter = delimiter
    hasHeader = columns.isEmpty
  }

  /// The candidate that occurs most often in the first line; a comma when none does.
  private static func likelyDelimiter(_ line: [UInt8]) -> UInt8 {
    var best = (count: 0, delimiter: UInt8(ascii: ","))
    for candidate in [UInt8(ascii: ","), UInt8(ascii: "\t"), UInt8(ascii: ";"), UInt8(ascii: "|")] {
      let count = line.count { $0 == candidate }
      if count > best.count { best = (count, candidate) }
    }
    return best.delimiter
  }

  mutating func readHeader(_ record: Record) throws(IngestError) {
    var names: [String] = []
    var numeric = 0
    for field in split(record) {
      if NumberField.value(field.trimmed) != nil { numeric += 1 }
      let name = field.trimmed.text
      names.append(name.isEmpty ? "column\(names.count + 1)" : name)
    }
    guard numeric < names.count else {
      throw .badHeader(
        reason: "all its names are numbers, so it looks like data; name the columns with "
          + "--columns a,b,c")
    }
    var known: Set<String> = []
    if let twice = names.first(where: { !known.insert($0).inserted }) {
      throw .badHeader(reason: "column '\(twice)' stands twice")
    }
    columns = names
  }

  mutating func sample(_ record: Record, row: Int?, into evidence: inout [ColumnEvidence]) {
    if evidence.isEmpty { evidence = columns.map(ColumnEvidence.init) }
    let fields = split(record)
    guard fields.count == evidence.count else { return }
    for (index, field) in fields.enumerated() { evidence[index].add(field, row: row) }
  }

  mutating func lock(_ plan: FeaturePlan) {
    needs = plan.needs
    ends = FieldEnds(capacity: needs.count)
    numeric = NumericColumns(needs)
  }

  func forgetFields() { scratch.reset() }

  func forked() -> CSVFormat {
    var fork = self
    fork.scratch = Scratch(keeps: true)
    fork.ends = FieldEnds(capacity: needs.count)
    return fork
  }

  mutating func settle(
    _ options: inout IngestOptions, _ evidence: inout [ColumnEvidence]
  ) throws(IngestError) {
    if evidence.isEmpty { evidence = columns.map(ColumnEvidence.init) }
  }

  /// The fields of a record, for the header and the sample.
  private mutating func split(_ record: Record) -> [Field] {
    var fields: [Field] = []
    var cursor = record.body.start
    scratch.makeRoom(for: record.body.count)
    while true {
      let (field, next) = nextField(cursor, record.body.end)
      fields.append(field ?? Field(start: cursor, end: next ?? record.body.end))
      guard let next, next < record.body.end else { return fields }
      cursor = next + 1
    }
  }

  mutating func takeOrder(
    _ header: Record, mayLack: (Int) -> Bool
  ) throws(IngestError) -> Bool {
    let names = split(header).map { $0.trimmed.text }
    (order, lacking) = ([], [])
    guard names != columns else { return true }
    let order = names.map { columns.firstIndex(of: $0) ?? -1 }
    let known = order.filter { $0 >= 0 }
    let lacking = columns.indices.filter { !known.contains($0) }
    if let column = lacking.first(where: { !mayLack($0) }) {
      throw .badHeader(
        reason: "the model needs column '\(columns[column])', which is not there "
          + "(there are \(names.joined(separator: ", ")))")
    }
    guard Set(known).count == known.count else {
      throw .badHeader(reason: "a column stands twice: \(names.joined(separator: ", "))")
    }
    (self.order, self.lacking) = (order, lacking)
    return true
  }

  /// A record of an input with columns of its own.
  private mutating func parseOrdered(_ record: Record, into columns: RowColumns) -> Fault? {
    scratch.makeRoom(for: record.body.count)
    for column in lacking {
      columns.numbers[column] = .nan
      columns.fields[column] = RowColumns.nothing
    }
    var cursor = record.body.start
    var found = 0
    while true {
      let (field, next) = nextField(cursor, record.body.end)
      guard let field, let next else {
        return Fault(
          kind: .malformed, column: nil, expected: "a delimiter after a closing quote",
          found: Refusal.sample(Field(start: cursor, end: record.body.end)))
      }
      let column = found < order.count ? order[found] : -1
      if column >= 0 {
        if needs[column] == .number {
          if let fault = CSVFormat.readNumber(field, column, into: columns) { return fault }
        } else {
          columns.fields[column] = field
        }
      }
      found += 1
      guard next < record.body.end else { break }
      cursor = next + 1
    }
    guard found == order.count else {
      return Fault(
        kind: .wrongFieldCount, column: nil, expected: "\(order.count) fields", found: "\(found)")
    }
    return nil
  }

  mutating func parse(_ record: Record, into columns: RowColumns) -> Fault? {
    guard order.isEmpty else { return parseOrdered(record, into: columns) }
    guard record.hasQuotes else { return parsePlain(record.body, into: columns) }
    scratch.makeRoom(for: record.body.count)
    var cursor = record.body.start
    let last = needs.count - 1
    for column in needs.indices {
      let (field, next) = nextField(cursor, record.body.end)
      guard let field, let next else {
        return Fault(
          kind: .malformed, column: column, expected: "a delimiter after a closing quote",
          found: Refusal.sample(Field(start: cursor, end: record.body.end)))
      }
      if needs[column] == .number {
        if let fault = CSVFormat.readNumber(field, column, into: columns) { return fault }
      } else {
        columns.fields[column] = field
      }
      guard (next < record.body.end) == (column < last) else {
        return wrongCount(record.body, column + 1, next)
      }
      cursor = next + 1
    }
    return nil
  }

  /// A record without quotes: first where its fields end, then what they hold.
  ///
  /// Knowing all ends beforehand lets the processor convert several numbers at a time.
  private mutating func parsePlain(_ body: Field, into columns: RowColumns) -> Fault? {
    let count = needs.count
    // One column: what is a number from end to end has no delimiter in it.
    if count == 1, needs[0] == .number, let value = Decimal.readShort(body.start, body.end, powers)
    {
      columns.numbers[0] = value
      return nil
    }
    let found = ends.find(delimiter, in: body, atMost: count)
    guard found == count else {
      return Fault(
        kind: .wrongFieldCount, column: nil, expected: "\(count) fields", found: "\(found)")
    }
    if numeric.convertsSeveral {
      ends.pad(after: count)
      return numeric.convert(body, ends.positions, into: columns) { column, field in
        CSVFormat.readAnyNumber(field, column, into: columns)
      }
    }
    let numbers = columns.numbers
    let ends = ends.positions
    return needs.withUnsafeBufferPointer { needs -> Fault? in
      var start = body.start
      for column in 0..<count {
        let end = body.start + Int(ends[column])
        if needs[column] == .number {
          if let value = Decimal.readShort(start, end, powers) {
            numbers[column] = value
          } else if let fault = CSVFormat.readAnyNumber(
            Field(start: start, end: end), column, into: columns)
          {
            return fault
          }
        } else if !needs[column].isEmpty {
          columns.fields[column] = Field(start: start, end: end)
        }
        start = end + 1
      }
      return nil
    }
  }

  @inline(__always)
  private func endOfField(
    _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
  ) -> UnsafePointer<UInt8> {
    guard start < end, let found = memchr(start, Int32(delimiter), end - start) else { return end }
    return UnsafePointer(found.assumingMemoryBound(to: UInt8.self))
  }

  /// A field that is to be a number and is not a short one.
  @inline(__always)
  private static func readAnyNumber(
    _ field: Field, _ column: Int, into columns: RowColumns
  ) -> Fault? {
    let reading = Decimal.readLong(field.start)
    guard reading.next == field.end, reading.value.isFinite else {
      return readNumber(field, column, into: columns)
    }
    columns.numbers[column] = reading.value
    return nil
  }

  /// A field that is to be a number but is not a plain one: blanks around it, missing, or wrong.
  static func readNumber(_ field: Field, _ column: Int, into columns: RowColumns) -> Fault? {
    let trimmed = field.trimmed
    if let value = NumberField.value(trimmed) {
      columns.numbers[column] = value
      guard value.isFinite else {
        return Fault(
          kind: .notFinite, column: column, expected: "a finite number",
          found: Refusal.sample(field))
      }
      return nil
    }
    columns.numbers[column] = .nan
    if MissingWords.contains(trimmed) { return nil }
    let isInfinite = ["inf", "+inf", "-inf", "infinity", "-infinity"].contains(
      trimmed.count <= 9 ? trimmed.text.lowercased() : "")
    return Fault(
      kind: isInfinite ? .notFinite : .notANumber, column: column,
      expected: isInfinite ? "a finite number" : "a number", found: Refusal.sample(field))
  }

  private func wrongCount(_ body: Field, _ reached: Int, _ cursor: UnsafePointer<UInt8>) -> Fault {
    var found = reached
    if reached == needs.count {
      var rest = cursor
      while rest < body.end {
        if rest[0] == delimiter { found += 1 }
        rest += 1
      }
    }
    return Fault(
      kind: .wrongFieldCount, column: nil, expected: "\(needs.count) fields",
      found: "\(found)")
  }

  /// The field that begins at `start`, unescaped if quoted, and where it ends: at a delimiter or at
  /// `end`. Nil after a closing quote that something else follows.
  private mutating func nextField(
    _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
  ) -> (Field?, UnsafePointer<UInt8>?) {
    guard start < end, start[0] == UInt8(ascii: "\"") else {
      let next = endOfField(start, end)
      return (Field(start: start, end: next), next)
    }
    var cursor = start + 1
    let unescaped = scratch.begin()
    while cursor < end {
      let byte = cursor[0]
      cursor += 1
      if byte == UInt8(ascii: "\"") {
        guard cursor < end, cursor[0] == UInt8(ascii: "\"") else { break }
        cursor += 1
      }
      scratch.append(byte)
    }
    guard cursor == end || cursor[0] == delimiter else { return (nil, nil) }
    return (Field(start: unescaped, end: scratch.finish()), cursor)
  }
}
