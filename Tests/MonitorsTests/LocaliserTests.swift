import Batches
import Monitors
import TestSupport
import Testing

@Suite struct LocaliserTests {
  /// What a row of the stream is like.
  private struct Event {
    var dense: [Double]
    var level: Int
    var loss: Double
    var absent: [Int] = []
  }

  private static let families = [FeatureFamily(name: "kind", levels: [0], dense: [])]

  /// A memory of events that `make` makes of their numbers.
  private func memory(
    _ count: Int, seed: UInt64 = 1, _ make: (Int, inout SplitMix) -> Event
  ) -> RowMemory {
    var memory = RowMemory(denseWidth: 3, families: LocaliserTests.families)
    var batch = MicroBatch(capacity: 1, denseWidth: 3)
    var random = SplitMix(seed: seed)
    for event in 0..<count {
      let row = make(event, &random)
      batch.removeAll()
      for j in 0..<3 { batch.nextDense[j] = row.dense[j] }
      for j in row.absent { batch.markAbsent(j) }
      batch.addSparse(row.level, 1)
      batch.endRow(target: 0, weight: 1, time: .nan, line: event + 1)
      memory.append(batch, row: 0, event: event, loss: row.loss)
    }
    return memory
  }

  private func usual(_ random: inout SplitMix) -> Event {
    Event(
      dense: [random.normal(), 20 + 4 * random.normal(), Double(random.below(5))],
      level: random.below(3), loss: abs(random.normal()))
  }

  private func localised(_ memory: RowMemory, since: Int = 3_000) -> Localisation {
    Localiser.localise(memory, since: since, from: 0, to: since + 200)
  }

  @Test func `a relation that changes for some is found with them`() throws {
    let found = localised(
      memory(3_200) { event, random in
        var row = usual(&random)
        if event >= 3_000, row.level == 2 { row.loss += 5 }
        return row
      })
    #expect(found.cause == .relation)
    let segment = try #require(found.segment)
    #expect(segment.members == .level(family: 0, index: 2))
    #expect(segment.part > 0.8 && segment.lossAfter > segment.lossBefore + 4)
    #expect(found.shifts.isEmpty && found.fault == nil)
  }

  @Test func `a relation that changes where a number is high is found there`() throws {
    let found = localised(
      memory(3_200) { event, random in
        var row = usual(&random)
        if event >= 3_000, row.dense[0] > 1.3 { row.loss += 8 }
        return row
      })
    #expect(found.cause == .relation)
    guard case .range(0, let from, .infinity) = try #require(found.segment).members else {
      Issue.record("\(String(describing: found.segment))")
      return
    }
    #expect(from > 1 && from < 1.5)
  }

  @Test func `rows that cost more come more often`() {
    let found = localised(
      memory(3_200) { event, random in
        var row = usual(&random)
        if event >= 3_000 { row.level = random.below(10) == 0 ? random.below(3) : 2 }
        row.loss = row.level == 2 ? 6 + random.normal() : 1 + random.normal()
        return row
      })
    #expect(found.cause == .inputs)
    #expect(found.shifts.map(\.feature) == [.family(0)])
    #expect((found.explained ?? 0) > 0.8)
  }

  @Test func `inputs where nobody has been`() {
    let found = localised(
      memory(3_200) { event, random in
        var row = usual(&random)
        if event >= 3_000 {
          row.dense[0] += 8
          row.loss += 9
        }
        return row
      })
    #expect(found.cause == .inputs)
    #expect(found.shifts.first?.feature == .dense(0))
  }

  @Test func `broken columns are named with what is wrong`() {
    func fault(_ change: @escaping (inout Event, inout SplitMix) -> Void) -> Localisation {
      localised(
        memory(3_200) { event, random in
          var row = usual(&random)
          if event >= 3_000 { change(&row, &random) }
          return row
        })
    }
    let fahrenheit = fault { row, _ in row.dense[1] = row.dense[1] * 1.8 + 32 }
    #expect(fahrenheit.cause == .data)
    #expect(fahrenheit.fault?.feature == .dense(1))
    #expect(fahrenheit.fault?.fault == .unit(UnitConversion.known[0]))
    let stuck = fault { row, _ in row.dense[0] = 0.25 }
    #expect(stuck.fault?.fault == .stuck(value: 0.25))
    let gone = fault { row, random in if random.below(2) == 0 { row.absent = [2] } }
    guard case .missing(0, let share) = gone.fault?.fault else {
      Issue.record("\(String(describing: gone.fault))")
      return
    }
    #expect(share > 0.35 && share < 0.65)
    let other = fault { row, _ in row.level += 10 }
    #expect(other.fault?.fault == .unknownLevels(share: 1))
    // One new level that stays is another month.
    #expect(fault { row, _ in row.level = 10 }.fault == nil)
  }

  @Test func `nothing stands out of a stream that does not change`() {
    var causes: [Localisation.Cause: Int] = [:]
    for seed in 0..<60 as Range<UInt64> {
      let found = localised(memory(3_200, seed: seed) { _, random in usual(&random) })
      causes[found.cause, default: 0] += 1
      #expect(found.fault == nil, "seed \(seed)")
    }
    #expect(causes[.unclear, default: 0] >= 57, "\(causes)")
  }

  @Test func `few rows say nothing`() {
    let few = memory(3_010) { _, random in usual(&random) }
    #expect(localised(few).cause == .unclear)
    #expect(localised(memory(3) { _, random in usual(&random) }, since: 0).cause == .unclear)
    #expect(localised(memory(0) { _, random in usual(&random) }, since: 9).cause == .unclear)
  }

  @Test func `the latest rows are all there, and of the others a fair share`() {
    let memory = memory(20_000) { event, random in
      Event(dense: [Double(event), 0, 0], level: event % 7, loss: Double(event) / 2)
    }
    let latest = memory.rows(18_976..<20_000)
    #expect(latest.map(\.event) == Array(18_976..<20_000))
    for place in latest {
      #expect(memory.value(place, 0) == Double(place.event))
      #expect(memory.level(place, 0) == place.event % 7)
      #expect(memory.loss(place) == Double(place.event) / 2)
    }
    // 1,024 of 18,976: of each quarter 256, give or take five deviations.
    for quarter in 0..<4 {
      let share = memory.rows(quarter * 4_744..<(quarter + 1) * 4_744)
      #expect(abs(share.count - 256) < 70)
      #expect(share.allSatisfy { memory.value($0, 0) == Double($0.event) })
    }
    #expect(memory.memoryBytes < 200_000)
  }
}
