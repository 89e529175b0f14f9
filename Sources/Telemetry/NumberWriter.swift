/// Writes numbers as decimal text into bytes, without a String on the way.
package enum NumberWriter {
  private static let powers: InlineArray<16, Double> = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
  ]

  /// Appends `value` with nine significant digits, trailing zeros left off: 0.0123456789, 146.5.
  ///
  /// Values outside 1e-5 … 1e9 take the shortest text that reads back as the same number.
  package static func append(_ value: Double, to bytes: inout [UInt8]) {
    let magnitude = abs(value)
    guard magnitude >= 1e-5, magnitude < 1e9 else {
      if value == 0 {
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

  private static func append(_ digits: UInt64, decimals: Int, to bytes: inout [UInt8]) {
    // Filled from the end on; 20 digits and a point at most.
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { text in
      var rest = digits
      var first = text.count
      func put(_ byte: UInt8) {
        first &-= 1
        text[first] = byte
      }
      func putDigit() {
        put(UInt8(truncatingIfNeeded: rest % 10) + 0x30)
        rest /= 10
      }
      for _ in 0..<decimals { putDigit() }
      if decimals > 0 { put(UInt8(ascii: ".")) }
      repeat { putDigit() } while rest > 0
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[first...]))
    }
  }
}
