import CLanes
import Glibc

/// Reads decimal numbers from bytes, exactly: every finite decimal becomes the Double that `strtod`
/// gives.
///
/// Digits are found and converted eight at a time in a 64-bit word. Up to 15 digits with a power of
/// ten within ±22 take Clinger's exact path (one multiplication or division of exact Doubles); up
/// to 19 digits take Eisel and Lemire's 128-bit product; the rest goes to `strtod`.
///
/// Reference: W. D. Clinger, How to read floating point numbers accurately, PLDI 1990; D. Lemire,
/// Number parsing at a gigabyte per second, Software: Practice and Experience 51 (2021).
///
/// The bytes must be followed by a byte that is no part of a number, and by 16 readable bytes.
enum Decimal {
  /// A number and the first byte after it; `next` is nil when no number begins here.
  struct Reading {
    let value: Double
    let next: UnsafePointer<UInt8>?
  }

  /// Reads `[+-]digits[.digits][e[+-]digits]` from `start` on; digits may be missing on one side of
  /// the point. Words such as nan and inf are not numbers. A magnitude too large is an infinity.
  @inline(__always)
  static func read(_ start: UnsafePointer<UInt8>) -> Reading {
    let isNegative = start[0] == UInt8(ascii: "-")
    var cursor = start + (isNegative ? 1 : 0)
    let word = load(cursor)
    let whole = leadingDigits(word)
    guard whole < 8 else { return readLong(start) }
    var mantissa = value(ofFirst: whole, in: word)
    cursor += whole
    var fraction = 0
    if cursor[0] == UInt8(ascii: ".") {
      let word = load(cursor + 1)
      fraction = leadingDigits(word)
      mantissa = mantissa &* powersOfTen[fraction] &+ value(ofFirst: fraction, in: word)
      cursor += 1 + fraction
      if fraction == 8, isDigit(cursor[0]) { return readLong(start) }
    }
    guard whole + fraction > 0, cursor[0] | 0x20 != UInt8(ascii: "e") else {
      return readLong(start)
    }
    // At most 7 + 8 digits: below 2⁵³, and the divisor is exact. The sign is a bit set, not a branch
    // that random signs would make the processor guess wrong every other time.
    let magnitude = Double(mantissa) / exactPowers[fraction]
    let sign: UInt64 = isNegative ? 1 << 63 : 0
    return Reading(value: Double(bitPattern: magnitude.bitPattern | sign), next: cursor)
  }

  /// Reads a field of at most nine characters after its sign, `[-]digits[.digits]`; nil for any other.
  ///
  /// The point is taken out of the word, so that the digits on both sides are converted as one number.
  /// Where the point stands is all arithmetic: branches on it would be guessed wrong at every
  /// other number. `powers` are `exactPowers`, fetched once a record: a static's accessor is a call.
  @inline(__always)
  static func readShort(
    _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ powers: UnsafePointer<Double>
  ) -> Double? {
    let isNegative: UInt64 = start[0] == UInt8(ascii: "-") ? 1 : 0
    let first = start + Int(truncatingIfNeeded: isNegative)
    let length = UInt64(bitPattern: Int64(end - first))
    let word = load(first)
    let low: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
    let difference = word ^ 0x2E2E_2E2E_2E2E_2E2E
    let points = ~((difference & low &+ low) | difference | low)
    let place = UInt64(truncatingIfNeeded: points.trailingZeroBitCount) >> 3
    let hasPoint: UInt64 = place < min(length, 8) ? 1 : 0
    let digits = length &- hasPoint
    guard digits &- 1 < 8 else { return nil }
    let isThere = 0 &- hasPoint
    // Bytes before the point; all of them when there is none.
    let before = ((1 &<< (place &* 8)) &- 1) | ~isThere
    let rest = word >> 8 | UInt64(first[8]) << 56
    let joined = (word & before) | (rest & ~before)
    let shift = 64 &- 8 &* digits
    let values = (joined &<< shift) ^ (0x3030_3030_3030_3030 &<< shift)
    let others = ((values &+ 0x7676_7676_7676_7676) | values) & 0x8080_8080_8080_8080
    guard others == 0 else { return nil }
    let pairs = (values &* 2561) >> 8 & 0x00FF_00FF_00FF_00FF
    let fours = (pairs &* 6_553_601) >> 16 & 0x0000_FFFF_0000_FFFF
    let mantissa = (fours &* 42_949_672_960_001) >> 32
    let power = Int(truncatingIfNeeded: (digits &- place) & isThere)
    let magnitude = Double(Int64(bitPattern: mantissa)) / powers[power]
    return Double(bitPattern: magnitude.bitPattern | isNegative << 63)
  }

  /// Reads a number as JSON writes it: no plus, no zeros in front, digits on both sides of a point.
  /// `next` is nil where none begins, and where it is not finite or longer than is looked at here;
  /// an exponent without digits is left unread, as is a second point.
  ///
  /// Up to eight digits without exponent are converted as `readShort` does; where they end and the
  /// point stands is told by masks, one bit a byte, so that the next field's bytes do not wait for a
  /// branch to be guessed.
  @inline(__always)
  static func readJSON(
    _ start: UnsafePointer<UInt8>, _ powers: UnsafePointer<Double>
  ) -> Reading {
    let isDigit = weir_digits_16(start)
    let isPoint = weir_equal_bytes_16(start, UInt8(ascii: "."))
    // The upper half is all ones: there is an end, at the latest after the 16 bytes. Where the next
    // field begins hangs on it, so it waits for no sign.
    let ending = ~(isDigit | isPoint | 1)
    let end = UInt64(truncatingIfNeeded: ending.trailingZeroBitCount)
    // The points before the end, and the end.
    let stops = (isPoint | ending) & (ending ^ (ending &- 1))
    let point = UInt64(truncatingIfNeeded: stops.trailingZeroBitCount)
    let later = stops & (stops &- 1)
    let begin = load(start)
    let isNegative: UInt64 = begin & 0xFF == 0x2D ? 1 : 0
    let first = start + Int(truncatingIfNeeded: isNegative)
    let word = load(first)
    let whole = point &- isNegative
    let hasPoint: UInt64 = point < end ? 1 : 0
    let fraction = end &- point &- hasPoint
    let digits = whole &+ fraction
    // A digit must come first and no other one after a zero, and there is one point at most. No
    // branch on any of them alone: every other number may begin with a zero.
    let ahead = UInt64(isDigit) &>> isNegative
    let isZero = ((word & 0xFF ^ 0x30) &- 1) >> 63
    let wrong = (~ahead | ahead >> 1 & isZero) & 1 | UInt64(later & (later &- 1))
    guard wrong == 0, end &- point != 1 else { return Reading(value: .nan, next: nil) }
    let next = start + Int(truncatingIfNeeded: end)
    guard digits <= 8, next[0] | 0x20 != UInt8(ascii: "e") else {
      // Of whole digits that go on after these 16 nobody knows yet how they end.
      guard end < 16 || hasPoint != 0 else { return Reading(value: .nan, next: nil) }
      return readLonger(start, isLong: end == 16)
    }
    let rest = load(first + 1)
    let before = ~0 &>> (64 &- 8 &* whole)
    let joined = (rest ^ ((word ^ rest) & before)) & 0x0F0F_0F0F_0F0F_0F0F
    let pairs = ((joined &<< (64 &- 8 &* digits)) &* 2561) >> 8 & 0x00FF_00FF_00FF_00FF
    let fours = (pairs &* 6_553_601) >> 16 & 0x0000_FFFF_0000_FFFF
    let mantissa = (fours &* 42_949_672_960_001) >> 32
    let magnitude = Double(Int64(bitPattern: mantissa)) / powers[Int(truncatingIfNeeded: fraction)]
    return Reading(
      value: Double(bitPattern: magnitude.bitPattern | isNegative << 63), next: next)
  }

  /// `read` where it is rarely needed; `next` is nil after a magnitude too large.
  @inline(never)
  private static func readLonger(_ start: UnsafePointer<UInt8>, isLong: Bool) -> Reading {
    let reading = isLong ? readLong(start) : read(start)
    return reading.value.isFinite ? reading : Reading(value: .nan, next: nil)
  }

  /// Reads a field of 1 to 18 digits; nil for any other.
  @inline(__always)
  static func readIndex(
    _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
  ) -> UInt64? {
    let count = end - start
    let word = load(start)
    if count &- 1 < 8, count > 0 {
      return leadingDigits(word) >= count ? value(ofFirst: count, in: word) : nil
    }
    return readLongIndex(start, end)
  }

  private static func readLongIndex(
    _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
  ) -> UInt64? {
    guard end > start, end - start <= 18 else { return nil }
    var value: UInt64 = 0
    for i in 0..<(end - start) {
      guard isDigit(start[i]) else { return nil }
      value = value * 10 + UInt64(start[i] - 0x30)
    }
    return value
  }

  /// A number of any length, sign and exponent.
  static func readLong(_ start: UnsafePointer<UInt8>) -> Reading {
    var cursor = start
    let isNegative = cursor[0] == UInt8(ascii: "-")
    if isNegative || cursor[0] == UInt8(ascii: "+") { cursor += 1 }
    var digits = Digits()
    digits.take(&cursor)
    if cursor[0] == UInt8(ascii: ".") {
      cursor += 1
      digits.takeFraction(&cursor)
    }
    guard digits.seen > 0 else { return Reading(value: .nan, next: nil) }
    var exponent = digits.exponent
    if cursor[0] | 0x20 == UInt8(ascii: "e"), let (power, after) = readExponent(cursor + 1) {
      exponent += power
      cursor = after
    }
    let magnitude: Double
    if let exact = digits.value(exponent: exponent) {
      magnitude = exact
    } else {
      magnitude = abs(strtodOf(start, cursor))
    }
    return Reading(value: isNegative ? -magnitude : magnitude, next: cursor)
  }

  /// An exponent after its `e`; nil when no digit follows, so that the `e` is not part of a number.
  private static func readExponent(
    _ start: UnsafePointer<UInt8>
  ) -> (Int, UnsafePointer<UInt8>)? {
    var cursor = start
    let isNegative = cursor[0] == UInt8(ascii: "-")
    if isNegative || cursor[0] == UInt8(ascii: "+") { cursor += 1 }
    guard isDigit(cursor[0]) else { return nil }
    var power = 0
    while isDigit(cursor[0]) {
      // Past any Double's range it no longer matters how far.
      if power < 100_000 { power = power * 10 + Int(cursor[0] &- 0x30) }
      cursor += 1
    }
    return (isNegative ? -power : power, cursor)
  }

  /// `strtod` on a copy that ends in a NUL: the decimal ends where we say, not where it thinks.
  private static func strtodOf(
    _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
  ) -> Double {
    let count = end - start
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: count + 1) { buffer in
      for i in 0..<count { buffer[i] = CChar(bitPattern: start[i]) }
      buffer[count] = 0
      guard let base = buffer.baseAddress else { return .nan }
      return strtod(base, nil)
    }
  }

  @inline(__always)
  static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  @inline(__always)
  fileprivate static func load(_ pointer: UnsafePointer<UInt8>) -> UInt64 {
    UInt64(littleEndian: UnsafeRawPointer(pointer).loadUnaligned(as: UInt64.self))
  }

  /// How many of the word's bytes, from the first on, are digits.
  @inline(__always)
  fileprivate static func leadingDigits(_ word: UInt64) -> Int {
    let shifted = word ^ 0x3030_3030_3030_3030
    // A carry out of a byte that is no digit can only spoil the bytes after it.
    let others = ((shifted &+ 0x7676_7676_7676_7676) | shifted) & 0x8080_8080_8080_8080
    return others.trailingZeroBitCount >> 3
  }

  /// The number that the first `count` (0…8) bytes of the word spell.
  @inline(__always)
  fileprivate static func value(ofFirst count: Int, in word: UInt64) -> UInt64 {
    // Shifting the unused bytes out puts zeros in front, which change nothing.
    let aligned = (word & 0x0F0F_0F0F_0F0F_0F0F) << UInt64(64 - 8 * count)
    let pairs = (aligned &* 2561) >> 8 & 0x00FF_00FF_00FF_00FF
    let fours = (pairs &* 6_553_601) >> 16 & 0x0000_FFFF_0000_FFFF
    return (fours &* 42_949_672_960_001) >> 32
  }

  // Tables behind pointers: an InlineArray in a static is copied to the stack at each look-up.

  /// 10⁰ … 10⁸.
  fileprivate nonisolated(unsafe) static let powersOfTen: UnsafePointer<UInt64> = table(9) {
    power in
    (0..<power).reduce(1) { value, _ in value * 10 }
  }

  /// 10⁰ … 10²², the powers of ten that a Double holds exactly.
  nonisolated(unsafe) static let exactPowers: UnsafePointer<Double> = table(23) { power in
    // Each product is exact, because it is a whole number below 2⁵³ times a power of two.
    (0..<power).reduce(1.0) { value, _ in value * 10 }
  }

  private static func table<Value>(
    _ count: Int, _ value: (Int) -> Value
  ) -> UnsafePointer<Value> {
    let values = UnsafeMutablePointer<Value>.allocate(capacity: count)
    for i in 0..<count { (values + i).initialize(to: value(i)) }
    return UnsafePointer(values)
  }

  /// A decimal's digits on their way into a mantissa of at most 19.
  private struct Digits {
    /// Digits read, leading zeros included.
    var seen = 0
    /// Power of ten of the mantissa's last digit.
    var exponent = 0
    private var mantissa: UInt64 = 0
    private var significant = 0
    private var isTruncated = false

    mutating func take(_ cursor: inout UnsafePointer<UInt8>) {
      while true {
        let word = load(cursor)
        let count = leadingDigits(word)
        add(word, count, isFraction: false)
        cursor += count
        if count < 8 { return }
      }
    }

    mutating func takeFraction(_ cursor: inout UnsafePointer<UInt8>) {
      while true {
        let word = load(cursor)
        let count = leadingDigits(word)
        add(word, count, isFraction: true)
        cursor += count
        if count < 8 { return }
      }
    }

    @inline(__always)
    private mutating func add(_ word: UInt64, _ count: Int, isFraction: Bool) {
      seen += count
      if significant + count <= 19 {
        mantissa = mantissa &* powersOfTen[count] &+ Decimal.value(ofFirst: count, in: word)
        if isFraction { exponent -= count }
        if mantissa != 0 { significant += significant == 0 ? decimalLength(mantissa) : count }
        return
      }
      for i in 0..<count {
        let digit = word >> UInt64(8 * i) & 0x0F
        if significant < 19 {
          mantissa = mantissa &* 10 &+ digit
          if isFraction { exponent -= 1 }
          if mantissa != 0 { significant += 1 }
        } else {
          if !isFraction { exponent += 1 }
          if digit != 0 { isTruncated = true }
        }
      }
    }

    private func decimalLength(_ value: UInt64) -> Int {
      var (length, bound) = (1, UInt64(10))
      while length < 19, value >= bound {
        length += 1
        bound = bound &* 10
      }
      return length
    }

    /// The Double nearest to mantissa × 10^exponent, or nil where only `strtod` can tell.
    func value(exponent: Int) -> Double? {
      if mantissa == 0, !isTruncated { return 0 }
      if !isTruncated, mantissa < 1 << 53, abs(exponent) <= 22 {
        let whole = Double(mantissa)
        return exponent < 0
          ? whole / exactPowers[-exponent] : whole * exactPowers[exponent]
      }
      guard let value = EiselLemire.nearest(mantissa, power: exponent) else { return nil }
      // With digits cut off, the true value lies between this mantissa and the next one.
      guard isTruncated else { return value }
      return EiselLemire.nearest(mantissa + 1, power: exponent) == value ? value : nil
    }
  }
}
