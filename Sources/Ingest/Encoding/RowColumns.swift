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

  init(count: Int) {
    // Rounded up, as numbers may be converted eight at a time.
    let room = (max(count, 1) + 7) & ~7
    numbers = .allocate(capacity: room)
    numbers.initialize(repeating: .nan, count: room)
    fields = .allocate(capacity: max(count, 1))
    fields.initialize(repeating: RowColumns.nothing, count: max(count, 1))
  }

  deinit {
    numbers.deallocate()
    fields.deallocate()
  }

  /// What stands for a missing field: readable bytes that end any number.
  static nonisolated(unsafe) let nothing: Field = {
    let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 128)
    bytes.initialize(repeating: 0x0A, count: 128)
    return Field(start: UnsafePointer(bytes), end: UnsafePointer(bytes))
  }()
}
