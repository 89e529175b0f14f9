import Batches
import Snapshots
import TestSupport
import Testing

@testable import Explanations

@Suite struct BackgroundTests {
  private func fill(_ background: Background, _ rows: Range<Int>) {
    var batch = MicroBatch(capacity: 1, denseWidth: 1)
    for k in rows {
      batch.removeAll()
      batch.nextDense[0] = Double(k)
      batch.addSparse(k % 3, 1)
      batch.endRow(target: 0, weight: 1, time: .nan, line: k + 1)
      background.observe(batch, 0)
    }
  }

  private func values(_ background: Background) -> [Double] {
    background.places.map { background.rows.dense($0)[0] }
  }

  @Test func `every row is as likely to be kept as any other`() {
    var kept = Array(repeating: 0.0, count: 50)
    for seed in UInt64(1)...400 {
      let background = Background(capacity: 10, denseWidth: 1, seed: seed)
      fill(background, 0..<50)
      #expect(Set(values(background)).count == 10)
      for value in values(background) { kept[Int(value)] += 1 }
    }
    // 80 of 400 in the mean, with a deviation of 8.
    #expect(kept.allSatisfy { abs($0 - 80) < 40 })
  }

  @Test func `one that is read back goes on as if nothing had been`() throws {
    let whole = Background(capacity: 7, denseWidth: 1, seed: 3)
    fill(whole, 0..<100)
    var writer = SnapshotWriter()
    whole.write(to: &writer)
    let other = Background(capacity: 7, denseWidth: 1, seed: 3)
    var reader = SnapshotReader(payload: writer.payload)
    try other.restore(from: &reader)
    fill(whole, 100..<300)
    fill(other, 100..<300)
    #expect(values(whole) == values(other) && whole.families == 1)
    #expect(throws: SnapshotError.self) {
      var again = SnapshotReader(payload: writer.payload)
      try Background(capacity: 8, denseWidth: 1).restore(from: &again)
    }
  }
}
