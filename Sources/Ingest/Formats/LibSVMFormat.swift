import Batches
import Catalogues

/// The rows of libsvm and svmlight: `label [qid:N] index:value index:value … [# comment]`.
///
/// Indices are whole numbers from 0 in any order. The label is a column called `label` unless `--target` gives it a
/// name; a row that begins with a pair has none and is predicted only. `qid` is a column that is no feature but can
/// be an id or a key. Features become columns, called by their index, or stand in a table as those of VW's text
/// do (`VWFormat`); there an index is itself, modulo the table's size.
struct LibSVMFormat: RecordFormat {
  static let entry = Entry<FormatContext, AnyFormat>(
    "libsvm", "label index:value …; common indices become columns, others sparse (--hash-bits)",
    make: { _, context in AnyFormat(format: LibSVMFormat(bits: context.hashBits)) })

  /// Where the columns that are no features stand, and how many they are.
  private enum Own {
    static let label = 0
    static let group = 1
    static let count = 2
  }

  private(set) var hashed: Range<Int>
  private var seen = FeatureSample()
  private var names: [FeatureSample.Name] = []
  private var needs: [FeaturePlan.Need] = []
  /// Columns that are read as text, and so have to be given one in each row.
  private var textual: [Int] = []
  private var known = FeatureColumns([])
  private var ends = TokenEnds()
  private let powers = Decimal.exactPowers

  var quotesHoldLineEnds: Bool { false }
  var hasHeader: Bool { false }
  var delimiter: UInt8 { UInt8(ascii: " ") }
  var comment: UInt8 { UInt8(ascii: "#") }

  init(bits: Int) { hashed = 0..<1 << bits }

  func forked() -> LibSVMFormat {
    var copy = self
    copy.ends = TokenEnds()
    return copy
  }

  mutating func readHeader(_ record: Record) throws(IngestError) {}

  // MARK: - The first events

  private static var ownColumns: [ColumnEvidence] { ["label", "qid"].map(ColumnEvidence.init) }

  mutating func sample(_ record: Record, row: Int?, into evidence: inout [ColumnEvidence]) {
    if evidence.isEmpty { evidence = LibSVMFormat.ownColumns }
    var own = [RowColumns.nothing, RowColumns.nothing]
    var found: [(name: FeatureSample.Name, value: [UInt8]?)] = []
    let fault = walk(
      record.body, own: { column, field in own[column] = field },
      feature: { index, name, value in
        guard NumberField.value(value)?.isFinite == true else {
          return Fault.notANumber(value, feature: name)
        }
        // By its number: leading zeros make no other feature.
        let key = FeatureSample.Name(space: [], name: Array("\(index)".utf8))
        found.append((key, Array(value.bytes)))
        return nil
      })
    guard fault == nil else { return }
    for (column, field) in own.enumerated() { evidence[column].add(field, row: row) }
    seen.addRow(found)
  }

  mutating func settle(
    _ options: inout IngestOptions, _ evidence: inout [ColumnEvidence]
  ) throws(IngestError) {
    if evidence.isEmpty { evidence = LibSVMFormat.ownColumns }
    names = seen.settle(&options, &evidence, roles: [(Own.group, nil)])
    hashed = seen.place(hashed.count)
    seen = FeatureSample()
  }

  mutating func lock(_ plan: FeaturePlan) {
    needs = plan.needs
    textual = needs.indices.filter { $0 >= Own.count && needs[$0] != [] && needs[$0] != .number }
    known = FeatureColumns(
      names.map { name in
        let index = UInt64(String(decoding: name.name, as: UTF8.self)) ?? 0
        return (number: index, space: 0, name: name.name)
      })
  }

  // MARK: - Rows

  mutating func parse(_ record: Record, into columns: RowColumns) -> Fault? {
    (columns.numbers + Own.count).update(repeating: 0, count: known.count)
    for k in 0..<textual.count { columns.fields[textual[k]] = RowColumns.zero }
    var tokens = columns.tokens.pointee
    tokens.begin(atMost: record.body.count / 2 + 1)
    let (known, powers, mask) = (known, powers, hashed.count - 1)
    let base = hashed.lowerBound
    let hasText = !textual.isEmpty
    let numbers = columns.numbers + Own.count
    var (label, group) = (RowColumns.nothing, RowColumns.nothing)
    var expected = 0
    var fault = walk(
      record.body,
      own: { column, field in if column == Own.label { label = field } else { group = field } },
      feature: { index, name, text in
        var value = 0.0
        if let short = Decimal.readShort(text.start, text.end, powers) {
          value = short
        } else {
          let reading = Decimal.readLong(text.start)
          guard reading.next == text.end else { return Fault.notANumber(text, feature: name) }
          value = reading.value
        }
        var column = expected
        if expected >= known.count || known.numbers[expected] != index {
          column = known.count == 0 ? -1 : known.column(index)
          if column < 0 {
            guard tokens.add(base &+ Int(truncatingIfNeeded: index) & mask, value) else {
              return Fault.notFinite(text, feature: name)
            }
            return nil
          }
        }
        expected = column &+ 1
        numbers[column] += value
        guard numbers[column].isFinite else { return Fault.notFinite(text, feature: name) }
        if hasText { columns.fields[column + Own.count] = text }
        return nil
      })
    columns.tokens.pointee = tokens
    if fault == nil { fault = columns.take(label, Own.label, needs[Own.label], powers) }
    if fault == nil { fault = columns.take(group, Own.group, needs[Own.group], powers) }
    return fault
  }

  // MARK: - The grammar

  /// Hands out what stands before the features and then these, until one is at fault.
  @inline(__always)
  private func walk(
    _ body: Field, own: (_ column: Int, _ field: Field) -> Void,
    feature: (_ index: UInt64, _ name: Field, _ value: Field) -> Fault?
  ) -> Fault? {
    let count = ends.find(or: comment, in: body)
    let positions = ends.positions
    var start = body.start
    var isFirst = true
    var k = 0
    while k < count {
      var end = body.start + Int(positions[k])
      k += 1
      // What follows the body is a line end, which is none of these.
      if end[0] == UInt8(ascii: ":") {
        let name = Field(start: start, end: end)
        end = body.start + Int(positions[k])
        k += 1
        let value = Field(start: name.end + 1, end: end)
        guard end[0] != UInt8(ascii: ":") else {
          return Fault.notANumber(Field(start: value.start, end: end + 1), feature: name)
        }
        if let index = Decimal.readIndex(name.start, name.end) {
          if let fault = feature(index, name, value) { return fault }
        } else if name.count == 3, name.text == "qid" {
          own(Own.group, value)
        } else {
          return LibSVMFormat.malformed("an index, a whole number from 0", name)
        }
        isFirst = false
      } else if end > start {
        guard isFirst else {
          return LibSVMFormat.malformed("index:value", Field(start: start, end: end))
        }
        own(Own.label, Field(start: start, end: end))
        isFirst = false
      }
      if end[0] == comment, end < body.end { return nil }
      start = end + 1
    }
    return nil
  }

  private static func malformed(_ expected: String, _ found: Field) -> Fault {
    Fault(kind: .malformed, column: nil, expected: expected, found: Refusal.sample(found))
  }
}
