import Batches
import Catalogues

/// A tree for numbers that replaces its branches where errors rise: see `AdaptiveValueTree`.
///
/// References: A. Bifet and R. Gavaldà, Adaptive learning from evolving data streams, IDA 2009; for numbers as
/// River's `HoeffdingAdaptiveTreeRegressor`.
enum HoeffdingAdaptiveTreeRegressor {
  static let entry = Entry<LearnerContext, any Learner>(
    "hoeffding-adaptive-tree-regressor",
    "a tree for numbers that replaces its branches where errors rise (ADWIN in every node)",
    parameters: HoeffdingTreeRegressor.parameters + HoeffdingAdaptiveTree.watching,
    make: { settings, context throws(SpecificationError) in
      try context.mustHaveNumbers("hoeffding-adaptive-tree-regressor")
      return ValueLearner(context, scale: settings.word("scale")) { numbers, nominals in
        var own = AdaptiveValueTree.Settings()
        own.tree = ValueTreeSettings(settings)
        own.window = Double(settings.integer("window"))
        own.significance = settings.real("significance")
        own.delta = settings.real("adwin")
        own.bootstraps = settings.word("bootstrap") == "on"
        own.seed = UInt64(settings.integer("seed"))
        return AdaptiveValueTree(own, numbers: numbers, nominals: nominals)
      }
    })
}
