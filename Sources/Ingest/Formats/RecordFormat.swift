import Batches
package import Catalogues

/// Reads records of one kind: finds the columns first, then parses rows into an columns.
protocol RecordFormat {
  /// Whether line ends inside quoted fields belong to the record.
  var quotesHoldLineEnds: Bool { get }

  /// Whether the first record names the columns.
  var hasHeader: Bool { get }

  /// The byte that separates fields, where there is one.
  var delimiter: UInt8 { get }

  /// Takes the record that names the columns.
  mutating func readHeader(_ record: Record) throws(IngestError)

  /// Adds what a record shows of each column; new columns are appended. `row` is where the values
  /// themselves are kept; nil: they are not.
  mutating func sample(_ record: Record, row: Int?, into evidence: inout [ColumnEvidence])

  /// Fixes the columns: from here on records are parsed by `parse`.
  mutating func lock(_ plan: FeaturePlan)

  /// Bytes that had to be rewritten for the fields of records parsed so far.
  var scratch: Scratch { get }

  /// The same format, with nothing in common with this one; the fields of all records that it parses stay until its
  /// scratch is reset.
  func forked() -> Self

  /// Takes a record apart; a fault says why that cannot be done.
  mutating func parse(_ record: Record, into columns: RowColumns) -> Fault?
}

/// What a format needs to know to be made.
package struct FormatContext: Sendable {
  let columns: [String]
  /// Nil: chosen by looking at the header.
  let delimiter: UInt8?
  let firstLine: [UInt8]
}

/// A format, opaque outside this room.
package struct AnyFormat {
  var format: any RecordFormat
}

extension Catalogue where Context == FormatContext, Product == AnyFormat {
  /// Every input format that can be named, one line each.
  package static var formats: Catalogue {
    Catalogue("format", [CSVFormat.entry, NDJSONFormat.entry])
  }
}
