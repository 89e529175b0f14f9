import Batches
import Snapshots
import TestSupport
import Testing

@testable import Learners

@Suite struct DivergenceGuardTests {
  /// What was written down gives back what a copy would have.
  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `weights that moved come back as from a copy`(seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    let layout = LinearLayout(denseWidth: 2)
    // Rows of so many features in so narrow a table that notes grow past it now and then.
    let (width, most) = seed % 2 == 0 ? (70_000, 600) : (300, 9)
    func fresh(_ movesAll: Bool) -> DivergenceGuard {
      DivergenceGuard(isClassification: true, layout: layout, movesAll: movesAll)
    }
    var (notes, copies) = (fresh(false), fresh(true))
    var weights = Array(repeating: 0.0, count: layout.denseCount + width)
    var batch = MicroBatch(capacity: 1, denseWidth: 0)
    for row in 1...1500 {
      let indices = (0..<random.below(most)).map { _ in random.below(width) }
      for j in 0..<layout.denseCount { weights[j] += random.unit() }
      batch.removeAll()
      for index in indices { batch.addSparse(index, 1) }
      batch.endRow(target: 1, weight: 1, time: 0, line: row)
      let sparse = batch.sparse(0)
      weights.withUnsafeBufferPointer {
        notes.note(sparse, $0)
        copies.note(sparse, $0)
      }
      for index in indices { weights[layout.sparseOffset + index] += random.unit() }
      if random.below(97) == 0 {
        var (left, right) = (weights, weights)
        left.withUnsafeMutableBufferPointer {
          notes.recover($0, learned: row, from: 1, to: 0.5)
        }
        right.withUnsafeMutableBufferPointer {
          copies.recover($0, learned: row, from: 1, to: 0.5)
        }
        #expect(left == right, "row \(row)")
        weights = left
      } else {
        weights.withUnsafeBufferPointer {
          notes.keep($0)
          copies.keep($0)
        }
      }
      if row % 211 == 0 {
        var writer = SnapshotWriter()
        notes.write(to: &writer)
        var reader = try SnapshotReader(writer.sealed())
        notes = fresh(false)
        try notes.restore(from: &reader)
      }
    }
    #expect(notes.trips > 5)
  }
}
