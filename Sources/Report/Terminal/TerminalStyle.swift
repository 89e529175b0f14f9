/// What a terminal can show.
package struct TerminalStyle: Sendable, Equatable {
  /// Whether escape sequences for colours are wanted.
  package let hasColour: Bool
  /// Whether letters beyond ASCII are.
  package let hasUnicode: Bool

  package init(hasColour: Bool, hasUnicode: Bool) {
    (self.hasColour, self.hasUnicode) = (hasColour, hasUnicode)
  }

  /// What something is shown in, by what it means.
  package enum Ink: Int, Sendable {
    case plain = 39
    case model = 36
    case baseline = 90
    case drift = 31
    case warning = 33
    case kept = 32
  }

  /// `text` in a colour, where there are any.
  package func painted(_ text: String, _ ink: Ink) -> String {
    guard hasColour, ink != .plain, !text.isEmpty else { return text }
    return "\u{1B}[\(ink.rawValue)m\(text)\u{1B}[39m"
  }

  /// A text without letters that the terminal has not got, or that it would obey.
  package func spelled(_ text: String) -> String {
    let text = Markup.harmless(text)
    guard !hasUnicode else { return text }
    var spelled = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "–", "−": spelled += "-"
      case "…": spelled += "..."
      case "→": spelled += "->"
      case "’": spelled += "'"
      case "²": spelled += "2"
      case "·": spelled += "-"
      default: spelled.unicodeScalars.append(scalar.isASCII ? scalar : "?")
      }
    }
    return spelled
  }

  /// The beginning of a text that fits into so many columns.
  package func fitted(_ text: String, _ width: Int) -> String {
    guard TerminalStyle.columns(text) > width else { return text }
    let mark = hasUnicode ? "…" : "~"
    var (fitted, used) = ("", 0)
    for character in text {
      let columns = TerminalStyle.columns(character)
      guard used + columns < width else { break }
      fitted.append(character)
      used += columns
    }
    return fitted + mark
  }

  /// `text` followed by spaces up to so many columns, or cut to them.
  package func padded(_ text: String, _ width: Int) -> String {
    let fitted = fitted(text, width)
    return fitted + String(repeating: " ", count: max(0, width - TerminalStyle.columns(fitted)))
  }

  /// Columns that a text takes: two for the wide letters of East Asia and for pictures, none for marks that combine.
  package static func columns(_ text: String) -> Int {
    text.reduce(0) { $0 + columns($1) }
  }

  private static func columns(_ character: Character) -> Int {
    guard let scalar = character.unicodeScalars.first else { return 0 }
    if scalar.isASCII { return 1 }
    switch scalar.value {
    case 0x300..<0x370, 0x200B...0x200F, 0xFE00..<0xFE10: return 0
    case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
      0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
      return 2
    default: return 1
    }
  }

  /// Lines of at most `width` columns, broken between words.
  package func wrapped(_ text: String, _ width: Int, indent: Int = 0) -> [String] {
    let margin = String(repeating: " ", count: indent)
    var (lines, line) = ([String](), "")
    for word in text.split(separator: " ") {
      let room = max(8, width - indent)
      if !line.isEmpty, TerminalStyle.columns(line) + 1 + TerminalStyle.columns(String(word)) > room
      {
        lines.append(margin + line)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + fitted(String(word), room)
    }
    return lines + [margin + line]
  }
}
