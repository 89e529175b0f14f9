/// Text as it may stand in a page, whatever names a data set has.
///
/// Names come from files of strangers: they may hold tags, quotes, characters that turn the direction of writing around, or be
/// as long as a book. Here they can do no harm: what means something to HTML is escaped, control characters are shown by their
/// pictures, each name stands in an isolate of its own (`<bdi>`), and of a long one the beginning is shown.
package enum Markup {
  /// Characters of a name that are shown.
  static let longestName = 60
  /// Characters that a tooltip or a command has at most.
  static let longestTitle = 200

  /// `text` between tags and in attributes with double quotes.
  package static func escaped(_ text: String) -> String {
    // Nearly all texts are plain.
    let isPlain = text.utf8.allSatisfy { byte in
      byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "&") && byte != UInt8(ascii: "<")
        && byte != UInt8(ascii: ">") && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "'")
    }
    if isPlain { return text }
    var escaped = ""
    escaped.reserveCapacity(text.utf8.count + 16)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      default: escaped.unicodeScalars.append(visible(scalar))
      }
    }
    return escaped
  }

  /// What is shown in the place of a character that cannot be seen but does something.
  private static func visible(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    switch scalar.value {
    case 0x00..<0x20: return Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}"
    case 0x7F: return "\u{2421}"
    // C1 controls, marks, embeddings, overrides and isolates of writing direction, line and paragraph separators, the
    // invisible operators, and what is no character.
    case 0x80..<0xA0, 0x61C, 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF,
      0xFFF9...0xFFFB, 0xFFFE, 0xFFFF:
      return "\u{FFFD}"
    default: return scalar
    }
  }

  /// `text` for a terminal: what would move its cursor or turn its writing around is shown instead.
  package static func harmless(_ text: String) -> String {
    var shown = String.UnicodeScalarView()
    for scalar in text.unicodeScalars { shown.append(visible(scalar)) }
    return String(shown)
  }

  /// The beginning of a text, with … where something was left off.
  static func shortened(_ text: String, to most: Int) -> String {
    // Scalars: one character may be made of thousands.
    let scalars = text.unicodeScalars
    guard let end = scalars.index(scalars.startIndex, offsetBy: most, limitedBy: scalars.endIndex),
      end != scalars.endIndex
    else { return text }
    return String(scalars[..<scalars.index(before: end)]) + "…"
  }

  /// A name, apart from the text around it; the rest of a long one is its tooltip.
  package static func name(_ text: String, most: Int = longestName) -> String {
    let short = shortened(text, to: most)
    if short == text { return "<bdi>\(escaped(text))</bdi>" }
    let title = shortened(text, to: longestTitle)
    return "<bdi title=\"\(escaped(title))\">\(escaped(short))</bdi>"
  }

  /// A name for an attribute, such as what is read aloud.
  package static func plain(_ text: String, most: Int = longestName) -> String {
    escaped(shortened(text, to: most))
  }

  /// A command that can be copied.
  static func command(_ text: String) -> String {
    "<code class=\"command\" dir=\"ltr\">\(escaped(shortened(text, to: 4000)))</code>"
  }
}

/// A table, as a page shows it behind a picture and as CSV.
package struct ReportTable: Sendable {
  package enum Cell: Sendable, Equatable {
    case number(Double?)
    case whole(Int?)
    case text(String)
    /// A name from the data.
    case name(String)
  }

  /// A column: its heading, and whether it has numbers.
  package struct Column: Sendable {
    package let title: String
    package let isNumber: Bool
  }

  package let caption: String
  package let columns: [Column]
  package var rows: [[Cell]]
  /// What is said of rows that are not shown.
  package var note: String?

  /// Headings that begin with `#` are of numbers.
  package init(_ caption: String, _ titles: [String], rows: [[Cell]] = [], note: String? = nil) {
    self.caption = caption
    columns = titles.map {
      Column(title: $0.hasPrefix("#") ? String($0.dropFirst()) : $0, isNumber: $0.hasPrefix("#"))
    }
    (self.rows, self.note) = (rows, note)
  }

  /// The table in a box that can be scrolled, by keyboard too.
  package var html: String {
    var text = "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\""
    text += Markup.plain(caption, most: 200) + "\"><table><caption>\(Markup.escaped(caption))"
    text += "</caption><thead><tr>"
    for column in columns {
      text += "<th scope=\"col\"\(column.isNumber ? " class=\"n\"" : "")>"
      text += Markup.escaped(column.title) + "</th>"
    }
    text += "</tr></thead><tbody>\n"
    for row in rows {
      text += "<tr>"
      for cell in row { text += ReportTable.html(cell) }
      text += "</tr>\n"
    }
    text += "</tbody></table></div>"
    if let note { text += "<p class=\"note\">\(Markup.escaped(note))</p>" }
    return text
  }

  private static func html(_ cell: Cell) -> String {
    switch cell {
    case .number(let value): "<td class=\"n\">\(Numerals.value(value))</td>"
    case .whole(let value): "<td class=\"n\">\(value.map(Numerals.count) ?? "–")</td>"
    case .text(let text): "<td>\(Markup.escaped(text))</td>"
    case .name(let text): "<td>\(Markup.name(text))</td>"
    }
  }

  /// The table with a line to open it by.
  package func folded(_ summary: String = "The numbers", isOpen: Bool = false) -> String {
    "<details\(isOpen ? " open" : "")><summary>\(Markup.escaped(summary))</summary>\(html)</details>\n"
  }

  /// The table as CSV with a header (RFC 4180).
  package var csv: String {
    func quoted(_ text: String) -> String {
      guard text.utf8.contains(where: { [0x2C, 0x22, 0x0A, 0x0D].contains($0) }) else {
        return text
      }
      return "\""
        + text.split(separator: "\"", omittingEmptySubsequences: false)
        .joined(separator: "\"\"") + "\""
    }
    func text(_ cell: Cell) -> String {
      switch cell {
      case .number(let value): value.map { $0.isFinite ? "\($0)" : "" } ?? ""
      case .whole(let value): value.map { String($0) } ?? ""
      case .text(let text), .name(let text): quoted(text)
      }
    }
    let lines = [columns.map { quoted($0.title) }] + rows.map { $0.map(text) }
    return lines.map { $0.joined(separator: ",") + "\n" }.joined()
  }
}
