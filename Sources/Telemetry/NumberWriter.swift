/// Writes numbers as decimal text into bytes, without a String on the way.
package enum NumberWriter {
  /// Bytes that a number takes at most.
  package static let mostBytes = 32

  // Tables behind pointers: an InlineArray in a static is copied to the stack at each look-up.

  /// 10⁰ … 10¹⁵.
  private nonisolated(unsafe) static let powers: UnsafePointer<Double> = table(
    (0..<16).map { power in (0..<power).reduce(1.0) { value, _ in value * 10 } })
  /// 00 01 … 99.
  private nonisolated(unsafe) static let pairs: UnsafePointer<UInt8> = table(
    (0..<200).map { (place: Int) -> UInt8 in
      let number = place / 2
      return UInt8(place % 2 == 0 ? number / 10 : number % 10) + 0x30
    })

  private static func table<Value>(_ values: [Value]) -> UnsafePointer<Value> {
    let table = UnsafeMutablePointer<Value>.allocate(capacity: values.count)
    table.initialize(from: values, count: values.count)
    return UnsafePointer(table)
  }

  /// Appends `value`; see `write`.
  package static func append(_ value: Double, to bytes: inout [UInt8]) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: mostBytes) { text in
      guard let start = text.baseAddress else { return }
      let count = write(value, to: start)
      bytes.append(contentsOf: UnsafeBufferPointer(start: start, count: count))
    }
  }

  /// Writes `value` with nine significant digits, trailing zeros left off: 0.0123456789, 146.5, 1.25e-07.
  ///
  /// Values outside 1e-15 … 1e9 take the shortest text that reads back as the same number. `out` has room for
  /// `mostBytes`; returns how many were used.
  package static func write(_ value: Double, to out: UnsafeMutablePointer<UInt8>) -> Int {
    let magnitude = abs(value)
    guard magnitude >= 1e-5, magnitude < 1e9 else {
      return magnitude >= 1e-15 && magnitude < 1e-5
        ? writeSmall(value, to: out) : writeShortest(value, to: out)
    }
    // Fetched once: a static's accessor is a call.
    let powers = powers
    var decimals = 9
    if magnitude >= 1 {
      repeat { decimals -= 1 } while magnitude >= powers[9 - decimals]
    } else if magnitude < 0.1 {
      decimals += magnitude < 0.01 ? (magnitude < 0.001 ? (magnitude < 0.0001 ? 4 : 3) : 2) : 1
    }
    // Below 10¹⁰: half is added exactly, and a call of the C library's rounding saved.
    var digits = UInt64(magnitude * powers[decimals] + 0.5)
    while decimals > 0 {
      let (tenth, last) = digits.quotientAndRemainder(dividingBy: 10)
      guard last == 0 else { break }
      digits = tenth
      decimals -= 1
    }
    let sign = value < 0 ? 1 : 0
    out[0] = UInt8(ascii: "-")
    return sign + write(digits, decimals: decimals, to: out + sign)
  }

  /// Writes a value of 1e-15 to 1e-5 with an exponent: probabilities of what is rare are often that small.
  private static func writeSmall(_ value: Double, to out: UnsafeMutablePointer<UInt8>) -> Int {
    var exponent = 6
    while exponent < 15, abs(value) * powers[exponent] < 1 { exponent += 1 }
    var scaled = (abs(value) * powers[exponent] * 1e8).rounded()
    if scaled >= 1e9 {
      scaled /= 10
      exponent -= 1
    }
    let count = write(scaled / (value < 0 ? -1e8 : 1e8), to: out)
    out[count] = UInt8(ascii: "e")
    out[count + 1] = UInt8(ascii: "-")
    out[count + 2] = UInt8(exponent / 10) + 0x30
    out[count + 3] = UInt8(exponent % 10) + 0x30
    return count + 4
  }

  private static func writeShortest(
    _ value: Double, to out: UnsafeMutablePointer<UInt8>
  ) -> Int {
    guard value != 0 else {
      out[0] = UInt8(ascii: "0")
      return 1
    }
    var count = 0
    for byte in "\(value)".utf8 {
      out[count] = byte
      count += 1
    }
    return count
  }

  /// Writes digits·10^−decimals; returns how many bytes that took.
  private static func write(
    _ digits: UInt64, decimals: Int, to out: UnsafeMutablePointer<UInt8>
  ) -> Int {
    guard decimals > 0 else { return write(digits, count: length(digits), to: out) }
    let count = length(digits)
    guard count <= decimals else {
      // The point goes between: digits are written one place to the right, those before it moved back.
      _ = write(digits, count: count, to: out + 1)
      let whole = count - decimals
      for i in 0..<whole { out[i] = out[i + 1] }
      out[whole] = UInt8(ascii: ".")
      return count + 1
    }
    out[0] = UInt8(ascii: "0")
    out[1] = UInt8(ascii: ".")
    for i in 0..<(decimals - count) { out[2 + i] = UInt8(ascii: "0") }
    _ = write(digits, count: count, to: out + 2 + decimals - count)
    return 2 + decimals
  }

  /// Writes a whole number of `count` digits.
  private static func write(
    _ number: UInt64, count: Int, to out: UnsafeMutablePointer<UInt8>
  ) -> Int {
    let pairs = pairs
    var (rest, at) = (number, count)
    while at >= 2 {
      let (hundreds, pair) = rest.quotientAndRemainder(dividingBy: 100)
      at -= 2
      out[at] = pairs[2 * Int(pair)]
      out[at + 1] = pairs[2 * Int(pair) + 1]
      rest = hundreds
    }
    if at == 1 { out[0] = UInt8(truncatingIfNeeded: rest) + 0x30 }
    return count
  }

  private static func length(_ number: UInt64) -> Int {
    var (length, bound) = (1, UInt64(10))
    while number >= bound {
      length += 1
      bound *= 10
    }
    return length
  }
}
