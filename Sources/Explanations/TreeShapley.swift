import Learners

/// Exact contributions in a tree, against one usual row: interventional TreeSHAP, for leaves that are linear models too.
///
/// A leaf is reached by the features of a coalition S if all of a set X are in S, in which the row in question goes the
/// leaf's way where the usual one does not, and none of a set Y, in which it is the other way round. With |X| = a and
/// |Y| = b, a game worth 1 where that is so and else 0 has the Shapley values
///
///     (a − 1)!·b!/(a + b)!   of each in X,      −a!·(b − 1)!/(a + b)!   of each in Y
///
/// and a tree is the sum over its leaves of such games times the leaf's answer. In a leaf with a linear model the answer is
/// c + Σ dⱼ over those j in S, where c has the usual row's values and dⱼ is what feature j adds: those in X are always in,
/// those in Y never, and each other one is a game like the leaf's own with j in X as well.
///
/// References: S. Lundberg et al., From local explanations to global understanding with explainable AI for trees, Nature
/// Machine Intelligence 2 (2020), algorithm 3; the games in closed form: C. Bordt and U. von Luxburg, From Shapley values
/// to generalized additive models and back, AISTATS 2023. That of linear leaves follows by the axiom of additivity.
///
/// Cost: the leaves that any mixture of the two rows reaches, times the features on their ways.
struct TreeShapley {
  private let tree: ExplainableTree
  private let row: TreesForm.Row
  private let usual: TreesForm.Row
  private let weight: Double
  /// Of each group 1: in X, −1: in Y, on the way down.
  private var side: [Int8]
  private var inside: [Int] = []
  private var outside: [Int] = []
  private(set) var base = 0.0
  private(set) var contributions: [Double]

  /// Games of `groups` features.
  private init(
    _ tree: ExplainableTree, _ row: TreesForm.Row, _ usual: TreesForm.Row, weight: Double,
    into contributions: consuming [Double]
  ) {
    (self.tree, self.row, self.usual, self.weight) = (tree, row, usual, weight)
    side = Array(repeating: 0, count: contributions.count)
    self.contributions = contributions
  }

  /// Adds the contributions in weight·tree to `contributions`; returns what it answers for the usual row.
  static func add(
    _ tree: ExplainableTree, _ row: TreesForm.Row, against usual: TreesForm.Row, weight: Double,
    to contributions: inout [Double]
  ) -> Double {
    var own = TreeShapley(tree, row, usual, weight: weight, into: contributions)
    contributions = []
    own.descend(0)
    contributions = own.contributions
    return own.base
  }

  private mutating func descend(_ place: Int) {
    let node = tree.nodes[place]
    guard node.test != .leaf else { return reach(node) }
    let (own, other) = (tree.child(node, row), tree.child(node, usual))
    let group = node.group
    if own == other || side[group] > 0 { return descend(own) }
    if side[group] < 0 { return descend(other) }
    side[group] = 1
    inside.append(group)
    descend(own)
    inside.removeLast()
    side[group] = -1
    outside.append(group)
    descend(other)
    outside.removeLast()
    side[group] = 0
  }

  private mutating func reach(_ leaf: ExplainableTree.Node) {
    var answer = leaf.value
    let (a, b) = (inside.count, outside.count)
    if leaf.model >= 0 {
      var free = 0.0
      let single = TreeShapley.inner(a + 1, b)
      for j in row.scaled.indices {
        let coefficient = tree.coefficients[leaf.model + j]
        let isOwn = side[j] > 0
        answer += coefficient * (isOwn ? row.scaled[j] : usual.scaled[j])
        guard side[j] == 0 else { continue }
        let step = coefficient * (row.scaled[j] - usual.scaled[j])
        contributions[j] += weight * single * step
        free += step
      }
      for g in inside { contributions[g] += weight * single * free }
      let outer = TreeShapley.outer(a + 1, b)
      for g in outside { contributions[g] -= weight * outer * free }
    }
    if a == 0 { base += weight * answer }
    let (inner, outer) = (TreeShapley.inner(a, b), TreeShapley.outer(a, b))
    for g in inside { contributions[g] += weight * inner * answer }
    for g in outside { contributions[g] -= weight * outer * answer }
  }

  /// (a − 1)!·b!/(a + b)!; 0 for a = 0.
  static func inner(_ a: Int, _ b: Int) -> Double {
    guard a > 0 else { return 0 }
    var value = 1 / Double(a)
    for k in 0..<b { value *= Double(k + 1) / Double(a + k + 1) }
    return value
  }

  /// a!·(b − 1)!/(a + b)!; 0 for b = 0.
  static func outer(_ a: Int, _ b: Int) -> Double { inner(b, a) }
}
