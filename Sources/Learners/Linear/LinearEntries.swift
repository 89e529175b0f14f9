import Batches
import Catalogues

/// The linear learners' rows in the catalogue, and the parameters that they share.
enum LinearEntries {
  static let scale = Parameter(
    "scale", .choice(default: "standard", of: FeatureScaler.Kind.allCases.map(\.rawValue)),
    "how numeric features are put on one scale, online")
  static let limit = Parameter(
    "limit", .real(default: 0, in: 0...1e12), "scaled features are clamped to ±this; 0: not at all")
  static let ridge = Parameter(
    "ridge", .real(default: 0.1, in: 1e-12...1e12), "L2 penalty of a full retraining")

  static func scaler(_ settings: Settings, _ context: LearnerContext) -> FeatureScaler {
    FeatureScaler(
      FeatureScaler.Kind(rawValue: settings.word("scale")) ?? .standard,
      limit: settings.real("limit"), width: context.denseWidth)
  }

  private static func steps(optimizer: String, rate: Double) -> [Parameter] {
    [
      Parameter(
        "optimizer", .choice(default: optimizer, of: Optimizers.all.names), "how weights move"),
      Parameter("rate", .real(default: rate, in: 0...1e6), "learning rate"),
      Parameter(
        "rates", .reals(default: [], in: 0...1e6),
        "several rates learned at once over one Gram matrix; the one that does best lately is served"
      ),
      Parameter(
        "decay", .real(default: 0, in: 0...1e6), "the rate at step t is rate·(1+decay·t)^-power"),
      Parameter("power", .real(default: 0.5, in: 0...1), "see decay"),
      Parameter("l1", .real(default: 0, in: 0...1e6), "L1 penalty"),
      Parameter("l2", .real(default: 0, in: 0...1e6), "L2 penalty"),
      Parameter("clip", .real(default: 1e12, in: 1e-12...1e300), "gradients are clamped to ±this"),
      Parameter(
        "intercept", .real(default: -1, in: -1...1e6),
        "rate of the intercept's own plain steps; -1: it is a feature like any other"),
      Parameter(
        "method", .choice(default: "auto", of: ["auto", "fused", "gram"]),
        "row by row, or exact blocks over a Gram matrix; auto: what was measured to be faster"),
      scale, limit, ridge,
    ]
  }

  static let linear = Entry<LearnerContext, any Learner>(
    "linear", "linear regression, row by row; as it stands, the mixture of its rates and links",
    parameters: [
      Parameter(
        "loss", .choice(default: "squared", of: ["squared", "huber", "quantile", "poisson"]),
        "what is made small"),
      Parameter(
        "epsilon", .real(default: 0.1, in: 1e-12...1e12), "where the Huber loss turns linear"),
      Parameter(
        "quantile", .real(default: 0.5, in: 0...1), "which quantile the quantile loss seeks"),
    ] + steps(optimizer: "implicit-sgd", rate: 0.01),
    make: { settings, context throws(SpecificationError) in
      guard context.task == .regression else {
        throw .unfit(entry: "linear", reason: "it predicts numbers; use logistic or softmax")
      }
      if settings.isAsBorn { return try mixture(context) }
      let loss: Loss =
        switch settings.word("loss") {
        case "huber": .huber(epsilon: settings.real("epsilon"))
        case "quantile": .quantile(settings.real("quantile"))
        case "poisson": .poisson
        default: .squared
        }
      return try model(loss, settings, context)
    })

  static let logistic = Entry<LearnerContext, any Learner>(
    "logistic",
    "logistic regression for two classes, row by row; as it stands, the mixture of its rates",
    parameters: steps(optimizer: "adagrad", rate: 0.1),
    make: { settings, context throws(SpecificationError) in
      guard context.task == .binary else {
        throw .unfit(
          entry: "logistic",
          reason: context.task == .regression
            ? "the target is a number; use linear" : "there are more than two classes; use softmax")
      }
      if settings.isAsBorn { return try mixture(context) }
      return try model(.logistic, settings, context)
    })

  static let softmax = Entry<LearnerContext, any Learner>(
    "softmax",
    "multinomial logistic regression, row by row; as it stands, for more than two classes the "
      + "mixture of its rates",
    parameters: steps(optimizer: "adagrad", rate: 0.1).filter {
      !["rates", "method"].contains($0.name)
    },
    make: { settings, context throws(SpecificationError) in
      guard context.task.isClassification else {
        throw .unfit(entry: "softmax", reason: "the target is a number; use linear")
      }
      if settings.isAsBorn, context.task == .multiclass { return try mixture(context) }
      let rule = try Optimizers.all.make(
        settings.word("optimizer"), stepSettings(settings, rate: settings.real("rate")))
      return softmaxModel(rule, settings, context)
    })

  /// With nothing set, no rate is either: all of them learn.
  private static func mixture(
    _ context: LearnerContext
  ) throws(SpecificationError) -> any Learner {
    var own = context
    own.companions = []
    return try Catalogue.learners.make("mixture", own)
  }

  private static func stepSettings(_ settings: Settings, rate: Double) -> StepSettings {
    let intercept = settings.real("intercept")
    return StepSettings(
      rate: rate, decay: settings.real("decay"), power: settings.real("power"),
      l1: settings.real("l1"), l2: settings.real("l2"),
      interceptRate: intercept < 0 ? nil : intercept)
  }

  private static func model(
    _ loss: Loss, _ settings: Settings, _ context: LearnerContext
  ) throws(SpecificationError) -> any Learner {
    let optimizer = settings.word("optimizer")
    let rates = settings.isGiven("rates") ? settings.reals("rates") : [settings.real("rate")]
    let method = settings.word("method")
    let isScalar = optimizer == "sgd" || optimizer == "implicit-sgd"
    let hasOwnSteps = settings.real("l1") > 0 || settings.real("intercept") >= 0
    guard method == "gram" || Crossover.prefersGram(rates: rates.count) else {
      let rule = try Optimizers.all.make(optimizer, stepSettings(settings, rate: rates[0]))
      return fusedModel(loss, rule, settings, context)
    }
    guard isScalar, !hasOwnSteps, method != "fused" else {
      throw .unfit(
        entry: rates.count > 1 ? "rates=" : "method=gram",
        reason: "one Gram matrix serves steps that are a scalar times the row: "
          + "optimizer=sgd or implicit-sgd, without l1, without a rate of the intercept's own, "
          + "and not method=fused")
    }
    return RateGrid(
      loss: loss, isImplicit: optimizer == "implicit-sgd",
      settings: rates.map { stepSettings(settings, rate: $0) },
      scaler: scaler(settings, context), denseWidth: context.denseWidth,
      clip: settings.real("clip"), ridge: settings.real("ridge"),
      block: Crossover.block(rates: rates.count))
  }

  private static func fusedModel(
    _ loss: Loss, _ rule: any Optimizer, _ settings: Settings, _ context: LearnerContext
  ) -> any Learner {
    LinearModel(
      loss: loss, rule: rule, scaler: scaler(settings, context), denseWidth: context.denseWidth,
      clip: settings.real("clip"), ridge: settings.real("ridge"))
  }

  private static func softmaxModel(
    _ rule: any Optimizer, _ settings: Settings, _ context: LearnerContext
  ) -> any Learner {
    Softmax(
      rule: rule, isBinary: context.task == .binary, scaler: scaler(settings, context),
      denseWidth: context.denseWidth,
      clip: settings.real("clip"), ridge: settings.real("ridge"))
  }
}

/// Where the Gram form overtakes the fused loop, as `make bench-micro` measured it
/// (`Benchmarks/README.md` has the table).
enum Crossover {
  /// One rate: the loop over rows was faster at every width from 10 to 3,000, because a prediction
  /// and a lesson see differently scaled rows, so that a block needs two Gram matrices. Several rates:
  /// they share those, and eight cost half to a third of eight loops.
  static func prefersGram(rates: Int) -> Bool { rates > 1 }

  /// Rows in a block.
  static func block(rates: Int) -> Int { 16 }
}
