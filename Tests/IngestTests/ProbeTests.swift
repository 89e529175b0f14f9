import Batches
import Ingest
import Snapshots
import TestSupport
import Testing

/// Rows as they would be with other values.
@Suite struct ProbeTests {
  private static let text: String = {
    var random = SplitMix(seed: 8)
    let rows = (0..<160).map { i -> String in
      let word = random.below(9) == 0 ? "" : ["red", "green", "blue"][random.below(3)]
      let b = random.below(7) == 0 ? "" : "\(random.below(100))"
      return "\(3600 * i),\(i % 24),k\(i % 2),\(random.below(50)),\(b),\(word),\(random.below(90))"
    }
    return (["when,hour,key,a,b,word,y"] + rows).map { $0 + "\n" }.joined()
  }()

  private static let options: [IngestOptions] = {
    var plain = IngestOptions()
    plain.target = "y"
    plain.task = .regression
    plain.ignore = ["when", "word", "key"]
    var rich = IngestOptions()
    rich.target = "y"
    rich.task = .regression
    rich.time = ["when"]
    rich.key = "key"
    rich.crosses = ["hour*word", "a*b", "time@12*word"]
    rich.lags = ["y=1,2h", "a=1", "word=1"]
    rich.means = ["y=hour*word"]
    rich.missing = ["b=last", "a=zero"]
    return [plain, rich]
  }()

  private static func shown(_ batch: borrowing MicroBatch, _ row: Int) -> String {
    let sparse = batch.sparse(row)
    return "\((0..<batch.denseWidth).map { batch.dense(row)[$0] }) "
      + "\((0..<sparse.count).map { "\(sparse.indices[$0]):\(sparse.values[$0])" }) "
      + "\((0..<batch.denseWidth).map { batch.isAbsent(row, $0) }) \(batch.times[row])"
  }

  private static func state(_ source: borrowing EventSource) -> [UInt8] {
    var writer = SnapshotWriter()
    source.write(to: &writer)
    return writer.payload
  }

  @Test(arguments: options.indices) func `a row that is held, probed and released leaves no trace`(
    number: Int
  ) throws {
    let options = ProbeTests.options[number]
    var asked = try EventSource.open(MemorySource(Array(Self.text.utf8)), options)
    var other = try EventSource.open(MemorySource(Array(Self.text.utf8)), options)
    let width = asked.schema.denseWidth
    var single = MicroBatch(capacity: 1, denseWidth: width)
    var probes = MicroBatch(capacity: 8, denseWidth: width)
    var own = MicroBatch(capacity: 1, denseWidth: width)
    var differing = 0
    while let row = try asked.hold(&single, passing: { _ in }) {
      own.removeAll()
      _ = try other.fill(&own, upTo: nil)
      #expect(Self.shown(single, 0) == Self.shown(own, 0))
      let a = try #require(row.columns.firstIndex { $0.name == "a" })
      let word = try #require(row.columns.firstIndex { $0.name == "word" })
      probes.removeAll()
      #expect(asked.probe(row, [], into: &probes))
      #expect(asked.probe(row, [(a, .number(77))], into: &probes))
      if !row.columns[word].levels.isEmpty {
        #expect(asked.probe(row, [(word, .level(0))], into: &probes))
      }
      #expect(asked.probe(row, [], into: &probes))
      // Unchanged, it is the row; also after other probes.
      #expect(Self.shown(probes, 0) == Self.shown(single, 0))
      #expect(Self.shown(probes, probes.count - 1) == Self.shown(single, 0))
      if Self.shown(probes, 1) != Self.shown(single, 0) { differing += 1 }
      try asked.release(row)
      _ = (asked.takeNotices(), other.takeNotices())
      #expect(Self.state(asked) == Self.state(other))
    }
    #expect(asked.accepted == 160 && differing > 150)
  }

  @Test func `a probe is the row that the record would have made, crosses and all`() throws {
    let options = ProbeTests.options[1]
    var lines = Self.text.split(separator: "\n").map(String.init)
    var asked = try EventSource.open(MemorySource(Array(Self.text.utf8)), options)
    var batch = MicroBatch(capacity: 1, denseWidth: asked.schema.denseWidth)
    for event in 0..<120 {
      let row = try #require(try asked.hold(&batch, passing: { _ in }))
      guard event == 119 else {
        try asked.release(row)
        continue
      }
      let columns = row.columns
      func place(_ name: String) -> Int { columns.firstIndex { $0.name == name } ?? 0 }
      #expect(columns[place("hour")].partners.contains(place("word")))
      #expect(columns[place("a")].partners == [place("b")] && !columns[place("a")].isDirect)
      #expect(columns[place("y")].role == .target && columns[place("when")].role == .time)
      #expect(columns[place("key")].role == .key)
      let blue = try #require(columns[place("word")].levels.firstIndex(of: "blue"))
      let hour = try #require(columns[place("hour")].levels.firstIndex(of: "5"))
      batch.removeAll()
      let changes: [(column: Int, value: HeldRow.Value)] = [
        (place("a"), .number(31.5)), (place("word"), .level(blue)), (place("hour"), .level(hour)),
      ]
      #expect(asked.probe(row, changes, into: &batch))
    }
    var fields = lines[120].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    (fields[1], fields[3], fields[5]) = ("5", "31.5", "blue")
    lines[120] = fields.joined(separator: ",")
    let text = lines.map { $0 + "\n" }.joined()
    var other = try EventSource.open(MemorySource(Array(text.utf8)), options)
    var rows = MicroBatch(capacity: 120, denseWidth: other.schema.denseWidth)
    _ = try other.fill(&rows, upTo: 120)
    #expect(Self.shown(batch, 0) == Self.shown(rows, 119))
  }
}
