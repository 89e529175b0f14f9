package import Catalogues

extension Catalogue where Context == LearnerContext, Product == any Learner {
  /// Every learner that can be named, one line each.
  package static var learners: Catalogue {
    Catalogue(
      "learner",
      [
        LinearEntries.linear,
        LinearEntries.logistic,
        LinearEntries.softmax,
        Mixture.entry,
        PassiveAggressive.entry,
        RecursiveLeastSquares.entry,
        NaiveBayes.entry,
        HoeffdingTree.entry,
        HoeffdingAdaptiveTree.entry,
        ExtremelyFastDecisionTree.entry,
        HoeffdingTreeRegressor.entry,
        HoeffdingAdaptiveTreeRegressor.entry,
        AdaptiveRandomForest.entry,
        AdaptiveRandomForestRegressor.entry,
        LeveragingBagging.entry,
        LeveragingBaggingRegressor.entry,
        StreamingRandomPatches.entry,
        StreamingRandomPatchesRegressor.entry,
        StreamingGradientBoosting.entry,
        SeasonalNaive.noChange,
        SeasonalNaive.entry,
        RunningMean.entry,
        Majority.entry,
        Without.entry,
      ])
  }
}
