import Batches
import Catalogues

/// Leveraging bagging: each member learns a row Poisson(6) times; when the errors of any member rise, the
/// member with the most errors begins again.
///
/// Reference: A. Bifet, G. Holmes and B. Pfahringer, Leveraging bagging for evolving data streams, ECML PKDD
/// 2010 (without random output codes).
enum LeveragingBagging {
  static let entry = Entry<LearnerContext, any Learner>(
    "leveraging-bagging", "bagged Hoeffding trees, the worst begun again at a drift",
    parameters: BaggedTrees.parameters,
    make: { settings, context throws(SpecificationError) in
      try context.mustHaveClasses("leveraging-bagging")
      var own = BaggedTrees.settings(settings)
      own.committee.warning = 0
      own.committee.reaction = .worst
      return BaggedTrees(own, context)
    })
}
