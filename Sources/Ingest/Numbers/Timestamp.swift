/// Reads moments from bytes, as seconds since 1970-01-01T00:00:00Z.
///
/// Taken are a number of seconds, and ISO 8601: `2011-01-01`, `2011-01-01T06:30:15.25Z`, with a
/// space for the T, and with an offset such as `+02:00`. Without an offset the time is UTC.
enum Timestamp {
  /// Nil when the bytes are no moment. The bytes must be padded as `Decimal` asks.
  static func read(_ field: Field) -> Double? {
    var cursor = field.start
    guard let year = digits(&cursor, 4, before: field.end), skip(UInt8(ascii: "-"), &cursor) else {
      let reading = Decimal.readLong(field.start)
      return reading.next == field.end && reading.value.isFinite ? reading.value : nil
    }
    guard let month = digits(&cursor, 2, before: field.end), skip(UInt8(ascii: "-"), &cursor),
      let day = digits(&cursor, 2, before: field.end), (1...12).contains(month),
      (1...31).contains(day)
    else { return nil }
    let midnight = Double(daysSince1970(year, month, day)) * 86400
    guard cursor < field.end else { return midnight }
    guard cursor[0] == UInt8(ascii: "T") || cursor[0] == UInt8(ascii: " ") else { return nil }
    cursor += 1
    guard let clock = timeOfDay(&cursor, before: field.end),
      let offset = offset(&cursor, before: field.end), cursor == field.end
    else { return nil }
    return midnight + clock - offset
  }

  private static func timeOfDay(
    _ cursor: inout UnsafePointer<UInt8>, before end: UnsafePointer<UInt8>
  ) -> Double? {
    guard let hour = digits(&cursor, 2, before: end), hour <= 24 else { return nil }
    var seconds = Double(hour * 3600)
    guard cursor < end, skip(UInt8(ascii: ":"), &cursor) else { return seconds }
    guard let minute = digits(&cursor, 2, before: end), minute < 60 else { return nil }
    seconds += Double(minute * 60)
    guard cursor < end, skip(UInt8(ascii: ":"), &cursor) else { return seconds }
    guard let second = digits(&cursor, 2, before: end), second <= 60 else { return nil }
    seconds += Double(second)
    guard cursor < end, skip(UInt8(ascii: "."), &cursor) else { return seconds }
    var unit = 0.1
    while cursor < end, Decimal.isDigit(cursor[0]) {
      seconds += unit * Double(cursor[0] - 0x30)
      unit /= 10
      cursor += 1
    }
    return seconds
  }

  private static func offset(
    _ cursor: inout UnsafePointer<UInt8>, before end: UnsafePointer<UInt8>
  ) -> Double? {
    guard cursor < end else { return 0 }
    if skip(UInt8(ascii: "Z"), &cursor) { return 0 }
    let sign: Double
    if skip(UInt8(ascii: "+"), &cursor) {
      sign = 1
    } else if skip(UInt8(ascii: "-"), &cursor) {
      sign = -1
    } else {
      return nil
    }
    guard let hours = digits(&cursor, 2, before: end) else { return nil }
    if cursor < end { _ = skip(UInt8(ascii: ":"), &cursor) }
    let minutes = cursor < end ? digits(&cursor, 2, before: end) : 0
    guard let minutes else { return nil }
    return sign * Double(hours * 3600 + minutes * 60)
  }

  private static func digits(
    _ cursor: inout UnsafePointer<UInt8>, _ count: Int, before end: UnsafePointer<UInt8>
  ) -> Int? {
    guard end - cursor >= count else { return nil }
    var value = 0
    for i in 0..<count {
      guard Decimal.isDigit(cursor[i]) else { return nil }
      value = value * 10 + Int(cursor[i] - 0x30)
    }
    cursor += count
    return value
  }

  private static func skip(_ byte: UInt8, _ cursor: inout UnsafePointer<UInt8>) -> Bool {
    guard cursor[0] == byte else { return false }
    cursor += 1
    return true
  }

  /// Days from 1970-01-01 in the proleptic Gregorian calendar (H. Hinnant's era arithmetic).
  private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }
}
