/// What names, times and hashes of a registry look like.
enum Names {
  /// Whether `text` is kebab-case, a letter first, at most 64 bytes, and not to be taken for a version.
  static func isName(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, bytes.count <= 64, isSmall(first) else { return false }
    var last = UInt8(ascii: "-")
    for byte in bytes {
      guard isSmall(byte) || isDigit(byte) || byte == UInt8(ascii: "-") && last != byte else {
        return false
      }
      last = byte
    }
    return last != UInt8(ascii: "-") && version(text) == nil
  }

  /// The number in 7 or v7.
  static func version(_ text: String) -> Int? {
    let digits = text.hasPrefix("v") ? text.dropFirst() : text[...]
    return digits.utf8.allSatisfy(isDigit) ? Int(digits) : nil
  }

  static func check(_ text: String, noun: String) throws(RegistryError) {
    guard isName(text) else { throw .badName(text, noun: noun) }
  }

  /// UTC as 2026-03-01T12:30:00Z. As texts without the Z, such times are in order.
  static func checkTime(_ text: String) throws(RegistryError) {
    let bytes = Array(text.utf8)
    guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z") else { throw .badTime(text) }
    let form = Array("0000-00-00T00:00:00".utf8)
    for (byte, model) in zip(bytes, form) {
      guard isDigit(model) ? isDigit(byte) : byte == model else { throw .badTime(text) }
    }
    let decimals = bytes[19..<(bytes.count - 1)]
    guard decimals.isEmpty || 2...10 ~= decimals.count && decimals.first == UInt8(ascii: "."),
      decimals.dropFirst().allSatisfy(isDigit)
    else { throw .badTime(text) }
    func number(_ place: Int) -> Int {
      Int(bytes[place] - 0x30) * 10 + Int(bytes[place + 1] - 0x30)
    }
    guard 1...12 ~= number(5), 1...31 ~= number(8), number(11) < 24, number(14) < 60,
      number(17) <= 60
    else { throw .badTime(text) }
  }

  /// ALGORITHM:HEX.
  static func checkHash(_ text: String) throws(RegistryError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, isName(String(parts[0])), isHexadecimal(parts[1]) else {
      throw .badHash(text)
    }
  }

  /// Whether there are digits, and all of them 0-9 and a-f.
  static func isHexadecimal(_ text: some StringProtocol) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { isDigit($0) || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0 }
  }

  private static func isSmall(_ byte: UInt8) -> Bool {
    UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
  }
}
