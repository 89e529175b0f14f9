import Batches
import Catalogues
import Snapshots

/// A decision tree for classes that grows from a stream: VFDT.
///
/// Each leaf keeps what a split needs to know (`ClassObservers`). Every `grace` rows the merits G of the
/// best ways to split are compared: with n rows and range R, the best is truly best with probability
/// 1 − δ once G₁ − G₂ > ε = √(R²·ln(1/δ)/(2n)); below ε = `tie` both are as good as one another. A
/// leaf answers by its majority, by Naive Bayes, or by whichever was right more often.
///
/// Numbers split at one of `thresholds` equidistant places between least and greatest, the classes' shares
/// taken from normal distributions; categories one against all others, or a branch for each level.
/// Branches for each level are left out unless asked for: they cut the rows into ever fewer (Agrawal's
/// stream with three drifts: .849 without them, .782 with them). A level that a split has not met goes the heaviest way, and gets a leaf of its own when it is learned.
///
/// Of River's tree it differs where that one departs from the paper: a leaf whose majority exceeds 99 % is
/// not made deaf (which loses rare classes), nor is one that no split would help.
///
/// Reference: P. Domingos and G. Hulten, Mining high-speed data streams, KDD 2000; adaptive leaves:
/// G. Holmes, R. Kirkby and B. Pfahringer, Stress-testing Hoeffding trees, PKDD 2005.
///
/// Memory: a block an active leaf, see `ClassObservers`; bounded by `max-bytes`: then the leaves with the
/// fewest errors to set right stop growing.
struct HoeffdingTree: Learner {
  static let parameters: [Parameter] = [
    Parameter(
      "grace", .integer(default: 200, in: 1...1_000_000_000), "rows of a leaf between tries"),
    Parameter("delta", .real(default: 1e-3, in: 1e-300...1), "how often a split may be wrong"),
    Parameter("tie", .real(default: 0.05, in: 0...10), "the bound below which two ways are equal"),
    Parameter(
      "criterion", .choice(default: "info-gain", of: SplitCriterion.allCases.map(\.rawValue)),
      "what makes a split good"),
    Parameter(
      "leaf",
      .choice(default: "adaptive", of: ClassTreeSettings.Leaf.allCases.map(\.rawValue)),
      "how leaves answer"),
    Parameter(
      "thresholds", .integer(default: 10, in: 1...10_000), "places at which a number may be split"),
    Parameter(
      "splits", .choice(default: "binary", of: ["binary", "any"]),
      "of categories: one level against the others, or also a branch for each level"),
    Parameter(
      "least-share", .real(default: 0.01, in: 0...0.5), "share of a leaf that a branch must hold"),
    Parameter(
      "smoothing", .real(default: 1, in: 0...1e6),
      "rows that every class is given on top of a leaf's own"),
    Parameter(
      "bins", .integer(default: 0, in: 0...10_000),
      "bins of a histogram that finds a number's thresholds; 0: normal distributions do"),
    Parameter(
      "poor-attributes", .choice(default: "keep", of: ["keep", "drop"]),
      "whether a leaf still looks at attributes that are far behind"),
    Parameter("depth", .integer(default: 1000, in: 0...100_000), "levels of tests at most"),
    Parameter(
      "max-bytes", .integer(default: 0, in: 0...1 << 40), "bytes of memory at most; 0: no bound"),
  ]

  static let entry = Entry<LearnerContext, any Learner>(
    "hoeffding-tree", "a decision tree for classes that grows from the stream (VFDT)",
    parameters: parameters,
    make: { settings, context throws(SpecificationError) in
      try context.mustHaveClasses("hoeffding-tree")
      return HoeffdingTree(ClassTreeSettings(settings), context)
    })

  private let isBinary: Bool
  private let blank: ClassTree
  private var tree: ClassTree
  private var attributes: TreeAttributes
  private var sight: TreeSight
  private var notices: [LearnerNotice] = []

  init(_ settings: ClassTreeSettings, _ context: LearnerContext) {
    isBinary = context.task == .binary
    attributes = TreeAttributes(context)
    tree = ClassTree(
      settings: settings, numbers: attributes.numbers, nominals: attributes.nominals, classes: 2)
    blank = tree
    sight = TreeSight(nominals: attributes.nominals, classes: 2)
  }

  var outputs: Int { isBinary ? 1 : max(1, sight.classes) }
  var memoryBytes: Int { tree.memoryBytes }

  func predict(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    predictions.widen(to: outputs)
    var (tree, sight) = (tree, sight)
    for i in rows {
      attributes.find(batch.sparse(i), into: &sight.levels)
      let leaf = tree.leaf(from: 0, batch.dense(i), sight.levels)
      _ = tree.answer(leaf, batch.dense(i), sight.levels, into: &sight.distribution)
      sight.write(to: &predictions, i, isBinary: isBinary)
    }
  }

  mutating func learn(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    for i in rows {
      predictions.widen(to: outputs)
      let (x, y) = (batch.dense(i), batch.targets[i])
      if y.isNaN {
        predict(batch, rows: i..<i + 1, into: &predictions)
        continue
      }
      if attributes.learn(batch.sparse(i), into: &sight.levels) {
        tree.grow(classes: tree.classes, levels: attributes.levels)
      }
      var leaf = 0
      var isKnown = true
      while tree.nodes[leaf].kind != .leaf {
        guard let child = tree.child(of: leaf, x, sight.levels) else {
          isKnown = false
          break
        }
        leaf = child
      }
      let test = leaf
      if !isKnown { leaf = tree.leaf(from: test, x, sight.levels) }
      var said = tree.answer(leaf, x, sight.levels, into: &sight.distribution)
      sight.write(to: &predictions, i, isBinary: isBinary)
      makeRoom(forClass: Int(y))
      if !isKnown, let fresh = tree.newBranch(test, sight.levels) {
        leaf = fresh
        said = (-1, -1)
      }
      sight.count(Int(y), batch.weights[i])
      if batch.weights[i] > 0 {
        tree.learnAndSplit(
          leaf, x, sight.levels, class: Int(y), weight: batch.weights[i], said: said)
      }
    }
    predictions.widen(to: outputs)
    tellBound()
  }

  /// Only once the row has been predicted: it must not be known that there is another class.
  private mutating func makeRoom(forClass y: Int) {
    guard y >= tree.classes else { return }
    tree.grow(classes: y + 1, levels: attributes.levels)
    sight.makeRoom(tree.classes)
  }

  private mutating func tellBound() {
    guard tree.takeBounded() > 0, notices.isEmpty, !sight.hasToldBound else { return }
    sight.hasToldBound = true
    notices.append(
      LearnerNotice(
        kind: "memory-bound",
        text:
          "the tree holds \(tree.memoryBytes >> 10) KB: its least promising leaves stop growing "
          + "(max-bytes)",
        learned: Int(sight.seen.reduce(0, +))))
  }

  mutating func refit(on window: borrowing MicroBatch) -> RefitReport {
    tree = blank
    if tree.classes < sight.classes || !attributes.levels.isEmpty {
      tree.grow(classes: max(2, sight.classes), levels: attributes.levels)
    }
    var scratch = Predictions(rows: window.count, width: outputs)
    learn(window, rows: 0..<window.count, into: &scratch)
    let rows = (0..<window.count).count { !window.targets[$0].isNaN }
    return RefitReport(
      rows: rows, method: "replay of the window",
      failure: rows > 0 ? nil : "the window holds no labels")
  }

  mutating func takeNotices() -> [LearnerNotice] {
    defer { notices.removeAll() }
    return notices
  }

  var drawing: TreeDrawing? { tree.drawing(attributes) }
  var shape: TreeShape? { TreeShape(tree.nodes) }
  var form: PredictorForm? { tree.form(attributes) }

  func explainable(
    _ batch: borrowing MicroBatch, _ row: Int, output: Int
  ) -> ExplainableForm {
    tree.explainable(attributes, output: isBinary ? 1 : output, sight, isBinary: isBinary)
  }

  func write(to writer: inout SnapshotWriter) {
    attributes.write(to: &writer)
    tree.write(to: &writer)
    sight.write(to: &writer)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try attributes.restore(from: &reader)
    try tree.restore(from: &reader)
    try sight.restore(from: &reader, classes: tree.classes)
  }
}

extension ClassTreeSettings {
  /// What the parameters of `HoeffdingTree` say.
  init(_ settings: Settings) {
    grace = Double(settings.integer("grace"))
    delta = settings.real("delta")
    tie = settings.real("tie")
    criterion = SplitCriterion(rawValue: settings.word("criterion")) ?? .infoGain
    leaf = Leaf(rawValue: settings.word("leaf")) ?? .adaptive
    thresholds = settings.integer("thresholds")
    isBinary = settings.word("splits") == "binary"
    leastShare = settings.real("least-share")
    mostDepth = settings.integer("depth")
    mostBytes = settings.integer("max-bytes")
    smoothing = settings.real("smoothing")
    bins = settings.integer("bins")
    dropsPoor = settings.word("poor-attributes") == "drop"
  }
}

/// What a tree learner has before it of a row, and how often each class was seen.
struct TreeSight: Sendable {
  var levels: [Int32]
  var distribution: [Double]
  /// Weights of the classes over all rows.
  private(set) var seen: [Double]
  var hasToldBound = false

  init(nominals: Int, classes: Int) {
    levels = Array(repeating: -1, count: nominals)
    distribution = Array(repeating: 0, count: classes)
    seen = distribution
  }

  /// Classes that have been seen, up to the last of them.
  var classes: Int { (seen.lastIndex { $0 > 0 } ?? -1) + 1 }

  mutating func makeRoom(_ classes: Int) {
    while distribution.count < classes {
      distribution.append(0)
      seen.append(0)
    }
  }

  mutating func count(_ label: Int, _ weight: Double) { seen[label] += weight }

  /// The probability of class `c` where a leaf has none.
  func nothing(_ c: Int, isBinary: Bool) -> Double {
    let total = seen.reduce(0, +)
    guard total > 0 else { return isBinary ? 0.5 : 0 }
    return c < seen.count ? seen[c] / total : 0
  }

  /// Writes the distribution; where a leaf had none, that of all rows so far.
  mutating func write(to predictions: inout Predictions, _ row: Int, isBinary: Bool) {
    var sum = 0.0
    for p in distribution { sum += p }
    if sum <= 0 {
      let total = seen.reduce(0, +)
      for c in distribution.indices {
        distribution[c] = total > 0 ? seen[c] / total : isBinary ? 0.5 : 0
      }
    }
    if isBinary {
      predictions[row] = distribution[1]
    } else {
      for c in 0..<predictions.width {
        predictions[row, c] = c < distribution.count ? distribution[c] : 0
      }
    }
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(seen)
    writer.write(hasToldBound)
  }

  mutating func restore(from reader: inout SnapshotReader, classes: Int) throws(SnapshotError) {
    seen = try reader.readDoubles()
    hasToldBound = try reader.readBool()
    guard seen.count <= classes else { throw .corrupt }
    distribution = Array(repeating: 0, count: seen.count)
    makeRoom(classes)
  }
}
