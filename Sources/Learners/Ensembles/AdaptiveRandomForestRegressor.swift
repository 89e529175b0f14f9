import Batches
import Catalogues
import Kernels

/// Adaptive random forest for numbers: each leaf considers a part of the attributes drawn when it begins, each
/// member learns a row Poisson(6) times; a warning starts a tree behind a member, a drift puts it in the
/// member's place.
///
/// Reference: H. Gomes, J. P. Barddal, L. E. Boiko Ferreira and A. Bifet, Adaptive random forests for data
/// stream regression, ESANN 2018.
enum AdaptiveRandomForestRegressor {
  static let entry = Entry<LearnerContext, any Learner>(
    "adaptive-random-forest-regressor",
    "a forest for numbers whose trees are replaced when their errors rise (ARF)",
    parameters: ValueForest.parameters + [
      Parameter("warning", .real(default: 0.01, in: 0...1), "ADWIN's delta for a warning; 0: none"),
      Parameter(
        "subspace", .integer(default: 0, in: 0...1_000_000),
        "attributes that a leaf considers; 0: a third of them and one"),
    ] + HoeffdingTreeRegressor.parameters,
    make: { settings, context throws(SpecificationError) in
      try context.mustHaveNumbers("adaptive-random-forest-regressor")
      return ValueLearner(context, scale: settings.word("scale")) { numbers, nominals in
        var own = ValueForest.settings(settings)
        own.warning = settings.real("warning")
        var tree = ValueTreeSettings(settings)
        let wish = settings.integer("subspace")
        tree.subspace = wish > 0 ? wish : (numbers + nominals) / 3 + 1
        return ValueForest(
          own, tree: tree, numbers: numbers, nominals: nominals, workers: context.workers)
      }
    })
}
