import Foundation
import Telemetry
import TestSupport
import Testing

@Suite struct TelemetryTests {
  @Test func `JSON is what other readers take`() throws {
    let value = JSONValue.members([
      ("text", .string("a\"b\\c\n\u{1}é")), ("list", .array([.int(-3), .double(0.1), .null])),
      ("flag", .bool(true)), ("whole", .double(5)), ("none", .number(.nan)), ("empty", .array([])),
    ])
    for text in [value.text, value.indented()] {
      let read = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
      #expect(read?["text"] as? String == "a\"b\\c\n\u{1}é")
      #expect((read?["list"] as? [Any])?.count == 3)
      #expect(read?["whole"] as? Double == 5)
    }
    #expect(value.text.hasPrefix("{\"text\":"))
  }

  @Test func `numbers are written with nine digits and read back`() {
    for (value, text) in [
      (0.0, "0"), (1, "1"), (-1.5, "-1.5"), (146.5, "146.5"), (0.0123456789, "0.0123456789"),
      (0.99999999999, "1"), (123456789.4, "123456789"), (9.9999999999, "10"), (0.1, "0.1"),
      (100, "100"), (0.001, "0.001"), (12345.678901234, "12345.6789"),
      (1.25e-7, "1.25e-07"), (-1e-15, "-1e-15"), (9.9999999999e-7, "1e-06"),
    ] as [(Double, String)] {
      var bytes: [UInt8] = []
      NumberWriter.append(value, to: &bytes)
      #expect(String(decoding: bytes, as: UTF8.self) == text)
    }
    var random = SplitMix(seed: 8)
    for _ in 0..<100_000 {
      let value = random.normal() * Foundation.pow(10, Double(random.below(30) - 15))
      var bytes: [UInt8] = []
      NumberWriter.append(value, to: &bytes)
      let read = Double(String(decoding: bytes, as: UTF8.self)) ?? .nan
      #expect(abs(read - value) <= 6e-9 * abs(value), "\(value)")
    }
  }

  @Test func `what cannot be written says why`() throws {
    #expect(throws: OutputError.self) { _ = try OutputFile(path: "/nonexistent/x") }
    let full = try OutputFile(path: "/dev/full")
    try full.append("x")
    #expect(throws: OutputError.cannotWrite(path: "/dev/full", reason: "No space left on device")) {
      try full.flush()
    }
  }
}
