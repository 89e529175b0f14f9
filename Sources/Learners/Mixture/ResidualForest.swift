import Batches
import Kernels
import Snapshots

/// What a linear expert leaves over, learned by a forest of trees with linear models in their leaves: where
/// numbers and categories act together in ways that no product among the features says.
///
/// The base is the last link's expert of second order, or where there is none its first-order expert of a
/// middle rate. The forest learns t − z, the target as the link has it less the base's predictor before it
/// learned the row; the expert says link⁻¹(z + forest). Trees see numbers as they come, leaves' models as
/// the mixture has them scaled.
///
/// Members learn a row Poisson(1) times and are not replaced: the base follows what drifts, and the
/// mixture turns away when the forest does not.
///
/// Memory: `ValueForest`.
struct ResidualForest: Sendable {
  private static let limit = 5.0

  private var forest: ValueForest
  private var watch = Stopwatch()
  private var attributes: TreeAttributes
  private let blank: ValueForest
  private var levels: [Int32]
  private var scaled: [Double]

  init(_ context: LearnerContext) {
    attributes = TreeAttributes(context)
    var settings = CommitteeSettings()
    settings.mean = 1
    settings.drift = 0
    var tree = ValueTreeSettings()
    tree.leaf = .linear
    tree.rate = 0.003
    tree.grace = 100
    tree.delta = 0.05
    tree.tie = 0.1
    tree.leastRows = 10
    tree.points = 32
    tree.subspace = (attributes.numbers + attributes.nominals) / 3 + 1
    forest = ValueForest(
      settings, tree: tree, numbers: attributes.numbers, nominals: attributes.nominals,
      workers: Workers(1))
    blank = forest
    levels = Array(repeating: -1, count: attributes.nominals)
    scaled = Array(repeating: 0, count: attributes.numbers)
  }

  var memoryBytes: Int { forest.memoryBytes }
  /// How long it has taken.
  var seconds: Double { watch.seconds }

  /// What the base leaves over of a row, whose numbers are `z` on the mixture's scale.
  mutating func answer(
    _ batch: borrowing MicroBatch, _ i: Int, _ z: [Double]
  ) -> Double {
    attributes.find(batch.sparse(i), into: &levels)
    clamp(z)
    let start = MonotonicTime.now()
    defer { watch.add(since: start) }
    return forest.answer(batch.dense(i), scaled, levels)
  }

  mutating func learn(
    _ batch: borrowing MicroBatch, _ i: Int, _ z: [Double], residual: Double, weight: Double
  ) {
    guard residual.isFinite, weight > 0 else { return }
    _ = attributes.learn(batch.sparse(i), into: &levels)
    clamp(z)
    let start = MonotonicTime.now()
    forest.learn(batch.dense(i), scaled, levels, target: residual, weight: weight)
    watch.add(since: start)
  }

  private mutating func clamp(_ z: [Double]) {
    let limit = ResidualForest.limit
    for j in scaled.indices { scaled[j] = max(-limit, min(limit, z[j])) }
  }

  mutating func reset() { forest = blank }

  func write(to writer: inout SnapshotWriter) {
    attributes.write(to: &writer)
    forest.write(to: &writer)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try attributes.restore(from: &reader)
    try forest.restore(from: &reader)
  }
}
