/// How large a model of trees has grown.
package struct TreeShape: Sendable, Equatable {
  package private(set) var trees = 0
  package private(set) var nodes = 0
  package private(set) var leaves = 0
  /// Tests on the longest way to a leaf of any of them.
  package private(set) var depth = 0

  init() {}

  /// One tree.
  init(_ tree: TreeNodes) {
    trees = 1
    var below = [(node: 0, depth: 0)]
    while let (node, depth) = below.popLast() {
      let children = tree.children(of: node)
      nodes += 1
      leaves += children.isEmpty ? 1 : 0
      self.depth = max(self.depth, depth)
      for child in children { below.append((child, depth + 1)) }
    }
  }

  /// All trees of a committee.
  init(_ all: some Sequence<TreeNodes>) {
    for tree in all {
      let other = TreeShape(tree)
      trees += 1
      nodes += other.nodes
      leaves += other.leaves
      depth = max(depth, other.depth)
    }
  }
}
