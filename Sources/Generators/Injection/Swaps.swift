import Catalogues
package import Kernels

/// Two labels that change places: the relation moves, the inputs do not.
package struct LabelSwap: Injector {
  static let entry = Entry<Void, any Injector>(
    "label-swap", "two labels change places",
    parameters: [
      Parameter("column", .text, "the label's column"), Parameter("a", .text, "a label"),
      Parameter("b", .text, "another"),
    ],
    make: { settings, _ throws(SpecificationError) in
      LabelSwap(
        columns: [try settings.required("column", of: "label-swap")],
        a: try settings.required("a", of: "label-swap"),
        b: try settings.required("b", of: "label-swap"))
    })

  package let columns: [String]
  let a: String
  let b: String

  package mutating func change(
    _ fields: inout [String], strength: Double, _ random: inout RandomBits
  ) -> Int {
    guard strength == 1 || random.chance(strength) else { return 1 }
    if fields[0] == a { fields[0] = b } else if fields[0] == b { fields[0] = a }
    return 1
  }
}

/// Two columns that change places: what a model knows of each is now about the other.
package struct FeatureSwap: Injector {
  static let entry = Entry<Void, any Injector>(
    "feature-swap", "two columns change places",
    parameters: [
      Parameter("a", .text, "a column"), Parameter("b", .text, "another"),
    ],
    make: { settings, _ throws(SpecificationError) in
      FeatureSwap(columns: [
        try settings.required("a", of: "feature-swap"),
        try settings.required("b", of: "feature-swap"),
      ])
    })

  package let columns: [String]

  package mutating func change(
    _ fields: inout [String], strength: Double, _ random: inout RandomBits
  ) -> Int {
    if strength == 1 || random.chance(strength) { fields.swapAt(0, 1) }
    return 1
  }
}
