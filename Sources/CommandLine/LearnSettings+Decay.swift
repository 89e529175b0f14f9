import Engine

extension LearnSettings {
  /// Reads whether it is asked what age costs a version that learns no more.
  mutating func readDecay(_ options: LearnOptions) throws {
    guard options.decay || options.decayEvery != nil || options.retrainCost != nil else { return }
    var decay = DecayOptions()
    decay.every =
      try LearnSettings.check(options.decayEvery, "decay-every", atLeast: 16) ?? decay.every
    if let cost = options.retrainCost {
      guard cost > 0, cost.isFinite else {
        throw LearnSettings.usage(
          "--retrain-cost \(cost): expected units of loss, above 0: what one retraining may cost")
      }
      decay.retrainCost = cost
    }
    engine.decay = decay
  }
}
