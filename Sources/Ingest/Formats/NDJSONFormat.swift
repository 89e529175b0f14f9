import Batches
import Catalogues
import Glibc

/// One JSON object a line (RFC 8259). Objects within it are columns too, named `outer.inner`.
///
/// Keys are expected in the order of the row before and compared with one `memcmp`; any other order
/// costs a look-up. A key that is not there is a missing value; one that no column knows is passed
/// over. A key that stands twice, or a list where a column is wanted, is a reason to refuse.
struct NDJSONFormat: RecordFormat {
  static let entry = Entry<FormatContext, AnyFormat>(
    "ndjson", "one JSON object a line; inner objects are columns named outer.inner",
    make: { _, _ in AnyFormat(format: NDJSONFormat()) })

  private var columns: [String] = []
  private var needs: [FeaturePlan.Need] = []
  /// Each column's key as it stands in a row without blanks or escapes: `"name":`.
  private var quotedKeys: [[UInt8]] = []
  private var lookup: [[UInt8]: Int] = [:]
  /// The number of the row in which each column was last set; tells missing and duplicate keys.
  private var seenIn: [Int] = []
  private var row = 0
  private var scratch = Scratch()

  var quotesHoldLineEnds: Bool { false }
  var hasHeader: Bool { false }
  var delimiter: UInt8 { UInt8(ascii: ",") }

  mutating func readHeader(_ record: Record) throws(IngestError) {}

  mutating func sample(_ record: Record, row: Int?, into evidence: inout [ColumnEvidence]) {
    scratch.clear(atLeast: record.body.count)
    var found: [(name: String, value: JSONScanner.Value)] = []
    var scanner = JSONScanner(record.body, scratch)
    guard
      scanner.readObject(prefix: [], { key, value in found.append((key.name, value)) }) == nil
    else { return }
    for (name, value) in found {
      let index: Int
      if let known = evidence.firstIndex(where: { $0.name == name }) {
        index = known
      } else {
        index = evidence.count
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
  }

  func forked() -> NDJSONFormat {
    var copy = self
    copy.scratch = Scratch()
    return copy
  }

  mutating func parse(_ record: Record, into columns: RowColumns) -> Fault? {
    row += 1
    scratch.clear(atLeast: record.body.count)
    var scanner = JSONScanner(record.body, scratch)
    var expected = 0
    var fault: Fault?
    let problem = scanner.readFlatObject(
      expecting: { cursor in
        guard expected < quotedKeys.count else { return nil }
        let key = quotedKeys[expected]
        guard cursor + key.count <= record.body.end,
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
      taking: { index, value in
        if fault == nil { fault = take(index, value, columns) }
      })
    if let problem {
      return Fault(
        kind: problem.kind, column: nil, expected: problem.expected, found: problem.found)
    }
    if let fault { return fault }
    for index in seenIn.indices where seenIn[index] != row {
      columns.numbers[index] = .nan
      columns.fields[index] = RowColumns.nothing
    }
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
    let need = needs[column]
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
