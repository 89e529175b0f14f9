import Telemetry

/// A table for people and programs: every row has the same names, as CSV or as NDJSON.
struct DataTable {
  typealias Cells = [(String, JSONValue)]

  /// The line that names the columns.
  static func header(_ cells: Cells) -> String { cells.map(\.0).joined(separator: ",") + "\n" }

  /// A row: numbers with six significant digits, nothing for what is not known; NDJSON has all digits.
  static func line(_ cells: Cells, asJSON: Bool) -> String {
    guard !asJSON else { return JSONValue.members(cells).text + "\n" }
    return cells.map { text($0.1) }.joined(separator: ",") + "\n"
  }

  private static func text(_ value: JSONValue) -> String {
    switch value {
    case .null: ""
    case .string(let word): quoted(word)
    case .double(let number): rounded(number)
    default: value.text
    }
  }

  /// Six significant digits, whole numbers all of theirs.
  static func rounded(_ number: Double) -> String {
    guard number.isFinite else { return "" }
    var (scale, size) = (1.0, abs(number))
    while size < 100_000, size > 0, scale < 1e12 { (scale, size) = (scale * 10, size * 10) }
    let value = (number * scale).rounded() / scale
    return value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
  }

  /// A field, quoted where it must be (RFC 4180).
  static func quoted(_ text: String) -> String {
    guard text.utf8.contains(where: { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }) else { return text }
    return "\""
      + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
      + "\""
  }
}
