import Batches
import Catalogues
import Kernels

/// Streaming random patches for numbers: each member splits on a part of the attributes alone, drawn when it
/// begins, and learns a row Poisson(6) times; warnings and drifts as in `AdaptiveRandomForestRegressor`.
///
/// Reference: H. Gomes, J. Montiel, S. Mastelini, B. Pfahringer and A. Bifet, On ensemble techniques for
/// data stream regression, IJCNN 2020 (SRP-Reg). Here leaves' linear models see all numbers.
enum StreamingRandomPatchesRegressor {
  static let entry = Entry<LearnerContext, any Learner>(
    "streaming-random-patches-regressor",
    "a committee for numbers whose trees know 60 % of the attributes each (SRP)",
    parameters: ValueForest.parameters + [
      Parameter("warning", .real(default: 0.01, in: 0...1), "ADWIN's delta for a warning; 0: none"),
      Parameter("share", .real(default: 0.6, in: 0.01...1), "of the attributes in a member"),
    ] + HoeffdingTreeRegressor.parameters,
    make: { settings, context throws(SpecificationError) in
      try context.mustHaveNumbers("streaming-random-patches-regressor")
      return ValueLearner(context, scale: settings.word("scale")) { numbers, nominals in
        var own = ValueForest.settings(settings)
        own.warning = settings.real("warning")
        let wish = settings.real("share") * Double(numbers + nominals)
        own.memberSubspace = max(1, Int(wish.rounded()))
        return ValueForest(
          own, tree: ValueTreeSettings(settings), numbers: numbers, nominals: nominals,
          workers: context.workers)
      }
    })
}
