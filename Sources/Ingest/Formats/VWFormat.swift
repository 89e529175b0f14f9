import Batches
import Catalogues

/// Vowpal Wabbit's text: `[label [importance [base]]] ['tag]|namespace[:scale] feature[:value] …|namespace …`.
///
/// A row without a label is predicted only. Of the words before the first bar, the last is the tag if it begins with
/// a quote or touches the bar. The label is a column called `label` unless `--target` gives it a name; importance
/// and tag are the columns `weight` and `tag`, which have these roles unless other columns are given them. A base
/// other than 0 is refused: no learner here begins from another one's prediction.
///
/// Features that the first events show to be numbers become columns (`FeatureSample`), which are 0 where a row does
/// not name them. All others go to a table of 2^bits weights, by `FeatureHash`; without a value they count 1. What
/// stands twice in a row is added up.
///
/// Columns are expected in the order in which they first appeared and compared by their first eight bytes; any
/// other order costs a look-up and changes nothing else.
struct VWFormat: RecordFormat {
  static let entry = Entry<FormatContext, AnyFormat>(
    "vw", "Vowpal Wabbit's text; numbers become columns, other features are hashed (--hash-bits)",
    make: { _, context in AnyFormat(format: VWFormat(bits: context.hashBits)) })

  private static let bar = UInt8(ascii: "|")
  /// Where the columns that are no features stand, and how many they are.
  private enum Own {
    static let label = 0
    static let weight = 1
    static let tag = 2
    static let count = 3
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
  var delimiter: UInt8 { VWFormat.bar }

  init(bits: Int) { hashed = 0..<1 << bits }

  func forked() -> VWFormat {
    var copy = self
    copy.ends = TokenEnds()
    return copy
  }

  mutating func readHeader(_ record: Record) throws(IngestError) {}

  // MARK: - The first events

  private static var ownColumns: [ColumnEvidence] {
    ["label", "weight", "tag"].map(ColumnEvidence.init)
  }

  mutating func sample(_ record: Record, row: Int?, into evidence: inout [ColumnEvidence]) {
    if evidence.isEmpty { evidence = VWFormat.ownColumns }
    var head = Head(bar: record.body.start)
    guard VWFormat.readHead(record.body, &head) == nil else { return }
    var space: [UInt8] = []
    var found: [(name: FeatureSample.Name, value: [UInt8]?)] = []
    let fault = walk(
      Field(start: head.bar, end: record.body.end),
      space: { name in space = Array(name.bytes) },
      feature: { name, value, _ in
        if let value, NumberField.value(value)?.isFinite != true {
          return Fault.notANumber(value, feature: name)
        }
        let key = FeatureSample.Name(space: space, name: Array(name.bytes))
        found.append((key, value.map { Array($0.bytes) }))
        return nil
      })
    guard fault == nil else { return }
    for (column, field) in [head.label, head.weight, head.tag].enumerated() {
      evidence[column].add(field, row: row)
    }
    seen.addRow(found)
  }

  mutating func settle(
    _ options: inout IngestOptions, _ evidence: inout [ColumnEvidence]
  ) throws(IngestError) {
    if evidence.isEmpty { evidence = VWFormat.ownColumns }
    names = seen.settle(
      &options, &evidence, roles: [(Own.weight, \.weight), (Own.tag, \.id)])
    hashed = seen.place(hashed.count)
    seen = FeatureSample()
  }

  mutating func lock(_ plan: FeaturePlan) {
    needs = plan.needs
    textual = needs.indices.filter { $0 >= Own.count && needs[$0] != [] && needs[$0] != .number }
    let scratch = Scratch()
    known = FeatureColumns(
      names.map { name in
        let space = FeatureHash.space(scratch.piece(name.space))
        let field = scratch.piece(name.name)
        let number = FeatureHash.number(field, first: FeatureHash.word(field), space: space)
        return (number: number, space: space, name: name.name)
      })
  }

  // MARK: - Rows

  mutating func parse(_ record: Record, into columns: RowColumns) -> Fault? {
    var head = Head(bar: record.body.start)
    if let fault = VWFormat.readHead(record.body, &head) { return fault }
    if let fault = columns.take(head.label, Own.label, needs[Own.label], powers) { return fault }
    if let fault = columns.take(head.weight, Own.weight, needs[Own.weight], powers) { return fault }
    columns.fields[Own.tag] = head.tag
    (columns.numbers + Own.count).update(repeating: 0, count: known.count)
    for k in 0..<textual.count { columns.fields[textual[k]] = RowColumns.zero }
    var tokens = columns.tokens.pointee
    tokens.begin(atMost: record.body.count / 2 + 1)
    let (known, powers, mask) = (known, powers, hashed.count - 1)
    let base = hashed.lowerBound
    let hasText = !textual.isEmpty
    let numbers = columns.numbers + Own.count
    var space = FeatureHash.seed
    var expected = 0
    let fault = walk(
      Field(start: head.bar, end: record.body.end),
      space: { name in space = FeatureHash.space(name) },
      feature: { name, text, scale in
        var value = scale
        if let text {
          if let short = Decimal.readShort(text.start, text.end, powers) {
            value *= short
          } else {
            let reading = Decimal.readLong(text.start)
            guard reading.next == text.end else { return Fault.notANumber(text, feature: name) }
            value *= reading.value
          }
        }
        let word = FeatureHash.word(name)
        var column = expected
        if expected >= known.count || !known.isColumn(expected, name, word: word, space: space) {
          let number = FeatureHash.number(name, first: word, space: space)
          column = known.count == 0 ? -1 : known.column(number, name, word: word, space: space)
          if column < 0 {
            guard tokens.add(base &+ Int(truncatingIfNeeded: number) & mask, value) else {
              return Fault.notFinite(text, feature: name)
            }
            return nil
          }
        }
        expected = column &+ 1
        numbers[column] += value
        guard numbers[column].isFinite else { return Fault.notFinite(text, feature: name) }
        if hasText { columns.fields[column + Own.count] = text ?? RowColumns.one }
        return nil
      })
    columns.tokens.pointee = tokens
    return fault
  }

  // MARK: - The grammar

  /// What stands before the first bar, each piece empty where it is not there, and where the bar is.
  private struct Head {
    var label = RowColumns.nothing
    var weight = RowColumns.nothing
    var tag = RowColumns.nothing
    var bar: UnsafePointer<UInt8>
  }

  private static func readHead(_ body: Field, _ head: inout Head) -> Fault? {
    var words = 0
    var hasTag = false
    while true {
      while head.bar < body.end, Field.isBlank(head.bar[0]) { head.bar += 1 }
      if head.bar < body.end, head.bar[0] == VWFormat.bar { return nil }
      var word = Field(start: head.bar, end: head.bar)
      while word.end < body.end, !Field.isBlank(word.end[0]), word.end[0] != VWFormat.bar {
        word.end += 1
      }
      guard !word.isEmpty, !hasTag else {
        return VWFormat.malformed(
          hasTag ? "a | after the tag" : "a | before the features",
          Field(start: word.start, end: body.end))
      }
      head.bar = word.end
      let touchesBar = word.end < body.end && word.end[0] == VWFormat.bar
      if word.start[0] == UInt8(ascii: "'") || touchesBar {
        hasTag = true
        if word.start[0] == UInt8(ascii: "'") { word.start += 1 }
        head.tag = word
        continue
      }
      switch words {
      case 0: head.label = word
      case 1: head.weight = word
      case 2 where NumberField.value(word) == 0: break
      default:
        return VWFormat.malformed(
          words == 2 ? "a base of 0" : "at most a label, an importance and a base before the |",
          word)
      }
      words += 1
    }
  }

  /// Hands out the namespaces and features of what begins with a bar, until one is at fault.
  @inline(__always)
  private func walk(
    _ body: Field, space: (Field) -> Void,
    feature: (_ name: Field, _ value: Field?, _ scale: Double) -> Fault?
  ) -> Fault? {
    let count = ends.find(or: VWFormat.bar, in: body)
    let positions = ends.positions
    var scale = 1.0
    var start = body.start
    var k = 0
    while k < count {
      var end = body.start + Int(positions[k])
      k += 1
      // What follows the body is a line end, which is none of these.
      if end[0] == UInt8(ascii: ":") {
        let name = Field(start: start, end: end)
        let value = Field(start: end + 1, end: body.start + Int(positions[k]))
        end = value.end
        k += 1
        guard !name.isEmpty else {
          return VWFormat.malformed("a feature's name", Field(start: start, end: end))
        }
        guard end[0] != UInt8(ascii: ":") else {
          return Fault.notANumber(Field(start: value.start, end: end + 1), feature: name)
        }
        if let fault = feature(name, value, scale) { return fault }
      } else if end > start {
        if let fault = feature(Field(start: start, end: end), nil, scale) { return fault }
      }
      start = end + 1
      guard end[0] == VWFormat.bar, end < body.end else { continue }
      // A namespace's name touches its bar.
      let name = Field(start: start, end: body.start + Int(positions[k]))
      space(name)
      scale = 1
      var next = name.end
      if next[0] == UInt8(ascii: ":") {
        k += 1
        next = body.start + Int(positions[k])
        let factor = Field(start: name.end + 1, end: next)
        guard let value = NumberField.value(factor), value.isFinite, !name.isEmpty,
          next[0] != UInt8(ascii: ":")
        else {
          return VWFormat.malformed(
            "a number as the scale of a namespace", Field(start: start, end: next))
        }
        scale = value
      }
      // Where another namespace begins at once, or the record ends, the same end is looked at again.
      let isBlank = next < body.end && next[0] != VWFormat.bar
      start = isBlank ? next + 1 : next
      if isBlank { k += 1 }
    }
    return nil
  }

  private static func malformed(_ expected: String, _ found: Field) -> Fault {
    Fault(kind: .malformed, column: nil, expected: expected, found: Refusal.sample(found))
  }
}
