import Foundation
package import Batches

/// Rows to be learned, for filling batches of any size.
package struct Rows: Sendable {
  package struct Row: Sendable {
    package var dense: [Double]
    package var sparse: [(index: Int, value: Double)] = []
    package var target: Double
    package var weight = 1.0

    package init(
      _ dense: [Double], sparse: [(index: Int, value: Double)] = [], target: Double,
      weight: Double = 1
    ) {
      self.dense = dense
      self.sparse = sparse
      self.target = target
      self.weight = weight
    }
  }

  package let width: Int
  package var rows: [Row]

  package init(width: Int, _ rows: [Row]) {
    self.width = width
    self.rows = rows
  }

  /// Lends batches of the sizes given, in turn and again from the start.
  package func forEachBatch(_ sizes: [Int], _ body: (borrowing MicroBatch) -> Void) {
    var batch = MicroBatch(capacity: sizes.max() ?? 1, denseWidth: width)
    var next = 0
    var turn = 0
    while next < rows.count {
      batch.removeAll()
      for _ in 0..<sizes[turn % sizes.count] where next < rows.count {
        let row = rows[next]
        for (j, value) in row.dense.enumerated() { batch.nextDense[j] = value }
        for (index, value) in row.sparse { batch.addSparse(index, value) }
        batch.endRow(target: row.target, weight: row.weight, time: .nan, line: next + 1)
        next += 1
      }
      turn += 1
      body(batch)
    }
  }

  /// Random rows of which two numbers and a category decide, by thresholds: what trees are made for. One
  /// label in ten is noise.
  package static func boxes(seed: UInt64, count: Int, width: Int, task: Task) -> Rows {
    var random = SplitMix(seed: seed)
    return Rows(
      width: width,
      (0..<count).map { _ in
        let dense = (0..<width).map { _ in random.normal() }
        let level = random.below(4)
        var kind = dense[0] < -0.3 ? 0 : dense[1] < 0.4 ? 1 : 2
        if level == 3 { kind = 2 - kind }
        if random.below(10) == 0 { kind = random.below(3) }
        let target =
          switch task {
          case .regression: Double(10 * kind) + random.normal()
          case .binary: kind == 1 ? 1.0 : 0
          case .multiclass: Double(kind)
          }
        return Row(dense, sparse: [(level, 1)], target: target)
      })
  }

  /// Random rows with a linear relation, categories that appear little by little, some labels missing.
  package static func random(
    seed: UInt64, count: Int, width: Int, task: Task, classes: Int = 3, missing: Bool = true
  ) -> Rows {
    var random = SplitMix(seed: seed)
    let truth = (0..<width).map { _ in random.normal() }
    let rows = (0..<count).map { i -> Row in
      let dense = (0..<width).map { Double($0 + 1) * random.normal() + Double($0) }
      let level = min(random.below(6), i / 20)
      var z = zip(dense, truth).reduce(0) { $0 + $1.0 * $1.1 / Double(width * width) }
      z += Double(level) / 3 - 0.5
      let target: Double
      switch task {
      case .regression: target = 10 * z + random.normal()
      case .binary: target = random.unit() < 1 / (1 + (-2 * z).exponential) ? 1 : 0
      case .multiclass:
        target = Double(min(max(Int((z + 1) * Double(classes) / 2), 0), classes - 1))
      }
      let isUnlabelled = missing && random.below(23) == 0
      return Row(
        dense, sparse: [(level, 1), (6 + random.below(3), random.unit())],
        target: isUnlabelled ? .nan : target, weight: random.below(5) == 0 ? 2 : 1)
    }
    return Rows(width: width, rows)
  }
}

extension Double {
  /// e to this power.
  package var exponential: Double { Foundation.exp(self) }
}
