/// Walks over the members of a JSON object in its bytes, one after another, without making values of them: a journal of a
/// million lines is read for the few numbers that a picture needs.
///
/// It does not judge: what is no JSON ends the walk, and `isWhole` tells. About a nanosecond a byte, no allocation.
struct ObjectWalk {
  /// Bytes of the text. They must outlive the walk.
  private let bytes: UnsafeRawBufferPointer
  private var at: Int
  private(set) var isWhole = false

  /// One member: where its name lies between its quotes, and where its value.
  struct Member {
    let name: UnsafeRawBufferPointer
    let value: UnsafeRawBufferPointer
  }

  /// Nil where the text does not begin as an object does.
  init?(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    at = 0
    skipSpace()
    guard at < bytes.count, bytes[at] == UInt8(ascii: "{") else { return nil }
    at += 1
  }

  mutating func next() -> Member? {
    skipSpace()
    guard at < bytes.count, !isWhole else { return nil }
    switch bytes[at] {
    case UInt8(ascii: "}"):
      isWhole = true
      return nil
    case UInt8(ascii: ","):
      at += 1
      skipSpace()
    default: break
    }
    guard let name = string() else { return nil }
    skipSpace()
    guard at < bytes.count, bytes[at] == UInt8(ascii: ":") else { return nil }
    at += 1
    skipSpace()
    let start = at
    guard skipValue() else { return nil }
    return Member(
      name: .init(rebasing: bytes[name]), value: .init(rebasing: bytes[start..<at]))
  }

  private mutating func skipSpace() {
    while at < bytes.count, bytes[at] <= 0x20 { at += 1 }
  }

  /// Takes a string; its content without the quotes.
  private mutating func string() -> Range<Int>? {
    guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { return nil }
    let start = at + 1
    at = start
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "\""):
        at += 1
        return start..<at - 1
      case UInt8(ascii: "\\"): at += 2
      default: at += 1
      }
    }
    return nil
  }

  private mutating func skipValue() -> Bool {
    guard at < bytes.count else { return false }
    switch bytes[at] {
    case UInt8(ascii: "\""): return string() != nil
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      var depth = 0
      while at < bytes.count {
        switch bytes[at] {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
          depth += 1
          at += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
          depth -= 1
          at += 1
          if depth == 0 { return true }
        case UInt8(ascii: "\""): guard string() != nil else { return false }
        default: at += 1
        }
      }
      return false
    default:
      let start = at
      while at < bytes.count, bytes[at] > 0x20, bytes[at] != UInt8(ascii: ","),
        bytes[at] != UInt8(ascii: "}"), bytes[at] != UInt8(ascii: "]")
      { at += 1 }
      return at > start
    }
  }
}

extension UnsafeRawBufferPointer {
  /// Whether the bytes are those of a text.
  func isText(_ text: StaticString) -> Bool {
    guard text.utf8CodeUnitCount == count else { return false }
    for i in 0..<count where self[i] != text.utf8Start[i] { return false }
    return true
  }

  func isText(_ text: [UInt8]) -> Bool {
    guard text.count == count else { return false }
    for i in 0..<count where self[i] != text[i] { return false }
    return true
  }

  /// The bytes as text, with U+FFFD for what is no UTF-8.
  var text: String { String(decoding: self, as: UTF8.self) }

  /// A whole number; nil for anything else.
  var whole: Int? {
    var (value, at) = (0, 0)
    let isNegative = count > 1 && self[0] == UInt8(ascii: "-")
    if isNegative { at = 1 }
    guard count > at, count < 19 else { return nil }
    while at < count {
      let digit = Int(self[at]) - 0x30
      guard digit >= 0, digit <= 9 else { return nil }
      value = value * 10 + digit
      at += 1
    }
    return isNegative ? -value : value
  }

  /// A number, within a few units in its last place: near enough to draw it. Nil for anything else, null among it.
  var approximateNumber: Double? {
    var (mantissa, exponent, at, digits) = (UInt64(0), 0, 0, 0)
    let isNegative = count > 0 && self[0] == UInt8(ascii: "-")
    if isNegative { at = 1 }
    var isAfterPoint = false
    scan: while at < count {
      switch self[at] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        digits += 1
        if mantissa < 1 << 59 {
          mantissa = mantissa * 10 + UInt64(self[at] - 0x30)
          if isAfterPoint { exponent -= 1 }
        } else if !isAfterPoint {
          exponent += 1
        }
      case UInt8(ascii: "."): isAfterPoint = true
      default: break scan
      }
      at += 1
    }
    guard digits > 0 else { return nil }
    if at < count {
      guard self[at] | 0x20 == UInt8(ascii: "e") else { return nil }
      var rest = self[(at + 1)...]
      if rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
      guard let power = UnsafeRawBufferPointer(rebasing: rest).whole, abs(power) < 400 else {
        return nil
      }
      exponent += power
    }
    var value = Double(mantissa)
    while exponent > 0 {
      let step = Swift.min(exponent, 22)
      value *= UnsafeRawBufferPointer.powers[step]
      exponent -= step
    }
    while exponent < 0 {
      let step = Swift.min(-exponent, 22)
      value /= UnsafeRawBufferPointer.powers[step]
      exponent += step
    }
    return value.isFinite ? (isNegative ? -value : value) : nil
  }

  /// 10⁰ … 10²², all exact.
  private static let powers: [Double] = (0...22).map { power in
    (0..<power).reduce(1.0) { value, _ in value * 10 }
  }
}
