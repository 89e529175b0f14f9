package import Snapshots

/// What is done about what a check found.
package enum Severity: String, Sendable, CaseIterable {
  /// It is written down.
  case note
  /// It is an alarm: the health of the run is no longer in order.
  case alarm
  /// The same, and the model is fitted afresh.
  case retrain
}

/// What a check found: what, where, since when, and by which numbers.
package struct Finding: Sendable, Equatable {
  /// The check's name in the catalogue.
  package let check: String
  package let severity: Severity
  /// The column it is about; nil: the rows as a whole.
  package let column: String?
  /// Events taken by then.
  package let event: Int
  /// The event with which it began, as far as can be told.
  package let since: Int
  /// What kind of thing it is, in a word: "missing", "unit", "relation". Health is told by it.
  package let kind: String
  /// What was to be expected, and what came instead.
  package let expected: Double?
  package let found: Double?
  /// Other numbers that speak for it, by their names.
  package let evidence: [(name: String, value: Double)]
  /// One sentence for people.
  package let text: String
  /// Whether it says that something found before is over.
  package let isOver: Bool

  package init(
    check: String, severity: Severity, column: String?, event: Int, since: Int, kind: String,
    expected: Double? = nil, found: Double? = nil, evidence: [(name: String, value: Double)] = [],
    text: String, isOver: Bool = false
  ) {
    (self.check, self.severity, self.column) = (check, severity, column)
    (self.event, self.since, self.kind) = (event, since, kind)
    (self.expected, self.found, self.evidence) = (expected, found, evidence)
    (self.text, self.isOver) = (text, isOver)
  }

  package static func == (a: Finding, b: Finding) -> Bool {
    a.check == b.check && a.severity == b.severity && a.column == b.column && a.event == b.event
      && a.since == b.since && a.kind == b.kind && a.expected == b.expected && a.found == b.found
      && a.evidence.elementsEqual(b.evidence, by: ==) && a.text == b.text && a.isOver == b.isOver
  }
}

/// A number as a sentence has it: three digits that count.
package enum ShortNumber {
  package static func text(_ value: Double) -> String {
    guard value.isFinite else { return "\(value)" }
    if value == value.rounded(), abs(value) < 1e9 { return "\(Int(value))" }
    var scale = 1.0
    while abs(value) * scale < 100, scale < 1e9 { scale *= 10 }
    let rounded = (value * scale).rounded() / scale
    return rounded == rounded.rounded() && abs(rounded) < 1e9 ? "\(Int(rounded))" : "\(rounded)"
  }

  package static func percent(_ share: Double) -> String { "\(text(share * 100)) %" }
}

extension Finding {
  package func write(to writer: inout SnapshotWriter) {
    writer.write([check, severity.rawValue, kind, text])
    writer.write(column)
    writer.write([event, since])
    writer.write(expected)
    writer.write(found)
    writer.write(evidence.map(\.name))
    writer.write(evidence.map(\.value))
    writer.write(isOver)
  }

  package init(from reader: inout SnapshotReader) throws(SnapshotError) {
    let words = try reader.readStrings()
    guard words.count == 4, let severity = Severity(rawValue: words[1]) else { throw .corrupt }
    let column = try reader.readOptionalString()
    let places = try reader.readInts()
    guard places.count == 2 else { throw .corrupt }
    let (expected, found) = (try reader.readOptionalDouble(), try reader.readOptionalDouble())
    let (names, values) = (try reader.readStrings(), try reader.readDoubles())
    guard names.count == values.count else { throw .corrupt }
    self.init(
      check: words[0], severity: severity, column: column, event: places[0], since: places[1],
      kind: words[2], expected: expected, found: found,
      evidence: zip(names, values).map { ($0, $1) }, text: words[3],
      isOver: try reader.readBool())
  }
}
