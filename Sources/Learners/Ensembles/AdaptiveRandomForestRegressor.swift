import Batches
import Catalogues

/// Adaptive random forest for numbers: each leaf considers a part of the attributes drawn when it begins, each
/// member learns a row Poisson(6) times; a warning starts a tree behind a member, a drift puts it in the
/// member's place.
///
/// Reference: H. Gomes, J. P. Barddal, L. E. Boiko Ferreira and A. Bifet, Adaptive random forests for data
/// stream regression, ESANN 2018.
enum AdaptiveRandomForestRegressor {
  static let parameters: [Parameter] =
    [
      Parameter("members", .integer(default: 10, in: 1...1000), "trees in the committee"),
      Parameter(
        "mean", .real(default: 6, in: 0.01...100), "how often a member learns a row, on average"),
      Parameter("warning", .real(default: 0.01, in: 0...1), "ADWIN's delta for a warning; 0: none"),
      Parameter(
        "drift", .real(default: 0.001, in: 0...1),
        "ADWIN's delta for a drift; 0: members stay for good"),
      Parameter(
        "subspace", .integer(default: 0, in: 0...1_000_000),
        "attributes that a leaf considers; 0: a third of them and one"),
      Parameter("seed", .integer(default: 1, in: 0...Int.max), "of the random numbers"),
    ] + HoeffdingTreeRegressor.parameters

  static let entry = Entry<LearnerContext, any Learner>(
    "adaptive-random-forest-regressor",
    "a forest for numbers whose trees are replaced when their errors rise (ARF)",
    parameters: parameters,
    make: { settings, context throws(SpecificationError) in
      try context.mustHaveNumbers("adaptive-random-forest-regressor")
      return ValueLearner(context, scale: settings.word("scale")) { numbers, nominals in
        var own = ValueForestSettings()
        own.members = settings.integer("members")
        own.mean = settings.real("mean")
        own.warning = settings.real("warning")
        own.drift = settings.real("drift")
        own.seed = UInt64(settings.integer("seed"))
        own.tree = ValueTreeSettings(settings)
        let wish = settings.integer("subspace")
        own.tree.subspace = wish > 0 ? wish : (numbers + nominals) / 3 + 1
        return ValueForest(own, numbers: numbers, nominals: nominals)
      }
    })
}
