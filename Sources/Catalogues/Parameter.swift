/// One parameter of a catalogue entry: its name, what it does, its default and its range, in one place.
///
/// Help, validation, error messages and the row in `weir catalogue` are all made from this value.
package struct Parameter: Sendable {
  /// What a parameter's text may say.
  package enum Kind: Sendable {
    /// A real number in a closed range.
    case real(default: Double, in: ClosedRange<Double>)
    /// A whole number in a closed range.
    case integer(default: Int, in: ClosedRange<Int>)
    /// One of a few words.
    case choice(default: String, of: [String])
    /// Several real numbers joined by `/`, each in a closed range.
    case reals(default: [Double], in: ClosedRange<Double>)
    /// Any text without a comma, such as a column's name; empty when nothing is said.
    case text
  }

  /// How a parameter trades what is found late against what is found falsely.
  package enum Strictness: Sendable {
    /// The greater, the rarer alarms are.
    case rising
    /// The smaller, the rarer.
    case falling
  }

  package let name: String
  package let help: String
  package let kind: Kind
  /// Whether, and how, this is what a user turns to have fewer alarms; at most one of an entry is.
  package let strictness: Strictness?

  package init(_ name: String, _ kind: Kind, _ help: String, strictness: Strictness? = nil) {
    self.name = name
    self.help = help
    self.kind = kind
    self.strictness = strictness
  }

  /// The value this parameter has when nothing is said.
  var defaultValue: Setting {
    switch kind {
    case .real(let value, _): .real(value)
    case .integer(let value, _): .integer(value)
    case .choice(let value, _): .word(value)
    case .reals(let values, _): .reals(values)
    case .text: .word("")
    }
  }

  /// The default as a user would write it.
  package var defaultText: String {
    switch kind {
    case .real(let value, _): Parameter.text(value)
    case .integer(let value, _): String(value)
    case .choice(let value, _): value
    case .reals(let values, _): values.map(Parameter.text).joined(separator: "/")
    case .text: ""
    }
  }

  /// The range as a user would read it.
  package var rangeText: String {
    switch kind {
    case .real(_, let range), .reals(_, let range):
      "\(Parameter.text(range.lowerBound))…\(Parameter.text(range.upperBound))"
    case .integer(_, let range):
      range.upperBound == Int.max
        ? "\(range.lowerBound)…" : "\(range.lowerBound)…\(range.upperBound)"
    case .choice(_, let words): words.joined(separator: "|")
    case .text: "text"
    }
  }

  /// Reads `text` as this parameter's value.
  func parse(_ text: String) throws(SpecificationError) -> Setting {
    switch kind {
    case .real(_, let range):
      return .real(try number(text, in: range))
    case .integer(_, let range):
      guard let value = Int(text) else {
        throw .malformedValue(parameter: name, text: text, expected: "a whole number")
      }
      guard range.contains(value) else {
        throw .outOfRange(parameter: name, text: text, range: rangeText)
      }
      return .integer(value)
    case .choice(_, let words):
      guard words.contains(text) else {
        throw .malformedValue(
          parameter: name, text: text, expected: "one of " + words.joined(separator: ", "))
      }
      return .word(text)
    case .text: return .word(text)
    case .reals(_, let range):
      var values: [Double] = []
      for part in text.split(separator: "/") { values.append(try number(String(part), in: range)) }
      guard !values.isEmpty else {
        throw .malformedValue(parameter: name, text: text, expected: "numbers joined by /")
      }
      return .reals(values)
    }
  }

  private func number(
    _ text: String, in range: ClosedRange<Double>
  ) throws(SpecificationError) -> Double {
    guard let value = Double(text), value.isFinite else {
      throw .malformedValue(parameter: name, text: text, expected: "a number")
    }
    guard range.contains(value) else {
      throw .outOfRange(parameter: name, text: text, range: rangeText)
    }
    return value
  }

  private static func text(_ value: Double) -> String {
    guard let whole = Int(exactly: value) else { return "\(value)" }
    var (digits, zeros) = (whole, 0)
    while abs(digits) >= 10, digits.isMultiple(of: 10) {
      (digits, zeros) = (digits / 10, zeros + 1)
    }
    return zeros < 9 ? String(whole) : "\(digits)e\(zeros)"
  }
}

/// A parameter's value once it has been read and checked.
package enum Setting: Sendable, Equatable {
  case real(Double)
  case integer(Int)
  case word(String)
  case reals([Double])
}
