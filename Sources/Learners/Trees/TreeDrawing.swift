/// A tree as it stands, for those who want to read it: nodes in the order of a walk, the root first.
package struct TreeDrawing: Sendable {
  /// How a node sends rows on.
  package enum Test: Sendable, Equatable {
    case leaf
    /// The dense feature is at most so great: the first child, or else the second.
    case number(feature: Int, threshold: Double)
    /// The row has the sparse feature: the first child, or else the second.
    case level(Int)
    /// The child for each of these sparse features.
    case levels([Int])
  }

  package struct Node: Sendable {
    package let test: Test
    /// Positions of the children.
    package let children: [Int]
    /// Weight of the rows that the node knows of.
    package let weight: Double
    /// Shares of the classes, or one value.
    package let answer: [Double]
  }

  package internal(set) var nodes: [Node] = []

  /// The sparse features that tests ask for.
  package var sparseFeatures: [Int] {
    nodes.flatMap { node -> [Int] in
      switch node.test {
      case .level(let index): [index]
      case .levels(let indices): indices
      case .leaf, .number: []
      }
    }
  }
}
