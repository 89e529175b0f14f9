import Batches
import TestSupport
import Testing

@testable import Ingest

/// A row is read the same way whether a template fits it or not.
@Suite struct RowTemplateTests {
  private static let names = [
    "a", "b", "in.c", "in.d", "a rather long name of a column", "f", "gé", "h", "i", "j",
  ]

  private static func plan(_ names: [String], _ needs: [FeaturePlan.Need]) -> FeaturePlan {
    FeaturePlan(
      columns: names, needs: needs, missing: names.map { _ in .mean }, task: .regression,
      targetName: "")
  }

  /// What a row has come to: why it was refused, or what each column holds that is needed.
  private static func outcome(
    _ fault: Fault?, _ columns: RowColumns, _ needs: [FeaturePlan.Need]
  ) -> String {
    if let fault {
      return "\(fault.kind) \(fault.column ?? -1) \(fault.expected) | \(fault.found)"
    }
    return needs.indices.map { column in
      if needs[column].isEmpty { return "" }
      if needs[column] == .number { return "\(columns.numbers[column].bitPattern)" }
      return "\(Array(columns.fields[column].bytes))"
    }.joined(separator: " ")
  }

  /// The row as it stands in a buffer: a line end after it, and more rows after that.
  private static func withRecord<Result>(
    _ row: [UInt8], _ body: (Record) -> Result
  ) -> Result? {
    let rest = Array("\n,\"a\":1}{\"b\":2.5,\"f\":\"x\"}".utf8)
    let bytes = row + rest + rest + rest + rest
    return bytes.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return nil }
      let field = Field(start: start, end: start + row.count)
      return body(Record(body: field, line: 1, offset: 0, hasQuotes: true))
    }
  }

  private static let odd = [
    "01", "+1", "1.", ".5", "-", "-.5", "1e5", "1E+05", "1e", "1e400", "-0", "0", "0.0", "00",
    "12345678", "123456789", "1234567.8", "12345678.9", "0.10185000000000001", "1.2.3", "1-2",
    "12345678901234567890", "123456789012345.", "1234567890123456.", "1234567890123456.7",
    "null", "true", "false", "nul", "truex", "NaN", "[1,{\"x\":[]}]", "[]", "[1", "{\"x\":1}", "{}",
    "\"\"", "\"x\"", "\"3.5\"", "\" 7 \"", "\"NA\"", "\"-12.25\"", "\"q\\\"q\"", "\"\\u0041\"",
    "\"\\ud800\"", "\"a,b}\"", "\"öäü\"", "\"sixteen bytes, or\"", "\"tab\tin\"", "\"open", "",
    " 1 ",
    "\"\\\\\"", "\"a long text without an escape for more than thirty-two bytes\"",
  ]

  private static func value(_ random: inout SplitMix) -> String {
    switch random.below(10) {
    case 0: odd[random.below(odd.count)]
    case 1: "\"level\(random.below(20))\""
    case 2: "\(random.below(100_000))"
    case 3: "\(random.normal())"
    default: "\(Double(random.below(2_000_000) - 1_000_000) / 100_000)"
    }
  }

  /// A row of one writer's members, as it spaces them, with what can go wrong now and then.
  private static func row(
    _ keys: [String], _ comma: String, _ colon: String, _ random: inout SplitMix
  ) -> [UInt8] {
    var keys = keys
    if random.below(4) == 0, keys.count > 1 { keys.remove(at: random.below(keys.count)) }
    if random.below(20) == 0 { keys.swapAt(random.below(keys.count), random.below(keys.count)) }
    if random.below(20) == 0 { keys.append(keys[random.below(keys.count)]) }
    if random.below(20) == 0 { keys.insert("new", at: random.below(keys.count + 1)) }
    if random.below(20) == 0 { keys[random.below(keys.count)] = "\\u0061" }
    var text = "{"
    var isInner = false
    for (place, key) in keys.enumerated() {
      let belongsInside = key.hasPrefix("in.")
      if isInner, !belongsInside { text += "}" }
      if place > 0, isInner || !belongsInside || !text.hasSuffix("{") { text += comma }
      if belongsInside, !isInner { text += "\"in\"" + colon + "{" }
      isInner = belongsInside
      text += "\"" + (isInner ? String(key.dropFirst(3)) : key) + "\"" + colon + value(&random)
    }
    text += isInner ? "}}" : "}"
    var bytes = Array(text.utf8)
    if random.below(10) == 0 {
      let alphabet = Array("\",{}[]:0123456789.eE-+\\untf \r\u{0}".utf8) + [0xFF, 0xC3]
      for _ in 0...random.below(2) {
        let at = random.below(bytes.count)
        switch random.below(4) {
        case 0: bytes[at] = alphabet[random.below(alphabet.count)]
        case 1: bytes.insert(alphabet[random.below(alphabet.count)], at: at)
        case 2 where bytes.count > 1: bytes.remove(at: at)
        default: bytes.removeSubrange((at + 1)...)
        }
      }
    }
    return bytes
  }

  /// 40 rows of one writer each; the seed is in the message.
  @Test func `random rows, good, odd and broken`() {
    let needs: [FeaturePlan.Need] = [
      [], .number, .number, .number, .level, .text, [.number, .level],
    ]
    var fitting = 0
    for seed in 0..<1500 as Range<UInt64> {
      var random = SplitMix(seed: seed)
      var names = RowTemplateTests.names
      if random.below(10) == 0 { names[7] = ["q\"u", "b\\u0061", "t\tb", ""][random.below(4)] }
      let wanted = names.map { _ in needs[random.below(needs.count)] }
      var (format, general) = (NDJSONFormat(), NDJSONFormat())
      format.lock(RowTemplateTests.plan(names, wanted))
      general.lock(RowTemplateTests.plan(names, wanted))
      let (left, right) = (RowColumns(count: names.count), RowColumns(count: names.count))
      var keys = names
      if random.below(2) == 0 { keys.shuffle(using: &random) }
      if random.below(3) == 0 { keys.insert("unknown", at: random.below(keys.count)) }
      let comma = [",", ", ", " ,", ",\t"][random.below(4)]
      let colon = [":", ": ", " : "][random.below(3)]
      for _ in 0..<40 {
        let bytes = RowTemplateTests.row(keys, comma, colon, &random)
        let isSame = RowTemplateTests.withRecord(bytes) { record in
          if format.parseLikeTemplate(record.body, into: left) { fitting += 1 }
          let found = RowTemplateTests.outcome(format.parse(record, into: left), left, wanted)
          let expected = RowTemplateTests.outcome(
            general.parseAny(record.body, into: right), right, wanted)
          if found != expected {
            Issue.record(
              "seed \(seed): \(record.body.text): expected \(expected), found \(found)")
          }
          return found == expected
        }
        guard isSame == true else { return }
      }
    }
    // Rows of which nearly each has something odd: what is left is enough to tell.
    #expect(fitting > 5000, "\(fitting) rows fitted their template")
  }

  @Test(arguments: [
    (
      #"{"a":1,"b":"x","in.c":null}"#, #"{"a":-2.5,"b":"a longer text, with a comma","in.c":7}"#,
      true
    ),
    (#"{"a": 1, "b": 2}"#, #"{"a": 0.10185000000000001, "b": 1e-7}"#, true),
    (#"{"in":{"c":1,"d":2},"a":3}"#, #"{"in":{"c":4,"d":true},"a":"\u0041"}"#, true),
    (#"{"a":1,"b":2,"f":3,"h":4}"#, #"{"a":1,"h":4}"#, true),
    (#"{"a":1,"new":2,"b":3}"#, #"{"a":1,"new":[1,2],"b":3}"#, true),
    (#"{"a":1,"b":2}"#, #"{"b":2,"a":1}"#, false),
    (#"{"a":1,"in":{"c":1},"b":2}"#, #"{"a":1},"b":2}"#, false),
    (#"{"a":1,"b":2}"#, #"{"a":01,"b":2}"#, false),
    (#"{"a":1,"b":2}"#, #"{"a":1,"b":2} "#, false),
    (#"{"a":1,"b":2}"#, #"{"a":1,"b":2"#, false),
  ]) func `a row that has an earlier one's text between its values is read by it`(
    earlier: String, row: String, fits: Bool
  ) {
    let names = RowTemplateTests.names
    var format = NDJSONFormat()
    format.lock(RowTemplateTests.plan(names, names.map { _ in .level }))
    let columns = RowColumns(count: names.count)
    let isGood = RowTemplateTests.withRecord(Array(earlier.utf8)) {
      format.parse($0, into: columns) == nil
    }
    #expect(isGood == true)
    let found = RowTemplateTests.withRecord(Array(row.utf8)) {
      format.parseLikeTemplate($0.body, into: columns)
    }
    #expect(found == fits)
  }
}
