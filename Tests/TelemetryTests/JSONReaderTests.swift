import Foundation
import Telemetry
import TestSupport
import Testing

@Suite struct JSONReaderTests {
  @Test func `a value that is written is read again`() throws {
    for seed in 1...200 as ClosedRange<UInt64> {
      var random = SplitMix(seed: seed)
      let value = JSONReaderTests.random(&random, depth: 4)
      #expect(try JSONValue(parsing: value.text) == value, "seed \(seed)")
      #expect(try JSONValue(parsing: value.indented()) == value, "seed \(seed)")
    }
  }

  private static func random(_ random: inout SplitMix, depth: Int) -> JSONValue {
    switch random.below(depth > 0 ? 7 : 5) {
    case 0: return .null
    case 1: return .bool(random.below(2) == 0)
    case 2: return .int(Int(truncatingIfNeeded: random.next()))
    case 3: return .double(random.normal() * 1e-7)
    case 4:
      let letters = Array("aé\"\\/\n\t\u{1}\u{1F600} {}[]:,")
      let text = (0..<random.below(9)).map { _ in letters[random.below(letters.count)] }
      return .string(String(text))
    case 5:
      return .array((0..<random.below(4)).map { _ in Self.random(&random, depth: depth - 1) })
    default:
      return .members(
        (0..<random.below(4)).map { ("key \($0)", Self.random(&random, depth: depth - 1)) })
    }
  }

  @Test func `escapes, spaces and numbers are those of RFC 8259`() throws {
    let text =
      " { \"a\" : [ 1 , -0.5e+2, 36893488147419103232 ] ,\r\n"
      + "\"\\u00e9\\ud83d\\ude00\\/\":null}\t"
    #expect(
      try JSONValue(parsing: text)
        == .members([
          ("a", .array([.int(1), .double(-50), .double(36_893_488_147_419_103_232)])),
          ("é😀/", .null),
        ]))
    #expect(try JSONValue(parsing: #""\ud83d""#) == .string("\u{FFFD}"))
  }

  static let refused = [
    "", " ", "nul", "{", "[1,]", "{\"a\"}", "{\"a\":1,}", "{a:1}", "01", "1.", ".5", "+1", "1e",
    "-", "\"", "\"\\x\"", "\"\\u12\"", "\"\\u+123\"", "\"\n\"", "1 2", "[1}", "1e999", "NaN",
    String(repeating: "[", count: 100_000),
  ]

  @Test(arguments: refused) func `what is not JSON is refused`(text: String) {
    #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
  }
}
