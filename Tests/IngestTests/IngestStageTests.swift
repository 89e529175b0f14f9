import Batches
import TestSupport
import Testing

@testable import Ingest

/// How far the input is taken does not change what is there.
@Suite struct IngestStageTests {
  /// Rows of which every tenth cannot be parsed.
  private let text =
    "a,b,y\n"
    + (0..<1000).map { $0 % 10 == 9 ? "\($0),1\n" : "\($0),\($0 * 2).5,\($0 % 7)\n" }.joined()

  private func counts(_ stage: IngestStage) throws -> [Int] {
    var source = try EventSource.open(
      MemorySource(Array(text.utf8), pieces: [1 << 12]), options(target: "y"))
    var batch = MicroBatch(capacity: 64, denseWidth: source.schema.denseWidth)
    var counts: [Int] = []
    while true {
      let count = try source.take(stage, &batch)
      #expect(batch.count == (stage == .encode ? count : 0))
      guard count > 0 else { return counts }
      counts.append(count)
    }
  }

  @Test func `each stage takes everything, in pieces of a batch`() throws {
    // The header was used when the source was opened.
    #expect(try counts(.read).reduce(0, +) == text.utf8.count - 6)
    for (stage, rows) in [(IngestStage.index, 1000), (.parse, 900), (.encode, 900)] {
      let counts = try counts(stage)
      #expect(counts.reduce(0, +) == rows, "\(stage)")
      #expect(counts.dropLast().allSatisfy { $0 == 64 }, "\(stage)")
    }
  }
}
