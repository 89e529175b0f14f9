/// A sentence in which names of the data stand, for a page and for a terminal.
///
///     let line: Prose = "It predicts \(name: target)."
package struct Prose: Sendable, ExpressibleByStringInterpolation {
  fileprivate enum Piece: Sendable {
    case words(String)
    case name(String)
  }

  private var pieces: [Piece] = []

  package init(stringLiteral value: String) { pieces = [.words(value)] }
  package init(_ text: String) { pieces = [.words(text)] }
  package init(stringInterpolation: StringInterpolation) { pieces = stringInterpolation.pieces }

  package struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var pieces: [Piece] = []

    package init(literalCapacity: Int, interpolationCount: Int) {}
    package mutating func appendLiteral(_ literal: String) { pieces.append(.words(literal)) }
    package mutating func appendInterpolation(_ text: String) { pieces.append(.words(text)) }
    package mutating func appendInterpolation(_ count: Int) {
      pieces.append(.words(Numerals.count(count)))
    }
    package mutating func appendInterpolation(name: String) { pieces.append(.name(name)) }
    package mutating func appendInterpolation(_ prose: Prose) { pieces += prose.pieces }
  }

  package var html: String {
    pieces.map { piece in
      switch piece {
      case .words(let text): Markup.escaped(text)
      case .name(let name): Markup.name(name)
      }
    }.joined()
  }

  /// For a terminal: nothing in it moves the cursor.
  package var plain: String {
    pieces.map { piece in
      switch piece {
      case .words(let text): text
      case .name(let name): Markup.harmless(Markup.shortened(name, to: Markup.longestName))
      }
    }.joined()
  }

  /// "3 drifts", "1 drift".
  static func count(_ count: Int, _ noun: String, _ nouns: String? = nil) -> String {
    "\(Numerals.count(count)) \(count == 1 ? noun : nouns ?? noun + "s")"
  }

  /// "a", "a and b", "a, b and c".
  static func list(_ texts: [String]) -> String {
    guard let last = texts.last, texts.count > 1 else { return texts.first ?? "" }
    return texts.dropLast().joined(separator: ", ") + " and " + last
  }
}
