import Batches
import Catalogues
import Glibc
import Kernels
import Snapshots

/// A Hoeffding tree that replaces its branches where the world has changed: HAT.
///
/// Every node watches the errors of the leaf below it by ADWIN. When they rise at a test, a subtree
/// beside it begins to grow from the same rows; once both have seen `window` rows, the one with the
/// lower error rate stays if the rates differ by more than
///
///     √(2·e·(1 − e)·ln(2/significance)·(1/n + 1/n′))
///
/// While a subtree grows it has a voice: the leaves' distributions are added, each weighted by 1/e² of
/// its own error rate (of at least 1/n: River gives a leaf without errors less weight than others).
///
/// `bootstrap=on` learns each row as often as a Poisson variable of mean 1 says, at least once.
///
/// Reference: A. Bifet and R. Gavaldà, Adaptive learning from evolving data streams, IDA 2009 (HAT-ADWIN
/// with the bound as MOA and River have it).
///
/// Memory: a `HoeffdingTree`'s and 5 KB for each node's ADWIN, which `max-bytes` bounds too.
struct HoeffdingAdaptiveTree: Learner {
  /// The parameters of how errors are watched.
  static let watching: [Parameter] = [
    Parameter(
      "window", .integer(default: 300, in: 1...1_000_000_000),
      "rows before a subtree is compared with what it may replace"),
    Parameter(
      "significance", .real(default: 0.05, in: 1e-12...1), "of the difference of their errors"),
    Parameter("adwin", .real(default: 0.002, in: 1e-300...1), "ADWIN's delta"),
    Parameter(
      "bootstrap", .choice(default: "on", of: ["on", "off"]),
      "whether rows are learned a random number of times"),
    Parameter("seed", .integer(default: 1, in: 0...Int.max), "of the random numbers"),
  ]

  static let entry = Entry<LearnerContext, any Learner>(
    "hoeffding-adaptive-tree",
    "a Hoeffding tree that replaces its branches where errors rise (ADWIN in every node)",
    parameters: HoeffdingTree.parameters + watching,
    make: { settings, context throws(SpecificationError) in
      try context.mustHaveClasses("hoeffding-adaptive-tree")
      return HoeffdingAdaptiveTree(settings, context)
    })

  /// What the leaf at the end of the main way says of a row.
  private struct Opinion {
    var leaf = 0
    var best = -1
    var said = (majority: -1, bayes: -1)
  }

  private let isBinary: Bool
  private let window: Double
  private let significance: Double
  private let bootstraps: Bool
  private let seed: UInt64
  private let blank: ClassTree
  private let noWatches: NodeWatches
  private var tree: ClassTree
  private var watches: NodeWatches
  private var attributes: TreeAttributes
  private var sight: TreeSight
  private var voices: [Double]
  private var random: RandomBits
  private var notices: [LearnerNotice] = []
  private var learned = 0

  init(_ settings: Settings, _ context: LearnerContext) {
    isBinary = context.task == .binary
    window = Double(settings.integer("window"))
    significance = settings.real("significance")
    let delta = settings.real("adwin")
    noWatches = NodeWatches(delta: delta)
    bootstraps = settings.word("bootstrap") == "on"
    seed = UInt64(settings.integer("seed"))
    random = RandomBits(seed: seed)
    attributes = TreeAttributes(context)
    var own = ClassTreeSettings(settings)
    own.watchBytes = NodeWatches.bytes
    watches = noWatches
    tree = ClassTree(
      settings: own, numbers: attributes.numbers,
      nominals: attributes.nominals, classes: 2)
    blank = tree
    sight = TreeSight(nominals: attributes.nominals, classes: 2)
    voices = [0, 0]
  }

  var outputs: Int { isBinary ? 1 : max(1, sight.classes) }
  var memoryBytes: Int {
    tree.memoryBytes + watches.memoryBytes
  }

  // MARK: - Predicting

  func predict(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    var copy = self
    predictions.widen(to: outputs)
    for i in rows {
      attributes.find(batch.sparse(i), into: &copy.sight.levels)
      _ = copy.answer(batch.dense(i))
      copy.sight.write(to: &predictions, i, isBinary: isBinary)
    }
  }

  /// Adds up what the leaves of all subtrees on the way say.
  private mutating func answer(_ x: UnsafePointer<Double>) -> Opinion {
    makeRoom()
    // Most rows meet no subtree that is still growing: one leaf answers.
    var node = 0
    while tree.nodes[node].kind != .leaf, watches.alternate(node) < 0 {
      node = tree.child(of: node, x, sight.levels) ?? tree.heaviestChild(node)
    }
    if tree.nodes[node].kind == .leaf { return opinion(node, x) }
    while voices.count < tree.classes { voices.append(0) }
    for c in voices.indices { voices[c] = 0 }
    let main = addVoices(from: 0, x)
    var total = 0.0
    for c in 0..<tree.classes { total += voices[c] }
    for c in 0..<tree.classes { sight.distribution[c] = total > 0 ? voices[c] / total : 0 }
    return main
  }

  private mutating func addVoices(from start: Int, _ x: UnsafePointer<Double>) -> Opinion {
    var node = start
    while tree.nodes[node].kind != .leaf {
      let alternate = watches.alternate(node)
      if alternate >= 0 { _ = addVoices(from: alternate, x) }
      node = tree.child(of: node, x, sight.levels) ?? tree.heaviestChild(node)
    }
    let opinion = opinion(node, x)
    let errors = watches.errors(node)
    let rate = max(errors.mean, 1 / (errors.weight + 1))
    for c in 0..<tree.classes { voices[c] += sight.distribution[c] / (rate * rate) }
    return opinion
  }

  private mutating func makeRoom() { watches.makeRoom(tree.nodes.count) }

  // MARK: - Learning

  mutating func learn(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    for i in rows {
      predictions.widen(to: outputs)
      let (x, y) = (batch.dense(i), batch.targets[i])
      if y.isNaN {
        predict(batch, rows: i..<i + 1, into: &predictions)
        continue
      }
      if attributes.learn(batch.sparse(i), into: &sight.levels) {
        tree.grow(classes: tree.classes, levels: attributes.levels)
      }
      let opinion = answer(x)
      sight.write(to: &predictions, i, isBinary: isBinary)
      // Only once the row has been predicted: it must not be known that there is another class.
      if Int(y) >= tree.classes {
        tree.grow(classes: Int(y) + 1, levels: attributes.levels)
        sight.makeRoom(tree.classes)
      }
      sight.count(Int(y), batch.weights[i])
      if batch.weights[i] > 0 { learn(0, x, Int(y), batch.weights[i], opinion) }
      learned += 1
    }
    predictions.widen(to: outputs)
  }

  /// Takes an error of a node in; returns whether errors have risen.
  private mutating func observe(_ node: Int, _ isWrong: Bool) -> Bool {
    guard let change = watches.observe(node, isWrong ? 1 : 0) else { return false }
    watches.restart(node)
    return change == .rise
  }

  private mutating func opinion(_ leaf: Int, _ x: UnsafePointer<Double>) -> Opinion {
    let said = tree.answer(leaf, x, sight.levels, into: &sight.distribution)
    guard said.majority >= 0 else { return Opinion(leaf: leaf, best: -1, said: said) }
    let best = tree.usesBayes(leaf) && said.bayes >= 0 ? said.bayes : said.majority
    return Opinion(leaf: leaf, best: best, said: said)
  }

  /// Has the subtree at `start` learn a row; `known` is what its leaf says, if that was asked already.
  private mutating func learn(
    _ start: Int, _ x: UnsafePointer<Double>, _ y: Int, _ weight: Double, _ known: Opinion? = nil
  ) {
    var node = start
    let main = known ?? opinion(tree.leaf(from: node, x, sight.levels), x)
    while tree.nodes[node].kind != .leaf {
      let hasRisen = observe(node, main.best != y)
      if hasRisen, tree.hasRoomForNodes {
        dropAlternate(node)
        let fresh = tree.newLeaf(depth: tree.nodes[node].depth)
        makeRoom()
        watches.setAlternate(node, fresh)
        tell("subtree-started", node, "errors rise below")
      } else if watches.alternate(node) >= 0, compare(node) {
        // It is another node now; this row has been learned by the one that went.
        if node == 0 { learn(0, x, y, weight) }
        return
      }
      if watches.alternate(node) >= 0 { learn(watches.alternate(node), x, y, weight) }
      if let child = tree.child(of: node, x, sight.levels) {
        node = child
      } else if let fresh = tree.newBranch(node, sight.levels) {
        makeRoom()
        node = fresh
      } else {
        node = tree.heaviestChild(node)
      }
    }
    // A class that was new to the tree may have moved what was said; a new leaf was not asked.
    learnLeaf(node == main.leaf ? main : opinion(node, x), x, y, weight)
  }

  private mutating func learnLeaf(
    _ own: Opinion, _ x: UnsafePointer<Double>, _ y: Int, _ weight: Double
  ) {
    let times = bootstraps ? Double(max(1, random.poisson(1))) : 1
    _ = observe(own.leaf, own.best != y)
    if tree.learn(
      own.leaf, x, sight.levels, class: y, weight: weight * times, said: own.said),
      tree.attemptSplit(own.leaf)
    {
      // A test's errors are counted from its beginning.
      watches.forget(own.leaf)
      makeRoom()
    }
  }

  /// Puts the subtree beside a test in its place if it is better, or drops it if it is worse; true: it was
  /// put there.
  private mutating func compare(_ node: Int) -> Bool {
    let fresh = watches.alternate(node)
    let (own, other) = (watches.errors(node), watches.errors(fresh))
    guard other.weight > window, own.weight > window else { return false }
    let bound =
      (2 * own.mean * (1 - own.mean) * log(2 / significance)
      * (1 / own.weight + 1 / other.weight)).squareRoot()
    if own.mean - other.mean > bound {
      watches.setAlternate(node, -1)
      for root in watches.forgetAll(below: node, tree.nodes) { tree.remove(root) }
      tree.replace(node, by: fresh)
      watches.move(fresh, to: node)
      tell("subtree-replaced", node, "error rate \(own.mean) → \(other.mean)")
      return true
    }
    if other.mean - own.mean > bound { dropAlternate(node) }
    return false
  }

  private mutating func dropAlternate(_ node: Int) {
    let alternate = watches.alternate(node)
    guard alternate >= 0 else { return }
    watches.setAlternate(node, -1)
    for root in watches.forgetAll(below: alternate, tree.nodes) { tree.remove(root) }
    tree.remove(alternate)
  }

  private mutating func tell(_ kind: String, _ node: Int, _ text: String) {
    // Subtrees come and go by the thousand where nothing can be learned: the first hundred are told.
    guard notices.count < 100 else { return }
    notices.append(
      LearnerNotice(
        kind: kind, text: "node \(node) at depth \(tree.nodes[node].depth): \(text)",
        learned: learned))
  }

  // MARK: - Reactions

  mutating func refit(on window: borrowing MicroBatch) -> RefitReport {
    tree = blank
    tree.grow(classes: max(2, sight.classes), levels: attributes.levels)
    watches = noWatches
    random = RandomBits(seed: seed)
    var scratch = Predictions(rows: window.count, width: outputs)
    let before = learned
    learn(window, rows: 0..<window.count, into: &scratch)
    return RefitReport(
      rows: learned - before, method: "replay of the window",
      failure: learned > before ? nil : "the window holds no labels")
  }

  mutating func takeNotices() -> [LearnerNotice] {
    defer { notices.removeAll() }
    return notices
  }

  var drawing: TreeDrawing? { tree.drawing(attributes) }
  var shape: TreeShape? { TreeShape(tree.nodes) }
  var form: PredictorForm? { tree.form(attributes) }

  func explainable(
    _ batch: borrowing MicroBatch, _ row: Int, output: Int
  ) -> ExplainableForm {
    // While subtrees grow, the voices of several leaves are set against one another.
    guard !watches.hasAlternates else { return .opaque() }
    return tree.explainable(attributes, output: isBinary ? 1 : output, sight, isBinary: isBinary)
  }

  func write(to writer: inout SnapshotWriter) {
    attributes.write(to: &writer)
    tree.write(to: &writer)
    sight.write(to: &writer)
    writer.write(random.state)
    writer.write(learned)
    watches.write(to: &writer)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try attributes.restore(from: &reader)
    try tree.restore(from: &reader)
    try sight.restore(from: &reader, classes: tree.classes)
    random.state = try reader.readWord()
    learned = try reader.readInt()
    try watches.restore(from: &reader, nodes: tree.nodes.count)
  }
}
