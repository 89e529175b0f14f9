import Catalogues
import Engine
import Learners

extension LearnSettings {
  /// Reads whether performance is to be estimated before labels are here.
  mutating func readEstimates(_ options: LearnOptions) throws {
    guard options.estimate || options.estimateEvery != nil || options.estimateModel != nil else {
      return
    }
    var estimates = EstimateOptions()
    estimates.chunk =
      try LearnSettings.check(
        options.estimateEvery, "estimate-every", atLeast: 10, atMost: 1_000_000)
      ?? estimates.chunk
    if let model = options.estimateModel {
      try Catalogue.learners.check(model)
      estimates.model = model
    }
    engine.estimates = estimates
  }
}
