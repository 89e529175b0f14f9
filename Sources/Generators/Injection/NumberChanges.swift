import Catalogues
package import Kernels

/// A number x that becomes factor·x + offset. What is no number stays as it is.
package struct Affine: Injector {
  private static let column = Parameter("column", .text, "a column of numbers")

  static let shift = Entry<Void, any Injector>(
    "shift", "a number grows by an amount",
    parameters: [column, Parameter("by", .real(default: 1, in: -1e300...1e300), "the amount")],
    make: { settings, _ throws(SpecificationError) in
      Affine(
        columns: [try settings.required("column", of: "shift")], factor: 1,
        offset: settings.real("by"))
    })

  static let scale = Entry<Void, any Injector>(
    "scale", "a number is multiplied",
    parameters: [column, Parameter("by", .real(default: 2, in: -1e300...1e300), "the factor")],
    make: { settings, _ throws(SpecificationError) in
      Affine(
        columns: [try settings.required("column", of: "scale")], factor: settings.real("by"),
        offset: 0)
    })

  private static let units: [(name: String, factor: Double, offset: Double)] = [
    ("c-to-f", 1.8, 32), ("f-to-c", 1 / 1.8, -32 / 1.8), ("km-to-mi", 1 / 1.609344, 0),
    ("m-to-ft", 1 / 0.3048, 0), ("kg-to-lb", 1 / 0.45359237, 0), ("s-to-ms", 1000, 0),
    ("one-to-percent", 100, 0),
  ]

  static let unit = Entry<Void, any Injector>(
    "unit", "a number in another unit",
    parameters: [
      column, Parameter("change", .choice(default: "c-to-f", of: units.map(\.name)), "which"),
    ],
    make: { settings, _ throws(SpecificationError) in
      let name = settings.word("change")
      let unit = units.first { $0.name == name } ?? units[0]
      return Affine(
        columns: [try settings.required("column", of: "unit")], factor: unit.factor,
        offset: unit.offset)
    })

  package let columns: [String]
  let factor: Double
  let offset: Double

  package mutating func change(
    _ fields: inout [String], strength: Double, _ random: inout RandomBits
  ) -> Int {
    guard let value = Double(fields[0]) else { return 1 }
    fields[0] = NumberText.of(value + strength * ((factor - 1) * value + offset))
    return 1
  }
}

/// Noise upon a number: N(0, deviation) is added.
package struct Noise: Injector {
  static let entry = Entry<Void, any Injector>(
    "noise", "a number becomes noisy",
    parameters: [
      Parameter("column", .text, "a column of numbers"),
      Parameter("deviation", .real(default: 1, in: 0...1e300), "of what is added"),
    ],
    make: { settings, _ throws(SpecificationError) in
      Noise(
        columns: [try settings.required("column", of: "noise")],
        deviation: settings.real("deviation"))
    })

  package let columns: [String]
  let deviation: Double

  package mutating func change(
    _ fields: inout [String], strength: Double, _ random: inout RandomBits
  ) -> Int {
    guard let value = Double(fields[0]) else { return 1 }
    fields[0] = NumberText.of(value + strength * deviation * random.normal())
    return 1
  }
}

/// Numbers of a changed field: ten digits are enough for any sensor, and 0.1 + 0.2 shows as 0.3.
enum NumberText {
  static func of(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return "\(value)" }
    var scale = 1.0
    while abs(value) * scale < 1e9, scale < 1e12 { scale *= 10 }
    let rounded = (value * scale).rounded() / scale
    return rounded == rounded.rounded() && abs(rounded) < 1e15 ? String(Int(rounded)) : "\(rounded)"
  }
}
