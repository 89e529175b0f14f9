/// What a user writes to name something from a catalogue: `NAME` or `NAME:key=value,key=value`.
package struct Specification: Sendable, Equatable {
  package let name: String
  package let assignments: [(key: String, value: String)]

  /// Reads `adwin:delta=0.002,clock=32`; throws when a pair has no `=` or a key stands twice.
  package init(_ text: String) throws(SpecificationError) {
    let colon = text.firstIndex(of: ":")
    name = String(text[..<(colon ?? text.endIndex)])
    guard !name.isEmpty else { throw .empty(text: text) }
    var pairs: [(key: String, value: String)] = []
    if let colon {
      for part in text[text.index(after: colon)...].split(separator: ",") {
        guard let equals = part.firstIndex(of: "=") else { throw .noValue(text: String(part)) }
        let key = String(part[..<equals])
        guard !pairs.contains(where: { $0.key == key }) else { throw .twice(parameter: key) }
        pairs.append((key, String(part[part.index(after: equals)...])))
      }
    }
    assignments = pairs
  }

  package static func == (left: Specification, right: Specification) -> Bool {
    left.name == right.name && left.assignments.elementsEqual(right.assignments, by: ==)
  }
}

/// Why a specification could not be taken. The message says what was found and what would do.
package enum SpecificationError: Error, Equatable {
  case empty(text: String)
  case noValue(text: String)
  case twice(parameter: String)
  case unknownName(noun: String, name: String, known: [String])
  case unknownParameter(entry: String, parameter: String, known: [String])
  case malformedValue(parameter: String, text: String, expected: String)
  case outOfRange(parameter: String, text: String, range: String)
  case unfit(entry: String, reason: String)

  package var message: String {
    switch self {
    case .empty(let text):
      return "'\(text)' names nothing; write NAME or NAME:key=value,key=value"
    case .noValue(let text):
      return "'\(text)' has no value; write key=value"
    case .twice(let parameter):
      return "'\(parameter)' is given twice"
    case .unknownName(let noun, let name, let known):
      let near = nearestNames(to: name, among: known)
      let hint = near.isEmpty ? "" : " — did you mean \(near.joined(separator: " or "))?"
      return "unknown \(noun) '\(name)'; known: \(known.joined(separator: ", "))\(hint)"
    case .unknownParameter(let entry, let parameter, let known):
      let list = known.isEmpty ? "it takes none" : "known: \(known.joined(separator: ", "))"
      return "\(entry) has no parameter '\(parameter)'; \(list)"
    case .malformedValue(let parameter, let text, let expected):
      return "\(parameter)=\(text): expected \(expected)"
    case .outOfRange(let parameter, let text, let range):
      return "\(parameter)=\(text) is out of range \(range)"
    case .unfit(let entry, let reason):
      return "\(entry) cannot be used here: \(reason)"
    }
  }
}
