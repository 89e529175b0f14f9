import Batches
import Catalogues
import Kernels

/// Gradient-boosted trees for numbers and for classes: see `BoostedTrees`.
enum StreamingGradientBoosting {
  static let entry = Entry<LearnerContext, any Learner>(
    "gradient-boosted-trees", "trees that each learn what those before leave over (SGBT)",
    parameters: [
      Parameter("stages", .integer(default: 50, in: 1...10_000), "trees, one after another"),
      Parameter("learning-rate", .real(default: 0.1, in: 1e-6...1), "part of a tree that is added"),
      Parameter(
        "subspace", .integer(default: 0, in: 0...1_000_000),
        "attributes that a leaf considers; 0: three quarters of them"),
      Parameter("seed", .integer(default: 1, in: 0...Int.max), "of the random numbers"),
    ] + HoeffdingTreeRegressor.parameters,
    make: { settings, context throws(SpecificationError) in
      return ValueLearner(context, scale: settings.word("scale")) { numbers, nominals in
        var own = BoostedTrees.Settings()
        own.stages = settings.integer("stages")
        own.rate = settings.real("learning-rate")
        switch context.task {
        case .regression: own.loss = .squared
        case .binary: own.loss = .logistic
        case .multiclass: own.loss = .softmax
        }
        own.seed = UInt64(settings.integer("seed"))
        own.tree = ValueTreeSettings(settings)
        let wish = settings.integer("subspace")
        own.tree.subspace = wish > 0 ? wish : (3 * (numbers + nominals) + 3) / 4
        return BoostedTrees(
          own, numbers: numbers, nominals: nominals, workers: context.workers)
      }
    })
}
