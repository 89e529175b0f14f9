import Batches
import Catalogues

/// A Hoeffding tree that splits as soon as any test is better than none, and takes tests back: EFDT.
///
/// A leaf splits once its best way is better than no split by Hoeffding's bound, not than the second best. A
/// test goes on learning from its rows: every `review` rows, if another attribute is better by the
/// bound, that takes its place and what was below begins anew; if the same attribute is better cut
/// elsewhere, the cut moves and what is below stays. Every test keeps what a leaf keeps.
///
/// From River's it differs where that departs from the paper: a test gives way by the bound alone, never because
/// the bound is below `tie`, and is reviewed every `review` rows, not at every row after the first of them.
///
/// Reference: C. Manapragada, G. Webb and M. Salehi, Extremely fast decision tree, KDD 2018 (Hoeffding anytime
/// tree, algorithms 1 to 3).
///
/// Memory: a block each node, see `ClassObservers`; bounded by `max-bytes` as a `HoeffdingTree`.
enum ExtremelyFastDecisionTree {
  static let entry = Entry<LearnerContext, any Learner>(
    "extremely-fast-decision-tree",
    "a Hoeffding tree that splits early and takes back tests that turn out worse (EFDT)",
    parameters: HoeffdingTree.parameters + [
      Parameter(
        "review", .integer(default: 2000, in: 1...1_000_000_000),
        "rows of a test between two looks at whether it is still the best")
    ],
    make: { settings, context throws(SpecificationError) in
      try context.mustHaveClasses("extremely-fast-decision-tree")
      var own = ClassTreeSettings(settings)
      own.review = Double(settings.integer("review"))
      return HoeffdingTree(own, context)
    })
}
