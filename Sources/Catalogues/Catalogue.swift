/// One thing a user can name: its essay in a line, its parameters, and how to make it.
///
/// `Context` is what the maker needs to know beside the parameters (the task, the width of a row).
package struct Entry<Context, Product>: Sendable {
  package let name: String
  package let summary: String
  package let parameters: [Parameter]
  package let make: @Sendable (Settings, Context) throws(SpecificationError) -> Product

  package init(
    _ name: String, _ summary: String, parameters: [Parameter] = [],
    make: @escaping @Sendable (Settings, Context) throws(SpecificationError) -> Product
  ) {
    self.name = name
    self.summary = summary
    self.parameters = parameters
    self.make = make
  }
}

/// Everything of one kind that can be named on the command line.
///
/// A value, not a global table: from one line in it come the name, the help, the error messages,
/// restoring by name, the row in `weir catalogue`, and the laws as tests.
package struct Catalogue<Context, Product>: Sendable {
  /// What an entry is, in the singular: "detector".
  package let noun: String
  package let entries: [Entry<Context, Product>]

  package init(_ noun: String, _ entries: [Entry<Context, Product>]) {
    self.noun = noun
    self.entries = entries
  }

  package var names: [String] { entries.map(\.name) }

  /// Makes what `text` names; throws when the name, a parameter or a value is not known here.
  package func make(_ text: String, _ context: Context) throws(SpecificationError) -> Product {
    let specification = try Specification(text)
    guard let entry = entries.first(where: { $0.name == specification.name }) else {
      throw .unknownName(noun: noun, name: specification.name, known: names)
    }
    return try entry.make(try entry.settings(specification.assignments), context)
  }

  /// Checks `text` without making anything.
  package func check(_ text: String) throws(SpecificationError) {
    let specification = try Specification(text)
    guard let entry = entries.first(where: { $0.name == specification.name }) else {
      throw .unknownName(noun: noun, name: specification.name, known: names)
    }
    _ = try entry.settings(specification.assignments)
  }
}

extension Entry {
  func settings(
    _ assignments: [(key: String, value: String)]
  ) throws(SpecificationError) -> Settings {
    var values: [String: Setting] = [:]
    for parameter in parameters { values[parameter.name] = parameter.defaultValue }
    for (key, value) in assignments {
      guard let parameter = parameters.first(where: { $0.name == key }) else {
        throw .unknownParameter(entry: name, parameter: key, known: parameters.map(\.name))
      }
      values[key] = try parameter.parse(value)
    }
    return Settings(values: values, given: Set(assignments.map(\.key)))
  }
}
