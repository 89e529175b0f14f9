import Batches
import Kernels
import Monitors
import Snapshots
import Statistics
import TestSupport
import Testing

/// Checks of what moves slowly, or is served otherwise than it was trained; profiles; health.
@Suite struct DriftCheckTests {
  /// What a stream is like.
  private func profile(_ stream: WatchedStream, sizes: [Int] = [100]) throws -> Profile {
    var recorder = ProfileRecorder(WatchedStream.columns, sketchedRows: 0)
    stream.batches(sizes) { recorder.observe($0, 0..<$0.count) }
    return recorder.profile
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `a column that is served in another unit is named within 300 events`(seed: UInt64) throws {
    let reference = try profile(WatchedStream(6_000, seed: seed)).reference
    let served = WatchedStream(300, seed: seed + 10, since: 0) { _, event, _ in
      event.a = event.a * 1.8 + 32
    }
    let found = try served.findings(["skew", "range"], reference: reference)
    let unit = try #require(found.first { $0.kind == "unit" }, "seed \(seed)")
    #expect(unit.column == "a" && unit.event <= 300)
    #expect(unit.text.contains("°C to °F"))
    #expect(found.allSatisfy { $0.column == "a" })
  }

  @Test func `a unit is told of rounded numbers too, and of a column that stands still none`()
    throws
  {
    let rounded = WatchedStream(6_000, since: 0) { _, event, _ in
      event.a = (event.a / 2).rounded() * 2
    }
    let served = WatchedStream(300, seed: 11, since: 0) { _, event, _ in
      event.a = (event.a / 2).rounded() * 2 * 1.8 + 32
    }
    let found = try served.findings(
      ["skew", "range"], reference: profile(rounded).reference)
    #expect(
      found.contains { $0.kind == "unit" && $0.text.contains("°C to °F") },
      "\(found.map { "\($0.event) \($0.text)" })")
    // Months: some conversion of 1 is a month as well.
    let months = WatchedStream(6_000, since: 0) { number, event, _ in
      event.a = Double(1 + number / 500)
    }
    let january = WatchedStream(2_000, seed: 12, since: 0) { _, event, _ in event.a = 1 }
    let still = try january.findings(["skew", "range"], reference: profile(months).reference)
    #expect(still.contains { $0.column == "a" && $0.kind == "skew" })
    #expect(!still.contains { $0.kind == "unit" })
  }

  @Test func `a column that is served half a deviation higher is skewed, and in no other unit`()
    throws
  {
    let reference = try profile(WatchedStream(6_000)).reference
    let served = WatchedStream(2_000, seed: 7, since: 0) { number, event, _ in
      if number < 1_000 { event.a += 4 }
    }
    let found = try served.findings(["skew"], reference: reference)
    #expect(found.map(\.kind) == ["skew", "skew"] && found.map(\.isOver) == [false, true])
    #expect(found.first?.column == "a" && (found.first?.event ?? 0) <= 512)
  }

  @Test func `a category whose values come in other shares is a mix`() throws {
    // Of three values one is rare in training, and half of what is served.
    func stream(_ count: Int, _ seed: UInt64, rare: Double) -> WatchedStream {
      WatchedStream(count, seed: seed, since: 0) { _, event, random in
        event.level = random.unit() < rare ? 2 : random.below(2)
      }
    }
    let reference = try profile(stream(6_000, 1, rare: 0.05)).reference
    let found = try stream(1_500, 2, rare: 0.5).findings(["skew"], reference: reference)
    #expect(found.first?.column == "kind" && found.first?.kind == "mix")
    #expect(try stream(2_000, 3, rare: 0.05).findings(["skew"], reference: reference).isEmpty)
  }

  @Test func `a level that moves is told with where it was and where it is`() throws {
    let stream = WatchedStream(9_000, since: 5_000) { _, event, _ in event.b += 1 }
    let found = try stream.findings(["distribution"])
    let level = try #require(found.first { $0.column == "b" })
    #expect(level.kind == "level" && (4_700...5_300).contains(level.since))
    #expect(abs(level.expected ?? 9) < 0.2 && abs((level.found ?? 9) - 1) < 0.3)
    #expect(!found.contains { $0.column == "a" })
  }

  @Test func `a season that goes on is in no other unit`() throws {
    // It rises slowly beyond its range, as a spring does; some conversion would bring it back.
    let spring = WatchedStream(6_000, since: 0) { number, event, random in
      event.a = 10 + Double(number) / 150 + 2 * random.normal()
    }
    let found = try spring.findings(["range"])
    #expect(found.contains { $0.kind == "range" && $0.column == "a" })
    #expect(!found.contains { $0.kind == "unit" }, "\(found.map(\.text))")
  }

  @Test func `a column that only rises is a clock, and its level is not watched`() throws {
    let stream = WatchedStream(8_000, since: 0) { number, event, _ in event.a = Double(number) }
    let found = try stream.findings(["distribution", "range", "skew"])
    #expect(found.map(\.kind) == ["clock"] && found.first?.column == "a")
    #expect(found.first?.severity == .note)
  }

  @Test func `a spread that grows is told as such`() throws {
    let stream = WatchedStream(9_000, since: 5_000) { _, event, _ in event.b *= 2 }
    let found = try stream.findings(["distribution"])
    #expect(found.first?.column == "b" && found.first?.kind == "spread")
  }

  @Test func `a relation that turns round is told, and a unit is none`() throws {
    let turned = WatchedStream(9_000, since: 5_000) { _, event, _ in event.target = -event.target }
    let found = try #require(try turned.findings(["relation"]).first)
    #expect(found.column == "b" && found.kind == "relation" && found.event < 6_500)
    #expect((found.expected ?? 0) > 0.7 && (found.found ?? 0) < -0.5)
    let unit = WatchedStream(9_000, since: 5_000) { _, event, _ in event.b = event.b * 1.8 + 32 }
    #expect(try unit.findings(["relation"]).isEmpty)
  }

  @Test func `gaps and bursts are told by the time of the events`() throws {
    let gap = WatchedStream(4_000, since: 3_000) { _, event, _ in event.time += 3_600 }
    let found = try gap.findings(["volume"])
    #expect(found.map(\.kind) == ["gap"] && found.first?.since == 3_000)
    let burst = WatchedStream(6_000, since: 3_000) { number, event, _ in
      event.time = number < 4_000 ? 180_000 + Double(number - 3_000) : event.time
    }
    #expect(try burst.findings(["volume"]).map(\.kind).first == "burst")
  }

  @Test func `a profile does not depend on batches, and is resumed`() throws {
    let stream = WatchedStream.broken
    let whole = try profile(stream).reference
    #expect(try profile(stream, sizes: [1, 63, 300]).reference == whole)
    #expect(whole.numbers["a"]?.missing == stream.events.count { $0.a.isNaN })
    #expect(whole.rows == 4_000 && whole.refused > 0)
    var writer = SnapshotWriter()
    let made = try profile(stream)
    made.write(to: &writer)
    var again = Profile(WatchedStream.columns)
    var reader = SnapshotReader(payload: writer.payload)
    try again.restore(from: &reader)
    #expect(reader.left == 0 && again.reference == whole)
    var reference = Reference()
    var second = SnapshotWriter()
    whole.write(to: &second)
    reader = SnapshotReader(payload: second.payload)
    try reference.restore(from: &reader)
    #expect(reader.left == 0 && reference == whole)
  }

  @Test func `profiles of two parts are joined to that of the whole`() throws {
    let stream = WatchedStream(6_400)
    let whole = try profile(stream)
    var (first, second) = (stream, stream)
    first.events = Array(stream.events[..<2_560])
    second.events = Array(stream.events[2_560...])
    var joined = try profile(first)
    joined.merge(try profile(second))
    for (one, other) in zip(whole.numbers, joined.numbers) {
      #expect(one.values.count == other.values.count && one.missing == other.missing)
      #expect(abs(one.values.mean - other.values.mean) < 1e-9)
      #expect(abs(one.values.variance - other.values.variance) < 1e-9 * one.values.variance)
      #expect(one.distinct == other.distinct)
      for share in [0.1, 0.5, 0.9] {
        let value = try #require(one.quantiles.quantile(share))
        #expect(abs(other.quantiles.rank(value) - share) < 0.05)
      }
      #expect(abs(one.relation.correlation - other.relation.correlation) < 1e-9)
    }
    #expect(whole.categories[0].top.top == joined.categories[0].top.top)
  }

  @Test func `a long stream is sampled, and its quantiles are as near`() throws {
    var random = RandomBits(seed: 6)
    var batch = MicroBatch(capacity: 250, denseWidth: 2)
    var recorder = ProfileRecorder(WatchedStream.columns, sketchedRows: 1_024)
    for _ in 0..<160 {
      batch.removeAll()
      for _ in 0..<250 {
        (batch.nextDense[0], batch.nextDense[1]) = (random.unit(), 5)
        batch.setLevel(InputRows.missing, 0, width: 1)
        batch.endRow(target: 1, weight: 1, time: .nan, line: 1)
      }
      recorder.observe(batch, 0..<250)
    }
    let profile = recorder.profile
    #expect(profile.rows == 40_000 && profile.looked < 8_000)
    for share in [0.1, 0.5, 0.9] {
      let found = try #require(profile.numbers[0].quantiles.quantile(share))
      #expect(abs(found - share) < 0.04)
    }
    #expect(profile.reference.categories["kind"]?.missing == 40_000)
    #expect(profile.reference.numbers["b"]?.deviation == 0)
  }

  private func finding(
    _ check: String, _ column: String, event: Int, kind: String = "missing", isOver: Bool = false
  ) -> Finding {
    Finding(
      check: check, severity: isOver ? .note : .alarm, column: column, event: event,
      since: event, kind: kind, text: "\(check) \(column)", isOver: isOver)
  }

  @Test func `broken data hide a decaying model until they are whole again`() {
    var health = Health()
    health.note(finding("relation", "a", event: 100, kind: "relation"))
    #expect(health.ask(event: 100)?.state == .modelDecaying)
    health.note(finding("missing", "b", event: 200))
    #expect(health.ask(event: 200)?.state == .dataBroken)
    #expect(health.ask(event: 300) == nil)
    health.note(finding("missing", "b", event: 400, isOver: true))
    #expect(health.ask(event: 400)?.state == .modelDecaying)
    #expect(health.ask(event: 100 + Health.memory + 1)?.state == .ok)
    #expect(health.state == .ok && health.why.isEmpty && health.changes == 4)
  }

  @Test func `inputs that move are no illness, and notes complain of nothing`() {
    var health = Health()
    health.note(finding("distribution", "a", event: 100, kind: "level"))
    health.note(
      Finding(
        check: "missing", severity: .note, column: "a", event: 1, since: 0, kind: "missing",
        text: ""))
    #expect(health.ask(event: 100) == nil && health.state == .ok)
  }

  @Test func `a model that loses to the best baseline again and again is wrong`() {
    var health = Health()
    for round in 1...4 {
      health.compare(isWorse: true) { "worse" }
      #expect((health.ask(event: round) != nil) == (round == 4))
    }
    #expect(health.state == .modelWrong)
    health.compare(isWorse: false) { "" }
    #expect(health.ask(event: 9)?.state == .ok)
  }
}
