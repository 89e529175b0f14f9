import Batches
import Catalogues
import Kernels

/// Leveraging bagging for numbers: each member learns a row Poisson(6) times; when the errors of any member
/// rise, the one with the greatest begins again.
///
/// Reference: A. Bifet, G. Holmes and B. Pfahringer, Leveraging bagging for evolving data streams, ECML PKDD
/// 2010, with trees of numbers.
enum LeveragingBaggingRegressor {
  static let entry = Entry<LearnerContext, any Learner>(
    "leveraging-bagging-regressor", "bagged trees for numbers, the worst begun again at a drift",
    parameters: ValueForest.parameters + HoeffdingTreeRegressor.parameters,
    make: { settings, context throws(SpecificationError) in
      try context.mustHaveNumbers("leveraging-bagging-regressor")
      return ValueLearner(context, scale: settings.word("scale")) { numbers, nominals in
        var own = ValueForest.settings(settings)
        own.warning = 0
        own.reaction = .worst
        return ValueForest(
          own, tree: ValueTreeSettings(settings), numbers: numbers, nominals: nominals,
          workers: context.workers)
      }
    })
}
