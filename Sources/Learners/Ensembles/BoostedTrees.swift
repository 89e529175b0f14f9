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

  private let settings: Settings
  private var trees: [ValueTree] = []
  /// What each tree said of the row that was answered last.
  private var said: [Double]
  private var targets = Moments()

  init(_ settings: Settings, numbers: Int, nominals: Int) {
    self.settings = settings
    var random = RandomBits(seed: settings.seed)
    for _ in 0..<settings.stages {
      trees.append(
        ValueTree(
          settings: settings.tree, numbers: numbers, nominals: nominals, seed: random.next()))
    }
    said = Array(repeating: 0, count: settings.stages)
  }

  var memoryBytes: Int { trees.reduce(8 * said.capacity) { $0 + $1.memoryBytes } }

  /// F₀: of classes with one of each on top.
  private var start: Double {
    guard settings.isBinary else { return targets.mean }
    return LogOdds.of((targets.mean * targets.weight + 1) / (targets.weight + 2))
  }

  mutating func answer(
    _ x: UnsafePointer<Double>, _ z: UnsafePointer<Double>, _ levels: [Int32]
  ) -> Double {
    var sum = start
    for m in trees.indices {
      said[m] = settings.rate * trees[m].answer(x, z, levels)
      sum += said[m]
    }
    return settings.isBinary ? LogOdds.probability(sum) : sum
  }

  mutating func learn(
    _ x: UnsafePointer<Double>, _ z: UnsafePointer<Double>, _ levels: [Int32], target: Double,
    weight: Double
  ) {
    var sum = start
    for m in trees.indices {
      var (rest, curvature) = (target - sum, 1.0)
      if settings.isBinary {
        let p = LogOdds.probability(sum)
        curvature = max(p * (1 - p), BoostedTrees.leastCurvature)
        rest = (target - p) / curvature
      }
      sum += said[m]
      trees[m].learn(x, z, levels, target: rest, weight: weight * curvature)
    }
    targets.add(target, weight)
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
