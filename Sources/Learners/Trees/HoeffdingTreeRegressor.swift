import Batches
import Catalogues
import Snapshots

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
struct HoeffdingTreeRegressor: Learner {
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
    Parameter("depth", .integer(default: 1000, in: 0...100_000), "levels of tests at most"),
    Parameter(
      "max-bytes", .integer(default: 0, in: 0...1 << 40), "bytes of memory at most; 0: no bound"),
  ]

  static let entry = Entry<LearnerContext, any Learner>(
    "hoeffding-tree-regressor",
    "a decision tree for numbers, with linear models in its leaves (FIMT-DD)",
    parameters: parameters,
    make: { settings, context throws(SpecificationError) in
      guard context.task == .regression else {
        throw .unfit(
          entry: "hoeffding-tree-regressor", reason: "it predicts numbers; the target is a class")
      }
      return HoeffdingTreeRegressor(settings, context)
    })

  private let blank: ValueTree
  private var tree: ValueTree
  private var sight: ValueSight
  private var notices: [LearnerNotice] = []
  private var learned = 0
  private var hasToldBound = false

  init(_ settings: Settings, _ context: LearnerContext) {
    sight = ValueSight(context, FeatureScaler.Kind(rawValue: settings.word("scale")) ?? .standard)
    tree = ValueTree(
      settings: ValueTreeSettings(settings), numbers: sight.attributes.numbers,
      nominals: sight.attributes.nominals)
    blank = tree
  }

  var outputs: Int { 1 }
  var memoryBytes: Int { tree.memoryBytes + sight.memoryBytes }

  func predict(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    var sight = sight
    for i in rows {
      sight.find(batch, i)
      predictions[i] = tree.answer(
        tree.leaf(from: 0, batch.dense(i), sight.levels), sight.scaled)
    }
  }

  mutating func learn(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    for i in rows {
      sight.find(batch, i)
      let x = batch.dense(i)
      predictions[i] = tree.answer(tree.leaf(from: 0, x, sight.levels), sight.scaled)
      guard !batch.targets[i].isNaN else { continue }
      sight.learn(batch, i)
      learned += 1
      guard batch.weights[i] > 0 else { continue }
      tree.take(
        x, sight.scaled, sight.levels, target: batch.targets[i], weight: batch.weights[i])
    }
    tellBound()
  }

  private mutating func tellBound() {
    guard tree.takeBounded() > 0, !hasToldBound else { return }
    hasToldBound = true
    notices.append(
      LearnerNotice(
        kind: "memory-bound",
        text:
          "the tree holds \(tree.memoryBytes >> 10) KB: the leaves with the least left to explain "
          + "stop growing (max-bytes)",
        learned: learned))
  }

  mutating func refit(on window: borrowing MicroBatch) -> RefitReport {
    tree = blank
    sight.scaler.reset()
    var scratch = Predictions(rows: window.count, width: 1)
    let before = learned
    learn(window, rows: 0..<window.count, into: &scratch)
    return RefitReport(
      rows: learned - before, method: "replay of the window",
      failure: learned > before ? nil : "the window holds no labels")
  }

  mutating func refresh() { sight.scaler.forget(to: 256) }

  mutating func takeNotices() -> [LearnerNotice] {
    defer { notices.removeAll() }
    return notices
  }

  var drawing: TreeDrawing? { tree.drawing(sight.attributes) }

  func write(to writer: inout SnapshotWriter) {
    sight.write(to: &writer)
    tree.write(to: &writer)
    writer.write([learned, hasToldBound ? 1 : 0])
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try sight.restore(from: &reader)
    try tree.restore(from: &reader)
    let counts = try reader.readInts()
    guard counts.count == 2 else { throw .corrupt }
    (learned, hasToldBound) = (counts[0], counts[1] == 1)
  }
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
    let digits = settings.integer("digits")
    roundingScale = digits < 0 ? 0 : (0..<digits).reduce(1.0) { power, _ in power * 10 }
    fading = settings.real("fading")
    rate = settings.real("rate")
    isPlain = settings.word("step") == "plain"
    mostDepth = settings.integer("depth")
    mostBytes = settings.integer("max-bytes")
  }
}

/// What a tree of numbers has before it of a row: its levels, and its numbers on the models' scale.
struct ValueSight: Sendable {
  private(set) var attributes: TreeAttributes
  var scaler: FeatureScaler
  private(set) var levels: [Int32]
  private(set) var scaled: [Double]

  init(_ context: LearnerContext, _ scale: FeatureScaler.Kind) {
    attributes = TreeAttributes(context)
    // Five deviations: no row throws a linear model far.
    scaler = FeatureScaler(scale, limit: scale == .standard ? 5 : 0, width: context.denseWidth)
    levels = Array(repeating: -1, count: attributes.nominals)
    scaled = Array(repeating: 0, count: scaler.stride)
  }

  var memoryBytes: Int { scaler.memoryBytes + 4 * levels.count + 8 * scaled.count }

  /// A row as it is seen by what came before it.
  mutating func find(_ batch: borrowing MicroBatch, _ row: Int) {
    attributes.find(batch.sparse(row), into: &levels)
    scaler.transform(batch.dense(row), into: &scaled)
  }

  /// Takes the row in, and sees it as it is now.
  mutating func learn(_ batch: borrowing MicroBatch, _ row: Int) {
    _ = attributes.learn(batch.sparse(row), into: &levels)
    scaler.observe(batch.dense(row))
    scaler.transform(batch.dense(row), into: &scaled)
  }

  func write(to writer: inout SnapshotWriter) {
    attributes.write(to: &writer)
    scaler.write(to: &writer)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try attributes.restore(from: &reader)
    try scaler.restore(from: &reader)
  }
}
