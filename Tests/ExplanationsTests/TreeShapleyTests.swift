import Batches
import Kernels
import TestSupport
import Testing

@testable import Explanations
@testable import Learners

/// Trees against shap, and against the definition.
@Suite struct TreeShapleyTests {
  struct File: Decodable {
    struct Linear: Decodable {
      let weights: [Double]
      let intercept: Double
      let expected_value: Double
      let shap: [[Double]]
    }
    struct Shape: Decodable {
      let children_left: [Int]
      let children_right: [Int]
      let feature: [Int]
      let threshold: [Double]
      let value: [Double]
      let cover: [Double]

      var tree: ExplainableTree {
        ExplainableTree(
          nodes: feature.indices.map { n in
            var node = ExplainableTree.Node()
            (node.cover, node.value) = (cover[n], value[n])
            guard children_left[n] >= 0 else { return node }
            (node.test, node.feature, node.group) = (.number, feature[n], feature[n])
            node.threshold = threshold[n]
            (node.left, node.right) = (children_left[n], children_right[n])
            return node
          })
      }
    }
    struct One: Decodable {
      let tree: Shape
      let expected_value: Double
      let shap: [[Double]]
    }
    struct Many: Decodable {
      let trees: [Shape]
      let expected_value: Double
      let shap: [[Double]]
    }
    let X: [[Double]]
    let linear: Linear
    let logistic_margin: Linear
    let tree: One
    let forest: Many
  }

  private func row(_ x: [Double]) -> TreesForm.Row {
    TreesForm.Row(numbers: x, scaled: [], levels: [])
  }

  @Test func `path-dependent TreeSHAP is shap's`() throws {
    let file = try Golden.json("shap.json", as: File.self)
    let tree = file.tree.tree.tree
    for (k, expected) in file.tree.shap.enumerated() {
      let found = PathShapley.solve(tree, row(file.X[k]), groups: 4)
      #expect(Trained.isClose(found.base, file.tree.expected_value))
      for g in 0..<4 { #expect(Trained.isClose(found.contributions[g], expected[g])) }
    }
    let trees = file.forest.trees.map(\.tree)
    for (k, expected) in file.forest.shap.enumerated() {
      let found = trees.map { PathShapley.solve($0, row(file.X[k]), groups: 4) }
      let count = Double(trees.count)
      #expect(
        Trained.isClose(found.reduce(0) { $0 + $1.base } / count, file.forest.expected_value))
      for g in 0..<4 {
        #expect(
          Trained.isClose(found.reduce(0) { $0 + $1.contributions[g] } / count, expected[g]))
      }
    }
  }

  @Test func `linear contributions are shap's`() throws {
    let file = try Golden.json("shap.json", as: File.self)
    var batch = MicroBatch(capacity: 80, denseWidth: 4)
    let background = Background(capacity: 80, denseWidth: 4)
    for (k, x) in file.X.enumerated() {
      for j in 0..<4 { batch.nextDense[j] = x[j] }
      batch.endRow(target: .nan, weight: 1, time: .nan, line: k + 1)
      background.observe(batch, k)
    }
    for model in [file.linear, file.logistic_margin] {
      let form = LinearForm(
        model.weights + [model.intercept, 0, 0, 0], LinearLayout(denseWidth: 4),
        FeatureScaler(.none, limit: 0, width: 4), .value)
      for (k, expected) in model.shap.enumerated() {
        let groups = FeatureGroups(batch, k, families: 0)
        let found = LinearShapley.solve(form, batch, k, groups, background)
        #expect(Trained.isClose(found.base, model.expected_value))
        for g in 0..<4 { #expect(Trained.isClose(found.contributions[g], expected[g])) }
      }
    }
  }

  // MARK: - By the definition

  /// A random tree over 4 numbers and 2 categories of 3 levels (groups 4 and 5), with linear leaves on request.
  private func grow(
    _ random: inout SplitMix, depth: Int, linear: Bool
  ) -> ExplainableTree {
    var (nodes, tables, coefficients): ([ExplainableTree.Node], [[Int]], [Double]) = ([], [], [])
    func add(_ depth: Int) -> Int {
      let place = nodes.count
      nodes.append(ExplainableTree.Node())
      var node = ExplainableTree.Node()
      let kind = depth == 0 || random.below(6) == 0 ? 0 : 1 + random.below(3)
      switch kind {
      case 1:
        node.test = .number
        node.feature = random.below(4)
        (node.group, node.threshold) = (node.feature, random.normal())
        (node.left, node.right) = (add(depth - 1), add(depth - 1))
      case 2:
        node.test = .level
        node.feature = random.below(2)
        (node.group, node.threshold) = (4 + node.feature, Double(random.below(3)))
        (node.left, node.right) = (add(depth - 1), add(depth - 1))
      case 3:
        node.test = .levels
        node.feature = random.below(2)
        node.group = 4 + node.feature
        let missing = random.below(4)
        let table = (0..<3).map { $0 == missing ? -1 : add(depth - 1) }
        node.left = tables.count
        tables.append(table)
        node.right = table.first { $0 >= 0 } ?? 0
      default:
        (node.cover, node.value) = (Double(1 + random.below(20)), random.normal())
        if linear, random.below(3) > 0 {
          node.model = coefficients.count
          for _ in 0..<4 { coefficients.append(random.normal()) }
        }
      }
      let children =
        node.test == .levels ? tables[node.left].filter { $0 >= 0 } : [node.left, node.right]
      if node.test != .leaf { node.cover = children.reduce(0) { $0 + nodes[$1].cover } }
      nodes[place] = node
      return place
    }
    _ = add(depth)
    return ExplainableTree(nodes: nodes, tables: tables, coefficients: coefficients)
  }

  private func draw(_ random: inout SplitMix) -> TreesForm.Row {
    let numbers = (0..<4).map { _ in random.normal() }
    return TreesForm.Row(
      numbers: numbers, scaled: numbers.map { 2 * $0 - 1 },
      levels: (0..<2).map { _ in Int32(random.below(4)) - 1 })
  }

  private func mix(_ set: Int, _ own: TreesForm.Row, _ usual: TreesForm.Row) -> TreesForm.Row {
    var row = usual
    for g in 0..<6 where set >> g & 1 == 1 {
      if g < 4 {
        (row.numbers[g], row.scaled[g]) = (own.numbers[g], own.scaled[g])
      } else {
        row.levels[g - 4] = own.levels[g - 4]
      }
    }
    return row
  }

  private func expectation(_ tree: ExplainableTree, _ row: TreesForm.Row, _ set: Int, _ n: Int = 0)
    -> Double
  {
    let node = tree.nodes[n]
    if node.test == .leaf { return node.value }
    if set >> node.group & 1 == 1 { return expectation(tree, row, set, tree.child(node, row)) }
    return tree.children(node).reduce(0) {
      $0 + tree.nodes[$1].cover / node.cover * expectation(tree, row, set, $1)
    }
  }

  private func shapley(_ worth: (Int) -> Double) -> [Double] {
    var out = Array(repeating: 0.0, count: 6)
    Coalitions.exact((0..<64).map(worth), 6, into: &out)
    return out
  }

  @Test func `random trees: both ways are what the definition says`() {
    for seed in UInt64(1)...60 {
      var random = SplitMix(seed: seed)
      let (plain, linear) = (
        grow(&random, depth: 5, linear: false), grow(&random, depth: 5, linear: true)
      )
      let (own, usual) = (draw(&random), draw(&random))
      let path = PathShapley.solve(plain, own, groups: 6)
      let byPath = shapley { expectation(plain, own, $0) }
      #expect(Trained.isClose(path.base, expectation(plain, own, 0)), "seed \(seed)")
      for tree in [plain, linear] {
        var found = Array(repeating: 0.0, count: 6)
        let base = TreeShapley.add(tree, own, against: usual, weight: 1, to: &found)
        let expected = shapley { tree.answer(mix($0, own, usual)) }
        #expect(Trained.isClose(base, tree.answer(usual)), "seed \(seed)")
        for g in 0..<6 {
          #expect(Trained.isClose(found[g], expected[g]), "seed \(seed), group \(g)")
        }
      }
      for g in 0..<6 {
        #expect(Trained.isClose(path.contributions[g], byPath[g]), "seed \(seed), group \(g)")
      }
    }
  }
}
