/// Writes numbers as decimal text into bytes, without a String on the way.
package enum NumberWriter {
  private static let powers: InlineArray<16, Double> = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
  ]

  /// Appends `value` with nine significant digits, trailing zeros left off: 0.0123456789, 146.5, 1.25e-07.
  ///
  /// Values outside 1e-15 … 1e9 take the shortest text that reads back as the same number.
  package static func append(_ value: Double, to bytes: inout [UInt8]) {
    let magnitude = abs(value)
    guard magnitude >= 1e-5, magnitude < 1e9 else {
      if magnitude >= 1e-15, magnitude < 1e-5 {
        appendSmall(value, to: &bytes)
      } else if value == 0 {
        bytes.append(UInt8(ascii: "0"))
      } else {
        bytes.append(contentsOf: "\(value)".utf8)
      }
      return
    }
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    var decimals = 9
    var bound = 1.0
    while decimals > 0, magnitude >= bound {
      bound *= 10
      decimals -= 1
    }
    var small = 0.1
    while decimals < 14, magnitude < small {
      small /= 10
      decimals += 1
    }
    var scaled = UInt64((magnitude * powers[decimals]).rounded())
    while decimals > 0, scaled % 10 == 0 {
      scaled /= 10
      decimals -= 1
    }
    append(scaled, decimals: decimals, to: &bytes)
  }

  /// Appends a value of 1e-15 to 1e-5 with an exponent: probabilities of what is rare are often that small.
  private static func appendSmall(_ value: Double, to bytes: inout [UInt8]) {
    var exponent = 6
    while exponent < 15, abs(value) * powers[exponent] < 1 { exponent += 1 }
    var scaled = (abs(value) * powers[exponent] * 1e8).rounded()
    if scaled >= 1e9 {
      scaled /= 10
      exponent -= 1
    }
    append(scaled / (value < 0 ? -1e8 : 1e8), to: &bytes)
    bytes.append(UInt8(ascii: "e"))
    bytes.append(UInt8(ascii: "-"))
    bytes.append(UInt8(exponent / 10) + 0x30)
    bytes.append(UInt8(exponent % 10) + 0x30)
  }

  private static func append(_ digits: UInt64, decimals: Int, to bytes: inout [UInt8]) {
    var rest = digits
    var reversed = InlineArray<24, UInt8>(repeating: 0)
    var count = 0
    while rest > 0 || count <= decimals {
      if decimals > 0, count == decimals {
        reversed[count] = UInt8(ascii: ".")
        count += 1
        if rest == 0 {
          reversed[count] = UInt8(ascii: "0")
          count += 1
          break
        }
        // Digits left of the point follow; the count of decimals is met.
        while rest > 0 {
          reversed[count] = UInt8(truncatingIfNeeded: rest % 10) + 0x30
          rest /= 10
          count += 1
        }
        break
      }
      reversed[count] = UInt8(truncatingIfNeeded: rest % 10) + 0x30
      rest /= 10
      count += 1
    }
    for i in (0..<count).reversed() { bytes.append(reversed[i]) }
  }
}
