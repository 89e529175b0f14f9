import Batches
import Catalogues

/// A decision tree for numbers that grows from a stream, with linear models in its leaves: FIMT-DD.
///
/// A leaf keeps the moments of its targets over every value of every attribute (`ValueObservers`). Every
/// `grace` rows the ways to split are compared by how much they lessen the variance: the best is truly
/// best once the second's part of its merit is below 1 − ε, ε = √(ln(1/δ)/(2n)), or ε is below `tie`. A
/// leaf answers with its mean, with a linear model of the numbers, or with whichever of the two has the
/// lower fading squared error.
///
/// Linear models see numbers standardised by what came before and take implicit steps
/// w ← w − 2η·e·z/(1 + 2η·|z|²), which cannot overshoot; `step=plain,scale=none` are River's.
///
/// References: E. Ikonomovska, J. Gama and S. Džeroski, Learning model trees from evolving data streams, Data
/// Mining and Knowledge Discovery 23 (2011); choice of leaf as River's `HoeffdingTreeRegressor`.
///
/// Memory: `ValueObservers` for each leaf that grows; bounded by `max-bytes`: then the leaves with the
/// least left to explain stop growing.
enum HoeffdingTreeRegressor {
  static let parameters: [Parameter] = [
    Parameter(
      "grace", .integer(default: 200, in: 1...1_000_000_000), "rows of a leaf between tries"),
    Parameter("delta", .real(default: 1e-3, in: 1e-300...1), "how often a split may be wrong"),
    Parameter("tie", .real(default: 0.05, in: 0...10), "the bound below which two ways are equal"),
    Parameter(
      "leaf",
      .choice(default: "adaptive", of: ValueTreeSettings.Leaf.allCases.map(\.rawValue)),
      "how leaves answer"),
    Parameter(
      "splits", .choice(default: "binary", of: ["binary", "any"]),
      "of categories: one level against the others, or also a branch for each level"),
    Parameter("least-rows", .real(default: 5, in: 0...1e9), "weight that a branch must hold"),
    Parameter(
      "points", .integer(default: 64, in: 1...10_000),
      "values of a number that a leaf considers as thresholds"),
    Parameter(
      "digits", .integer(default: -1, in: -1...15),
      "decimal places that values are rounded to before; -1: all"),
    Parameter(
      "fading", .real(default: 0.995, in: 0...1),
      "what a leaf's errors of the past are multiplied by, to choose how it answers"),
    Parameter("rate", .real(default: 0.05, in: 0...10), "step size of the leaves' linear models"),
    Parameter(
      "step", .choice(default: "implicit", of: ["implicit", "plain"]),
      "steps that cannot overshoot, or the plain gradient"),
    Parameter(
      "scale", .choice(default: "standard", of: FeatureScaler.Kind.allCases.map(\.rawValue)),
      "scale of the numbers in linear models"),
    Parameter(
      "poor-attributes", .choice(default: "keep", of: ["keep", "drop"]),
      "whether a leaf still looks at attributes that are far behind"),
    Parameter("depth", .integer(default: 1000, in: 0...100_000), "levels of tests at most"),
    Parameter(
      "max-bytes", .integer(default: 0, in: 0...1 << 40), "bytes of memory at most; 0: no bound"),
  ]

  static let entry = Entry<LearnerContext, any Learner>(
    "hoeffding-tree-regressor",
    "a decision tree for numbers, with linear models in its leaves (FIMT-DD)",
    parameters: parameters,
    make: { settings, context throws(SpecificationError) in
      try context.mustHaveNumbers("hoeffding-tree-regressor")
      return ValueLearner(context, scale: settings.word("scale")) { numbers, nominals in
        ValueTree(settings: ValueTreeSettings(settings), numbers: numbers, nominals: nominals)
      }
    })
}

extension ValueTreeSettings {
  /// What the parameters of `HoeffdingTreeRegressor` say.
  init(_ settings: Settings) {
    grace = Double(settings.integer("grace"))
    delta = settings.real("delta")
    tie = settings.real("tie")
    leaf = Leaf(rawValue: settings.word("leaf")) ?? .adaptive
    isBinary = settings.word("splits") == "binary"
    leastRows = settings.real("least-rows")
    points = settings.integer("points")
    dropsPoor = settings.word("poor-attributes") == "drop"
    let digits = settings.integer("digits")
    roundingScale = digits < 0 ? 0 : (0..<digits).reduce(1.0) { power, _ in power * 10 }
    fading = settings.real("fading")
    rate = settings.real("rate")
    isPlain = settings.word("step") == "plain"
    mostDepth = settings.integer("depth")
    mostBytes = settings.integer("max-bytes")
  }
}
