import Batches
import Kernels
import TestSupport
import Testing

@testable import Ingest

/// Reading ahead is as if nobody did.
@Suite struct ReadAheadTests {
  /// Rows with numbers, categories, gaps and mistakes.
  private func text(rows: Int, seed: UInt64) -> [UInt8] {
    var random = SplitMix(seed: seed)
    // Wide enough for its parsing to be shared out.
    let rest = ",0.5,-1,2,\"3\"\n"
    var text = "kind,a,b,y,p,q,r,s\n"
    for i in 0..<rows {
      let kind = "k\(random.below(3 + i / 100))"
      switch random.below(40) {
      case 0: text += "\(kind),oops,1,2" + rest
      case 1: text += "\(kind),1\n"
      case 2: text += "\"\(kind)\",,\(i)," + rest
      default:
        text += "\(kind),\(random.below(1000)).5,\(i),\(Double(random.below(100)) / 8)" + rest
      }
    }
    return Array(text.utf8)
  }

  private func wish() -> IngestOptions {
    options(target: "y") {
      $0.number = ["a", "b", "y"]
      $0.category = ["kind"]
      $0.lags = ["y=1,24"]
      $0.crosses = ["kind*a"]
      $0.task = .regression
    }
  }

  @Test func `whatever the pieces, the rows, the refusals and the notices are the same`() throws {
    for seed in 0..<40 as Range<UInt64> {
      var random = SplitMix(seed: seed)
      let bytes = text(rows: 1 + random.below(2_000), seed: seed)
      let pieces = (0..<5).map { _ in 1 + random.below(3_000) }
      let size = 16 + random.below(200)
      let plain = try take(bytes, wish(), pieces: pieces, batch: size)
      let source = MemorySource(bytes, pieces: pieces)
      let ahead = try take(source, wish(), batch: size, isAhead: true)
      #expect(ahead == plain, "seed \(seed)")
      #expect(ahead.samples == plain.samples, "seed \(seed)")
      #expect(ahead.notices == plain.notices, "seed \(seed)")
      // As on a machine of more cores.
      let many = try take(source, wish(), batch: size, isAhead: true, helpers: 3)
      #expect(many == plain && many.samples == plain.samples, "seed \(seed)")
      // A pipe that now and then has nothing to say.
      let slow = SourceTests.SlowSource(base: source)
      #expect(try take(slow, wish(), batch: size, isAhead: true) == plain, "seed \(seed)")
    }
  }

  /// What a run has learned when a read fails or a bad row is one too many.
  private func rowsBeforeFailure(
    _ source: some ByteSource, _ options: IngestOptions, isAhead: Bool
  ) throws -> (rows: Int, error: IngestError?) {
    var events = ReadAhead(try EventSource.open(source, options), rows: 16, isAhead: isAhead)
    var batch = MicroBatch(capacity: 16, denseWidth: events.schema.denseWidth)
    var rows = 0
    do {
      while true {
        batch.removeAll()
        let outcome = try events.fill(&batch, upTo: nil)
        rows += batch.count
        if outcome == .end { return (rows, nil) }
      }
    } catch {
      // What came before the failure is in the batch.
      return (rows + batch.count, error as? IngestError)
    }
  }

  @Test func `a read that fails fails after the same rows`() throws {
    let bytes = text(rows: 600, seed: 7)
    for reads in stride(from: 20, to: 90, by: 3) {
      let source = SourceTests.FailingSource(
        base: MemorySource(bytes, pieces: [202]), left: reads)
      let plain = try rowsBeforeFailure(source, wish(), isAhead: false)
      let ahead = try rowsBeforeFailure(source, wish(), isAhead: true)
      #expect(plain == ahead, "read \(reads)")
      #expect(ahead.error == .cannotRead(reason: "it broke"))
    }
  }

  @Test func `a bad row too many is met after the same rows`() throws {
    let bytes = text(rows: 2_000, seed: 3)
    for most in [0, 1, 5, 20] {
      var options = wish()
      options.badRows = BadRowPolicy(limit: .count(most))
      let plain = try rowsBeforeFailure(MemorySource(bytes), options, isAhead: false)
      let ahead = try rowsBeforeFailure(MemorySource(bytes), options, isAhead: true)
      #expect(plain == ahead, "at most \(most)")
      #expect(ahead.error != nil)
    }
  }

  /// All rows, with a product of features that begins at event 512 and ends at 1,024.
  private func takeChanging(_ bytes: [UInt8], isAhead: Bool) throws -> [[Int32]] {
    var events = ReadAhead(
      try EventSource.open(MemorySource(bytes), wish()), rows: 100, isAhead: isAhead)
    var batch = MicroBatch(capacity: 100, denseWidth: events.schema.denseWidth)
    var rows: [[Int32]] = []
    while true {
      batch.removeAll()
      let outcome = try events.fill(&batch, upTo: (rows.count / 512 + 1) * 512)
      for row in 0..<batch.count {
        let features = batch.sparse(row)
        rows.append((0..<features.count).map { features.indices[$0] })
      }
      if batch.count > 0, rows.count == 512 { events.change([.add(levels: [0], dense: [1])]) }
      if batch.count > 0, rows.count == 1_024 {
        events.change([.drop(family: events.families.count - 1)])
      }
      if outcome == .end { return rows }
    }
  }

  @Test func `features change between the same rows`() throws {
    let bytes = text(rows: 1_800, seed: 11)
    let rows = try takeChanging(bytes, isAhead: true)
    #expect(try takeChanging(bytes, isAhead: false) == rows)
    #expect(rows[511].count + 1 == rows[512].count)
    #expect(rows[1_023].count == rows[1_024].count + 1)
  }

  @Test func `whoever stops in the middle waits for nobody`() throws {
    let bytes = text(rows: 3_000, seed: 5)
    for batches in 0..<20 {
      var events = ReadAhead(
        try EventSource.open(MemorySource(bytes), wish()), rows: 32, isAhead: true)
      var batch = MicroBatch(capacity: 32, denseWidth: events.schema.denseWidth)
      for _ in 0..<batches {
        batch.removeAll()
        _ = try events.fill(&batch, upTo: nil)
        #expect(batch.count == 32)
      }
      // Half of them say so, the others are just gone.
      if batches % 2 == 0 { events.close() }
    }
  }
}
