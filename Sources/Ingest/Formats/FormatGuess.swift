import Batches

/// Which format an input is in, by its first bytes.
enum FormatGuess {
  /// Whether bytes hold a whole line that tells: neither empty nor what may be a comment of some format.
  static func suffices(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let end = bytes.lastIndex(of: 0x0A) else { return false }
    return bytes[..<end].split(separator: 0x0A).contains { tells($0) }
  }

  private static func tells(_ line: Slice<UnsafeRawBufferPointer>) -> Bool {
    guard let first = line.first(where: { !Field.isBlank($0) && $0 != 0x0D }) else { return false }
    return first != UInt8(ascii: "%") && first != UInt8(ascii: "#")
  }

  /// The format's name. `isTable`: whether options say what only holds of fields in columns.
  static func name(_ beginning: UnsafeRawBufferPointer, isTable: Bool) -> String {
    var bytes = beginning[...]
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
    let lines = bytes.split(separator: 0x0A)
    let first = lines.first?.first { !Field.isBlank($0) }
    if first == UInt8(ascii: "{") { return "ndjson" }
    guard !isTable else { return "csv" }
    guard let line = lines.first(where: { tells($0) }) else {
      return first == UInt8(ascii: "%") ? "arff" : "csv"
    }
    let text = String(decoding: line, as: UTF8.self)
    if isARFF(text) { return "arff" }
    if let own = lines.first, isVW(String(decoding: own, as: UTF8.self)) { return "vw" }
    return isLibSVM(text) ? "libsvm" : "csv"
  }

  private static func isARFF(_ line: String) -> Bool {
    let word = line.prefix(40).split { $0 == " " || $0 == "\t" || $0 == "\r" }.first?.lowercased()
    return word == "@relation" || word == "@attribute"
  }

  /// Whether a line is VW's text and no table with bars between its fields: the bar comes first, or after a label
  /// and a blank, or after a tag in front of which stands a quote.
  private static func isVW(_ line: String) -> Bool {
    guard let bar = line.firstIndex(of: "|") else { return false }
    let head = line[..<bar]
    let words = head.split { $0 == " " || $0 == "\t" }
    guard let first = words.first else { return true }
    if first.hasPrefix("'") { return words.count == 1 && !first.dropFirst().hasSuffix("'") }
    let isFollowed = first.endIndex < head.endIndex
    return isFollowed && words.count <= 4 && Double(first) != nil
  }

  /// Whether a line is a label and pairs of an index and a number; the last of those at hand may be cut off.
  private static func isLibSVM(_ line: String) -> Bool {
    let shown = line.prefix(1000)
    let words = shown.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" || $0 == "\r" }
    guard let label = words.first, Double(label) != nil, words.count > 1 else { return false }
    let whole = shown.count == 1000 && words.count > 2 ? words[1...].dropLast() : words[1...]
    return whole.allSatisfy { word in
      let sides = word.split(separator: ":", omittingEmptySubsequences: false)
      guard sides.count == 2, Double(sides[1]) != nil else { return false }
      return sides[0] == "qid" || (!sides[0].isEmpty && sides[0].allSatisfy(\.isASCIIDigit))
    }
  }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
