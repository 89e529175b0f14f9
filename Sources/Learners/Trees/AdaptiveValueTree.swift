import Glibc
import Kernels
import Snapshots

/// A tree of numbers that replaces its branches where the world has changed.
///
/// Every node watches the absolute errors of the leaf below it by ADWIN. When they rise at a test, a
/// subtree beside it begins to grow from the same rows; once both have seen more than `window` rows, a
/// two-sided z-test of their mean errors decides which of them stays. Meanwhile the answer is the mean of
/// all leaves that the row reaches.
///
/// Memory: a `ValueTree`'s and 5 KB for each node's ADWIN.
struct AdaptiveValueTree: ValueRowModel {
  struct Settings: Sendable {
    var tree = ValueTreeSettings()
    var window = 300.0
    var significance = 0.05
    /// ADWIN's delta.
    var delta = 0.002
    /// Whether rows are learned Poisson(1) times, at least once.
    var bootstraps = true
    var seed: UInt64 = 1
  }

  private let settings: Settings
  private var tree: ValueTree
  private var watches: NodeWatches
  private var random: RandomBits
  private var news: [(kind: String, text: String)] = []

  init(_ settings: Settings, numbers: Int, nominals: Int) {
    self.settings = settings
    var own = settings.tree
    own.watchBytes = NodeWatches.bytes
    watches = NodeWatches(delta: settings.delta)
    tree = ValueTree(settings: own, numbers: numbers, nominals: nominals)
    random = RandomBits(seed: settings.seed)
    makeRoom()
  }

  var memoryBytes: Int {
    tree.memoryBytes + watches.memoryBytes
  }

  private mutating func makeRoom() { watches.makeRoom(tree.nodes.count) }

  // MARK: - Answers

  func answer(
    _ x: UnsafePointer<Double>, _ z: UnsafePointer<Double>, _ levels: UnsafePointer<Int32>
  ) -> Double {
    var (sum, count) = (0.0, 0.0)
    add(from: 0, x, z, levels, &sum, &count)
    return sum / count
  }

  private func add(
    from start: Int, _ x: UnsafePointer<Double>, _ z: UnsafePointer<Double>,
    _ levels: UnsafePointer<Int32>,
    _ sum: inout Double, _ count: inout Double
  ) {
    var node = start
    while tree.nodes[node].kind != .leaf {
      let alternate = watches.alternate(node)
      if alternate >= 0 { add(from: alternate, x, z, levels, &sum, &count) }
      node = tree.nodes.child(of: node, x, levels) ?? tree.heaviestChild(node)
    }
    sum += tree.answer(node, z)
    count += 1
  }

  // MARK: - Learning

  /// A row on its way down.
  private struct Row {
    let x: UnsafePointer<Double>
    let z: UnsafePointer<Double>
    let levels: UnsafePointer<Int32>
    let target: Double
    let weight: Double
  }

  mutating func learn(
    _ x: UnsafePointer<Double>, _ z: UnsafePointer<Double>, _ levels: UnsafePointer<Int32>,
    target: Double,
    weight: Double
  ) {
    learn(from: 0, Row(x: x, z: z, levels: levels, target: target, weight: weight))
  }

  private mutating func learn(from start: Int, _ row: Row) {
    makeRoom()
    let error = abs(row.target - tree.answer(tree.leaf(from: start, row.x, row.levels), row.z))
    var node = start
    while tree.nodes[node].kind != .leaf {
      let hasRisen = observe(node, error)
      if hasRisen, watches.alternate(node) < 0, tree.hasRoom {
        watches.restart(node)
        let fresh = tree.newAlternate(of: node)
        makeRoom()
        watches.setAlternate(node, fresh)
        tell("subtree-started", node, "errors rise below")
      } else if watches.alternate(node) >= 0, compare(node) {
        // It is another node now; this row has been learned by the one that went.
        if node == 0 { learn(from: 0, row) }
        return
      }
      if watches.alternate(node) >= 0 { learn(from: watches.alternate(node), row) }
      if let child = tree.nodes.child(of: node, row.x, row.levels) {
        node = child
      } else {
        node = tree.newBranch(node, row.levels) ?? tree.heaviestChild(node)
      }
      makeRoom()
    }
    learnLeaf(node, row)
  }

  private mutating func learnLeaf(_ node: Int, _ row: Row) {
    let error = abs(row.target - tree.answer(node, row.z))
    let times = settings.bootstraps ? Double(max(1, random.poisson(1))) : 1
    _ = observe(node, error)
    let isTime = tree.learn(
      node, row.x, row.z, row.levels, target: row.target, weight: row.weight * times)
    if isTime, tree.attemptSplit(node) {
      // A test's errors are counted from its beginning.
      watches.forget(node)
      makeRoom()
    }
  }

  /// Takes an error of a node in; returns whether errors have risen. Where they fell they are counted anew.
  private mutating func observe(_ node: Int, _ error: Double) -> Bool {
    guard error.isFinite else { return false }
    let change = watches.observe(node, error)
    if change == .fall { watches.restart(node) }
    return change == .rise
  }

  /// Puts the subtree beside a test in its place if it is better, or drops it if it is worse; true: it was
  /// put there.
  private mutating func compare(_ node: Int) -> Bool {
    let fresh = watches.alternate(node)
    let (own, other) = (watches.errors(node), watches.errors(fresh))
    guard other.weight > settings.window, own.weight > settings.window else { return false }
    let spread = other.variance / other.weight + own.variance / own.weight
    guard spread > 0 else { return false }
    let z = (other.mean - own.mean) / spread.squareRoot()
    guard erfc(abs(z) / 2.0.squareRoot()) <= settings.significance else { return false }
    guard other.mean < own.mean else {
      dropAlternate(node)
      return false
    }
    watches.setAlternate(node, -1)
    for root in watches.forgetAll(below: node, tree.nodes) { tree.remove(root) }
    tree.replace(node, by: fresh)
    watches.move(fresh, to: node)
    tell("subtree-replaced", node, "mean error \(own.mean) → \(other.mean)")
    return true
  }

  private mutating func dropAlternate(_ node: Int) {
    let alternate = watches.alternate(node)
    guard alternate >= 0 else { return }
    watches.setAlternate(node, -1)
    for root in watches.forgetAll(below: alternate, tree.nodes) { tree.remove(root) }
    tree.remove(alternate)
  }

  // MARK: - Accounts

  private mutating func tell(_ kind: String, _ node: Int, _ text: String) {
    guard news.count < 100 else { return }
    news.append((kind, "node \(node) at depth \(tree.nodes[node].depth): \(text)"))
  }

  mutating func takeNews() -> [(kind: String, text: String)] {
    defer { news.removeAll() }
    return news + tree.takeNews()
  }

  func drawing(_ attributes: TreeAttributes) -> TreeDrawing? { tree.drawing(attributes) }
  var shape: TreeShape { tree.shape }
  /// Trees that grow beside branches have a part in what is answered.
  func cuts(numbers: Int) -> TreeCuts? {
    TreeCuts(
      CollectionOfOne(tree.nodes), numbers: numbers,
      isConstantBetween: settings.tree.leaf == .mean)
  }

  /// While subtrees grow beside it, how many leaves answer depends on the row.
  func sum(_ attributes: TreeAttributes) -> TreeSum? {
    watches.hasAlternates ? nil : tree.sum(attributes)
  }

  func write(to writer: inout SnapshotWriter) {
    tree.write(to: &writer)
    writer.write(random.state)
    watches.write(to: &writer)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try tree.restore(from: &reader)
    random.state = try reader.readWord()
    try watches.restore(from: &reader, nodes: tree.nodes.count)
  }
}
