import Glibc
import Kernels
import Snapshots

/// Gradient-boosted trees of numbers, one pass over the stream.
///
///     F₀ = the mean of the targets (log-odds of two classes, log-shares of more), Fₘ = Fₘ₋₁ + η·treeₘ(x)
///
/// Tree m learns −g/h with weight h, g and h the first two derivatives of the loss at Fₘ₋₁: of squared
/// loss what is left, y − Fₘ₋₁; of log loss (y − p)/h with weight h = max(p·(1 − p), 0.1). Of more than two
/// classes each has an F, a tree a stage and a p, which is their softmax. Every stage sees each row once, after
/// it was predicted; those whose tree has nothing to add yet add little.
///
/// Reference: N. Gunasekara, B. Pfahringer, H. Gomes and A. Bifet, Gradient boosted trees for evolving data
/// streams, Machine Learning 113 (2024), of which this is the plain form (SGBT): no skipping of rows, no
/// replacement of stages.
///
/// Memory: that of the trees.
struct BoostedTrees: ValueModel {
  enum Loss: Sendable {
    /// Of numbers.
    case squared
    /// Of classes 0 and 1, answered by a probability.
    case logistic
    /// Of classes from 0, answered by a probability each.
    case softmax
  }

  struct Settings: Sendable {
    var stages = 50
    /// η.
    var rate = 0.1
    var loss = Loss.squared
    var tree = ValueTreeSettings()
    var seed: UInt64 = 1
  }

  /// Without it one row of a rare class is a target far beyond all others: on the fraud file average precision
  /// is .45 with 1e-3, .75 with 0.1.
  private static let leastCurvature = 0.1

  /// Rows that a stage takes at a time where threads share the stages; one thread takes all.
  private static let blockRows = 8

  private let settings: Settings
  private let numbers: Int
  private let nominals: Int
  private let workers: Workers
  /// Values in an answer.
  private(set) var outputs = 0
  /// Stage × output.
  private var trees: [ValueTree] = []
  private var targets = Moments()
  /// Of each class, where there may be more than two.
  private var weights: [Double] = []
  /// Fₘ of each row on its way through the stages, and what its softmax is: row × output.
  private var sums: [Double] = []
  private var shares: [Double] = []

  init(_ settings: Settings, numbers: Int, nominals: Int, workers: Workers) {
    self.settings = settings
    self.numbers = numbers
    self.nominals = nominals
    self.workers = workers
    makeRoom(outputs: 1)
  }

  var memoryBytes: Int {
    trees.reduce(8 * (sums.capacity + shares.capacity)) { $0 + $1.memoryBytes }
  }

  mutating func makeRoom(outputs wished: Int) {
    while outputs < wished {
      var random = RandomBits(seed: settings.seed &+ UInt64(outputs) &* 0x9E37_79B9_7F4A_7C15)
      var wider: [ValueTree] = []
      for stage in 0..<settings.stages {
        wider += trees[(stage * outputs)..<((stage + 1) * outputs)]
        wider.append(
          ValueTree(
            settings: settings.tree, numbers: numbers, nominals: nominals, seed: random.next()))
      }
      trees = wider
      outputs += 1
      weights.append(0)
    }
    guard settings.tree.mostBytes > 0 else { return }
    for k in trees.indices { trees[k].limit(to: max(1, settings.tree.mostBytes / trees.count)) }
  }

  /// Writes F₀ at `position`: of classes with one row of each on top.
  private mutating func start(at position: Int) {
    switch settings.loss {
    case .squared: sums[position] = targets.mean
    case .logistic:
      sums[position] = LogOdds.of((targets.mean * targets.weight + 1) / (targets.weight + 2))
    case .softmax:
      for c in 0..<outputs { sums[position + c] = log(weights[c] + 1) }
    }
  }

  /// A stage needs of a row only what the stages before it have said: so each takes a block of rows before the
  /// next does, and threads have a part of the stages each, one block behind one another.
  mutating func take(_ rows: ValueRows, into answers: UnsafeMutablePointer<Double>) {
    while sums.count < rows.count * outputs {
      sums.append(0)
      shares.append(0)
    }
    // Rows before the first that has a class.
    var unknown = 0
    for r in 0..<rows.count {
      start(at: r * outputs)
      if targets.weight == 0 { unknown = r + 1 }
      guard rows.isLearned(r) else { continue }
      targets.add(rows.targets[r], rows.weights[r])
      if case .softmax = settings.loss { weights[Int(rows.targets[r])] += rows.weights[r] }
    }
    let stages = settings.stages
    let parts = min(workers.count, stages)
    let blockRows = parts > 1 ? BoostedTrees.blockRows : rows.count
    let blocks = (rows.count + blockRows - 1) / blockRows
    let (settings, workers, outputs, none) = (settings, workers, outputs, unknown)
    sums.withUnsafeMutableBufferPointer { sums in
      shares.withUnsafeMutableBufferPointer { shares in
        trees.withUnsafeMutableBufferPointer { trees in
          guard let sums = sums.baseAddress, let shares = shares.baseAddress,
            let trees = trees.baseAddress
          else { return }
          for step in 0..<(blocks + parts - 1) {
            workers.perform(parts) { part in
              let block = step - part
              guard block >= 0, block < blocks else { return }
              let own = block * blockRows..<min((block + 1) * blockRows, rows.count)
              for m in (stages * part / parts)..<(stages * (part + 1) / parts) {
                if case .softmax = settings.loss {
                  BoostedTrees.takeClasses(
                    rows, own, settings, trees + m * outputs, outputs, sums, shares)
                } else {
                  BoostedTrees.take(rows, own, settings, &trees[m], sums)
                }
              }
            }
          }
          for r in 0..<rows.count {
            switch settings.loss {
            case .squared: answers[r] = sums[r]
            case .logistic: answers[r] = LogOdds.probability(sums[r])
            case .softmax:
              let own = answers + r * outputs
              BoostedTrees.softmax(sums + r * outputs, into: own, outputs)
              if r < none { own.update(repeating: 0, count: outputs) }
            }
          }
        }
      }
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
        if case .logistic = settings.loss {
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

  /// Takes rows through one stage of a tree for each class.
  private static func takeClasses(
    _ rows: ValueRows, _ part: Range<Int>, _ settings: Settings,
    _ trees: UnsafeMutablePointer<ValueTree>, _ outputs: Int,
    _ sums: UnsafeMutablePointer<Double>, _ shares: UnsafeMutablePointer<Double>
  ) {
    for r in part {
      let (scores, p) = (sums + r * outputs, shares + r * outputs)
      softmax(scores, into: p, outputs)
      for c in 0..<outputs {
        scores[c] +=
          settings.rate * trees[c].answer(rows.numbers(r), rows.before(r), rows.levels(r))
        guard rows.isLearned(r) else { continue }
        let curvature = max(p[c] * (1 - p[c]), leastCurvature)
        let rest = ((Int(rows.targets[r]) == c ? 1 : 0) - p[c]) / curvature
        trees[c].learn(
          rows.numbers(r), rows.after(r), rows.levels(r), target: rest,
          weight: rows.weights[r] * curvature)
      }
    }
  }

  private static func softmax(
    _ scores: UnsafePointer<Double>, into p: UnsafeMutablePointer<Double>, _ outputs: Int
  ) {
    var (top, sum) = (-Double.infinity, 0.0)
    for c in 0..<outputs { top = max(top, scores[c]) }
    for c in 0..<outputs {
      p[c] = exp(scores[c] - top)
      sum += p[c]
    }
    for c in 0..<outputs { p[c] /= sum }
  }

  mutating func takeNews() -> [(kind: String, text: String)] {
    trees.indices.flatMap { trees[$0].takeNews() }
  }

  func drawing(_ attributes: TreeAttributes) -> TreeDrawing? { nil }
  var shape: TreeShape { TreeShape(trees.lazy.map(\.nodes)) }
  func cuts(numbers: Int) -> TreeCuts? {
    TreeCuts(
      trees.lazy.map(\.nodes), numbers: numbers,
      isConstantBetween: settings.tree.leaf == .mean)
  }

  /// Of two classes their log-odds; of more their shares are no sum.
  func sum(_ attributes: TreeAttributes) -> TreeSum? {
    var sum = TreeSum(trees: [])
    switch settings.loss {
    case .squared: sum.constant = targets.mean
    case .logistic:
      sum.space = .logOdds(within: LogOdds.most)
      sum.constant = LogOdds.of((targets.mean * targets.weight + 1) / (targets.weight + 2))
    case .softmax: return nil
    }
    for tree in trees {
      guard let made = tree.explainable(attributes) else { return nil }
      sum.trees.append((settings.rate, made))
    }
    return sum
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(outputs)
    writer.write(targets.numbers)
    writer.write(weights)
    for tree in trees { tree.write(to: &writer) }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let count = try reader.readInt()
    let sums = try reader.readDoubles()
    guard (1...100_000).contains(count), sums.count == 3 else { throw .corrupt }
    makeRoom(outputs: count)
    targets = Moments(weight: sums[0], mean: sums[1], squares: sums[2])
    weights = try reader.readDoubles()
    guard weights.count == outputs else { throw .corrupt }
    for m in trees.indices { try trees[m].restore(from: &reader) }
  }
}
