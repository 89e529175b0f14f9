import Batches
import Catalogues

/// Adaptive random forest: each leaf considers √d + 1 attributes drawn when it begins, each member learns a
/// row Poisson(6) times; a warning starts a tree behind a member, a drift puts it in the member's place.
///
/// Reference: H. Gomes et al., Adaptive random forests for evolving data stream classification, Machine
/// Learning 106 (2017). Here a leaf's Naive Bayes hears all attributes, and detectors only rises.
enum AdaptiveRandomForest {
  static let entry = Entry<LearnerContext, any Learner>(
    "adaptive-random-forest",
    "a forest whose trees are replaced when their errors rise (ARF)",
    parameters: BaggedTrees.parameters + [
      Parameter("warning", .real(default: 0.01, in: 0...1), "ADWIN's delta for a warning; 0: none"),
      Parameter(
        "subspace", .integer(default: 0, in: 0...1_000_000),
        "attributes that a leaf considers; 0: the root of their number and one"),
    ],
    make: { settings, context throws(SpecificationError) in
      try context.mustHaveClasses("adaptive-random-forest")
      var own = BaggedTrees.settings(settings)
      own.committee.warning = settings.real("warning")
      let attributes = TreeAttributes.count(context)
      let wish = settings.integer("subspace")
      own.leafSubspace = wish > 0 ? wish : Int(Double(attributes).squareRoot().rounded()) + 1
      return BaggedTrees(own, context)
    })
}
