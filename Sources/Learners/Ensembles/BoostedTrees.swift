import Kernels
import Snapshots

/// Gradient-boosted trees of numbers, one pass over the stream.
///
///     F₀ = the mean of the targets (log-odds of the classes), Fₘ = Fₘ₋₁ + η·treeₘ(x)
///
/// Tree m learns −g/h with weight h, g and h the first two derivatives of the loss at Fₘ₋₁: of squared
/// loss what is left, y − Fₘ₋₁; of log loss (y − p)/h with weight h = max(p·(1 − p), 0.1). Every stage sees each
/// row once, after it was predicted; those whose tree has nothing to add yet add little.
///
/// Reference: N. Gunasekara, B. Pfahringer, H. Gomes and A. Bifet, Gradient boosted trees for evolving data
/// streams, Machine Learning 113 (2024), of which this is the plain form (SGBT): no skipping of rows, no
/// replacement of stages.
///
/// Memory: that of the trees.
struct BoostedTrees: ValueModel {
  struct Settings: Sendable {
    var stages = 50
    /// η.
    var rate = 0.1
    /// Whether targets are classes 0 and 1, answered by a probability.
    var isBinary = false
    var tree = ValueTreeSettings()
    var seed: UInt64 = 1
  }

  /// Without it one row of a rare class is a target far beyond all others: on the fraud file average precision
  /// is .45 with 1e-3, .75 with 0.1.
  private static let leastCurvature = 0.1

  /// Rows that a stage takes at a time.
  private static let blockRows = 8

  private let settings: Settings
  private let workers: Workers
  private var trees: [ValueTree] = []
  private var targets = Moments()
  /// Fₘ of each row, on its way through the stages.
  private var sums: [Double] = []

  init(_ settings: Settings, numbers: Int, nominals: Int, workers: Workers) {
    self.settings = settings
    self.workers = workers
    var random = RandomBits(seed: settings.seed)
    for _ in 0..<settings.stages {
      trees.append(
        ValueTree(
          settings: settings.tree, numbers: numbers, nominals: nominals, seed: random.next()))
    }
  }

  var memoryBytes: Int { trees.reduce(8 * sums.capacity) { $0 + $1.memoryBytes } }

  /// F₀: of classes with one of each on top.
  private var start: Double {
    guard settings.isBinary else { return targets.mean }
    return LogOdds.of((targets.mean * targets.weight + 1) / (targets.weight + 2))
  }

  /// A stage needs of a row only what the stages before it have said: so each takes a block of rows before the
  /// next does, and threads have a part of the stages each, one block behind one another.
  mutating func take(_ rows: ValueRows, into answers: UnsafeMutablePointer<Double>) {
    while sums.count < rows.count { sums.append(0) }
    for r in 0..<rows.count {
      sums[r] = start
      if rows.isLearned(r) { targets.add(rows.targets[r], rows.weights[r]) }
    }
    let blocks = (rows.count + BoostedTrees.blockRows - 1) / BoostedTrees.blockRows
    let parts = min(workers.count, trees.count)
    let (settings, workers, stages) = (settings, workers, trees.count)
    sums.withUnsafeMutableBufferPointer { sums in
      trees.withUnsafeMutableBufferPointer { trees in
        guard let sums = sums.baseAddress, let trees = trees.baseAddress else { return }
        for step in 0..<(blocks + parts - 1) {
          workers.perform(parts) { part in
            let block = step - part
            guard block >= 0, block < blocks else { return }
            let first = block * BoostedTrees.blockRows
            for m in (stages * part / parts)..<(stages * (part + 1) / parts) {
              BoostedTrees.take(
                rows, first..<min(first + BoostedTrees.blockRows, rows.count), settings, &trees[m],
                sums)
            }
          }
        }
      }
    }
    for r in 0..<rows.count {
      answers[r] = settings.isBinary ? LogOdds.probability(sums[r]) : sums[r]
    }
  }

  /// Takes rows through one stage.
  private static func take(
    _ rows: ValueRows, _ part: Range<Int>, _ settings: Settings, _ tree: inout ValueTree,
    _ sums: UnsafeMutablePointer<Double>
  ) {
    for r in part {
      let said = settings.rate * tree.answer(rows.numbers(r), rows.before(r), rows.levels(r))
      if rows.isLearned(r) {
        var (rest, curvature) = (rows.targets[r] - sums[r], 1.0)
        if settings.isBinary {
          let p = LogOdds.probability(sums[r])
          curvature = max(p * (1 - p), leastCurvature)
          rest = (rows.targets[r] - p) / curvature
        }
        tree.learn(
          rows.numbers(r), rows.after(r), rows.levels(r), target: rest,
          weight: rows.weights[r] * curvature)
      }
      sums[r] += said
    }
  }

  mutating func takeNews() -> [(kind: String, text: String)] {
    trees.indices.flatMap { trees[$0].takeNews() }
  }

  func drawing(_ attributes: TreeAttributes) -> TreeDrawing? { nil }

  func write(to writer: inout SnapshotWriter) {
    writer.write(targets.numbers)
    for tree in trees { tree.write(to: &writer) }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let sums = try reader.readDoubles()
    guard sums.count == 3 else { throw .corrupt }
    targets = Moments(weight: sums[0], mean: sums[1], squares: sums[2])
    for m in trees.indices { try trees[m].restore(from: &reader) }
  }
}
