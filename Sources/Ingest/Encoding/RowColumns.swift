/// The columns of one record on their way from a format to the encoder; reused from row to row.
///
/// A class of constants: formats and encoder reach the same memory, and no access has to be checked
/// for overlap at run time, which the properties of a class otherwise are.
final class RowColumns {
  /// The value of each column that is read as a number alone; NaN: missing. Of any other column it says nothing until
  /// the encoder has read it.
  let numbers: UnsafeMutablePointer<Double>
  /// The bytes of each column that is read in any other way; empty: missing.
  let fields: UnsafeMutablePointer<Field>
  /// The features of the row that have no column.
  let tokens: UnsafeMutablePointer<SparseTokens>

  init(count: Int) {
    // Rounded up, as numbers may be converted eight at a time.
    let room = (max(count, 1) + 7) & ~7
    numbers = .allocate(capacity: room)
    numbers.initialize(repeating: .nan, count: room)
    fields = .allocate(capacity: max(count, 1))
    fields.initialize(repeating: RowColumns.nothing, count: max(count, 1))
    tokens = .allocate(capacity: 1)
    tokens.initialize(to: SparseTokens())
  }

  deinit {
    numbers.deallocate()
    fields.deallocate()
    tokens.pointee.deallocate()
    tokens.deallocate()
  }

  /// Puts a field that stands alone where its column wants it.
  func take(
    _ field: Field, _ column: Int, _ need: FeaturePlan.Need, _ powers: UnsafePointer<Double>
  ) -> Fault? {
    guard need == .number else {
      fields[column] = field
      return nil
    }
    if field.isEmpty {
      numbers[column] = .nan
      return nil
    }
    if let value = Decimal.readShort(field.start, field.end, powers) {
      numbers[column] = value
      return nil
    }
    return CSVFormat.readNumber(field, column, into: self)
  }

  /// What stands for a missing field: readable bytes that end any number.
  static nonisolated(unsafe) let nothing = constant("")
  /// What a column is read as that a row of named features does not name, and one that it names without a value.
  static nonisolated(unsafe) let zero = constant("0")
  static nonisolated(unsafe) let one = constant("1")

  /// A field that stays.
  private static func constant(_ text: StaticString) -> Field {
    let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 128)
    bytes.initialize(repeating: 0x0A, count: 128)
    bytes.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
    return Field(
      start: UnsafePointer(bytes), end: UnsafePointer(bytes + text.utf8CodeUnitCount))
  }
}
