import Batches
import Catalogues
import Glibc

/// WEKA's and MOA's attribute-relation files: a header that says what each column is, then rows as in CSV.
///
/// Names and values stand in single or double quotes where they have to, with backslashes for what would end
/// them; `?` is a value that is not there; keywords are read in any case, and lines that begin with `%` not at all.
/// Nominal and string attributes are categories whatever their values look like, the others numbers; a date is no
/// feature unless an option names it. A row without quotes goes the way of CSV. Sparse rows, `{1 x, 3 y}`, are
/// refused.
struct ARFFFormat: RecordFormat {
  static let entry = Entry<FormatContext, AnyFormat>(
    "arff", "attribute-relation files of WEKA and MOA, with dense rows",
    make: { _, _ in AnyFormat(format: ARFFFormat()) })

  private var attributes: [ARFFAttribute] = []
  private(set) var headerGoesOn = true
  private var rows = CSVFormat(columns: ["?"], delimiter: UInt8(ascii: ","))
  private var needs: [FeaturePlan.Need] = []
  /// Columns that are read as text.
  private var textual: [Int] = []
  private var scratch = Scratch()

  var quotesHoldLineEnds: Bool { false }
  var hasHeader: Bool { true }
  var delimiter: UInt8 { UInt8(ascii: ",") }
  var comment: UInt8 { UInt8(ascii: "%") }

  func forgetFields() {
    rows.forgetFields()
    scratch.reset()
  }

  func forked() -> ARFFFormat {
    var copy = self
    copy.rows = rows.forked()
    copy.scratch = Scratch(keeps: true)
    return copy
  }

  // MARK: - The header

  mutating func readHeader(_ record: Record) throws(IngestError) {
    scratch.makeRoom(for: record.body.count)
    var line = record.body.trimmed
    guard !line.isEmpty else { return }
    let keyword = ARFFAttribute.takeWord(&line, scratch)
    switch keyword?.text.lowercased() {
    case "@relation": break
    case "@attribute":
      let attribute = try ARFFAttribute(line, scratch)
      guard !attributes.contains(where: { $0.name == attribute.name }) else {
        throw .badHeader(reason: "attribute '\(attribute.name)' stands twice")
      }
      attributes.append(attribute)
    case "@data":
      guard !attributes.isEmpty else { throw .badHeader(reason: "no @attribute before @data") }
      headerGoesOn = false
    default:
      throw .badHeader(
        reason: "line \(record.line): expected @relation, @attribute or @data, found "
          + Refusal.sample(record.body))
    }
  }

  // MARK: - The first events

  private var declared: [ColumnEvidence] {
    attributes.map { attribute in
      var evidence = ColumnEvidence(name: attribute.name)
      evidence.declare(isNumber: attribute.kind == .number, values: attribute.values)
      return evidence
    }
  }

  mutating func sample(_ record: Record, row: Int?, into evidence: inout [ColumnEvidence]) {
    if evidence.isEmpty { evidence = declared }
    scratch.makeRoom(for: record.body.count)
    var fields: [Field] = []
    guard
      readFields(
        record.body,
        take: { _, field, _ in
          fields.append(field); return nil
        }) == nil,
      fields.count == evidence.count
    else { return }
    for (column, field) in fields.enumerated() { evidence[column].add(field, row: row) }
  }

  mutating func settle(
    _ options: inout IngestOptions, _ evidence: inout [ColumnEvidence]
  ) throws(IngestError) {
    if evidence.isEmpty { evidence = declared }
    let mentioned = options.mentionedColumns.union([options.target].compactMap { $0 })
    options.ignore += attributes.filter { $0.kind == .date && !mentioned.contains($0.name) }
      .map(\.name)
  }

  mutating func lock(_ plan: FeaturePlan) {
    rows.lock(plan)
    needs = plan.needs
    textual = needs.indices.filter { needs[$0] != [] && needs[$0] != .number }
  }

  // MARK: - Rows

  mutating func parse(_ record: Record, into columns: RowColumns) -> Fault? {
    let body = record.body
    if body.start[0] == UInt8(ascii: "{") {
      return Fault(
        kind: .malformed, column: nil, expected: "a dense row: sparse ones are not read",
        found: Refusal.sample(body))
    }
    guard
      memchr(body.start, 0x27, body.count) != nil || memchr(body.start, 0x22, body.count) != nil
    else {
      if let fault = rows.parse(record, into: columns) { return fault }
      for k in 0..<textual.count {
        let field = columns.fields[textual[k]].trimmed
        columns.fields[textual[k]] = ARFFFormat.isMissing(field) ? RowColumns.nothing : field
      }
      return nil
    }
    return parseQuoted(body, into: columns)
  }

  private static func isMissing(_ field: Field) -> Bool {
    field.count == 1 && field.start[0] == UInt8(ascii: "?")
  }

  private mutating func parseQuoted(_ body: Field, into columns: RowColumns) -> Fault? {
    scratch.makeRoom(for: body.count)
    let needs = needs
    var found = 0
    let fault = readFields(
      body,
      take: { column, field, isQuoted in
        found += 1
        guard column < needs.count else { return nil }
        if needs[column] == .number { return CSVFormat.readNumber(field, column, into: columns) }
        columns.fields[column] =
          ARFFFormat.isMissing(field) && !isQuoted ? RowColumns.nothing : field
        return nil
      })
    if let fault { return fault }
    guard found != needs.count else { return nil }
    return Fault(
      kind: .wrongFieldCount, column: nil, expected: "\(needs.count) fields", found: "\(found)")
  }

  /// Hands out the fields of a row, without quotes and the blanks around them, until one is at fault.
  private func readFields(
    _ body: Field, take: (_ column: Int, _ field: Field, _ isQuoted: Bool) -> Fault?
  ) -> Fault? {
    var rest = body
    var column = 0
    while true {
      while !rest.isEmpty, Field.isBlank(rest.start[0]) { rest.start += 1 }
      let isQuoted = ARFFAttribute.beginsQuoted(rest)
      var field = rest
      if isQuoted {
        guard let text = ARFFAttribute.takeQuoted(&rest, scratch) else {
          return Fault(
            kind: .openQuote, column: column < needs.count ? column : nil,
            expected: "a closing quote", found: Refusal.sample(field))
        }
        field = text
        while !rest.isEmpty, Field.isBlank(rest.start[0]) { rest.start += 1 }
        guard rest.isEmpty || rest.start[0] == delimiter else {
          return Fault(
            kind: .malformed, column: column < needs.count ? column : nil,
            expected: "a comma after a closing quote", found: Refusal.sample(rest))
        }
      } else {
        while !rest.isEmpty, rest.start[0] != delimiter { rest.start += 1 }
        field.end = rest.start
        field = field.trimmed
      }
      if let fault = take(column, field, isQuoted) { return fault }
      guard !rest.isEmpty else { return nil }
      rest.start += 1
      column += 1
    }
  }
}

/// One line of an ARFF header that declares a column.
struct ARFFAttribute {
  enum Kind {
    case number
    case category
    case date
  }

  let name: String
  let kind: Kind
  /// The values of a nominal attribute, as declared.
  private(set) var values: [String] = []

  /// Reads what stands after `@attribute`.
  init(_ text: Field, _ scratch: Scratch) throws(IngestError) {
    var rest = text
    guard let name = ARFFAttribute.takeWord(&rest, scratch)?.text, !rest.trimmed.isEmpty else {
      throw .badHeader(
        reason: "expected a name and a type after @attribute, found \(Refusal.sample(text))")
    }
    self.name = name
    rest = rest.trimmed
    if rest.start[0] == UInt8(ascii: "{") {
      kind = .category
      values = try ARFFAttribute.readValues(rest, scratch)
      return
    }
    let type = ARFFAttribute.takeWord(&rest, scratch)?.text ?? ""
    switch type.lowercased() {
    case "numeric", "real", "integer": kind = .number
    case "string": kind = .category
    case "date": kind = .date
    default:
      throw .badHeader(
        reason: "attribute \(name): expected numeric, real, integer, string, date or "
          + "{a, b, …}, found '\(type)'")
    }
  }

  private static func readValues(
    _ text: Field, _ scratch: Scratch
  ) throws(IngestError) -> [String] {
    var values: [String] = []
    var rest = Field(start: text.start + 1, end: text.end)
    while true {
      while !rest.isEmpty, Field.isBlank(rest.start[0]) || rest.start[0] == UInt8(ascii: ",") {
        rest.start += 1
      }
      if !rest.isEmpty, rest.start[0] == UInt8(ascii: "}") { return values }
      guard !rest.isEmpty, let value = takeWord(&rest, scratch, until: ",}") else {
        throw .badHeader(reason: "expected {a, b, …}, found \(Refusal.sample(text))")
      }
      values.append(value.trimmed.text)
    }
  }

  /// Whether a quote is next.
  static func beginsQuoted(_ text: Field) -> Bool {
    !text.isEmpty && (text.start[0] == UInt8(ascii: "'") || text.start[0] == UInt8(ascii: "\""))
  }

  /// Takes a word, quoted or up to a blank or what else ends it; nil when a quote is never closed.
  static func takeWord(
    _ rest: inout Field, _ scratch: Scratch, until ends: StaticString = ""
  ) -> Field? {
    while !rest.isEmpty, Field.isBlank(rest.start[0]) { rest.start += 1 }
    if beginsQuoted(rest) { return takeQuoted(&rest, scratch) }
    let start = rest.start
    let isList = ends.utf8CodeUnitCount > 0
    while !rest.isEmpty {
      let byte = rest.start[0]
      if isList ? byte == ends.utf8Start[0] || byte == ends.utf8Start[1] : Field.isBlank(byte) {
        break
      }
      rest.start += 1
    }
    return Field(start: start, end: rest.start)
  }

  /// Takes a quoted text, without its quotes and with what backslashes stand for; nil when it is never closed.
  static func takeQuoted(_ rest: inout Field, _ scratch: Scratch) -> Field? {
    let quote = rest.start[0]
    rest.start += 1
    let text = scratch.begin()
    while !rest.isEmpty {
      var byte = rest.start[0]
      rest.start += 1
      if byte == quote { return Field(start: text, end: scratch.finish()) }
      if byte == UInt8(ascii: "\\"), !rest.isEmpty {
        byte = rest.start[0]
        rest.start += 1
        if byte == UInt8(ascii: "n") { byte = UInt8(ascii: "\n") }
        if byte == UInt8(ascii: "t") { byte = UInt8(ascii: "\t") }
        if byte == UInt8(ascii: "r") { byte = UInt8(ascii: "\r") }
      }
      scratch.append(byte)
    }
    _ = scratch.finish()
    return nil
  }
}
