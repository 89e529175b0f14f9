import Snapshots

/// One node: a leaf or a test.
struct TreeNode: Sendable {
  enum Kind: Int, Sendable {
    case leaf
    /// Number `feature` ≤ `threshold` goes left.
    case number
    /// Attribute `feature` at level `threshold` goes left.
    case level
    /// Every level has a child of its own, in table `left`.
    case levels
    /// Given back, for another use.
    case none
  }

  var kind = Kind.leaf
  var feature = 0
  var threshold = 0.0
  /// A child; of a leaf its number; of many levels the number of their table.
  var left = 0
  var right = 0
  var depth = 0
}

/// The nodes of a tree and the ways between them; what leaves know is elsewhere, by the leaf's number.
/// Nodes are numbers in one table; a leaf that splits keeps its number, so that nothing above has to know.
struct TreeNodes: Sendable {
  private var nodes: [TreeNode] = []
  private var tables: [[Int]] = []
  private var freeNodes: [Int] = []
  private var freeTables: [Int] = []

  var count: Int { nodes.count }
  var freeCount: Int { freeNodes.count }
  var memoryBytes: Int {
    nodes.capacity * MemoryLayout<TreeNode>.stride
      + tables.reduce(0) { $0 + 8 * $1.capacity + 32 } + 8 * freeNodes.capacity
  }

  subscript(node: Int) -> TreeNode {
    @inline(__always) get { nodes[node] }
    @inline(__always) _modify { yield &nodes[node] }
  }

  // MARK: - Making and removing

  /// A new leaf node that stands for leaf `leaf`.
  mutating func take(leaf: Int, depth: Int) -> Int {
    let node: Int
    if let known = freeNodes.popLast() {
      node = known
      nodes[node] = TreeNode()
    } else {
      node = nodes.count
      nodes.append(TreeNode())
    }
    (nodes[node].left, nodes[node].depth) = (leaf, depth)
    return node
  }

  /// Gives back a node and all below it; `leaves` and `tests` are told of each leaf's number and of each test.
  mutating func remove(
    _ node: Int, leaves: (Int) -> Void, tests: (Int) -> Void = { _ in }
  ) {
    let own = nodes[node]
    switch own.kind {
    case .leaf: leaves(own.left)
    case .number, .level:
      tests(node)
      remove(own.left, leaves: leaves, tests: tests)
      remove(own.right, leaves: leaves, tests: tests)
    case .levels:
      tests(node)
      for child in tables[own.left] where child >= 0 {
        remove(child, leaves: leaves, tests: tests)
      }
      tables[own.left] = []
      freeTables.append(own.left)
    case .none: return
    }
    nodes[node].kind = .none
    freeNodes.append(node)
  }

  /// Puts node `other`, and what is below it, in the place of `node`, which has been removed.
  mutating func move(_ other: Int, to node: Int, depth: Int) {
    freeNodes.removeAll { $0 == node }
    nodes[node] = nodes[other]
    nodes[node].depth = depth
    nodes[other].kind = .none
    freeNodes.append(other)
  }

  /// Gives back all that is below a test, which becomes the node of leaf `leaf`.
  mutating func cut(_ node: Int, leaf: Int, leaves: (Int) -> Void, tests: (Int) -> Void) {
    for child in children(of: node) { remove(child, leaves: leaves, tests: tests) }
    if nodes[node].kind == .levels {
      tables[nodes[node].left] = []
      freeTables.append(nodes[node].left)
    }
    (nodes[node].kind, nodes[node].left, nodes[node].right) = (.leaf, leaf, 0)
  }

  /// Makes a leaf node the test of a number or of a level.
  mutating func split(_ node: Int, _ way: SplitWay, left: Int, right: Int) {
    nodes[node].kind = way.kind
    nodes[node].feature = way.feature
    nodes[node].threshold = way.threshold
    (nodes[node].left, nodes[node].right) = (left, right)
  }

  /// Makes a leaf node a branch for each level; -1: a level without one.
  mutating func split(_ node: Int, feature: Int, children: [Int]) {
    nodes[node].kind = .levels
    nodes[node].feature = feature
    nodes[node].threshold = 0
    if let known = freeTables.popLast() {
      tables[known] = children
      nodes[node].left = known
    } else {
      tables.append(children)
      nodes[node].left = tables.count - 1
    }
  }

  /// The level of a row that a branch for each level has no child for.
  func missingLevel(_ node: Int, _ levels: UnsafePointer<Int32>) -> Int? {
    let own = nodes[node]
    guard own.kind == .levels, levels[own.feature] >= 0 else { return nil }
    return Int(levels[own.feature])
  }

  mutating func setChild(_ node: Int, level: Int, _ child: Int) {
    let table = nodes[node].left
    while tables[table].count <= level { tables[table].append(-1) }
    tables[table][level] = child
  }

  // MARK: - Finding the way

  /// The child of a node that a row belongs to; nil for a level that has none.
  @inline(__always)
  func child(of node: Int, _ x: UnsafePointer<Double>, _ levels: UnsafePointer<Int32>) -> Int? {
    let own = nodes[node]
    switch own.kind {
    case .number: return x[own.feature] <= own.threshold ? own.left : own.right
    case .level: return Int(levels[own.feature]) == Int(own.threshold) ? own.left : own.right
    case .levels:
      let level = Int(levels[own.feature])
      guard level >= 0, level < tables[own.left].count else { return nil }
      let child = tables[own.left][level]
      return child >= 0 ? child : nil
    case .leaf, .none: return nil
    }
  }

  func children(of node: Int) -> [Int] {
    let own = nodes[node]
    switch own.kind {
    case .leaf, .none: return []
    case .number, .level: return [own.left, own.right]
    case .levels: return tables[own.left].filter { $0 >= 0 }
    }
  }

  /// The children that a branch for each level has, by level.
  func levelTable(_ table: Int) -> [Int] { tables[table] }

  private func weight(_ node: Int, _ leafWeight: (Int) -> Double) -> Double {
    let own = nodes[node]
    switch own.kind {
    case .leaf: return leafWeight(own.left)
    case .number, .level: return weight(own.left, leafWeight) + weight(own.right, leafWeight)
    case .levels:
      return tables[own.left].reduce(0) { $1 >= 0 ? $0 + weight($1, leafWeight) : $0 }
    case .none: return 0
    }
  }

  /// The child whose leaves weigh most.
  func heaviestChild(_ node: Int, leafWeight: (Int) -> Double) -> Int {
    let own = nodes[node]
    guard own.kind == .levels else {
      return weight(own.left, leafWeight) < weight(own.right, leafWeight) ? own.right : own.left
    }
    var (best, most) = (-1, -1.0)
    for child in tables[own.left] where child >= 0 {
      let weight = weight(child, leafWeight)
      if weight > most { (best, most) = (child, weight) }
    }
    return best
  }

  // MARK: - Accounts

  /// A node's test as others read it; `attributes` knows which sparse feature a level is.
  func test(_ node: Int, _ attributes: TreeAttributes) -> TreeDrawing.Test {
    let own = nodes[node]
    switch own.kind {
    case .number: return .number(feature: own.feature, threshold: own.threshold)
    case .level: return .level(attributes.indexOfLevel[own.feature][Int(own.threshold)])
    case .levels:
      let known = tables[own.left].indices.filter { tables[own.left][$0] >= 0 }
      return .levels(known.map { attributes.indexOfLevel[own.feature][$0] })
    case .leaf, .none: return .leaf
    }
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(nodes.flatMap { [$0.kind.rawValue, $0.feature, $0.left, $0.right, $0.depth] })
    writer.write(nodes.map(\.threshold))
    writer.write(tables.count)
    for table in tables { writer.write(table) }
    writer.write(freeNodes)
    writer.write(freeTables)
  }

  /// Reads nodes over so many leaves, numbers and nominal attributes.
  mutating func restore(
    from reader: inout SnapshotReader, leaves: Int, numbers: Int, nominals: Int
  ) throws(SnapshotError) {
    let shapes = try reader.readInts()
    let thresholds = try reader.readDoubles()
    let tableCount = try reader.readInt()
    guard (0...100_000_000).contains(tableCount) else { throw .corrupt }
    tables = []
    for _ in 0..<tableCount { tables.append(try reader.readInts()) }
    freeNodes = try reader.readInts()
    freeTables = try reader.readInts()
    let count = thresholds.count
    guard count > 0, shapes.count == 5 * count,
      freeNodes.allSatisfy({ (0..<count).contains($0) }),
      freeTables.allSatisfy({ tables.indices.contains($0) })
    else { throw .corrupt }
    nodes = []
    for n in 0..<count {
      guard let kind = TreeNode.Kind(rawValue: shapes[5 * n]) else { throw .corrupt }
      let own = TreeNode(
        kind: kind, feature: shapes[5 * n + 1], threshold: thresholds[n], left: shapes[5 * n + 2],
        right: shapes[5 * n + 3], depth: shapes[5 * n + 4])
      let haveChildren = (0..<count).contains(own.left) && (0..<count).contains(own.right)
      let isSound =
        switch kind {
        case .leaf: (0..<leaves).contains(own.left)
        case .number: (0..<numbers).contains(own.feature) && haveChildren
        case .level: (0..<nominals).contains(own.feature) && haveChildren
        case .levels:
          (0..<nominals).contains(own.feature) && tables.indices.contains(own.left)
            && tables[own.left].allSatisfy { (-1..<count).contains($0) }
        case .none: true
        }
      guard isSound else { throw .corrupt }
      nodes.append(own)
    }
  }
}

/// A way to split a leaf.
struct SplitWay: Sendable {
  var merit = -Double.infinity
  var kind = TreeNode.Kind.none
  var feature = 0
  var threshold = 0.0
}
