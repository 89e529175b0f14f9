import Foundation
import TestSupport
import Testing

@testable import Ingest

/// Numbers are parsed exactly: every finite decimal is the Double that `strtod` gives.
@Suite struct DecimalTests {
  /// Reads text through both entrances; nil when the number does not end where the text does.
  private func read(_ text: String) -> (fast: Double, slow: Double)? {
    // A short field's number, where there is one, is the same; where there is none it says nothing.
    var bytes = Array(text.utf8)
    let count = bytes.count
    bytes += Array(repeating: 0x0A, count: 32)
    return bytes.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return nil }
      let (fast, slow) = (Decimal.read(start), Decimal.readLong(start))
      if let short = Decimal.readShort(start, start + count, Decimal.exactPowers) {
        guard short.bitPattern == slow.value.bitPattern, slow.next == start + count else {
          return nil
        }
      }
      guard fast.next == start + count, slow.next == start + count else { return nil }
      return (fast.value, slow.value)
    }
  }

  private func check(_ text: String, _ note: @autoclosure () -> String = "") -> Bool {
    let expected = strtod(text, nil)
    guard let found = read(text), found.fast.bitPattern == expected.bitPattern,
      found.slow.bitPattern == expected.bitPattern
    else {
      Issue.record(
        "\(text): expected \(expected), found \(String(describing: read(text))) \(note())")
      return false
    }
    return true
  }

  @Test func `adversarial decimals`() {
    let texts = [
      "0", "-0", "0.0", "1", "-1", "+1", "00012", "1.", ".5", "-.5", "1e5", "1E-5", "1e+05", "1e0",
      "9007199254740993", "9007199254740992", "9007199254740991.5", "9223372036854775807",
      "18446744073709551615", "18446744073709551616", "123456789012345678901234567890",
      "0.1", "0.2", "0.3", "1e22", "1e23", "8.5e22", "1.7976931348623157e308",
      "1.7976931348623159e308", "1e400", "-1e400", "1e-400", "2.2250738585072011e-308",
      "2.2250738585072014e-308", "4.9406564584124654e-324", "2.4703282292062327e-324",
      "2.4703282292062328e-324", "5e-324", "1e-323", "0.000000000000000000000000000000000001",
      "1.00000000000000011102230246251565", "1.00000000000000011102230246251566",
      "6929495644600919.5", "3.237883913302901e-319", "6.631236846766476e-316",
      "1090544144181609348671888949248", "1090544144181609348835077142190", "45035996.273704995",
      "9355950000000000000.00000000000000000000000000000001844674407370955161600000184467440737095",
      String(repeating: "9", count: 400), "0." + String(repeating: "0", count: 400) + "1",
      "1" + String(repeating: "0", count: 308), "12345678", "123456789", "1234567.1234567",
      "1234567.12345678", "1234567.123456789", "0.12345678", "0.123456789",
      "1e99999999999999999999",
      "0e99999", "1.5e-99999999999999999999", "7.2057594037927933e16", "100000000000000008388608",
    ]
    for text in texts { _ = check(text) }
  }

  @Test func `what is no number, or more than one, does not end where the text does`() {
    for text in [
      "", "-", ".", "-.", "e5", "nan", "inf", "0x10", "1e", "1e+", "1.2.3", "1,2", "--1", "1 ",
    ] {
      #expect(read(text) == nil, "\(text)")
    }
  }

  /// Two million random decimals of every length and size; the seed is in the message.
  @Test(arguments: [1, 2, 3, 4] as [UInt64]) func `random decimals`(seed: UInt64) {
    var random = SplitMix(seed: seed)
    var text = ""
    for _ in 0..<500_000 {
      text = random.below(2) == 0 ? "-" : ""
      for _ in 0..<random.below(seed == 1 ? 9 : 22) {
        text.append(Character(UnicodeScalar(UInt8(48 + random.below(10)))))
      }
      if random.below(4) > 0 {
        text.append(".")
        for _ in 0..<random.below(seed == 1 ? 9 : 22) {
          text.append(Character(UnicodeScalar(UInt8(48 + random.below(10)))))
        }
      }
      guard text.contains(where: \.isNumber) else { continue }
      if seed > 2, random.below(3) == 0 { text += "e\(random.below(700) - 350)" }
      guard check(text, "seed \(seed)") else { return }
    }
  }

  /// What is read is what the grammar lets through, and the same number; the seed is in the message.
  @Test(arguments: [1, 2, 3] as [UInt64]) func `numbers as JSON writes them`(seed: UInt64) {
    var random = SplitMix(seed: seed)
    let bytes = Array("0123456789012345678900..-+eE".utf8)
    var read = 0
    for _ in 0..<200_000 {
      var text = (0..<random.below(seed == 1 ? 8 : 24)).map { _ in
        bytes[random.below(random.below(8) == 0 ? bytes.count : 21)]
      }
      if random.below(2) == 0 { text.insert(UInt8(ascii: "-"), at: 0) }
      if random.below(2) == 0 {
        text.insert(UInt8(ascii: "."), at: random.below(text.count + 1))
      }
      let count = text.count
      text.append(Array(",} \n\"]".utf8)[random.below(6)])
      text += (0..<40).map { _ in bytes[random.below(bytes.count)] }
      let isRight = text.withUnsafeBufferPointer { buffer -> Bool in
        guard let start = buffer.baseAddress else { return false }
        let reading = Decimal.readJSON(start, Decimal.exactPowers)
        guard let next = reading.next else { return true }
        guard NumberShape.isJSON(Field(start: start, end: start + count)) else {
          // It may only stop in the midst of the field, where nothing goes on after a value.
          return next < start + count
        }
        read += 1
        let long = Decimal.readLong(start)
        return next == start + count && reading.value.bitPattern == long.value.bitPattern
      }
      guard isRight else {
        Issue.record("\(String(decoding: text, as: UTF8.self)), seed \(seed)")
        return
      }
    }
    #expect(read > 20_000)
  }

  /// Doubles as they are printed, and the decimals half-way between neighbours.
  @Test func `random bit patterns, printed`() {
    var random = SplitMix(seed: 77)
    for _ in 0..<200_000 {
      let value = Double(bitPattern: random.next())
      guard value.isFinite else { continue }
      guard check("\(value)", "seed 77") else { return }
      guard check(String(format: "%.17g", value), "seed 77") else { return }
      if random.below(10) == 0 {
        guard check(String(format: "%.40e", (value / 2 + value.nextUp / 2)), "seed 77") else {
          return
        }
      }
    }
  }

  @Test func `times are read in every form`() {
    func read(_ text: String) -> Double? {
      var bytes = Array(text.utf8)
      let count = bytes.count
      bytes += Array(repeating: 0x0A, count: 32)
      return bytes.withUnsafeBufferPointer { buffer in
        guard let start = buffer.baseAddress else { return nil }
        return Timestamp.read(Field(start: start, end: start + count))
      }
    }
    #expect(read("1970-01-01") == 0)
    #expect(read("2011-01-01") == 1_293_840_000)
    #expect(read("2012-02-29T23:59:59Z") == 1_330_559_999)
    #expect(read("2012-02-29 12:30") == 1_330_518_600)
    #expect(read("2012-02-29T12:30:00.5+02:00") == 1_330_511_400.5)
    #expect(read("1330511400.25") == 1_330_511_400.25)
    #expect(read("1600-03-01") == -11_670_912_000)
    for text in ["", "yesterday", "2012-13-01", "2012-00-01", "2012-02-29T25:00", "2012-02-29x"] {
      #expect(read(text) == nil, "\(text)")
    }
  }
}
