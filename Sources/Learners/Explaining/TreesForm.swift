package import Batches

/// A sum of trees as it stands: constant + Σ weight·tree(row), in its space.
///
/// A leaf's answer is its value, and where it is a linear model of the numbers what that adds. Where leaves answer by
/// models of another kind (Naive Bayes) the sum is not the whole prediction: then a leaf's value is what it would answer
/// without (`isWhole`).
package struct TreesForm: Sendable {
  package let space: PredictionSpace
  package let constant: Double
  package let trees: [(weight: Double, tree: ExplainableTree)]
  /// Whether the sum is the prediction.
  package let isWhole: Bool
  let attributes: TreeAttributes
  /// The scale of the leaves' linear models.
  let scaler: FeatureScaler?

  /// A row as trees see it.
  package struct Row: Sendable {
    package var numbers: [Double]
    /// On the scale of linear models; empty where there are none.
    package var scaled: [Double]
    /// Of each nominal attribute the level; -1: none that is known.
    package var levels: [Int32]
  }

  /// Row `row` of the batch as the trees see it.
  package func view(_ batch: borrowing MicroBatch, _ row: Int) -> Row {
    let x = batch.dense(row)
    var view = Row(
      numbers: (0..<attributes.numbers).map { x[$0] }, scaled: [],
      levels: Array(repeating: -1, count: attributes.nominals))
    if let scaler { view.scaled = view.numbers.enumerated().map { scaler.scaled($0, $1) } }
    view.levels.withUnsafeMutableBufferPointer {
      if let levels = $0.baseAddress { attributes.find(batch.sparse(row), into: levels) }
    }
    return view
  }

  /// The sum, of a row.
  package func value(_ row: Row) -> Double {
    trees.reduce(constant) { $0 + $1.weight * $1.tree.answer(row) }
  }

  /// The group of features that numbers and nominal attributes belong to (`FeatureGroups`).
  package func group(attribute: Int) -> Int { attributes.numbers + attributes.families[attribute] }
  /// The sparse feature that a level of an attribute is.
  package func sparseIndex(attribute: Int, level: Int) -> Int {
    attributes.indexOfLevel[attribute][level]
  }
  package var hasModels: Bool { trees.contains { !$0.tree.coefficients.isEmpty } }
}

/// One tree as it stands, apart from what it needs to grow.
package struct ExplainableTree: Sendable {
  package enum Test: Int, Sendable {
    case leaf
    /// Number `feature` ≤ `threshold` goes left.
    case number
    /// Attribute `feature` at level `threshold` goes left.
    case level
    /// The child that table `left` has for attribute `feature`'s level; `right` where it has none.
    case levels
  }

  package struct Node: Sendable {
    package var test = Test.leaf
    package var feature = 0
    /// The group of features that the test asks for (`FeatureGroups`).
    package var group = 0
    package var threshold = 0.0
    package var left = 0
    package var right = 0
    /// Weight of the rows that the tree has seen below.
    package var cover = 0.0
    /// A leaf's answer, without what its linear model adds.
    package var value = 0.0
    /// Where a leaf's coefficients begin; -1: it has none.
    package var model = -1
  }

  /// The root first.
  package internal(set) var nodes: [Node] = []
  /// Children by level, -1 where there is none.
  package internal(set) var tables: [[Int]] = []
  /// Of each leaf that is a linear model, one for each number.
  package internal(set) var coefficients: [Double] = []

  package init(
    nodes: [Node] = [], tables: [[Int]] = [], coefficients: [Double] = []
  ) {
    (self.nodes, self.tables, self.coefficients) = (nodes, tables, coefficients)
  }

  /// The child of a test that a row belongs to.
  @inline(__always)
  package func child(_ node: Node, _ row: TreesForm.Row) -> Int {
    switch node.test {
    case .number: return row.numbers[node.feature] <= node.threshold ? node.left : node.right
    case .level:
      return Int(row.levels[node.feature]) == Int(node.threshold) ? node.left : node.right
    case .levels:
      let (level, table) = (Int(row.levels[node.feature]), tables[node.left])
      guard level >= 0, level < table.count, table[level] >= 0 else { return node.right }
      return table[level]
    case .leaf: return -1
    }
  }

  /// All children of a test, each once.
  package func children(_ node: Node) -> [Int] {
    switch node.test {
    case .leaf: []
    case .number, .level: [node.left, node.right]
    case .levels: tables[node.left].filter { $0 >= 0 }
    }
  }

  package func answer(_ row: TreesForm.Row) -> Double {
    var node = nodes[0]
    while node.test != .leaf { node = nodes[child(node, row)] }
    var sum = node.value
    if node.model >= 0 {
      for j in row.scaled.indices { sum += coefficients[node.model + j] * row.scaled[j] }
    }
    return sum
  }
}

extension TreeNodes {
  /// A leaf as explanations want it; `model` is empty but for linear models.
  struct LeafForm {
    var cover: Double
    var value: Double
    var model: [Double] = []
  }

  /// The tree with `leaf` telling of each leaf by its number; nil if it says so of any.
  func explainable(
    _ attributes: TreeAttributes, leaf: (Int) -> LeafForm?
  ) -> ExplainableTree? {
    var tree = ExplainableTree()
    return add(0, attributes, leaf, to: &tree) == nil ? nil : tree
  }

  /// Adds a node and all below it; returns its place.
  private func add(
    _ node: Int, _ attributes: TreeAttributes, _ leaf: (Int) -> LeafForm?,
    to tree: inout ExplainableTree
  ) -> Int? {
    let (own, place) = (self[node], tree.nodes.count)
    var made = ExplainableTree.Node()
    tree.nodes.append(made)
    (made.feature, made.threshold) = (own.feature, own.threshold)
    switch own.kind {
    case .leaf, .none:
      guard let answer = leaf(own.left) else { return nil }
      (made.cover, made.value) = (answer.cover, answer.value)
      if !answer.model.isEmpty {
        made.model = tree.coefficients.count
        tree.coefficients += answer.model
      }
    case .number, .level:
      guard let left = add(own.left, attributes, leaf, to: &tree),
        let right = add(own.right, attributes, leaf, to: &tree)
      else { return nil }
      made.test = own.kind == .number ? .number : .level
      (made.left, made.right) = (left, right)
      made.cover = tree.nodes[left].cover + tree.nodes[right].cover
    case .levels:
      made.test = .levels
      made.left = tree.tables.count
      tree.tables.append([])
      var table: [Int] = []
      for child in levelTable(own.left) {
        guard child >= 0 else {
          table.append(-1)
          continue
        }
        guard let place = add(child, attributes, leaf, to: &tree) else { return nil }
        table.append(place)
      }
      let places = table.filter { $0 >= 0 }
      guard var heaviest = places.first else { return nil }
      for place in places {
        made.cover += tree.nodes[place].cover
        if tree.nodes[place].cover > tree.nodes[heaviest].cover { heaviest = place }
      }
      made.right = heaviest
      tree.tables[made.left] = table
    }
    switch made.test {
    case .number: made.group = own.feature
    case .level, .levels: made.group = attributes.numbers + attributes.families[own.feature]
    case .leaf: break
    }
    tree.nodes[place] = made
    return place
  }
}
