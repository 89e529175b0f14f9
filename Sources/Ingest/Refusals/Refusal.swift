import Snapshots

/// A row that was not taken: where it stands, what was expected there, and what was found.
package struct Refusal: Sendable, Equatable {
  /// Kinds of refusal, as they are counted.
  package enum Kind: String, Sendable, CaseIterable {
    case tooLong = "too-long"
    case openQuote = "open-quote"
    case wrongFieldCount = "wrong-field-count"
    case malformed
    case notANumber = "not-a-number"
    case notFinite = "not-finite"
    case notUTF8 = "not-utf8"
    case notATime = "not-a-time"
    case badTarget = "bad-target"
    case badWeight = "bad-weight"
    case missingValue = "missing-value"
    case missingID = "missing-id"
    case duplicateKey = "duplicate-key"
    case nestedValue = "nested-value"
  }

  package let kind: Kind
  /// Line on which the row begins, from 1.
  package let line: Int
  /// Byte of the input at which the row begins, from 0.
  package let offset: Int
  package let column: String?
  package let expected: String
  package let found: String
  /// The row itself.
  package let record: [UInt8]

  init(
    kind: Kind, line: Int, offset: Int, column: String?, expected: String, found: String,
    record: Field
  ) {
    self.kind = kind
    self.line = line
    self.offset = offset
    self.column = column
    self.expected = expected
    self.found = found
    self.record = Array(record.bytes)
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(kind.rawValue)
    writer.write([line, offset])
    writer.write(column)
    writer.write([expected, found])
    writer.write(record)
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    guard let kind = Kind(rawValue: try reader.readString()) else { throw .corrupt }
    self.kind = kind
    let place = try reader.readInts()
    column = try reader.readOptionalString()
    let words = try reader.readStrings()
    guard place.count == 2, words.count == 2 else { throw .corrupt }
    (line, offset) = (place[0], place[1])
    (expected, found) = (words[0], words[1])
    record = try reader.readBytes()
  }

  package var message: String {
    let place = column.map { ", column \($0)" } ?? ""
    return "line \(line) (byte \(offset))\(place): expected \(expected), found \(found)"
  }

  /// A sample of bytes for a message: at most 40, printable, in quotes.
  static func sample(_ field: Field) -> String {
    if field.isEmpty { return "nothing" }
    let shown = String(decoding: field.bytes.prefix(40), as: UTF8.self)
    let clean = shown.unicodeScalars.map { scalar in
      scalar.value < 0x20 || scalar.value == 0x7F
        ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
    }
    return "'\(clean.joined())'" + (field.count > 40 ? "…" : "")
  }
}
