/// The checked parameters of one catalogue entry, defaults filled in.
///
/// Reading a name that the entry does not declare is the programmer's fault and stops the program.
package struct Settings: Sendable {
  private let values: [String: Setting]
  private let given: Set<String>

  init(values: [String: Setting], given: Set<String>) {
    self.values = values
    self.given = given
  }

  /// Whether the user wrote this parameter, rather than leaving it at its default.
  package func isGiven(_ name: String) -> Bool { given.contains(name) }

  /// Whether every parameter was left at its default.
  package var isAsBorn: Bool { given.isEmpty }

  /// Whether the user wrote none but these parameters.
  package func onlyGiven(_ names: Set<String>) -> Bool { given.isSubset(of: names) }

  package func real(_ name: String) -> Double {
    guard case .real(let value)? = values[name] else {
      preconditionFailure("no real parameter \(name)")
    }
    return value
  }

  package func integer(_ name: String) -> Int {
    guard case .integer(let value)? = values[name] else {
      preconditionFailure("no integer parameter \(name)")
    }
    return value
  }

  package func word(_ name: String) -> String {
    guard case .word(let value)? = values[name] else {
      preconditionFailure("no word parameter \(name)")
    }
    return value
  }

  package func reals(_ name: String) -> [Double] {
    guard case .reals(let value)? = values[name] else {
      preconditionFailure("no list parameter \(name)")
    }
    return value
  }
}
