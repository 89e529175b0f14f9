import Batches
import Catalogues
import TestSupport
import Testing

@testable import Ingest

/// What holds of every format.
@Suite struct FormatLawTests {
  /// Events of numbers, zeros and negative ones among them, with a label of two values.
  private static let events: [(numbers: [String], label: String)] = {
    var random = SplitMix(seed: 31)
    return (0..<400).map { row in
      let numbers = (0..<7).map { k in
        k == 3 && row % 3 > 0 ? "0" : "\(Double(random.below(20_000) - 10_000) / 128)"
      }
      return (numbers, "\(random.below(2))")
    }
  }()

  /// The same events in each format; columns are called 1 … 7 and the label `label`.
  private static let texts: [String: String] = {
    let names = (1...7).map { "\($0)" }
    var texts = [
      "csv": names.joined(separator: ",") + ",label\n", "ndjson": "", "vw": "", "libsvm": "",
      "arff": "% e\n@relation e\n" + names.map { "@attribute '\($0)' numeric\n" }.joined()
        + "@attribute label {0,1}\n@data\n",
    ]
    for (numbers, label) in events {
      let pairs = zip(names, numbers)
      texts["csv"]? += numbers.joined(separator: ",") + ",\(label)\n"
      texts["arff"]? += numbers.joined(separator: ",") + ",\(label)\n"
      texts["ndjson"]? +=
        "{" + pairs.map { "\"\($0)\":\($1)," }.joined() + "\"label\":\"\(label)\"}\n"
      texts["vw"]? += "\(label) |f " + pairs.map { "\($0):\($1)" }.joined(separator: " ") + "\n"
      texts["libsvm"]? += label + pairs.map { " \($0):\($1)" }.joined() + "\n"
    }
    return texts
  }()

  @Test func `each format of the catalogue is among them`() {
    #expect(Set(Catalogue.formats.names) == Set(FormatLawTests.texts.keys))
  }

  @Test(arguments: texts.keys.sorted())
  func `the same events in any format are the same rows`(format: String) throws {
    let csv = try take(FormatLawTests.texts["csv"] ?? "", options(target: "label"))
    for name in [format, "auto"] {
      var taken = try take(
        FormatLawTests.texts[format] ?? "", options(target: "label") { $0.format = name })
      #expect(taken.lines.count == csv.lines.count)
      taken.lines = csv.lines
      #expect(taken == csv)
    }
  }

  /// A format that is handed to another thread reads what the first one reads.
  @Test(arguments: texts.keys.sorted()) func `a forked format reads the same`(format: String) throws
  {
    let text = Array((FormatLawTests.texts[format] ?? "").utf8)
    var reader = RecordReader(MemorySource(text, pieces: []), lineLimit: 1 << 20)
    let first = Array(text.prefix { $0 != 0x0A })
    var one = try Catalogue.formats.make(
      format, FormatContext(columns: [], delimiter: nil, firstLine: first, hashBits: 18)
    ).format
    reader.configure(quotes: one.quotesHoldLineEnds, delimiter: one.delimiter, comment: one.comment)
    if one.hasHeader {
      repeat { try one.readHeader(try #require(try reader.nextRecord())) } while one.headerGoesOn
    }
    var evidence: [ColumnEvidence] = []
    var wish = options(target: "label")
    reader.setMark()
    while let record = try reader.nextRecord() { one.sample(record, row: nil, into: &evidence) }
    reader.rewind()
    try one.settle(&wish, &evidence)
    let plan = try FeaturePlanner.plan(wish, evidence)
    one.lock(plan)
    var other = one.forked()
    let (left, right) = (
      RowColumns(count: plan.columns.count), RowColumns(count: plan.columns.count)
    )
    while let record = try reader.nextRecord() {
      #expect(one.parse(record, into: left) == nil)
      #expect(other.parse(record, into: right) == nil)
      for column in plan.columns.indices {
        if plan.needs[column] == .number {
          #expect(left.numbers[column].bitPattern == right.numbers[column].bitPattern)
        } else {
          #expect(left.fields[column].text == right.fields[column].text)
        }
      }
    }
  }

  @Test(arguments: [
    ("| a b\n", "vw"), ("1 |f a:1\n", "vw"), ("-1 0.5 'x|f a\n", "vw"), ("'x |f a\n", "vw"),
    ("a|b|c\n1|2|3\n", "csv"), ("a b|c\n", "csv"), ("'a'|'b'\n", "csv"), ("1|2|3\n", "csv"),
    ("1 1:2\n", "libsvm"), ("-1 qid:3 7:1e-3 # x\n", "libsvm"), ("1,2:3\n", "csv"),
    ("1 a:2\n", "csv"), ("value\n", "csv"), ("17\n", "csv"), ("{\"a\":1}\n", "ndjson"),
    ("@relation x\n", "arff"), ("%c\n\n  @RELATION 'y'\n", "arff"), ("% only a comment\n", "arff"),
    ("%,b\n1,2\n", "csv"), ("@at,b\n1,2\n", "csv"), ("\u{FEFF}1 |f a\n", "vw"),
  ]) func `a format is told by its first bytes`(text: String, format: String) {
    let bytes = Array(text.utf8)
    let name = bytes.withUnsafeBytes { FormatGuess.name($0, isTable: false) }
    #expect(name == format)
    let table = bytes.withUnsafeBytes { FormatGuess.name($0, isTable: true) }
    #expect(table == "csv" || table == "ndjson")
  }
}
