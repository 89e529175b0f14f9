import CLanes
import TestSupport
import Testing

@testable import Ingest

/// Numbers converted eight at a time against numbers converted one at a time.
@Suite struct ShortDecimalsTests {
  /// Fields as they may stand in a record: short decimals, long ones, blanks, words, signs, nothing.
  private static func field(_ random: inout SplitMix) -> String {
    let digits = Array("0123456789")
    func some(_ most: Int) -> String {
      String(
        (0..<Int.random(in: 0...most, using: &random)).map { _ in
          digits.randomElement(using: &random) ?? "0"
        })
    }
    switch Int.random(in: 0..<12, using: &random) {
    case 0: return ""
    case 1:
      return ["-", ".", "-.", "+1", "1e5", " 12", "12 ", "nan", "--1", "1.2.3", "1-2"]
        .randomElement(using: &random) ?? ""
    case 2: return some(19)
    case 3: return "-" + some(12) + "." + some(12)
    default:
      return (Bool.random(using: &random) ? "-" : "") + some(4)
        + (Bool.random(using: &random) ? "." + some(5) : "")
    }
  }

  @Test func eightAtATimeIsOneAtATime() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SplitMix(seed: seed)
    var converted = 0
    for _ in 0..<4_000 {
      let fields = (0..<Int.random(in: 1...70, using: &random)).map { _ in Self.field(&random) }
      let text = Array((fields.joined(separator: ",") + "\n").utf8)
      let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: text.count + 128)
      defer { buffer.deallocate() }
      buffer.initialize(repeating: 0x0A, count: text.count + 128)
      for (i, byte) in text.enumerated() { buffer[64 + i] = byte }
      let body = Field(start: buffer + 64, end: buffer + 64 + text.count - 1)
      let ends = FieldEnds(capacity: fields.count)
      guard !body.isEmpty else { continue }
      #expect(ends.find(UInt8(ascii: ","), in: body, atMost: fields.count) == fields.count)
      ends.pad(after: fields.count)
      var values = [Double](repeating: 0, count: (fields.count + 7) & ~7)
      var others = [UInt64](repeating: 0, count: 2)
      weir_short_decimals(body.start, ends.positions, Int32(fields.count), &values, &others)
      var start = body.start
      for k in fields.indices {
        let end = body.start + Int(ends.positions[k])
        let one = Decimal.readShort(start, end, Decimal.exactPowers)
        let isOther = others[k / 64] >> UInt64(k % 64) & 1 == 1
        #expect(isOther == (one == nil), "'\(fields[k])', seed \(seed)")
        if let one, !isOther {
          #expect(values[k].bitPattern == one.bitPattern, "'\(fields[k])', seed \(seed)")
          converted += 1
        }
        start = end + 1
      }
    }
    #expect(converted > 10_000, "seed \(seed)")
  }
}
