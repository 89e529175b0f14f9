import Batches
import Snapshots
import TestSupport
import Testing

@testable import Ingest

/// Labels that are joined to their rows by id, against a join by dictionaries.
@Suite struct LateLabelJoinTests {
  /// A record of a random stream, and what it has to be taken for.
  struct Record {
    let text: String
    var ticket = LabelTicket.Kind.idle
    var id = ""
    var label = Double.nan
  }

  /// Rows with random delays, lost, doubled and unknown labels, rows that come twice, and rows with their labels; with
  /// what a plain join makes of them.
  struct Stream {
    var records: [Record] = []
    var counts = JoinCounts()

    init(seed: UInt64, rows: Int, wait: Int, ttl: Int?) {
      var random = SplitMix(seed: seed)
      var due: [Int: [Record]] = [:]
      var (waiting, done): ([(id: String, event: Int)], [String: Bool]) = ([], [:])
      var remembered: [String] = []
      func remember(_ id: String, learned: Bool) {
        if remembered.count >= wait { done[remembered.removeFirst()] = nil }
        remembered.append(id)
        done[id] = learned
      }
      func takeLabel(_ record: Record) {
        var record = record
        if let place = waiting.firstIndex(where: { $0.id == record.id }) {
          let delay = counts.rows - 1 - waiting[place].event
          counts.delaySum += delay
          counts.longestDelay = max(counts.longestDelay, delay)
          waiting.remove(at: place)
          counts.joined += 1
          record.ticket = .answers
          remember(record.id, learned: true)
        } else if let learned = done[record.id] {
          if learned { counts.duplicates += 1 } else { counts.afterExpiry += 1 }
        } else {
          counts.unmatched += 1
        }
        records.append(record)
      }
      for row in 0..<rows {
        // Ids of one byte and of twenty.
        let id = row % 3 == 0 ? "\(row)" : "an-id-that-is-longer-\(row)"
        let label = Double(random.below(1000))
        func expire() {
          while let oldest = waiting.first, let ttl, counts.rows - oldest.event > ttl {
            waiting.removeFirst()
            counts.expired += 1
            remember(oldest.id, learned: false)
          }
        }
        if random.below(10) == 0 {
          expire()
          records.append(
            Record(text: "\(id),\(row),\(label)", ticket: .whole, id: id, label: label))
          counts.atOnce += 1
          remember(id, learned: true)
        } else {
          expire()
          if waiting.count >= wait {
            let oldest = waiting.removeFirst()
            counts.expired += 1
            remember(oldest.id, learned: false)
          }
          records.append(Record(text: "\(id),\(row),", ticket: .asks, id: id))
          waiting.append((id, counts.rows))
          for _ in 0..<(random.below(8) == 0 ? 0 : random.below(8) == 0 ? 2 : 1) {
            let features = random.below(2) == 0 ? "" : "\(row)"
            due[row + random.below(30), default: []].append(
              Record(text: "\(id),\(features),\(label)", id: id, label: label))
          }
        }
        counts.rows += 1
        if random.below(15) == 0 {
          counts.repeatedRows += 1
          records.append(Record(text: "\(id),\(row),", id: id))
        }
        if random.below(20) == 0 {
          counts.unmatched += 1
          records.append(Record(text: "nobody-\(row),,1.5", id: "nobody"))
        }
        // Labels repeat the features of their rows only while their ids are known.
        for record in due[row] ?? [] {
          let isKnown = done[record.id] != nil || waiting.contains { $0.id == record.id }
          let bare = Record(
            text: "\(record.id),,\(record.label)", id: record.id, label: record.label)
          takeLabel(isKnown ? record : bare)
        }
      }
      counts.waiting = waiting.count
    }

    var text: String { "who,a,y\n" + records.map { $0.text + "\n" }.joined() }
  }

  private func options(wait: Int, ttl: Int?) -> IngestOptions {
    var options = IngestOptions()
    (options.target, options.id, options.task) = ("y", "who", .regression)
    options.number = ["a"]
    var late = LateLabelOptions()
    late.waitRows = wait
    late.timeToLive = ttl.map { .events($0) }
    options.lateLabels = late
    return options
  }

  @Test(arguments: 1...12) func `each label finds its row once, and the counts add up`(
    seed: Int
  ) throws {
    let (wait, ttl) = ([5, 20, 100][seed % 3], [nil, 12, 40][seed / 3 % 3])
    let stream = Stream(seed: UInt64(seed), rows: 600, wait: wait, ttl: ttl)
    for (size, isAhead) in [(1, false), (7, false), (64, true)] {
      let bytes = MemorySource(Array(stream.text.utf8), pieces: [seed * 13])
      var source = ReadAhead(
        try EventSource.open(bytes, options(wait: wait, ttl: ttl)), rows: size, isAhead: isAhead)
      var batch = MicroBatch(capacity: size, denseWidth: 1)
      var (record, waiting): (Int, [Int: String]) = (0, [:])
      while true {
        batch.removeAll()
        let outcome = try source.fill(&batch, upTo: nil)
        for row in 0..<batch.count {
          let (expected, ticket) = (stream.records[record], batch.ticket(row))
          #expect(ticket.kind == expected.ticket, "seed \(seed), record \(record) \(expected.text)")
          if ticket.kind == .asks { waiting[ticket.slot] = expected.id }
          if ticket.kind == .answers {
            #expect(waiting.removeValue(forKey: ticket.slot) == expected.id, "seed \(seed)")
            #expect(batch.targets[row] == expected.label, "seed \(seed)")
          }
          record += 1
        }
        if outcome == .end { break }
      }
      #expect(record == stream.records.count)
      let joined = source.joined
      let counts = try #require(joined)
      #expect(counts == stream.counts, "seed \(seed), batches of \(size)")
      #expect(counts.rows == counts.atOnce + counts.joined + counts.expired + counts.waiting)
    }
  }

  /// Lends an id as a field is: with a margin behind it.
  private func with<Result>(_ id: String, _ body: (Field) -> Result) -> Result {
    let bytes = Array(id.utf8) + Array(repeating: 0x0A, count: 64)
    return bytes.withUnsafeBufferPointer { buffer in
      let start = buffer.baseAddress ?? RowColumns.nothing.start
      return body(Field(start: start, end: start + id.utf8.count))
    }
  }

  @Test func `memory is bounded, and a restored join goes on as if nothing had been`() throws {
    var options = LateLabelOptions()
    options.waitRows = 50
    options.timeToLive = .events(200)
    var join = LabelJoin(options)
    var random = SplitMix(seed: 9)
    var (most, midway) = (0, 0)
    func step(_ join: inout LabelJoin, _ event: Int, _ random: inout SplitMix) {
      with("row-\(event)") { id in _ = join.ask(id, join.find(id), event: event, time: .nan) }
      let other = event - random.below(60)
      with("row-\(other)") { id in
        let meeting = join.find(id)
        if meeting.standing == .waiting {
          join.answer(meeting.slot, events: event + 1)
        } else {
          join.countIdle(meeting.standing, isLabel: true)
        }
      }
    }
    for event in 0..<20_000 {
      step(&join, event, &random)
      most = max(most, join.knownIDs)
      if event == 5_000 { midway = join.memoryBytes }
    }
    #expect(most <= 101)
    #expect(join.memoryBytes == midway)
    var writer = SnapshotWriter()
    join.write(to: &writer)
    var reader = try SnapshotReader(writer.sealed())
    var restored = LabelJoin(options)
    try restored.restore(from: &reader)
    var again = random
    for event in 20_000..<22_000 {
      step(&join, event, &random)
      step(&restored, event, &again)
    }
    #expect(join.counts == restored.counts)
    var (one, other) = (SnapshotWriter(), SnapshotWriter())
    join.write(to: &one)
    restored.write(to: &other)
    #expect(one.sealed() == other.sealed())
  }

  @Test func `a label of no class is refused with its place, and its row waits on`() throws {
    var text = "who,a,y\n"
    for row in 0..<120 { text += "\(row),\(row),\(row % 2 == 0 ? "no" : "yes")\n" }
    let head = text.utf8.count
    text += "x,1,\nx,,maybe\nx,,yes\n,,no\n"
    var options = options(wait: 10, ttl: nil)
    options.task = .binary
    var source = try EventSource.open(MemorySource(Array(text.utf8)), options)
    var batch = MicroBatch(capacity: 200, denseWidth: 1)
    _ = try source.fill(&batch, upTo: nil)
    #expect(batch.count == 122)
    #expect(batch.targets[121] == 1)
    #expect(
      source.refusals.samples.map(\.message) == [
        "line 123 (byte \(head + 5)), column y: expected no or yes, found 'maybe'",
        "line 125 (byte \(head + 21)), column who: expected an id, found nothing",
      ])
  }

  @Test(arguments: 1...6) func `lags in event time are of the labels that have come`(
    seed: Int
  ) throws {
    var random = SplitMix(seed: UInt64(seed))
    var due: [(at: Int, row: Int)] = []
    var text = "t,who,y\n"
    var known: [(row: Int, label: Double)] = []
    var expected: [Double] = []
    func label(_ row: Int) -> Double { Double((row * 7919) % 101) }
    for row in 0..<400 {
      for (_, late) in due.filter({ $0.at == row }) {
        text += ",\(late),\(label(late))\n"
        known.append((late, label(late)))
      }
      due.removeAll { $0.at == row }
      text += "\(row * 10),\(row),\n"
      // The latest row that lies 50 seconds back or more and whose label has come; none is forgotten within 50 s.
      expected.append(known.filter { $0.row <= row - 5 }.max { $0.row < $1.row }?.label ?? .nan)
      due.append((row + 1 + random.below(4), row))
    }
    var options = options(wait: 100, ttl: nil)
    (options.time, options.number, options.lags) = (["t"], [], ["y=50s"])
    options.missing = ["zero"]
    var source = try EventSource.open(MemorySource(Array(text.utf8)), options)
    var batch = MicroBatch(capacity: 1000, denseWidth: 1)
    _ = try source.fill(&batch, upTo: nil)
    var event = 0
    for row in 0..<batch.count where batch.ticket(row).isEvent {
      let lag = batch.isAbsent(row, 0) ? Double.nan : batch.dense(row)[0]
      #expect(lag == expected[event] || (lag.isNaN && expected[event].isNaN), "event \(event)")
      event += 1
    }
    #expect(event == 400)
  }
}
