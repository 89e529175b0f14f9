/// A group of sparse features that belong together: one for each joint level of some categories, its
/// value being 1 or a product of dense features.
///
/// Every row has exactly one feature of each family that is on, in the order of the families; then come those that
/// belong to none, any number of them.
package struct FeatureFamily: Sendable, Equatable {
  /// As `--cross` spells it: `hr`, `hr*workingday`, `hr*cnt@1`.
  package let name: String
  /// The categories, by numbers that mean nothing but which is which.
  package let levels: [Int]
  /// The dense features, by their position in the row.
  package let dense: [Int]
  package var isOn: Bool

  /// What stands for the family of a sparse feature that belongs to none: greater than any number of one.
  package static let none = Int16.max

  /// Whether it is one category as it stands, and no product.
  package var isPlain: Bool { levels.count == 1 && dense.isEmpty }

  package init(name: String, levels: [Int], dense: [Int], isOn: Bool = true) {
    self.name = name
    self.levels = levels
    self.dense = dense
    self.isOn = isOn
  }
}

/// A change of the features that rows have from now on.
package enum FeatureChange: Sendable, Equatable {
  /// A family of these categories and dense features begins, or begins again.
  case add(levels: [Int], dense: [Int])
  /// The family ends.
  case drop(family: Int)
  /// The dense feature keeps its mean from now on, which tells nothing.
  case mute(dense: Int)
}
