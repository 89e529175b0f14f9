/// Why a text is no JSON.
package enum JSONError: Error, Equatable {
  /// Something else was expected at that byte, counted from 0.
  case unexpected(byte: Int, expected: String)
  case tooDeep

  package var message: String {
    switch self {
    case .unexpected(let byte, let expected): "not JSON: expected \(expected) at byte \(byte)"
    case .tooDeep: "nested more than \(JSONReader.mostDepth) deep"
    }
  }
}

extension JSONValue {
  /// Reads one JSON text (RFC 8259). Objects keep their order; a whole number that fits is an `int`.
  package init(parsing text: String) throws(JSONError) {
    var reader = JSONReader(text)
    self = try reader.whole()
  }
}

/// Reads JSON by recursive descent.
struct JSONReader {
  static let mostDepth = 256
  private static let words: [(String, JSONValue)] = [
    ("null", .null), ("true", .bool(true)), ("false", .bool(false)),
  ]

  private let bytes: [UInt8]
  private var at = 0
  private var depth = 0

  init(_ text: String) { bytes = Array(text.utf8) }

  mutating func whole() throws(JSONError) -> JSONValue {
    let value = try value()
    skipSpace()
    guard at == bytes.count else { throw expected("the end") }
    return value
  }

  private func expected(_ what: String) -> JSONError { .unexpected(byte: at, expected: what) }

  private mutating func skipSpace() {
    while at < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[at]) { at += 1 }
  }

  /// Takes a byte if it comes next.
  private mutating func take(_ byte: Unicode.Scalar) -> Bool {
    guard at < bytes.count, bytes[at] == UInt8(ascii: byte) else { return false }
    at += 1
    return true
  }

  private mutating func value() throws(JSONError) -> JSONValue {
    skipSpace()
    guard at < bytes.count else { throw expected("a value") }
    switch bytes[at] {
    case UInt8(ascii: "{"): return try nested { reader throws(JSONError) in try reader.object() }
    case UInt8(ascii: "["): return try nested { reader throws(JSONError) in try reader.array() }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default:
      for (word, value) in JSONReader.words where bytes[at...].starts(with: word.utf8) {
        at += word.utf8.count
        return value
      }
      throw expected("a value")
    }
  }

  private mutating func nested(
    _ body: (inout JSONReader) throws(JSONError) -> JSONValue
  ) throws(JSONError) -> JSONValue {
    guard depth < JSONReader.mostDepth else { throw .tooDeep }
    depth += 1
    at += 1
    let value = try body(&self)
    depth -= 1
    return value
  }

  private mutating func object() throws(JSONError) -> JSONValue {
    var members: [JSONValue.Member] = []
    skipSpace()
    if take("}") { return .object([]) }
    repeat {
      skipSpace()
      guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw expected("a name") }
      let key = try string()
      skipSpace()
      guard take(":") else { throw expected("':'") }
      members.append(JSONValue.Member(key: key, value: try value()))
      skipSpace()
    } while take(",")
    guard take("}") else { throw expected("',' or '}'") }
    return .object(members)
  }

  private mutating func array() throws(JSONError) -> JSONValue {
    var values: [JSONValue] = []
    skipSpace()
    if take("]") { return .array([]) }
    repeat {
      values.append(try value())
      skipSpace()
    } while take(",")
    guard take("]") else { throw expected("',' or ']'") }
    return .array(values)
  }

  private mutating func digits() throws(JSONError) {
    let start = at
    while at < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[at] { at += 1 }
    guard at > start else { throw expected("a digit") }
  }

  private mutating func number() throws(JSONError) -> JSONValue {
    let start = at
    _ = take("-")
    if !take("0") { try digits() }
    var isWhole = true
    if take(".") {
      isWhole = false
      try digits()
    }
    if take("e") || take("E") {
      isWhole = false
      if !take("+") { _ = take("-") }
      try digits()
    }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    if isWhole, let whole = Int(text) { return .int(whole) }
    guard let value = Double(text), value.isFinite else {
      at = start
      throw expected("a number that fits in 64 bits")
    }
    return .double(value)
  }

  private mutating func string() throws(JSONError) -> String {
    at += 1
    var out: [UInt8] = []
    while at < bytes.count {
      let byte = bytes[at]
      at += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: out, as: UTF8.self)
      case UInt8(ascii: "\\"): try escape(into: &out)
      case 0..<0x20:
        at -= 1
        throw expected("no control character in a string")
      default: out.append(byte)
      }
    }
    throw expected("'\"'")
  }

  private mutating func escape(into out: inout [UInt8]) throws(JSONError) {
    for (letter, byte) in [
      ("\"", 0x22), ("\\", 0x5C), ("/", 0x2F), ("b", 0x08), ("f", 0x0C), ("n", 0x0A), ("r", 0x0D),
      ("t", 0x09),
    ] as [(Unicode.Scalar, UInt8)] where take(letter) {
      return out.append(byte)
    }
    guard take("u") else { throw expected("an escape") }
    var code = try unit()
    // The halves of a surrogate pair; one that stands alone is no character.
    if 0xD800..<0xDC00 ~= code, bytes[at...].starts(with: "\\u".utf8) {
      at += 2
      let low = try unit()
      code =
        0xDC00..<0xE000 ~= low ? 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00) : 0xFFFD
    }
    out.append(contentsOf: String(Unicode.Scalar(code) ?? "\u{FFFD}").utf8)
  }

  /// Four hexadecimal digits.
  private mutating func unit() throws(JSONError) -> UInt32 {
    guard at + 4 <= bytes.count,
      let code = UInt32(String(decoding: bytes[at..<(at + 4)], as: UTF8.self), radix: 16),
      bytes[at] != UInt8(ascii: "+")
    else { throw expected("four hexadecimal digits") }
    at += 4
    return code
  }
}
