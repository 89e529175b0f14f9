import CLanes
import Glibc

/// Reads one JSON object from the bytes of a record. No allocation while keys come as expected.
struct JSONScanner {
  enum Value {
    case number(Field)
    /// A string without its quotes, unescaped.
    case string(Field)
    /// true or false.
    case word(Field)
    case null
    case list
  }

  /// What is wrong with the text.
  struct Problem {
    let kind: Refusal.Kind
    let expected: String
    let found: String
  }

  /// A key with the keys of the objects around it.
  struct Key {
    let bytes: [UInt8]
    var name: String { String(decoding: bytes, as: UTF8.self) }
  }

  private static let depthLimit = 32

  private var cursor: UnsafePointer<UInt8>
  private let end: UnsafePointer<UInt8>
  private let scratch: Scratch

  init(_ body: Field, _ scratch: Scratch) {
    cursor = body.start
    end = body.end
    self.scratch = scratch
  }

  /// Reads one value that is no object; returns the first byte after it, nil when something is wrong
  /// with it.
  mutating func readValue(_ value: inout Value) -> UnsafePointer<UInt8>? {
    self.value(&value, depth: 0) == nil ? cursor : nil
  }

  /// Reads the whole record as an object and hands out every value with its full key.
  mutating func readObject(prefix: [UInt8], _ take: (Key, Value) -> Void) -> Problem? {
    readFlatObject(
      expecting: { _ in nil }, finding: { _ in nil }, taking: { _, _, _ in },
      otherwise: { key, value, _ in take(Key(bytes: key), value) })
  }

  /// Reads the whole record as an object.
  ///
  /// - Parameters:
  ///   - expecting: given where a key begins, the column it is and where its value begins, if it is
  ///     the key that was expected.
  ///   - finding: the column with this full key, if there is one.
  ///   - taking: takes a column's value and the bytes that spell it.
  ///   - otherwise: takes the same of a key that no column has.
  /// - Returns: what is wrong with the text; nil when nothing is.
  mutating func readFlatObject(
    expecting: (UnsafePointer<UInt8>) -> (Int, UnsafePointer<UInt8>)?,
    finding: ([UInt8]) -> Int?, taking: (Int, Value, Field) -> Void,
    otherwise: ([UInt8], Value, Field) -> Void
  ) -> Problem? {
    skipBlanks()
    let inner = object(
      prefix: [], depth: 0, expecting: expecting, finding: finding, taking: taking,
      otherwise: otherwise)
    if let inner { return inner }
    skipBlanks()
    return cursor == end ? nil : problem("nothing after the object")
  }

  private func problem(_ expected: String) -> Problem {
    let found =
      cursor >= end ? "the end of the line" : Refusal.sample(Field(start: cursor, end: end))
    return Problem(kind: .malformed, expected: expected, found: found)
  }

  private mutating func skipBlanks() {
    while cursor < end, Field.isBlank(cursor[0]) || cursor[0] == 0x0D { cursor += 1 }
  }

  private mutating func skip(_ byte: UInt8) -> Bool {
    guard cursor < end, cursor[0] == byte else { return false }
    cursor += 1
    return true
  }

  private mutating func object(
    prefix: [UInt8], depth: Int, expecting: (UnsafePointer<UInt8>) -> (Int, UnsafePointer<UInt8>)?,
    finding: ([UInt8]) -> Int?, taking: (Int, Value, Field) -> Void,
    otherwise: ([UInt8], Value, Field) -> Void
  ) -> Problem? {
    guard skip(UInt8(ascii: "{")) else { return problem("an object, {…}") }
    guard depth < JSONScanner.depthLimit else { return problem("at most 32 objects in each other") }
    skipBlanks()
    if skip(UInt8(ascii: "}")) { return nil }
    while true {
      skipBlanks()
      if depth == 0, let (column, next) = expecting(cursor) {
        cursor = next
        skipBlanks()
        if cursor < end, cursor[0] == UInt8(ascii: "{") {
          // A column of this name was a single value when the columns were locked.
          return Problem(
            kind: .nestedValue, expected: "a single value", found: "an object")
        }
        let start = cursor
        var value = Value.null
        if let problem = self.value(&value, depth: depth) { return problem }
        taking(column, value, Field(start: start, end: cursor))
      } else {
        guard cursor < end, cursor[0] == UInt8(ascii: "\"") else {
          return problem("a key in quotes")
        }
        var name = Field(start: cursor, end: cursor)
        if let problem = string(&name) { return problem }
        skipBlanks()
        guard skip(UInt8(ascii: ":")) else { return problem("a colon after the key") }
        skipBlanks()
        let key = prefix + Array(name.bytes)
        if cursor < end, cursor[0] == UInt8(ascii: "{") {
          guard finding(key) == nil else {
            return Problem(kind: .nestedValue, expected: "a single value", found: "an object")
          }
          let inner = object(
            prefix: key + [UInt8(ascii: ".")], depth: depth + 1, expecting: expecting,
            finding: finding, taking: taking, otherwise: otherwise)
          if let inner { return inner }
        } else {
          let start = cursor
          var value = Value.null
          if let problem = self.value(&value, depth: depth) { return problem }
          let bytes = Field(start: start, end: cursor)
          if let column = finding(key) {
            taking(column, value, bytes)
          } else {
            otherwise(key, value, bytes)
          }
        }
      }
      skipBlanks()
      if skip(UInt8(ascii: ",")) { continue }
      return skip(UInt8(ascii: "}")) ? nil : problem("a comma or }")
    }
  }

  private mutating func value(_ value: inout Value, depth: Int) -> Problem? {
    guard cursor < end else { return problem("a value") }
    switch cursor[0] {
    case UInt8(ascii: "\""):
      var field = Field(start: cursor, end: cursor)
      if let problem = string(&field) { return problem }
      value = .string(field)
    case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"):
      let start = cursor
      while cursor < end, cursor[0] >= 0x61, cursor[0] <= 0x7A { cursor += 1 }
      let word = Field(start: start, end: cursor)
      switch word.count {
      case 4 where memcmp(start, "true", 4) == 0: value = .word(word)
      case 5 where memcmp(start, "false", 5) == 0: value = .word(word)
      case 4 where memcmp(start, "null", 4) == 0: value = .null
      default:
        cursor = start
        return problem("a value")
      }
    case UInt8(ascii: "["):
      value = .list
      return skipList(depth: depth + 1)
    default:
      let start = cursor
      while cursor < end, JSONScanner.isNumberByte(cursor[0]) { cursor += 1 }
      value = .number(Field(start: start, end: cursor))
      guard NumberShape.isJSON(Field(start: start, end: cursor)) else {
        cursor = start
        return problem("a value")
      }
    }
    return nil
  }

  @inline(__always)
  private static func isNumberByte(_ byte: UInt8) -> Bool {
    Decimal.isDigit(byte) || byte == 0x2E || byte == 0x2D || byte == 0x2B || byte | 0x20 == 0x65
  }

  private mutating func skipList(depth: Int) -> Problem? {
    guard depth < JSONScanner.depthLimit else { return problem("at most 32 lists in each other") }
    cursor += 1
    skipBlanks()
    if skip(UInt8(ascii: "]")) { return nil }
    while true {
      skipBlanks()
      if cursor < end, cursor[0] == UInt8(ascii: "[") {
        if let problem = skipList(depth: depth + 1) { return problem }
      } else if cursor < end, cursor[0] == UInt8(ascii: "{") {
        let inner = object(
          prefix: [], depth: depth + 1, expecting: { _ in nil }, finding: { _ in nil },
          taking: { _, _, _ in }, otherwise: { _, _, _ in })
        if let inner { return inner }
      } else {
        var ignored = Value.null
        if let problem = value(&ignored, depth: depth) { return problem }
      }
      skipBlanks()
      if skip(UInt8(ascii: ",")) { continue }
      return skip(UInt8(ascii: "]")) ? nil : problem("a comma or ]")
    }
  }

  /// Where the string ends whose first byte is at `start`, if nothing in it is escaped; nil when
  /// something is, or when it does not end. It must be followed by a line feed and 16 readable bytes.
  @inline(__always)
  static func endOfPlainString(_ start: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
    var cursor = start
    while true {
      let stops = weir_string_stops_16(cursor)
      if stops != 0 {
        cursor += stops.trailingZeroBitCount
        return cursor[0] == UInt8(ascii: "\"") ? cursor : nil
      }
      cursor += 16
    }
  }

  /// Reads a string; the field is its content, unescaped into scratch where it has escapes.
  private mutating func string(_ field: inout Field) -> Problem? {
    let start = cursor + 1
    cursor = start
    while cursor < end, cursor[0] != 0x22, cursor[0] != 0x5C {
      guard cursor[0] >= 0x20 else { return problem("no control characters in a string") }
      cursor += 1
    }
    guard cursor < end else { return problem("a closing quote") }
    if cursor[0] == 0x22 {
      field = Field(start: start, end: cursor)
      cursor += 1
      return nil
    }
    let unescaped = scratch.begin()
    for byte in UnsafeBufferPointer(start: start, count: cursor - start) { scratch.append(byte) }
    while cursor < end, cursor[0] != 0x22 {
      guard cursor[0] >= 0x20 else { return problem("no control characters in a string") }
      if cursor[0] == 0x5C {
        if let problem = escape() { return problem }
      } else {
        scratch.append(cursor[0])
        cursor += 1
      }
    }
    guard skip(0x22) else { return problem("a closing quote") }
    field = Field(start: unescaped, end: scratch.finish())
    return nil
  }

  private mutating func escape() -> Problem? {
    guard cursor + 1 < end else { return problem("a closing quote") }
    let letter = cursor[1]
    let plain: UInt8? =
      switch letter {
      case 0x22, 0x5C, 0x2F: letter
      case UInt8(ascii: "b"): 0x08
      case UInt8(ascii: "f"): 0x0C
      case UInt8(ascii: "n"): 0x0A
      case UInt8(ascii: "r"): 0x0D
      case UInt8(ascii: "t"): 0x09
      default: nil
      }
    if let plain {
      scratch.append(plain)
      cursor += 2
      return nil
    }
    guard letter == UInt8(ascii: "u"), var unit = hexadecimal(cursor + 2) else {
      return problem("a known escape")
    }
    cursor += 6
    if unit & 0xFC00 == 0xD800 {
      guard cursor + 1 < end, cursor[0] == 0x5C, cursor[1] == UInt8(ascii: "u"),
        let low = hexadecimal(cursor + 2), low & 0xFC00 == 0xDC00
      else { return problem("the second half of a surrogate pair") }
      unit = 0x10000 + (unit & 0x3FF) << 10 + low & 0x3FF
      cursor += 6
    }
    guard let scalar = Unicode.Scalar(unit) else { return problem("a character") }
    for byte in UTF8.encode(scalar) ?? .init() { scratch.append(byte) }
    return nil
  }

  private func hexadecimal(_ start: UnsafePointer<UInt8>) -> UInt32? {
    guard start + 4 <= end else { return nil }
    var value: UInt32 = 0
    for i in 0..<4 {
      let byte = start[i]
      let digit: UInt8
      switch byte {
      case 0x30...0x39: digit = byte - 0x30
      case 0x41...0x46: digit = byte - 0x37
      case 0x61...0x66: digit = byte - 0x57
      default: return nil
      }
      value = value << 4 | UInt32(digit)
    }
    return value
  }
}

/// Whether bytes are a number as JSON writes it: no leading plus or zeros, digits around the point.
enum NumberShape {
  static func isJSON(_ field: Field) -> Bool {
    var cursor = field.start
    let end = field.end
    if cursor < end, cursor[0] == UInt8(ascii: "-") { cursor += 1 }
    guard cursor < end, Decimal.isDigit(cursor[0]) else { return false }
    if cursor[0] == UInt8(ascii: "0") {
      cursor += 1
    } else {
      while cursor < end, Decimal.isDigit(cursor[0]) { cursor += 1 }
    }
    if cursor < end, cursor[0] == UInt8(ascii: ".") {
      cursor += 1
      guard cursor < end, Decimal.isDigit(cursor[0]) else { return false }
      while cursor < end, Decimal.isDigit(cursor[0]) { cursor += 1 }
    }
    if cursor < end, cursor[0] | 0x20 == UInt8(ascii: "e") {
      cursor += 1
      if cursor < end, cursor[0] == 0x2B || cursor[0] == 0x2D { cursor += 1 }
      guard cursor < end, Decimal.isDigit(cursor[0]) else { return false }
      while cursor < end, Decimal.isDigit(cursor[0]) { cursor += 1 }
    }
    return cursor == end
  }
}
