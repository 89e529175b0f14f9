import Batches
package import Catalogues

/// Reads records of one kind: finds the columns first, then parses rows into an columns.
protocol RecordFormat {
  /// Whether line ends inside quoted fields belong to the record.
  var quotesHoldLineEnds: Bool { get }

  /// Whether the first record names the columns.
  var hasHeader: Bool { get }

  /// Whether the next record is still one that names columns.
  var headerGoesOn: Bool { get }

  /// The byte that a record begins with which is a comment; a line feed where there are no comments.
  var comment: UInt8 { get }

  /// The sparse indices of features that have no column, once the first events have been seen; empty where every
  /// feature has one.
  var hashed: Range<Int> { get }

  /// The byte that separates fields, where there is one.
  var delimiter: UInt8 { get }

  /// Takes the record that names the columns.
  mutating func readHeader(_ record: Record) throws(IngestError)

  /// Adds what a record shows of each column; new columns are appended. `row` is where the values
  /// themselves are kept; nil: they are not.
  mutating func sample(_ record: Record, row: Int?, into evidence: inout [ColumnEvidence])

  /// Says which of what the sample showed are columns, and gives the format's own columns their roles.
  mutating func settle(
    _ options: inout IngestOptions, _ evidence: inout [ColumnEvidence]
  ) throws(IngestError)

  /// Fixes the columns: from here on records are parsed by `parse`.
  mutating func lock(_ plan: FeaturePlan)

  /// The same format with memory of its own, for another thread. The fields of all records that it parses stay until
  /// `forgetFields`.
  func forked() -> Self

  /// The fields of the records parsed so far are no longer needed.
  func forgetFields()

  /// Takes the header of another input with the same columns, of which those that are nothing but the target or nothing at
  /// all may lack, in any order. After `lock`; false where a format has no such header.
  mutating func takeOrder(
    _ header: Record, mayLack: (Int) -> Bool
  ) throws(IngestError) -> Bool

  /// Takes a record apart; a fault says why that cannot be done. What a format keeps from one record to the next may
  /// make it faster and changes no result.
  mutating func parse(_ record: Record, into columns: RowColumns) -> Fault?
}

extension RecordFormat {
  var headerGoesOn: Bool { false }
  var comment: UInt8 { UInt8(ascii: "\n") }
  var hashed: Range<Int> { 0..<0 }

  func forgetFields() {}

  mutating func takeOrder(
    _ header: Record, mayLack: (Int) -> Bool
  ) throws(IngestError) -> Bool { false }

  mutating func settle(
    _ options: inout IngestOptions, _ evidence: inout [ColumnEvidence]
  ) throws(IngestError) {}
}

/// What a format needs to know to be made.
package struct FormatContext: Sendable {
  let columns: [String]
  /// Nil: chosen by looking at the header.
  let delimiter: UInt8?
  let firstLine: [UInt8]
  /// Bits of a sparse index where features have no column.
  let hashBits: Int
}

/// A format, opaque outside this room.
package struct AnyFormat {
  var format: any RecordFormat
}

extension Catalogue where Context == FormatContext, Product == AnyFormat {
  /// Every input format that can be named, one line each.
  package static var formats: Catalogue {
    Catalogue(
      "format",
      [
        CSVFormat.entry,
        NDJSONFormat.entry,
        VWFormat.entry,
        LibSVMFormat.entry,
        ARFFFormat.entry,
      ])
  }
}
