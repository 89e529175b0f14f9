import Glibc

/// Times of day in UTC, as registries keep them.
enum UTCTime {
  /// Seconds since 1970.
  static var seconds: Int {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return now.tv_sec
  }

  /// Now, with milliseconds: 2026-03-01T12:30:00.125Z.
  static var now: String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return text(now.tv_sec, milliseconds: now.tv_nsec / 1_000_000)
  }

  /// A moment, seconds since 1970.
  static func text(_ seconds: Int, milliseconds: Int? = nil) -> String {
    var (moment, parts) = (time_t(seconds), tm())
    gmtime_r(&moment, &parts)
    func digits(_ value: Int, _ count: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    let date =
      "\(digits(Int(parts.tm_year) + 1900, 4))-\(digits(Int(parts.tm_mon) + 1, 2))-"
      + digits(Int(parts.tm_mday), 2)
    let time =
      "\(digits(Int(parts.tm_hour), 2)):\(digits(Int(parts.tm_min), 2)):"
      + digits(Int(parts.tm_sec), 2)
    return "\(date)T\(time)\(milliseconds.map { "." + digits($0, 3) } ?? "")Z"
  }
}
