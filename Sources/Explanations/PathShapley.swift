package import Learners

/// Exact contributions in a tree without any usual row: path-dependent TreeSHAP.
///
/// What a coalition S is worth is taken from the tree itself: at a test of a feature in S the row's own way, at any other
/// all ways, each as likely as its share of the weight that the tree has seen there. All subsets are followed down the
/// tree at once: a path keeps, for each size of subset, the share of the subsets that arrive (EXTEND), and a feature is
/// taken off again where it is asked for a second time, and at leaves, to see what it adds (UNWIND).
///
/// Leaves count with their value alone: it is for trees without models in their leaves.
///
/// Reference: S. Lundberg, G. Erion and S.-I. Lee, Consistent individualized feature attribution for tree ensembles,
/// 2018, algorithm 2; a branch for each level is taken as all other ways together.
///
/// Cost: O(L·D²) for L leaves at most D tests deep.
package struct PathShapley {
  private struct Element {
    var group = -1
    /// The share of subsets without the feature that go this way, and of those with it.
    var zero = 1.0
    var one = 1.0
    var weight = 1.0
  }

  private let tree: ExplainableTree
  private let row: TreesForm.Row
  private var contributions: [Double]

  /// The contributions in a tree of features in `groups` groups, and what it answers on average.
  package static func solve(
    _ tree: ExplainableTree, _ row: TreesForm.Row, groups: Int
  ) -> (base: Double, contributions: [Double]) {
    var own = PathShapley(
      tree: tree, row: row, contributions: Array(repeating: 0, count: groups))
    own.descend(0, [], Element())
    return (own.mean(0), own.contributions)
  }

  /// The share of a test's rows that went to a child.
  private func share(_ child: Int, of node: ExplainableTree.Node) -> Double {
    guard node.cover > 0 else { return 1 / Double(tree.children(node).count) }
    return tree.nodes[child].cover / node.cover
  }

  private func mean(_ place: Int) -> Double {
    let node = tree.nodes[place]
    guard node.test != .leaf else { return node.value }
    return tree.children(node).reduce(0) { $0 + share($1, of: node) * mean($1) }
  }

  private mutating func descend(_ place: Int, _ before: [Element], _ last: Element) {
    var path = before
    PathShapley.extend(&path, last)
    let node = tree.nodes[place]
    guard node.test != .leaf else {
      for k in 1..<max(path.count, 1) {
        let sum = PathShapley.unwoundSum(path, k)
        contributions[path[k].group] += sum * (path[k].one - path[k].zero) * node.value
      }
      return
    }
    var (zero, one) = (1.0, 1.0)
    if let known = path.firstIndex(where: { $0.group == node.group }) {
      (zero, one) = (path[known].zero, path[known].one)
      PathShapley.unwind(&path, known)
    }
    let own = tree.child(node, row)
    for child in tree.children(node) {
      let next = Element(
        group: node.group, zero: zero * share(child, of: node), one: child == own ? one : 0,
        weight: 0)
      // No subset goes there.
      guard next.zero > 0 || next.one > 0 else { continue }
      descend(child, path, next)
    }
  }

  /// Adds a feature to the path.
  private static func extend(_ path: inout [Element], _ last: Element) {
    let depth = path.count
    var last = last
    last.weight = depth == 0 ? 1 : 0
    path.append(last)
    for i in stride(from: depth - 1, through: 0, by: -1) {
      path[i + 1].weight += last.one * path[i].weight * Double(i + 1) / Double(depth + 1)
      path[i].weight = last.zero * path[i].weight * Double(depth - i) / Double(depth + 1)
    }
  }

  /// Takes feature `k` off the path.
  private static func unwind(_ path: inout [Element], _ k: Int) {
    let depth = path.count - 1
    let (zero, one) = (path[k].zero, path[k].one)
    var next = path[depth].weight
    for i in stride(from: depth - 1, through: 0, by: -1) {
      if one != 0 {
        let kept = path[i].weight
        path[i].weight = next * Double(depth + 1) / (Double(i + 1) * one)
        next = kept - path[i].weight * zero * Double(depth - i) / Double(depth + 1)
      } else {
        path[i].weight *= Double(depth + 1) / (zero * Double(depth - i))
      }
    }
    for i in k..<depth {
      (path[i].group, path[i].zero, path[i].one) = (
        path[i + 1].group, path[i + 1].zero, path[i + 1].one
      )
    }
    path.removeLast()
  }

  /// The sum of the weights that the path would have without feature `k`.
  private static func unwoundSum(_ path: [Element], _ k: Int) -> Double {
    let depth = path.count - 1
    let (zero, one) = (path[k].zero, path[k].one)
    var (next, total) = (path[depth].weight, 0.0)
    for i in stride(from: depth - 1, through: 0, by: -1) {
      if one != 0 {
        let part = next / (Double(i + 1) * one)
        total += part
        next = path[i].weight - part * zero * Double(depth - i)
      } else {
        total += path[i].weight / (zero * Double(depth - i))
      }
    }
    return total * Double(depth + 1)
  }
}
