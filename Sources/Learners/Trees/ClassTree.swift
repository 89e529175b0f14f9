import Glibc
import Kernels
import Snapshots

/// The nodes, leaves and observers of a Hoeffding tree, and what can be done with them.
struct ClassTree: Sendable {
  let settings: ClassTreeSettings
  private(set) var nodes = TreeNodes()
  private(set) var leaves: [TreeLeaf] = []
  private(set) var observers: ClassObservers
  /// For each leaf the weight of each class, and when it met it: the first met wins a tie.
  private var weights: [Double] = []
  private var ranks: [Int] = []
  private var freeLeaves: [Int] = []
  /// Where tests are reviewed, for each node that is a test the leaf that knows of all its rows; −1: none.
  private var overviews: [Int] = []
  /// Notices of the bound on memory, since they were last taken.
  private(set) var bounded = 0
  private(set) var splits = 0
  /// Tests that have given way to a better one.
  private(set) var replaced = 0
  private var scores: [Double]
  private var discarded: [Double]
  private var search: ClassSplitSearch
  private var levelsOfAttribute: [Int]
  private var random: RandomBits

  init(
    settings: ClassTreeSettings, numbers: Int, nominals: Int, classes: Int, seed: UInt64 = 0,
    excluded: Set<Int> = []
  ) {
    self.settings = settings
    search = ClassSplitSearch(settings, excluded: excluded)
    random = RandomBits(seed: seed)
    observers = ClassObservers(
      numbers: numbers, nominals: nominals, classes: classes, bins: settings.bins)
    scores = Array(repeating: 0, count: 2 * classes)
    discarded = Array(repeating: 0, count: classes)
    levelsOfAttribute = Array(repeating: 0, count: nominals)
    _ = newLeaf(depth: 0)
  }

  var classes: Int { observers.classes }

  var memoryBytes: Int {
    nodes.memoryBytes + leaves.capacity * MemoryLayout<TreeLeaf>.stride
      + 8 * (weights.capacity + ranks.capacity + overviews.capacity) + observers.memoryBytes
  }

  // MARK: - Nodes

  /// A new leaf with observers, if there is memory for them.
  mutating func newLeaf(depth: Int, classWeights: ArraySlice<Double> = [], order: [Int] = []) -> Int
  {
    let leaf: Int
    if let known = freeLeaves.popLast() {
      leaf = known
      leaves[leaf] = TreeLeaf()
      for c in 0..<classes {
        weights[leaf * classes + c] = 0
        ranks[leaf * classes + c] = 0
      }
    } else {
      leaf = leaves.count
      leaves.append(TreeLeaf())
      weights.append(contentsOf: repeatElement(0, count: classes))
      ranks.append(contentsOf: repeatElement(0, count: classes))
    }
    let node = nodes.take(leaf: leaf, depth: depth)
    leaves[leaf].node = node
    if settings.subspace > 0 { leaves[leaf].seed = random.next() }
    for c in order {
      let weight = classWeights[classWeights.startIndex + c]
      guard weight > 0 else { continue }
      weights[leaf * classes + c] = weight
      leaves[leaf].met += 1
      ranks[leaf * classes + c] = leaves[leaf].met
      leaves[leaf].total += weight
    }
    leaves[leaf].attempted = leaves[leaf].total
    if depth < settings.mostDepth { activate(leaf) }
    return node
  }

  /// Of a bound on memory two fifths are for blocks and a twentieth for nodes, so that it also holds while
  /// either is moved to a larger place; where nodes are watched, a fifth for blocks and two fifths for the
  /// watching, which stays where it is.
  private var mostBlockBytes: Int {
    guard settings.mostBytes > 0 else { return 0 }
    return max(1, settings.watchBytes > 0 ? settings.mostBytes / 5 : settings.mostBytes * 2 / 5)
  }
  var hasRoomForNodes: Bool {
    settings.mostBytes == 0 || nodes.freeCount >= 2
      || (memoryBytes - observers.memoryBytes <= settings.mostBytes / 20
        && (nodes.count + 2) * settings.watchBytes <= settings.mostBytes * 2 / 5)
  }

  private mutating func activate(_ leaf: Int) {
    if !observers.hasRoom(most: mostBlockBytes) {
      // The least promising of the leaves that grow makes room, if it promises less than this one.
      bounded += 1
      var least = -1
      for other in leaves.indices where leaves[other].block >= 0 {
        if least < 0 || promise(other) < promise(least) { least = other }
      }
      guard least >= 0, promise(least) < promise(leaf) else { return }
      deactivate(least)
    }
    leaves[leaf].block = observers.take(most: mostBlockBytes)
  }

  private mutating func deactivate(_ leaf: Int) {
    guard leaves[leaf].block >= 0 else { return }
    observers.giveBack(leaves[leaf].block)
    leaves[leaf].block = -1
  }

  /// What a split of the leaf could set right at most.
  private func promise(_ leaf: Int) -> Double {
    var most = 0.0
    for c in 0..<classes { most = max(most, weights[leaf * classes + c]) }
    return leaves[leaf].total - most
  }

  /// Gives back a node and all below it.
  mutating func remove(_ node: Int) {
    var (gone, tests): ([Int], [Int]) = ([], [])
    nodes.remove(node, leaves: { gone.append($0) }, tests: { tests.append($0) })
    giveBack(gone, tests)
  }

  private mutating func giveBack(_ gone: [Int], _ tests: [Int]) {
    for test in tests where test < overviews.count && overviews[test] >= 0 {
      deactivate(overviews[test])
      freeLeaves.append(overviews[test])
      overviews[test] = -1
    }
    for leaf in gone {
      deactivate(leaf)
      freeLeaves.append(leaf)
    }
  }

  /// Puts node `other` in the place of `node`, whose subtree is given back; `other`'s number too.
  mutating func replace(_ node: Int, by other: Int) {
    let depth = nodes[node].depth
    remove(node)
    nodes.move(other, to: node, depth: depth)
    if nodes[node].kind == .leaf { leaves[nodes[node].left].node = node }
  }

  /// More classes, or more levels of an attribute, than there was room for.
  mutating func grow(classes wished: Int, levels: [Int]) {
    levelsOfAttribute = levels
    let before = classes
    observers.grow(classes: wished, levels: levels)
    guard classes > before else { return }
    var (fresh, freshRanks): ([Double], [Int]) = ([], [])
    for leaf in leaves.indices {
      for c in 0..<classes {
        fresh.append(c < before ? weights[leaf * before + c] : 0)
        freshRanks.append(c < before ? ranks[leaf * before + c] : 0)
      }
    }
    (weights, ranks) = (fresh, freshRanks)
    scores = Array(repeating: 0, count: 2 * classes)
    discarded = Array(repeating: 0, count: classes)
  }

  // MARK: - Finding the way

  @inline(__always)
  func child(of node: Int, _ x: UnsafePointer<Double>, _ levels: UnsafePointer<Int32>) -> Int? {
    nodes.child(of: node, x, levels)
  }

  /// The leaf below `node` that answers for a row: where a level is unknown, on the heaviest way.
  func leaf(from node: Int, _ x: UnsafePointer<Double>, _ levels: UnsafePointer<Int32>) -> Int {
    var node = node
    while nodes[node].kind != .leaf {
      node = child(of: node, x, levels) ?? heaviestChild(node)
    }
    return node
  }

  func children(of node: Int) -> [Int] { nodes.children(of: node) }

  func heaviestChild(_ node: Int) -> Int {
    nodes.heaviestChild(node) { leaves[$0].total }
  }

  /// A new leaf for a level that a split by levels has not met; nil if the row has no level there.
  mutating func newBranch(_ node: Int, _ levels: UnsafePointer<Int32>) -> Int? {
    guard let level = nodes.missingLevel(node, levels), hasRoomForNodes else { return nil }
    let child = newLeaf(depth: nodes[node].depth + 1)
    nodes.setChild(node, level: level, child)
    return child
  }

  // MARK: - Answers

  /// Writes the distribution that a leaf answers with into `out`, and which class the majority and Naive
  /// Bayes would say; all zeros and -1 if it has seen nothing.
  mutating func answer(
    _ node: Int, _ x: UnsafePointer<Double>, _ levels: UnsafePointer<Int32>,
    into out: UnsafeMutablePointer<Double>
  ) -> (majority: Int, bayes: Int) {
    let (classes, leaf) = (classes, nodes[node].left)
    let head = leaves[leaf]
    for c in 0..<classes { out[c] = 0 }
    guard head.total > 0 else { return (-1, -1) }
    var majority = 0
    for c in 1..<max(classes, 1) where isBefore(leaf, c, majority) { majority = c }
    var bayes = -1
    let wantsBayes = settings.leaf != .majority && head.block >= 0
    if wantsBayes {
      observers.scores(
        head.block, x, levels, prior: weights, at: leaf * classes, total: head.total,
        into: &scores)
      bayes = 0
      for c in 1..<max(classes, 1)
      where scores[c] > scores[bayes] || (scores[c] == scores[bayes] && isMetBefore(leaf, c, bayes))
      {
        bayes = c
      }
    }
    if wantsBayes, usesBayes(node) {
      let top = scores[bayes]
      if top.isFinite {
        var sum = 0.0
        for c in 0..<classes {
          out[c] = exp(scores[c] - top)
          sum += out[c]
        }
        smooth(out, scale: 1 / sum, head.total)
        return (majority, bayes)
      }
    }
    for c in 0..<classes { out[c] = weights[leaf * classes + c] }
    smooth(out, scale: 1 / head.total, head.total)
    return (majority, bayes)
  }

  // What is asked of each row is mutating though it changes nothing: otherwise it is handed a copy of the tree's 504 bytes.

  /// Whether a leaf answers by Naive Bayes.
  mutating func usesBayes(_ node: Int) -> Bool {
    let head = leaves[nodes[node].left]
    return settings.leaf == .naiveBayes
      || (settings.leaf == .adaptive && head.bayesRight >= head.majorityRight)
  }

  /// No leaf is surer of a class than its rows allow: of a majority this is (w + s)/(n + C·s), Laplace's rule.
  private mutating func smooth(_ out: UnsafeMutablePointer<Double>, scale: Double, _ total: Double)
  {
    let s = settings.smoothing
    let least = s / (total + Double(classes) * s)
    let factor = scale * (1 - Double(classes) * least)
    for c in 0..<classes { out[c] = least + factor * out[c] }
  }

  /// Whether class `c` weighs more in a leaf than class `d`, or as much and was met before it.
  private mutating func isBefore(_ leaf: Int, _ c: Int, _ d: Int) -> Bool {
    let (a, b) = (weights[leaf * classes + c], weights[leaf * classes + d])
    return a == b ? isMetBefore(leaf, c, d) : a > b
  }

  private mutating func isMetBefore(_ leaf: Int, _ c: Int, _ d: Int) -> Bool {
    let (r, s) = (ranks[leaf * classes + c], ranks[leaf * classes + d])
    return r > 0 && (s == 0 || r < s)
  }

  // MARK: - Learning

  /// Takes a row into a leaf. `said` is what `answer` found; returns whether it is time to try a split.
  mutating func learn(
    _ node: Int, _ x: UnsafePointer<Double>, _ levels: UnsafePointer<Int32>, class y: Int,
    weight: Double,
    said: (majority: Int, bayes: Int)
  ) -> Bool {
    let leaf = nodes[node].left
    if leaves[leaf].block >= 0 {
      // Of a leaf that is empty the majority counts as right.
      if said.majority == y || leaves[leaf].met == 0 { leaves[leaf].majorityRight += weight }
      if said.bayes == y { leaves[leaf].bayesRight += weight }
    }
    takeIn(leaf, x, levels, class: y, weight: weight)
    return leaves[leaf].block >= 0
      && leaves[leaf].total - leaves[leaf].attempted >= settings.grace
  }

  /// Takes a row into what leaf `leaf` knows of its rows.
  @inline(__always)
  private mutating func takeIn(
    _ leaf: Int, _ x: UnsafePointer<Double>, _ levels: UnsafePointer<Int32>, class y: Int,
    weight: Double
  ) {
    if leaves[leaf].block >= 0 {
      observers.observe(leaves[leaf].block, x, levels, class: y, weight: weight)
    }
    if ranks[leaf * classes + y] == 0 {
      leaves[leaf].met += 1
      ranks[leaf * classes + y] = leaves[leaf].met
    }
    weights[leaf * classes + y] += weight
    leaves[leaf].total += weight
  }

  /// Has the tree find the row's leaf, learn it and split if it is time. `known` is the leaf that answered and
  /// what it said, if it was asked.
  mutating func take(
    _ x: UnsafePointer<Double>, _ levels: UnsafePointer<Int32>, class y: Int, weight: Double,
    at known: (leaf: Int, said: (majority: Int, bayes: Int))?
  ) {
    var (node, isKnown) = (0, true)
    while nodes[node].kind != .leaf {
      if let child = child(of: node, x, levels) {
        node = child
      } else if let fresh = newBranch(node, levels) {
        (node, isKnown) = (fresh, false)
      } else {
        node = heaviestChild(node)
      }
    }
    var said = (majority: -1, bayes: -1)
    if let known, isKnown, known.leaf == node {
      said = known.said
    } else if isKnown {
      // Taken out for as long: the tree is not to be touched in two ways at once.
      var out = discarded
      discarded = []
      said = answer(node, x, levels, into: &out)
      discarded = out
    }
    learnAndSplit(node, x, levels, class: y, weight: weight, said: said)
  }

  /// Takes a row into a leaf and splits it if it is time; where tests are reviewed, those on its way too.
  mutating func learnAndSplit(
    _ node: Int, _ x: UnsafePointer<Double>, _ levels: UnsafePointer<Int32>, class y: Int,
    weight: Double, said: (majority: Int, bayes: Int)
  ) {
    let isTime = learn(node, x, levels, class: y, weight: weight, said: said)
    if settings.review > 0 {
      review(x, levels, class: y, weight: weight)
    } else if isTime {
      _ = attemptSplit(node)
    }
  }

  // MARK: - Reviews

  /// Has the tests on a row's way take it in and, where that is due, gives them up for a better one; then tries
  /// to split the leaf at the end. For a row that its leaf has learned.
  ///
  /// Reference: Manapragada et al. 2018, algorithms 2 and 3: see `ExtremelyFastDecisionTree`.
  mutating func review(
    _ x: UnsafePointer<Double>, _ levels: UnsafePointer<Int32>, class y: Int, weight: Double
  ) {
    var node = 0
    while nodes[node].kind != .leaf {
      let own = node < overviews.count ? overviews[node] : -1
      if own >= 0 {
        takeIn(own, x, levels, class: y, weight: weight)
        if leaves[own].block >= 0,
          leaves[own].total - leaves[own].attempted >= settings.review
        {
          leaves[own].attempted = leaves[own].total
          if reconsider(node, own) { return }
        }
      }
      node = child(of: node, x, levels) ?? heaviestChild(node)
    }
    let leaf = nodes[node].left
    if leaves[leaf].block >= 0, leaves[leaf].total - leaves[leaf].attempted >= settings.grace {
      _ = attemptSplit(node)
    }
  }

  /// Puts a better test in the place of one that is worse by Hoeffding's bound, or a leaf if none is better.
  /// Returns whether what was below has gone.
  private mutating func reconsider(_ node: Int, _ own: Int) -> Bool {
    let feature = nodes[node].feature
    let attribute = nodes[node].kind == .number ? feature : observers.numbers + feature
    guard let found = ways(own, current: attribute) else { return false }
    let (best, none) = (found.best, found.none)
    let bound = ClassTree.bound(
      range: settings.criterion.range(classes: leaves[own].met), delta: settings.delta,
      count: leaves[own].total)
    guard max(best.merit, none) - found.current > bound else {
      // Once it is known well the same attribute may be cut elsewhere: what is below stays.
      if bound < settings.tie, best.feature == feature, best.kind == nodes[node].kind,
        best.kind != .levels
      {
        nodes[node].threshold = best.threshold
      }
      return false
    }
    var (gone, tests): ([Int], [Int]) = ([], [])
    nodes.cut(node, leaf: own, leaves: { gone.append($0) }, tests: { tests.append($0) })
    giveBack(gone, tests)
    overviews[node] = -1
    leaves[own].node = node
    replaced += 1
    if best.merit > none, hasRoomForNodes { split(node, best) }
    return true
  }

  /// Hoeffding's bound: with probability 1 − δ the mean of n values of range R lies no further from its
  /// expectation.
  static func bound(range: Double, delta: Double, count: Double) -> Double {
    (range * range * log(1 / delta) / (2 * count)).squareRoot()
  }

  /// Splits a leaf if the best way is better than the second by Hoeffding's bound, or both are as good.
  /// Returns whether it did: then `node` is a test, and its children are new leaves.
  mutating func attemptSplit(_ node: Int) -> Bool {
    let leaf = nodes[node].left
    defer { if nodes[node].kind == .leaf { leaves[leaf].attempted = leaves[leaf].total } }
    guard leaves[leaf].block >= 0, let found = ways(leaf) else { return false }
    guard hasRoomForNodes else {
      bounded += 1
      return false
    }
    let bound = ClassTree.bound(
      range: settings.criterion.range(classes: leaves[leaf].met), delta: settings.delta,
      count: leaves[leaf].total)
    // A test that can be taken back only has to be better than none.
    let lead = found.best.merit - (settings.review > 0 ? found.none : found.second)
    guard lead > bound || bound < settings.tie else {
      if settings.dropsPoor {
        leaves[leaf].poor.formUnion(search.attributes(below: found.best.merit - bound))
      }
      return false
    }
    split(node, found.best)
    return true
  }

  /// The ways to split a leaf; nil if there is none.
  private mutating func ways(_ leaf: Int, current: Int? = nil) -> ClassSplitSearch.Outcome? {
    search.ways(
      &observers, leaves[leaf], weights[(leaf * classes)..<((leaf + 1) * classes)],
      levels: levelsOfAttribute, current: current)
  }

  private mutating func split(_ node: Int, _ way: SplitWay) {
    splits += 1
    let leaf = nodes[node].left
    let (block, depth) = (leaves[leaf].block, nodes[node].depth)
    let order = (0..<classes).filter { ranks[leaf * classes + $0] > 0 }
      .sorted { ranks[leaf * classes + $0] < ranks[leaf * classes + $1] }
    var children: [Double]
    switch way.kind {
    case .number:
      children = Array(repeating: 0, count: 2 * classes)
      observers.divide(block, number: way.feature, at: way.threshold, into: &children)
    default:
      children = Array(repeating: 0, count: observers.levelRoom[way.feature] * classes)
      observers.divide(block, levelsOf: way.feature, into: &children)
      if way.kind == .level {
        var sides = Array(repeating: 0.0, count: 2 * classes)
        for level in 0..<levelsOfAttribute[way.feature] {
          for c in 0..<classes {
            sides[(level == Int(way.threshold) ? 0 : classes) + c] += children[level * classes + c]
          }
        }
        children = sides
      }
    }
    if settings.review > 0 {
      while overviews.count <= node { overviews.append(-1) }
      overviews[node] = leaf
      leaves[leaf].attempted = leaves[leaf].total
    } else {
      // The leaf's own block is free for the first child.
      deactivate(leaf)
      freeLeaves.append(leaf)
    }
    guard way.kind == .levels else {
      let left = newLeaf(depth: depth + 1, classWeights: children[..<classes], order: order)
      let right = newLeaf(depth: depth + 1, classWeights: children[classes...], order: order)
      nodes.split(node, way, left: left, right: right)
      return
    }
    var table: [Int] = []
    for level in 0..<levelsOfAttribute[way.feature] {
      let part = children[(level * classes)..<((level + 1) * classes)]
      let isSeen = part.contains { $0 > 0 }
      table.append(isSeen ? newLeaf(depth: depth + 1, classWeights: part, order: order) : -1)
    }
    nodes.split(node, feature: way.feature, children: table)
  }

  // MARK: - Accounts

  mutating func takeBounded() -> Int {
    defer { bounded = 0 }
    return bounded
  }

  /// The tree as it stands; `attributes` knows which sparse feature a level is.
  func drawing(_ attributes: TreeAttributes) -> TreeDrawing {
    var drawing = TreeDrawing()
    _ = draw(0, attributes, into: &drawing)
    return drawing
  }

  /// Adds a node and all below it; returns its position and the weights of its classes.
  private func draw(
    _ node: Int, _ attributes: TreeAttributes, into drawing: inout TreeDrawing
  ) -> (position: Int, weights: [Double]) {
    let (own, position) = (nodes[node], drawing.nodes.count)
    drawing.nodes.append(TreeDrawing.Node(test: .leaf, children: [], weight: 0, answer: []))
    var sums = Array(repeating: 0.0, count: classes)
    var positions: [Int] = []
    for child in children(of: node) {
      let below = draw(child, attributes, into: &drawing)
      positions.append(below.position)
      for c in 0..<classes { sums[c] += below.weights[c] }
    }
    let test = nodes.test(node, attributes)
    if own.kind == .leaf {
      sums = Array(weights[(own.left * classes)..<((own.left + 1) * classes)])
    }
    let total = sums.reduce(0, +)
    drawing.nodes[position] = TreeDrawing.Node(
      test: test, children: positions, weight: total,
      answer: sums.map { total > 0 ? $0 / total : 0 })
    return (position, sums)
  }

  /// The tree as it stands, answering with the probability of class `output`: of Naive Bayes leaves what they would say
  /// without. `nothing` is what a leaf that has seen nothing stands for; where that is nil, so is the tree.
  func explainable(
    _ attributes: TreeAttributes, output: Int, nothing: Double?
  ) -> (tree: ExplainableTree, isWhole: Bool)? {
    var isWhole = true
    let tree = nodes.explainable(attributes) { leaf in
      let own = leaves[leaf]
      guard own.total > 0 else { return nothing.map { .init(cover: 0, value: $0) } }
      let byBayes =
        settings.leaf == .naiveBayes
        || (settings.leaf == .adaptive && own.bayesRight >= own.majorityRight)
      if settings.leaf != .majority, own.block >= 0, byBayes { isWhole = false }
      let least = settings.smoothing / (own.total + Double(classes) * settings.smoothing)
      let share = output < classes ? weights[leaf * classes + output] / own.total : 0
      let value = output < classes ? least + (1 - Double(classes) * least) * share : 0
      return .init(cover: own.total, value: value)
    }
    return tree.map { ($0, isWhole) }
  }

  // MARK: - Snapshots

  func write(to writer: inout SnapshotWriter) {
    observers.write(to: &writer)
    writer.write(levelsOfAttribute)
    writer.write(leaves.flatMap { [$0.node, $0.block, $0.met] })
    writer.write(
      leaves.flatMap { [$0.total, $0.attempted, $0.majorityRight, $0.bayesRight] })
    writer.write(weights)
    writer.write(ranks)
    writer.write(freeLeaves)
    writer.write([bounded, splits, replaced, Int(bitPattern: UInt(random.state))])
    writer.write(leaves.map { Int(bitPattern: UInt($0.seed)) })
    writer.write(search.excluded.sorted())
    writer.write(overviews)
    for leaf in leaves where settings.dropsPoor { writer.write(leaf.poor.sorted()) }
    nodes.write(to: &writer)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try observers.restore(from: &reader)
    levelsOfAttribute = try reader.readInts()
    let heads = try reader.readInts()
    let sums = try reader.readDoubles()
    weights = try reader.readDoubles()
    ranks = try reader.readInts()
    freeLeaves = try reader.readInts()
    let counts = try reader.readInts()
    let seeds = try reader.readInts()
    search.excluded = Set(try reader.readInts())
    overviews = try reader.readInts()
    let leafCount = heads.count / 3
    guard heads.count == 3 * leafCount, sums.count == 4 * leafCount,
      weights.count == leafCount * classes, ranks.count == weights.count, counts.count == 4,
      seeds.count == leafCount, levelsOfAttribute.count == observers.levelRoom.count
    else { throw .corrupt }
    var poor: [Set<Int>] = []
    for _ in 0..<(settings.dropsPoor ? leafCount : 0) { poor.append(Set(try reader.readInts())) }
    guard overviews.allSatisfy({ (-1..<leafCount).contains($0) }) else { throw .corrupt }
    try nodes.restore(
      from: &reader, leaves: leafCount, numbers: observers.numbers,
      nominals: levelsOfAttribute.count)
    leaves = []
    for k in 0..<leafCount {
      var leaf = TreeLeaf()
      (leaf.node, leaf.block, leaf.met) = (heads[3 * k], heads[3 * k + 1], heads[3 * k + 2])
      (leaf.total, leaf.attempted) = (sums[4 * k], sums[4 * k + 1])
      (leaf.majorityRight, leaf.bayesRight) = (sums[4 * k + 2], sums[4 * k + 3])
      leaf.seed = UInt64(UInt(bitPattern: seeds[k]))
      if !poor.isEmpty { leaf.poor = poor[k] }
      leaves.append(leaf)
    }
    guard leaves.allSatisfy({ (-1..<observers.count).contains($0.block) }),
      freeLeaves.allSatisfy({ leaves.indices.contains($0) })
    else { throw .corrupt }
    (bounded, splits, replaced) = (counts[0], counts[1], counts[2])
    random.state = UInt64(UInt(bitPattern: counts[3]))
    scores = Array(repeating: 0, count: 2 * classes)
    discarded = Array(repeating: 0, count: classes)
  }
}
