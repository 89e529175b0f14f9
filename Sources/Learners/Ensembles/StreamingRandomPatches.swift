import Batches
import Catalogues

/// Streaming random patches: each member splits on a part of the attributes alone, drawn when it begins, and
/// learns a row Poisson(6) times; warnings and drifts as in `AdaptiveRandomForest`.
///
/// Reference: H. Gomes, J. Read and A. Bifet, Streaming random patches for evolving data stream
/// classification, ICDM 2019. Here leaves' Naive Bayes hears all attributes.
enum StreamingRandomPatches {
  static let entry = Entry<LearnerContext, any Learner>(
    "streaming-random-patches", "bagged Hoeffding trees of 60 % of the attributes each (SRP)",
    parameters: BaggedTrees.parameters + [
      Parameter("warning", .real(default: 0.01, in: 0...1), "ADWIN's delta for a warning; 0: none"),
      Parameter("share", .real(default: 0.6, in: 0.01...1), "of the attributes in a member"),
    ],
    make: { settings, context throws(SpecificationError) in
      try context.mustHaveClasses("streaming-random-patches")
      var own = BaggedTrees.settings(settings)
      own.committee.warning = settings.real("warning")
      let attributes = TreeAttributes.count(context)
      own.committee.memberSubspace = max(
        1, Int((settings.real("share") * Double(attributes)).rounded()))
      return BaggedTrees(own, context)
    })
}
