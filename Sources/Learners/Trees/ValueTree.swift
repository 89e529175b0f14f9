import Glibc
import Kernels
import Snapshots

/// How a tree of numbers grows and answers.
struct ValueTreeSettings: Sendable {
  enum Leaf: String, Sendable, CaseIterable {
    /// The mean of the leaf's targets.
    case mean
    /// A linear model of the numbers.
    case linear
    /// Whichever of the two has the lower fading squared error in this leaf.
    case adaptive
  }

  var grace = 200.0
  var delta = 1e-3
  var tie = 0.05
  var leaf = Leaf.adaptive
  var isBinary = true
  var leastRows = 5.0
  var mostDepth = 1000
  var mostBytes = 0
  /// Bytes that another keeps for each node.
  var watchBytes = 0
  /// Points of a number's search tree at most.
  var points = 64
  /// Whether attributes that fall far behind are no longer looked at in their leaf.
  var dropsPoor = false
  /// Power of ten that values are rounded to; 0: not at all.
  var roundingScale = 0.0
  /// What errors of the past are multiplied by at each row, to choose between mean and model.
  var fading = 0.995
  /// Step size of the leaves' linear models.
  var rate = 0.05
  /// Whether a step is the plain gradient of (p − y)², or one that cannot overshoot.
  var isPlain = false
  /// Attributes that each leaf considers for its split, drawn when it begins; 0: all.
  var subspace = 0
}

/// What a leaf of a tree of numbers knows beside its linear model.
struct ValueLeaf: Sendable {
  var node = 0
  var moments = Moments()
  /// The weight when a split was last tried.
  var attempted = 0.0
  /// Fading squared errors of the mean and of the model.
  var meanError = 0.0
  var modelError = 0.0
  /// Nil while the leaf does not grow.
  var observers: ValueObservers?
  /// What its subspace is drawn from.
  var seed: UInt64 = 0
}

/// The nodes, leaves and models of a tree that predicts numbers, and what can be done with them.
///
/// A child begins with the moments of its side of the split, its parent's linear model and errors.
struct ValueTree: ValueRowModel {
  private(set) var settings: ValueTreeSettings
  let numbers: Int
  private let nominals: Int
  private(set) var nodes = TreeNodes()
  private(set) var leaves: [ValueLeaf] = []
  /// For each leaf the intercept, then a weight for each number.
  private var models: [Double] = []
  private var freeLeaves: [Int] = []
  /// Notices of the bound on memory, since they were last taken.
  private var bounded = 0
  private(set) var splits = 0
  private var growing = 0
  /// Attributes that are not to be looked at for splits.
  private var excluded: Set<Int>
  private var random: RandomBits

  init(
    settings: ValueTreeSettings, numbers: Int, nominals: Int, seed: UInt64 = 0,
    excluded: Set<Int> = []
  ) {
    self.excluded = excluded
    self.settings = settings
    self.numbers = numbers
    self.nominals = nominals
    random = RandomBits(seed: seed)
    _ = newLeaf(depth: 0)
  }

  /// Bounds its memory from now on.
  mutating func limit(to bytes: Int) { settings.mostBytes = bytes }

  private var stride: Int { settings.leaf == .mean ? 0 : numbers + 1 }

  var memoryBytes: Int {
    nodes.memoryBytes + leaves.capacity * MemoryLayout<ValueLeaf>.stride + 8 * models.capacity
      + leaves.reduce(0) { $0 + ($1.observers?.memoryBytes ?? 0) }
  }

  // MARK: - Nodes

  private mutating func newLeaf(
    depth: Int, moments: Moments = Moments(), like parent: Int? = nil
  ) -> Int {
    let leaf: Int
    if let known = freeLeaves.popLast() {
      leaf = known
    } else {
      leaf = leaves.count
      leaves.append(ValueLeaf())
      models.append(contentsOf: repeatElement(0, count: stride))
    }
    var own = ValueLeaf()
    own.moments = moments
    own.attempted = moments.weight
    if let parent {
      (own.meanError, own.modelError) = (leaves[parent].meanError, leaves[parent].modelError)
    }
    for j in 0..<stride {
      models[leaf * stride + j] = parent.map { models[$0 * stride + j] } ?? 0
    }
    if settings.subspace > 0 { own.seed = random.next() }
    own.node = nodes.take(leaf: leaf, depth: depth)
    leaves[leaf] = own
    if depth < settings.mostDepth { activate(leaf) }
    return own.node
  }

  /// What a leaf that grows takes with its search trees full, which have their place from the start where
  /// there is a bound, and some levels.
  private var mostLeafBytes: Int { 60 * settings.points * numbers + 1024 }

  /// Half of a bound on memory is for observers; where nodes are watched, a quarter, and half for that.
  private var mostObserverBytes: Int { settings.mostBytes / (settings.watchBytes > 0 ? 4 : 2) }

  /// The leaf that grows and has the least left to explain; -1: none grows.
  private var leastPromising: Int {
    var least = -1
    for other in leaves.indices where leaves[other].observers != nil {
      if least < 0 || leaves[other].moments.squares < leaves[least].moments.squares {
        least = other
      }
    }
    return least
  }

  /// Levels may take more than was set aside for them: then leaves stop growing until all is well again.
  private mutating func keepWithinBound() {
    guard settings.mostBytes > 0 else { return }
    var bytes = leaves.reduce(0) { $0 + ($1.observers?.memoryBytes ?? 0) }
    while bytes > mostObserverBytes, growing > 0 {
      let least = leastPromising
      bounded += 1
      bytes -= leaves[least].observers?.memoryBytes ?? 0
      deactivate(least)
    }
  }

  private mutating func activate(_ leaf: Int) {
    if settings.mostBytes > 0, (growing + 1) * mostLeafBytes > mostObserverBytes {
      // It makes room, if it promises less than this one does.
      bounded += 1
      let least = leastPromising
      guard least >= 0, leaves[least].moments.squares < leaves[leaf].moments.squares else { return }
      deactivate(least)
    }
    leaves[leaf].observers = ValueObservers(
      numbers: numbers, nominals: nominals, of: candidates(leaf),
      room: settings.mostBytes > 0 ? settings.points * numbers : 0)
    growing += 1
  }

  private mutating func deactivate(_ leaf: Int) {
    guard leaves[leaf].observers != nil else { return }
    leaves[leaf].observers = nil
    growing -= 1
  }

  /// A new leaf that begins beside `node`.
  mutating func newAlternate(of node: Int) -> Int { newLeaf(depth: nodes[node].depth) }

  /// Gives back a node and all below it.
  mutating func remove(_ node: Int) {
    var gone: [Int] = []
    nodes.remove(node) { gone.append($0) }
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

  func heaviestChild(_ node: Int) -> Int {
    nodes.heaviestChild(node) { leaves[$0].moments.weight }
  }

  /// A new leaf for a level that a split by levels has not met; nil if the row has no level there.
  mutating func newBranch(_ node: Int, _ levels: UnsafePointer<Int32>) -> Int? {
    guard let level = nodes.missingLevel(node, levels), hasRoom else { return nil }
    let child = newLeaf(depth: nodes[node].depth + 1)
    nodes.setChild(node, level: level, child)
    return child
  }

  // MARK: - Answers

  /// The leaf below `node` that answers for a row: where a level is unknown, on the heaviest way.
  func leaf(from node: Int, _ x: UnsafePointer<Double>, _ levels: UnsafePointer<Int32>) -> Int {
    var node = node
    while nodes[node].kind != .leaf {
      node = nodes.child(of: node, x, levels) ?? heaviestChild(node)
    }
    return node
  }

  func answer(
    _ x: UnsafePointer<Double>, _ z: UnsafePointer<Double>, _ levels: UnsafePointer<Int32>
  ) -> Double {
    answer(leaf(from: 0, x, levels), z)
  }

  private func model(_ leaf: Int, _ z: UnsafePointer<Double>) -> Double {
    models.withUnsafeBufferPointer { models in
      guard let own = models.baseAddress.map({ $0 + leaf * stride }) else { return 0 }
      var sum = own[0]
      for j in 0..<numbers { sum += own[1 + j] * z[j] }
      return sum
    }
  }

  /// What a leaf node says of a row whose numbers are `z` on the models' scale.
  func answer(_ node: Int, _ z: UnsafePointer<Double>) -> Double {
    let leaf = nodes[node].left
    switch settings.leaf {
    case .mean: return leaves[leaf].moments.mean
    case .linear: return model(leaf, z)
    case .adaptive:
      return leaves[leaf].meanError < leaves[leaf].modelError
        ? leaves[leaf].moments.mean : model(leaf, z)
    }
  }

  // MARK: - Learning

  /// Has the tree find the row's leaf and learn it.
  mutating func learn(
    _ x: UnsafePointer<Double>, _ z: UnsafePointer<Double>, _ levels: UnsafePointer<Int32>,
    target: Double,
    weight: Double
  ) {
    var (node, isFresh) = (0, false)
    while nodes[node].kind != .leaf {
      if let child = nodes.child(of: node, x, levels) {
        node = child
      } else if let fresh = newBranch(node, levels) {
        (node, isFresh) = (fresh, true)
      } else {
        node = heaviestChild(node)
      }
    }
    if learn(node, x, z, levels, target: target, weight: weight), !isFresh {
      _ = attemptSplit(node)
    }
  }

  /// Takes a row into a leaf; returns whether it is time to try a split.
  mutating func learn(
    _ node: Int, _ x: UnsafePointer<Double>, _ z: UnsafePointer<Double>,
    _ levels: UnsafePointer<Int32>,
    target: Double, weight: Double
  ) -> Bool {
    let leaf = nodes[node].left
    if stride > 0 {
      let error = model(leaf, z) - target
      let other = leaves[leaf].moments.mean - target
      leaves[leaf].meanError = settings.fading * leaves[leaf].meanError + other * other
      leaves[leaf].modelError = settings.fading * leaves[leaf].modelError + error * error
      step(leaf, z, error, weight)
    }
    leaves[leaf].moments.add(target, weight)
    leaves[leaf].observers?.observe(
      x, levels, target: target, weight: weight, scale: settings.roundingScale,
      most: settings.points)
    return leaves[leaf].observers != nil
      && leaves[leaf].moments.weight - leaves[leaf].attempted >= settings.grace
  }

  private mutating func step(
    _ leaf: Int, _ z: UnsafePointer<Double>, _ error: Double, _ weight: Double
  ) {
    guard error.isFinite else { return }
    let (numbers, stride, isPlain) = (numbers, stride, settings.isPlain)
    let rate = 2 * settings.rate * weight
    models.withUnsafeMutableBufferPointer { models in
      guard let own = models.baseAddress.map({ $0 + leaf * stride }) else { return }
      var length = 1.0
      if !isPlain { for j in 0..<numbers { length += z[j] * z[j] } }
      let pull = rate * error / (isPlain ? 1 : 1 + rate * length)
      own[0] -= pull
      for j in 0..<numbers { own[1 + j] -= pull * z[j] }
    }
  }

  /// Splits a leaf if the second best way is by Hoeffding's bound worse than the best: their merits' ratio,
  /// which lies in 0…1, is below 1 − ε, or ε < `tie`. Returns whether it did.
  mutating func attemptSplit(_ node: Int) -> Bool {
    let leaf = nodes[node].left
    defer { if nodes[node].kind == .leaf { leaves[leaf].attempted = leaves[leaf].moments.weight } }
    keepWithinBound()
    guard let observers = leaves[leaf].observers else { return false }
    let all = leaves[leaf].moments
    var (best, second) = (SplitWay(), -Double.infinity)
    var merits: [(attribute: Int, merit: Double)] = []
    for attribute in observers.attributes {
      let way =
        attribute < numbers
        ? observers.bestThreshold(attribute, all: all, least: settings.leastRows)
        : observers.bestLevels(
          attribute - numbers, all: all, least: settings.leastRows, isBinary: settings.isBinary)
      if settings.dropsPoor { merits.append((attribute, way.merit)) }
      if way.merit >= best.merit {
        second = best.merit
        best = way
      } else {
        second = max(second, way.merit)
      }
    }
    guard best.merit > 0, best.merit.isFinite else { return false }
    guard hasRoom else {
      bounded += 1
      return false
    }
    let bound = ClassTree.bound(range: 1, delta: settings.delta, count: all.weight)
    guard second / best.merit < 1 - bound || bound < settings.tie else {
      if second > 0 {
        let poor = best.merit * (second / best.merit - 2 * bound)
        leaves[leaf].observers?.leaveOut(below: poor, all: all, least: settings.leastRows)
        for way in merits where way.merit < poor {
          leaves[leaf].observers?.drop(way.attribute)
        }
      }
      return false
    }
    split(node, best, observers)
    return true
  }

  /// Whether nodes and leaves may still be added: they have an eighth of the bound while they are moved.
  var hasRoom: Bool {
    guard settings.mostBytes > 0, nodes.freeCount < 2 else { return true }
    let bytes =
      nodes.memoryBytes + leaves.capacity * MemoryLayout<ValueLeaf>.stride + 8 * models.capacity
    return bytes <= settings.mostBytes / 16
      && (nodes.count + 2) * settings.watchBytes <= settings.mostBytes / 2
  }

  /// The attributes that a leaf may split on, the numbers first.
  private func candidates(_ leaf: Int) -> [Int] {
    var all = Array(0..<(numbers + nominals))
    if !excluded.isEmpty { all.removeAll { excluded.contains($0) } }
    let (wish, count) = (settings.subspace, all.count)
    guard wish > 0, wish < count else { return all }
    var random = RandomBits(seed: leaves[leaf].seed)
    for k in 0..<wish { all.swapAt(k, k + random.below(count - k)) }
    return all[..<wish].sorted()
  }

  private mutating func split(_ node: Int, _ way: SplitWay, _ observers: ValueObservers) {
    splits += 1
    let leaf = nodes[node].left
    let (all, depth) = (leaves[leaf].moments, nodes[node].depth)
    deactivate(leaf)
    if way.kind == .levels {
      let children = observers.moments(levelsOf: way.feature).map {
        $0.weight > 0 ? newLeaf(depth: depth + 1, moments: $0, like: leaf) : -1
      }
      nodes.split(node, feature: way.feature, children: children)
    } else {
      let sides = observers.sides(way, all: all)
      let left = newLeaf(depth: depth + 1, moments: sides.left, like: leaf)
      let right = newLeaf(depth: depth + 1, moments: sides.right, like: leaf)
      nodes.split(node, way, left: left, right: right)
    }
    freeLeaves.append(leaf)
  }

  // MARK: - Accounts

  mutating func takeNews() -> [(kind: String, text: String)] {
    guard bounded > 0 else { return [] }
    bounded = 0
    return [
      (
        "memory-bound",
        "a tree holds \(memoryBytes >> 10) KB: the leaves with the least left to explain stop growing "
          + "(max-bytes)"
      )
    ]
  }

  var shape: TreeShape { TreeShape(nodes) }
  func cuts(numbers: Int) -> TreeCuts? {
    TreeCuts(
      CollectionOfOne(nodes), numbers: numbers, isConstantBetween: settings.leaf == .mean,
      isOneTree: true)
  }

  /// The tree as it stands; `attributes` knows which sparse feature a level is.
  func drawing(_ attributes: TreeAttributes) -> TreeDrawing? {
    var drawing = TreeDrawing()
    _ = draw(0, attributes, into: &drawing)
    return drawing
  }

  private func draw(
    _ node: Int, _ attributes: TreeAttributes, into drawing: inout TreeDrawing
  ) -> (position: Int, moments: Moments) {
    let (own, position) = (nodes[node], drawing.nodes.count)
    drawing.nodes.append(TreeDrawing.Node(test: .leaf, children: [], weight: 0, answer: []))
    var moments = own.kind == .leaf ? leaves[own.left].moments : Moments()
    var positions: [Int] = []
    for child in nodes.children(of: node) {
      let below = draw(child, attributes, into: &drawing)
      positions.append(below.position)
      moments = moments.plus(below.moments)
    }
    drawing.nodes[position] = TreeDrawing.Node(
      test: nodes.test(node, attributes), children: positions, weight: moments.weight,
      answer: [moments.mean])
    return (position, moments)
  }

  /// The tree as it stands.
  func explainable(_ attributes: TreeAttributes) -> ExplainableTree? {
    nodes.explainable(attributes) { leaf in
      let own = leaves[leaf]
      let byMean =
        settings.leaf == .mean || (settings.leaf == .adaptive && own.meanError < own.modelError)
      guard !byMean else { return .init(cover: own.moments.weight, value: own.moments.mean) }
      let model = models[(leaf * stride)..<((leaf + 1) * stride)]
      return .init(
        cover: own.moments.weight, value: model.first ?? 0, model: Array(model.dropFirst()))
    }
  }

  func sum(_ attributes: TreeAttributes) -> TreeSum? {
    explainable(attributes).map { TreeSum(trees: [(1, $0)]) }
  }

  // MARK: - Snapshots

  func write(to writer: inout SnapshotWriter) {
    writer.write(
      leaves.flatMap { [$0.node, $0.observers == nil ? 0 : 1, Int(bitPattern: UInt($0.seed))] })
    writer.write(
      leaves.flatMap { $0.moments.numbers + [$0.attempted, $0.meanError, $0.modelError] })
    for leaf in leaves { leaf.observers?.write(to: &writer) }
    writer.write(models)
    writer.write(freeLeaves)
    writer.write([bounded, splits, Int(bitPattern: UInt(random.state))])
    writer.write(excluded.sorted())
    nodes.write(to: &writer)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let heads = try reader.readInts()
    let sums = try reader.readDoubles()
    let count = heads.count / 3
    guard heads.count == 3 * count, sums.count == 6 * count else { throw .corrupt }
    leaves = []
    growing = 0
    for k in 0..<count {
      var leaf = ValueLeaf()
      leaf.node = heads[3 * k]
      leaf.seed = UInt64(UInt(bitPattern: heads[3 * k + 2]))
      leaf.moments = Moments(
        weight: sums[6 * k], mean: sums[6 * k + 1], squares: sums[6 * k + 2])
      leaf.attempted = sums[6 * k + 3]
      (leaf.meanError, leaf.modelError) = (sums[6 * k + 4], sums[6 * k + 5])
      if heads[3 * k + 1] == 1 {
        var observers = ValueObservers(numbers: numbers, nominals: nominals, of: [])
        try observers.restore(from: &reader)
        leaf.observers = observers
        growing += 1
      }
      leaves.append(leaf)
    }
    models = try reader.readDoubles()
    freeLeaves = try reader.readInts()
    let counts = try reader.readInts()
    excluded = Set(try reader.readInts())
    guard models.count == count * stride, counts.count == 3,
      freeLeaves.allSatisfy({ leaves.indices.contains($0) })
    else { throw .corrupt }
    (bounded, splits) = (counts[0], counts[1])
    random.state = UInt64(UInt(bitPattern: counts[2]))
    try nodes.restore(from: &reader, leaves: count, numbers: numbers, nominals: nominals)
  }
}
