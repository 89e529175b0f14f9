import Catalogues
package import Kernels

/// A class that becomes rarer or more frequent: its rows are left out or written again.
package struct PriorChange: Injector {
  static let entry = Entry<Void, any Injector>(
    "prior", "a class becomes rarer or more frequent",
    parameters: [
      Parameter("column", .text, "the label's column"), Parameter("value", .text, "the class"),
      Parameter("times", .real(default: 0.5, in: 0...1000), "how often its rows are written"),
    ],
    make: { settings, _ throws(SpecificationError) in
      PriorChange(
        columns: [try settings.required("column", of: "prior")],
        value: try settings.required("value", of: "prior"), times: settings.real("times"))
    })

  package let columns: [String]
  let value: String
  let times: Double

  package mutating func change(
    _ fields: inout [String], strength: Double, _ random: inout RandomBits
  ) -> Int {
    guard fields[0] == value else { return 1 }
    let mean = 1 + strength * (times - 1)
    return Int(mean) + (random.chance(mean - mean.rounded(.down)) ? 1 : 0)
  }
}

/// A field that is empty in a share of the rows.
package struct Missingness: Injector {
  static let entry = Entry<Void, any Injector>(
    "missing", "a field is empty now and then",
    parameters: [
      Parameter("column", .text, "a column"),
      Parameter("share", .real(default: 0.3, in: 0...1), "of the rows"),
    ],
    make: { settings, _ throws(SpecificationError) in
      Missingness(
        columns: [try settings.required("column", of: "missing")], share: settings.real("share"))
    })

  package let columns: [String]
  let share: Double

  package mutating func change(
    _ fields: inout [String], strength: Double, _ random: inout RandomBits
  ) -> Int {
    if random.chance(strength * share) { fields[0] = "" }
    return 1
  }
}

/// A column that the writer of the stream now writes otherwise: left empty for good, or with a letter before
/// its number.
package struct SchemaChange: Injector {
  static let entry = Entry<Void, any Injector>(
    "schema", "a column is written otherwise",
    parameters: [
      Parameter("column", .text, "a column"),
      Parameter(
        "change", .choice(default: "empty", of: ["empty", "letter"]),
        "nothing is written any more, or an x before it"),
    ],
    make: { settings, _ throws(SpecificationError) in
      SchemaChange(
        columns: [try settings.required("column", of: "schema")],
        isEmptied: settings.word("change") == "empty")
    })

  package let columns: [String]
  let isEmptied: Bool

  package mutating func change(
    _ fields: inout [String], strength: Double, _ random: inout RandomBits
  ) -> Int {
    if strength == 1 || random.chance(strength) { fields[0] = isEmptied ? "" : "x" + fields[0] }
    return 1
  }
}
