import Batches
import Catalogues
import Glibc

/// One JSON object a line (RFC 8259). Objects within it are columns too, named `outer.inner`.
///
/// A row is expected to have the text of an earlier one between its values; then only the values are
/// read. Any other row is read key by key and is what the next ones are expected to look like. A key
/// that is not there is a missing value; one that no column knows is passed over. A key that stands
/// twice, or a list where a column is wanted, is a reason to refuse.
struct NDJSONFormat: RecordFormat {
  static let entry = Entry<FormatContext, AnyFormat>(
    "ndjson", "one JSON object a line; inner objects are columns named outer.inner",
    make: { _, _ in AnyFormat(format: NDJSONFormat()) })

  private var columns: [String] = []
  /// Where each name stands in what the sample shows.
  private var sampled: [String: Int] = [:]
  private var needs: [FeaturePlan.Need] = []
  /// Each column's key as it stands in a row without blanks or escapes: `"name":`.
  private var quotedKeys: [[UInt8]] = []
  private var lookup: [[UInt8]: Int] = [:]
  /// The number of the row in which each column was last set; tells missing and duplicate keys.
  private var seenIn: [Int] = []
  private var row = 0
  private var scratch = Scratch()
  private let powers = Decimal.exactPowers
  private var template = RowTemplate(columns: 0)
  /// Whether each name stands in a row as it is; `quotedKeys` mean something else where one does not.
  private var hasPlainNames = false

  var quotesHoldLineEnds: Bool { false }
  var hasHeader: Bool { false }
  var delimiter: UInt8 { UInt8(ascii: ",") }

  mutating func readHeader(_ record: Record) throws(IngestError) {}

  mutating func sample(_ record: Record, row: Int?, into evidence: inout [ColumnEvidence]) {
    scratch.makeRoom(for: record.body.count)
    var found: [(name: String, value: JSONScanner.Value)] = []
    var scanner = JSONScanner(record.body, scratch)
    guard
      scanner.readObject(prefix: [], { key, value in found.append((key.name, value)) }) == nil
    else { return }
    for (name, value) in found {
      let index: Int
      if let known = sampled[name] {
        index = known
      } else {
        index = evidence.count
        sampled[name] = index
        evidence.append(ColumnEvidence(name: name))
      }
      switch value {
      case .number(let field), .string(let field): evidence[index].add(field, row: row)
      case .word(let field): evidence[index].addBoolean(field, row: row)
      case .null: break
      case .list: evidence[index].addNested()
      }
    }
  }

  mutating func lock(_ plan: FeaturePlan) {
    columns = plan.columns
    needs = plan.needs
    quotedKeys = columns.map { [0x22] + Array($0.utf8) + [0x22, 0x3A] }
    seenIn = columns.map { _ in 0 }
    for (index, name) in columns.enumerated() { lookup[Array(name.utf8)] = index }
    // A copy that is locked shares nothing with what it was copied from.
    scratch = Scratch()
    template = RowTemplate(columns: columns.count)
    hasPlainNames = columns.allSatisfy { name in
      name.utf8.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
    }
  }

  func forgetFields() { scratch.reset() }

  func forked() -> NDJSONFormat {
    var fork = self
    fork.scratch = Scratch(keeps: true)
    fork.template = RowTemplate(columns: columns.count)
    return fork
  }

  mutating func parse(_ record: Record, into columns: RowColumns) -> Fault? {
    scratch.makeRoom(for: record.body.count)
    if parseLikeTemplate(record.body, into: columns) { return nil }
    return parseAny(record.body, into: columns)
  }

  /// Reads a row that has the template's text between its values; false when it has another or
  /// anything is the matter with it, and then nothing has happened that `parseAny` does not undo.
  ///
  /// A number of six digits takes 128 instructions with its key; one in a line of CSV takes 119.
  mutating func parseLikeTemplate(_ body: Field, into columns: RowColumns) -> Bool {
    let template = template
    let slots = template.slots
    let count = template.count
    guard count > 0 else { return false }
    let numbers = columns.numbers
    return needs.withUnsafeBufferPointer { [powers, scratch] needs in
      var cursor = body.start
      var index = 0
      while index < count {
        let slot = slots + index
        let column = slot.pointee.column
        index &+= 1
        guard let start = template.end(of: slot, at: cursor) else {
          guard slot.pointee.mayLack else { return false }
          if column >= 0 {
            numbers[column] = .nan
            columns.fields[column] = RowColumns.nothing
          }
          continue
        }
        let reading = Decimal.readJSON(start, powers)
        if let next = reading.next {
          cursor = next
          guard column >= 0 else { continue }
          if needs[column] == .number {
            numbers[column] = reading.value
          } else {
            columns.fields[column] = Field(start: start, end: next)
          }
          continue
        }
        let need = column >= 0 ? needs[column] : []
        guard let next = NDJSONFormat.readOther(start, body.end, column, need, columns, scratch)
        else { return false }
        cursor = next
      }
      guard template.end(of: slots + count, at: cursor) == body.end else { return false }
      if !template.others.isEmpty {
        let nothing = RowColumns.nothing
        for column in template.others {
          numbers[column] = .nan
          columns.fields[column] = nothing
        }
      }
      return true
    }
  }

  /// Reads a value that is no plain number into a column; -1: into none. Returns the first byte after
  /// it; nil when anything is the matter.
  private static func readOther(
    _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ column: Int,
    _ need: FeaturePlan.Need, _ columns: RowColumns, _ scratch: Scratch
  ) -> UnsafePointer<UInt8>? {
    if start[0] == UInt8(ascii: "\""), need != .number,
      let quote = JSONScanner.endOfPlainString(start + 1)
    {
      if !need.isEmpty { columns.fields[column] = Field(start: start + 1, end: quote) }
      return quote + 1
    }
    var scanner = JSONScanner(Field(start: start, end: end), scratch)
    var value = JSONScanner.Value.null
    guard let next = scanner.readValue(&value), put(value, column, need, columns) == nil else {
      return nil
    }
    return next
  }

  /// Reads any row; one in which nothing is wrong becomes the template.
  mutating func parseAny(_ body: Field, into columns: RowColumns) -> Fault? {
    row += 1
    scratch.makeRoom(for: body.count)
    template.begin()
    var scanner = JSONScanner(body, scratch)
    var expected = 0
    var fault: Fault?
    let problem = scanner.readFlatObject(
      expecting: { cursor in
        guard expected < quotedKeys.count else { return nil }
        let key = quotedKeys[expected]
        guard cursor + key.count <= body.end,
          key.withUnsafeBufferPointer({ $0.baseAddress.map { memcmp($0, cursor, key.count) } }) == 0
        else { return nil }
        expected += 1
        return (expected - 1, cursor + key.count)
      },
      finding: { key in
        guard let index = lookup[key] else { return nil }
        expected = index + 1
        return index
      },
      taking: { index, value, bytes in
        if fault == nil { fault = take(index, value, columns) }
        template.note(index, bytes)
      },
      otherwise: { _, _, bytes in template.note(-1, bytes) })
    if let problem {
      return Fault(
        kind: problem.kind, column: nil, expected: problem.expected, found: problem.found)
    }
    if let fault { return fault }
    for index in seenIn.indices where seenIn[index] != row {
      columns.numbers[index] = .nan
      columns.fields[index] = RowColumns.nothing
    }
    if hasPlainNames { template.adopt(body) }
    return nil
  }

  private mutating func take(
    _ column: Int, _ value: JSONScanner.Value, _ columns: RowColumns
  ) -> Fault? {
    guard seenIn[column] != row else {
      return Fault(
        kind: .duplicateKey, column: column, expected: "each key once", found: "it twice")
    }
    seenIn[column] = row
    return NDJSONFormat.put(value, column, needs[column], columns)
  }

  private static func put(
    _ value: JSONScanner.Value, _ column: Int, _ need: FeaturePlan.Need, _ columns: RowColumns
  ) -> Fault? {
    if need.isEmpty { return nil }
    let wantsNumber = need == .number
    switch value {
    case .null:
      columns.numbers[column] = .nan
      columns.fields[column] = RowColumns.nothing
    case .list:
      return Fault(
        kind: .nestedValue, column: column, expected: "a single value", found: "a list")
    case .word(let field) where wantsNumber:
      columns.numbers[column] = field.start[0] == UInt8(ascii: "t") ? 1 : 0
    case .number(let field) where wantsNumber:
      let reading = Decimal.read(field.start)
      guard reading.next == field.end, reading.value.isFinite else {
        return CSVFormat.readNumber(field, column, into: columns)
      }
      columns.numbers[column] = reading.value
    case .string(let field) where wantsNumber:
      return CSVFormat.readNumber(field, column, into: columns)
    case .word(let field), .number(let field), .string(let field):
      columns.fields[column] = field
    }
    return nil
  }
}
