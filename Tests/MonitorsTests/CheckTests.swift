import Batches
import Catalogues
import Foundation
import Kernels
import Monitors
import Snapshots
import TestSupport
import Testing

/// A stream for checks: numbers a and b, a category, a target that follows b, and what goes wrong with them.
struct WatchedStream {
  struct Event {
    var a: Double
    var b: Double
    var level: Int
    var target: Double
    var time: Double
    /// Records that are refused before it, by their fault.
    var refused: [(column: String?, kind: String)] = []
  }

  static let columns = InputColumns(
    numbers: [
      InputColumns.Number(name: "a", isDerived: false),
      InputColumns.Number(name: "b", isDerived: false),
    ], categories: ["kind"], all: ["a", "b", "kind", "y"])

  var events: [Event]

  /// Events of which nothing is to be said, changed by `change` from number `since` on.
  init(
    _ count: Int, seed: UInt64 = 1, since: Int = .max,
    _ change: (Int, inout Event, inout RandomBits) -> Void = { _, _, _ in }
  ) {
    var random = RandomBits(seed: seed)
    events = (0..<count).map { number in
      let (a, b) = (20 + 4 * random.normal(), random.normal())
      var event = Event(
        a: a, b: b, level: random.below(3), target: 2 * b + random.normal(),
        time: Double(number) * 60)
      if number >= since { change(number, &event, &random) }
      return event
    }
  }

  static let names = ["red", "green", "blue", "mauve", "M\u{C3}\u{BC}nchen"]

  /// Lends batches of the events from `first` on, of these sizes in turn.
  func batches(
    _ sizes: [Int], from first: Int = 0, to last: Int? = nil,
    _ body: (borrowing MicroBatch) -> Void
  ) {
    var batch = MicroBatch(capacity: sizes.max() ?? 1, denseWidth: 2)
    var named = first == 0 ? 0 : (events[..<first].map(\.level).max() ?? -1) + 1
    var (next, turn) = (first, 0)
    let end = last ?? events.count
    while next < end {
      batch.removeAll()
      for _ in 0..<sizes[turn % sizes.count] where next < end {
        let event = events[next]
        for fault in event.refused { batch.addRefused(fault.column, fault.kind) }
        for (j, value) in [event.a, event.b].enumerated() {
          batch.nextDense[j] = value.isNaN ? 0 : value
          if value.isNaN { batch.markAbsent(j) }
        }
        while event.level >= named {
          Array(WatchedStream.names[named].utf8).withUnsafeBytes {
            batch.addLevel(named, 0, name: $0)
          }
          named += 1
        }
        batch.setLevel(Int32(event.level), 0, width: 1)
        batch.endRow(target: event.target, weight: 1, time: event.time, line: next + 1)
        next += 1
      }
      turn += 1
      body(batch)
    }
  }

  /// Shows the events from `first` on.
  func show(
    _ monitor: inout Monitor, from first: Int = 0, to last: Int? = nil, sizes: [Int] = [100]
  ) {
    var event = first
    batches(sizes, from: first, to: last) { batch in
      monitor.observe(batch, 0..<batch.count, firstEvent: event, takesTargets: true)
      monitor.observeRest(batch)
      event += batch.count
    }
  }

  /// What all checks find in it.
  func findings(
    _ checks: [String] = CheckEntry.all.map(\.name), sizes: [Int] = [100],
    reference: Reference? = nil
  ) throws -> [Finding] {
    var monitor = try Monitor(
      checks, WatchedStream.columns, task: .regression, reference: reference)
    show(&monitor, sizes: sizes)
    return monitor.takeFindings()
  }

  /// A stream with one of everything in it.
  static let broken = WatchedStream(4_000, since: 2_000) { number, event, random in
    switch number / 256 % 8 {
    case 0: event.a = .nan
    case 1: event.a = event.a * 1.8 + 32
    case 2: event.level = 3
    case 3: event.refused = [("b", "not-a-number"), ("kind", "not-utf8")]
    case 4: event.target = -event.target
    case 5: event.level = 4
    case 6: event.b += 3
    default: event.time += 100_000
    }
  }
}

@Suite struct CheckLawTests {
  @Test func `where batches begin and end changes nothing that is found`() throws {
    let whole = try WatchedStream.broken.findings()
    #expect(whole.count > 5)
    for sizes in [[1], [7, 64, 3], [4_000]] {
      #expect(try WatchedStream.broken.findings(sizes: sizes) == whole, "batches of \(sizes)")
    }
  }

  @Test(arguments: [500, 2_411])
  func `a monitor goes on after a snapshot as if nothing had been`(
    cut: Int
  ) throws {
    let names = CheckEntry.all.map(\.name)
    func fresh() throws -> Monitor {
      try Monitor(names, WatchedStream.columns, task: .regression)
    }
    var whole = try fresh()
    WatchedStream.broken.show(&whole)
    let wanted = whole.takeFindings()
    var first = try fresh()
    WatchedStream.broken.show(&first, to: cut)
    var writer = SnapshotWriter()
    first.write(to: &writer)
    var second = try fresh()
    var reader = SnapshotReader(payload: writer.payload)
    try second.restore(from: &reader)
    #expect(reader.left == 0)
    let known = (WatchedStream.broken.events[..<cut].map(\.level).max() ?? -1) + 1
    second.know([Array(WatchedStream.names[..<known])])
    WatchedStream.broken.show(&second, from: cut)
    #expect(second.takeFindings() == wanted)
  }

  @Test(arguments: [1, 2] as [UInt64])
  func `nothing is found in a stream that stays as it is`(seed: UInt64) throws {
    #expect(try WatchedStream(10_000, seed: seed).findings().isEmpty, "seed \(seed)")
  }

  @Test func `nothing is found in a stream of constants, or where nothing is labelled`() throws {
    var stream = WatchedStream(5_000)
    for i in stream.events.indices {
      (stream.events[i].a, stream.events[i].b, stream.events[i].level) = (1, 2, 0)
      (stream.events[i].target, stream.events[i].time) = (.nan, .nan)
    }
    #expect(try stream.findings().isEmpty)
  }

  @Test func `every check has a runbook, and takes an action`() {
    for check in CheckEntry.all {
      #expect(!check.runbook.meaning.isEmpty, "\(check.name)")
      #expect(!check.runbook.lookAt.isEmpty && !check.runbook.toDo.isEmpty, "\(check.name)")
      #expect(check.entry.parameters.contains { $0.name == "action" }, "\(check.name)")
    }
  }

  @Test func `the page of runbooks is that of the catalogue`() throws {
    let page = Golden.project.appending(path: "Sources/Monitors/RUNBOOK.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    #expect(text == RunbookPage.text, "weir runbook > Sources/Monitors/RUNBOOK.md makes it anew")
  }

  @Test func `a check can be named alone, and set otherwise than the others`() throws {
    #expect(
      try CheckWish(all: false, named: ["missing:action=retrain"]).specifications
        == ["missing:action=retrain"])
    let all = try CheckWish(all: true, named: ["range:action=note"])
    #expect(all.specifications.count == CheckEntry.all.count && !all.mayRetrain)
    #expect(all.specifications.contains("range:action=note"))
    #expect(throws: SpecificationError.self) { try CheckWish(all: true, named: ["rnage"]) }
  }
}

/// What is found, and what it is called.
@Suite struct CheckTests {
  private func first(
    _ check: String, _ stream: WatchedStream, sizes: [Int] = [100]
  ) throws -> Finding {
    try #require(try stream.findings([check], sizes: sizes).first, "\(check) found nothing")
  }

  @Test(arguments: [0.1, 0.5, 1])
  func `a column that loses its values is named within some blocks`(share: Double) throws {
    let stream = WatchedStream(6_000, since: 3_000) { _, event, random in
      if random.unit() < share { event.a = .nan }
    }
    let found = try first("missing", stream)
    #expect(found.column == "a" && found.kind == "missing")
    #expect((2_900...3_100).contains(found.since))
    #expect(found.event < (share > 0.4 ? 3_200 : 3_500))
    // The block in which it began may have rows of before.
    #expect((found.found ?? 0) > 0.2 * share && (found.found ?? 1) < share + 0.15)
  }

  @Test func `a column that has its values again is told so`() throws {
    let stream = WatchedStream(6_000, since: 3_000) { number, event, _ in
      if number < 4_000 { event.a = .nan }
    }
    let found = try stream.findings(["missing"])
    #expect(found.map(\.isOver) == [false, true])
    #expect((4_000...4_700).contains(found.last?.event ?? 0))
  }

  @Test func `numbers in another unit are out of range within a block or two`() throws {
    let stream = WatchedStream(4_000, since: 3_000) { _, event, _ in event.a = event.a * 1.8 + 32 }
    let found = try first("range", stream)
    #expect(found.column == "a" && found.event <= 3_136)
  }

  @Test func `a value that was never there before is named when it comes often`() throws {
    let stream = WatchedStream(4_000, since: 3_000) { number, event, _ in
      if number % 4 == 0 { event.level = 3 }
    }
    let found = try first("unseen-category", stream)
    #expect(found.column == "kind" && found.event < 3_400)
  }

  @Test func `text that was converted twice is named`() throws {
    let stream = WatchedStream(4_000, since: 3_000) { number, event, _ in
      if number % 2 == 0 { event.level = 4 }
    }
    let found = try first("encoding", stream)
    #expect(found.column == "kind" && found.kind == "mojibake" && found.event < 3_300)
  }

  @Test func `rows that are refused for a letter in a number are told though no event comes`()
    throws
  {
    var stream = WatchedStream(3_100)
    stream.events[3_050].refused = Array(repeating: ("b", "not-a-number"), count: 300)
    let found = try first("schema", stream)
    #expect(found.column == "b" && found.kind == "not-a-number" && found.event == 3_050)
  }

  @Test func `a column that is no longer filled is gone after some rows`() throws {
    let stream = WatchedStream(4_000, since: 3_000) { _, event, _ in event.b = .nan }
    let found = try first("schema", stream)
    #expect(found.column == "b" && found.kind == "empty" && found.event <= 3_264)
  }

  @Test func `columns that came or went are told at the first look`() throws {
    var reference = Profile(WatchedStream.columns).reference
    reference.columns = ["a", "b", "kind", "y", "size"]
    reference.numbers["kind"] = Reference.Number()
    let found = try WatchedStream(64).findings(["schema"], reference: reference)
    #expect(found.map(\.kind) == ["gone", "kind"])
    #expect(found.map(\.column) == ["size", "kind"])
  }
}
