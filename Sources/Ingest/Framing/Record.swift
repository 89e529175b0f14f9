/// A piece of bytes that is followed by a byte which ends any number, and by a readable margin.
struct Field {
  var start: UnsafePointer<UInt8>
  var end: UnsafePointer<UInt8>

  var count: Int { end - start }
  var isEmpty: Bool { start >= end }
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: max(count, 0)) }
  var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The field without the blanks around it.
  var trimmed: Field {
    var field = self
    while field.start < field.end, Field.isBlank(field.start[0]) { field.start += 1 }
    while field.end > field.start, Field.isBlank(field.end[-1]) { field.end -= 1 }
    return field
  }

  @inline(__always)
  static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
  }
}

/// One record of the input, without its line end. Valid until the next record is asked for.
struct Record {
  let body: Field
  /// Line on which the record begins, from 1.
  let line: Int
  /// Byte of the input at which it begins, from 0.
  let offset: Int
  /// Whether a quote occurs in it.
  let hasQuotes: Bool
}
