import Catalogues
package import Kernels

/// A value of a category that all at once has a share of the rows.
package struct CategoryBurst: Injector {
  static let entry = Entry<Void, any Injector>(
    "burst", "one value of a category takes a share of the rows",
    parameters: [
      Parameter("column", .text, "a column of categories"),
      Parameter("value", .text, "the value; without it, one that was never there"),
      Parameter("share", .real(default: 0.5, in: 0...1), "of the rows"),
    ],
    make: { settings, _ throws(SpecificationError) in
      let value = settings.word("value")
      return CategoryBurst(
        columns: [try settings.required("column", of: "burst")],
        value: value.isEmpty ? "unseen" : value, share: settings.real("share"))
    })

  package let columns: [String]
  let value: String
  let share: Double

  package mutating func change(
    _ fields: inout [String], strength: Double, _ random: inout RandomBits
  ) -> Int {
    if random.chance(strength * share) { fields[0] = value }
    return 1
  }
}

/// Text that was read in a wrong encoding on its way.
package struct EncodingFault: Injector {
  static let entry = Entry<Void, any Injector>(
    "encoding", "text that was read in a wrong encoding",
    parameters: [
      Parameter("column", .text, "a column of text"),
      Parameter(
        "change", .choice(default: "mojibake", of: ["mojibake", "replaced"]),
        "UTF-8 taken for Latin-1 and written again, or letters that were lost"),
      Parameter("share", .real(default: 1, in: 0...1), "of the rows"),
    ],
    make: { settings, _ throws(SpecificationError) in
      EncodingFault(
        columns: [try settings.required("column", of: "encoding")],
        isLost: settings.word("change") == "replaced", share: settings.real("share"))
    })

  package let columns: [String]
  let isLost: Bool
  let share: Double

  package mutating func change(
    _ fields: inout [String], strength: Double, _ random: inout RandomBits
  ) -> Int {
    guard random.chance(strength * share) else { return 1 }
    // Text of ASCII alone would come through: a blank that does not break is put behind it, as spreadsheets do.
    let text = fields[0].utf8.allSatisfy { $0 < 0x80 } ? fields[0] + "\u{A0}" : fields[0]
    fields[0] = EncodingFault.broken(text, isLost: isLost)
    return 1
  }

  static func broken(_ text: String, isLost: Bool) -> String {
    var out = ""
    for scalar in text.unicodeScalars {
      if scalar.isASCII {
        out.unicodeScalars.append(scalar)
      } else if isLost {
        out += "\u{FFFD}"
      } else {
        for byte in String(scalar).utf8 { out.unicodeScalars.append(Unicode.Scalar(byte)) }
      }
    }
    return out
  }
}

/// A stretch in which no row comes: `silence@2000..2500`.
package struct Silence: Injector {
  static let entry = Entry<Void, any Injector>(
    "silence", "no row comes", parameters: [], make: { _, _ in Silence() })

  package let columns: [String] = []

  package mutating func change(
    _ fields: inout [String], strength: Double, _ random: inout RandomBits
  ) -> Int { strength == 1 || random.chance(strength) ? 0 : 1 }
}

/// Rows that come several times.
package struct Repetition: Injector {
  static let entry = Entry<Void, any Injector>(
    "repeat", "every row comes several times",
    parameters: [Parameter("times", .integer(default: 8, in: 1...10_000), "how often")],
    make: { settings, _ in Repetition(times: settings.integer("times")) })

  package let columns: [String] = []
  let times: Int

  package mutating func change(
    _ fields: inout [String], strength: Double, _ random: inout RandomBits
  ) -> Int { strength == 1 || random.chance(strength) ? times : 1 }
}
