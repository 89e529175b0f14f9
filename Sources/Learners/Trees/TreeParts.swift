/// How a tree of classes grows and answers.
struct ClassTreeSettings: Sendable {
  enum Leaf: String, Sendable, CaseIterable {
    /// The majority of the leaf's classes.
    case majority
    case naiveBayes = "naive-bayes"
    /// Whichever of the two has been right more often in this leaf.
    case adaptive
  }

  var grace = 200.0
  var delta = 1e-3
  var tie = 0.05
  var criterion = SplitCriterion.infoGain
  var leaf = Leaf.adaptive
  var thresholds = 10
  /// Bins of a number's histogram in a leaf; 0: thresholds come from normal distributions.
  var bins = 0
  /// Rows of a test between two looks at whether it is still the best; 0: it stays.
  var review = 0.0
  /// Whether attributes that fall far behind are no longer looked at in their leaf.
  var dropsPoor = false
  var isBinary = true
  var leastShare = 0.01
  var mostDepth = 1000
  var mostBytes = 0
  /// Bytes that another keeps for each node.
  var watchBytes = 0
  /// What every class is given on top of its weight in the leaf.
  var smoothing = 1.0
  /// Attributes that each leaf considers for its split, drawn when it begins; 0: all.
  var subspace = 0
}

/// What a leaf knows beside its classes and its observers.
struct TreeLeaf: Sendable {
  var node = 0
  /// The block of its observers; -1 while it has none and does not grow.
  var block = -1
  var total = 0.0
  /// The total when a split was last tried.
  var attempted = 0.0
  /// Weights of rows that the majority and Naive Bayes had right.
  var majorityRight = 0.0
  var bayesRight = 0.0
  /// Classes that have been met; see `ranks`.
  var met = 0
  /// Attributes that are no longer looked at.
  var poor: Set<Int> = []
  /// What its subspace is drawn from.
  var seed: UInt64 = 0
}
