/// The Double nearest to w·10^q, by a 64×128-bit product with a truncated power of five.
///
/// w is shifted until its top bit is set and multiplied by the top 128 bits of 5^q; the product's
/// leading 54 bits round to the mantissa. Where the truncation could have hidden a carry, or where
/// the result is subnormal, the answer is nil and the caller asks `strtod`.
///
/// Reference: D. Lemire, Number parsing at a gigabyte per second, 2021, algorithm 1; N. Mushtak and
/// D. Lemire, Fast number parsing without fallback, 2023 (why the product suffices).
enum EiselLemire {
  static func nearest(_ digits: UInt64, power q: Int) -> Double? {
    if digits == 0 || q < PowersOfFive.lowest - 20 { return 0 }
    if q > PowersOfFive.highest { return .infinity }
    guard q >= PowersOfFive.lowest else { return nil }
    let zeros = digits.leadingZeroBitCount
    let w = digits << UInt64(zeros)
    let five = PowersOfFive.table[q - PowersOfFive.lowest]
    var (high, low) = w.multipliedFullWidth(by: five.high)
    if high & 0x1FF == 0x1FF {
      let carry = w.multipliedFullWidth(by: five.low).high
      let (sum, overflow) = low.addingReportingOverflow(carry)
      low = sum
      if overflow { high += 1 }
    }
    if low == .max, q < -27 || q > 55 { return nil }
    let top = Int(high >> 63)
    let shift = UInt64(top + 64 - 52 - 3)
    var mantissa = high >> shift
    var exponent = (217_706 * q) >> 16 + 63 + top - zeros + 1023
    guard exponent > 0 else { return nil }
    // Exactly half-way between two Doubles: to the even one.
    if low <= 1, q >= -4, q <= 23, mantissa & 3 == 1, mantissa << shift == high {
      mantissa &= ~1
    }
    mantissa += mantissa & 1
    mantissa >>= 1
    if mantissa >= 1 << 53 {
      mantissa = 1 << 52
      exponent += 1
    }
    guard exponent < 0x7FF else { return .infinity }
    return Double(bitPattern: UInt64(exponent) << 52 | mantissa & ~(1 << 52))
  }
}

/// The 128 leading bits of 5^q for q from -342 to 308, worked out once when first needed.
///
/// Powers are truncated; reciprocals are truncated and then raised by one unit, as the algorithm's
/// proof asks for.
enum PowersOfFive {
  static let lowest = -342
  static let highest = 308

  struct Leading {
    let high: UInt64
    let low: UInt64
  }

  static let table: [Leading] = reciprocals() + powers()

  private static func powers() -> [Leading] {
    var number: [UInt64] = [1]
    return (0...highest).map { q in
      if q > 0 { multiplyByFive(&number) }
      return leading(of: number)
    }
  }

  /// 5^-n from ⌊2^K / 5^n⌋ with K large enough for every n: a floor of a floor is the floor.
  private static func reciprocals() -> [Leading] {
    let bits = 1920
    var power: [UInt64] = [1]
    var quotient = [UInt64](repeating: 0, count: bits / 64) + [1]
    var leadings: [Leading] = []
    for n in 1...(-lowest) {
      multiplyByFive(&power)
      divideByFive(&quotient)
      let z = bitLength(power)
      let b = n <= 27 ? z + 127 : 2 * z + 128
      var scaled = shiftedRight(quotient, by: bits - b)
      addOne(&scaled)
      leadings.append(leading(of: scaled))
    }
    return leadings.reversed()
  }

  private static func multiplyByFive(_ number: inout [UInt64]) {
    var carry: UInt64 = 0
    for i in number.indices {
      let (high, low) = number[i].multipliedFullWidth(by: 5)
      let (sum, overflow) = low.addingReportingOverflow(carry)
      number[i] = sum
      carry = high + (overflow ? 1 : 0)
    }
    if carry > 0 { number.append(carry) }
  }

  private static func divideByFive(_ number: inout [UInt64]) {
    var remainder: UInt64 = 0
    for i in number.indices.reversed() {
      let (quotient, rest) = UInt64(5).dividingFullWidth((remainder, number[i]))
      number[i] = quotient
      remainder = rest
    }
  }

  private static func addOne(_ number: inout [UInt64]) {
    for i in number.indices {
      number[i] &+= 1
      if number[i] != 0 { return }
    }
    number.append(1)
  }

  private static func bitLength(_ number: [UInt64]) -> Int {
    guard let top = number.lastIndex(where: { $0 != 0 }) else { return 0 }
    return top * 64 + 64 - number[top].leadingZeroBitCount
  }

  private static func shiftedRight(_ number: [UInt64], by bits: Int) -> [UInt64] {
    let (words, rest) = (bits / 64, UInt64(bits % 64))
    return (words..<number.count).map { i in
      let above = i + 1 < number.count && rest > 0 ? number[i + 1] << (64 - rest) : 0
      return number[i] >> rest | above
    }
  }

  /// The number's 128 leading bits, its top bit set.
  private static func leading(of number: [UInt64]) -> Leading {
    let length = bitLength(number)
    let window: [UInt64]
    if length > 128 {
      window = shiftedRight(number, by: length - 128)
    } else {
      window = shiftedRight([0, 0] + number, by: length)
    }
    return Leading(high: window[1], low: window[0])
  }
}
