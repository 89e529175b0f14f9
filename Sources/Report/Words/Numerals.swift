/// Numbers as a reader wants them: four digits that count, thousands apart, a true minus sign.
package enum Numerals {
  /// Four significant digits, trailing zeros of a fraction left off; – for none.
  package static func value(_ value: Double?) -> String {
    guard let value, value.isFinite else { return "–" }
    let magnitude = abs(value)
    guard magnitude < 1e15 else { return "\(value)" }
    if magnitude == 0 { return "0" }
    if magnitude < 1e-4 { return scientific(value) }
    var (decimals, bound) = (3, 10.0)
    while decimals > 0, magnitude >= bound {
      decimals -= 1
      bound *= 10
    }
    var least = 1.0
    while magnitude < least {
      decimals += 1
      least /= 10
    }
    return trimmed(fixed(value, decimals))
  }

  /// A whole number.
  package static func count(_ count: Int) -> String {
    (count < 0 ? "−" : "") + grouped(String(count.magnitude))
  }

  /// A share as per cent.
  package static func percent(_ share: Double) -> String {
    let percent = 100 * share
    guard percent.isFinite else { return "–" }
    return trimmed(fixed(percent, abs(percent) < 9.95 ? 1 : 0)) + " %"
  }

  /// `value` with so many decimals.
  package static func fixed(_ value: Double, _ decimals: Int) -> String {
    var unit = 1.0
    for _ in 0..<decimals { unit *= 10 }
    guard value.isFinite, abs(value) < 1e15 / unit else { return "\(value)" }
    let scaled = Int((abs(value) * unit).rounded())
    let sign = value < 0 && scaled > 0 ? "−" : ""
    let digits = String(scaled)
    guard decimals > 0 else { return sign + grouped(digits) }
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    return sign + grouped(String(padded.dropLast(decimals))) + "." + padded.suffix(decimals)
  }

  private static func grouped(_ digits: String) -> String {
    guard digits.count > 4 else { return digits }
    var (text, left) = ("", digits.count)
    for digit in digits {
      if left % 3 == 0, !text.isEmpty { text.append(",") }
      text.append(digit)
      left -= 1
    }
    return text
  }

  private static func trimmed(_ text: String) -> String {
    guard text.contains(".") else { return text }
    var text = text[...]
    while text.last == "0" { text = text.dropLast() }
    if text.last == "." { text = text.dropLast() }
    return String(text)
  }

  private static func scientific(_ value: Double) -> String {
    var (mantissa, power) = (abs(value), 0)
    while mantissa < 1, power < 330 {
      mantissa *= 10
      power += 1
    }
    return (value < 0 ? "−" : "") + trimmed(fixed(mantissa, 2)) + "e−\(power)"
  }
}
