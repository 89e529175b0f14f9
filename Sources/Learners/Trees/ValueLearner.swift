import Batches
import Snapshots

/// What predicts a number from a row's numbers and levels: a tree, or trees.
protocol ValueModel: Sendable {
  /// Values in an answer: 1, or one for each class.
  var outputs: Int { get }
  /// Makes room for more classes.
  mutating func makeRoom(outputs: Int)
  var memoryBytes: Int { get }
  /// For each row in order: writes the answer, then learns the row if it has a target and weight.
  mutating func take(_ rows: ValueRows, into answers: UnsafeMutablePointer<Double>)
  /// What has happened since this was last asked, by kind and in words.
  mutating func takeNews() -> [(kind: String, text: String)]
  func drawing(_ attributes: TreeAttributes) -> TreeDrawing?
  var shape: TreeShape { get }
  /// Where it cuts so many numbers; nil where it has no cuts.
  func cuts(numbers: Int) -> TreeCuts?
  /// The trees that its answer, or the answer's log-odds, is a sum of; nil where it is none.
  func sum(_ attributes: TreeAttributes) -> TreeSum?
  func write(to writer: inout SnapshotWriter)
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError)
}

/// constant + Σ weight·tree.
struct TreeSum: Sendable {
  var space = PredictionSpace.value
  var constant = 0.0
  var trees: [(weight: Double, tree: ExplainableTree)]
}

extension ValueModel {
  var outputs: Int { 1 }
  mutating func makeRoom(outputs: Int) {}
  func cuts(numbers: Int) -> TreeCuts? { nil }
}

/// A model that takes one row after another.
///
/// `x` are the numbers as they come, by which trees split; `z` the same on the scale of linear models.
protocol ValueRowModel: ValueModel {
  func answer(
    _ x: UnsafePointer<Double>, _ z: UnsafePointer<Double>, _ levels: UnsafePointer<Int32>
  ) -> Double
  mutating func learn(
    _ x: UnsafePointer<Double>, _ z: UnsafePointer<Double>, _ levels: UnsafePointer<Int32>,
    target: Double, weight: Double)
}

extension ValueRowModel {
  mutating func take(_ rows: ValueRows, into answers: UnsafeMutablePointer<Double>) {
    for r in 0..<rows.count {
      answers[r] = answer(rows.numbers(r), rows.before(r), rows.levels(r))
      guard rows.isLearned(r) else { continue }
      learn(
        rows.numbers(r), rows.after(r), rows.levels(r), target: rows.targets[r],
        weight: rows.weights[r])
    }
  }
}

/// Rows lent to a model: their numbers, these on the scale of linear models, levels, targets (NaN: none) and
/// weights.
struct ValueRows {
  let count: Int
  fileprivate let allNumbers: UnsafePointer<Double>
  fileprivate let numberWidth: Int
  fileprivate let scaledBefore: UnsafePointer<Double>
  fileprivate let scaledAfter: UnsafePointer<Double>
  fileprivate let scaledWidth: Int
  fileprivate let allLevels: UnsafePointer<Int32>
  fileprivate let levelWidth: Int
  let targets: UnsafePointer<Double>
  let weights: UnsafePointer<Double>

  /// Row `r`'s numbers as they come.
  func numbers(_ r: Int) -> UnsafePointer<Double> { allNumbers + r * numberWidth }
  /// Row `r`'s numbers on the scale of what came before it.
  func before(_ r: Int) -> UnsafePointer<Double> { scaledBefore + r * scaledWidth }
  /// The same on the scale of what came until and with it.
  func after(_ r: Int) -> UnsafePointer<Double> { scaledAfter + r * scaledWidth }
  func levels(_ r: Int) -> UnsafePointer<Int32> { allLevels + r * levelWidth }
  func isLearned(_ r: Int) -> Bool { !targets[r].isNaN && weights[r] > 0 }
}

/// A `ValueModel` as a learner.
struct ValueLearner<Model: ValueModel>: Learner {
  private let hasClasses: Bool
  private let blank: Model
  private var model: Model
  private var sight: ValueSight
  private var notices: [LearnerNotice] = []
  private var learned = 0
  private var hasToldBound = false

  /// `make` is told how many numbers and nominal attributes there are.
  init(_ context: LearnerContext, scale: String, make: (Int, Int) -> Model) {
    hasClasses = context.task == .multiclass
    sight = ValueSight(context, FeatureScaler.Kind(rawValue: scale) ?? .standard)
    model = make(sight.attributes.numbers, sight.attributes.nominals)
    blank = model
  }

  var outputs: Int { model.outputs }
  var memoryBytes: Int { model.memoryBytes + sight.memoryBytes }

  func predict(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    var copy = self
    copy.take(batch, rows, into: &predictions, learns: false)
  }

  mutating func learn(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    take(batch, rows, into: &predictions, learns: true)
    for news in model.takeNews() { tell(news.kind, news.text) }
  }

  private mutating func take(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>, into predictions: inout Predictions,
    learns: Bool
  ) {
    var first = rows.lowerBound
    while first < rows.upperBound {
      var part = first..<min(first + ValueSight.most, rows.upperBound)
      if hasClasses, learns, let new = part.first(where: { batch.targets[$0] >= Double(outputs) }) {
        guard new > first else {
          // Only once the row has been predicted: it must not be known that there is another class.
          answer(batch, first..<first + 1, into: &predictions, learns: false)
          model.makeRoom(outputs: Int(batch.targets[first]) + 1)
          answer(batch, first..<first + 1, into: &predictions, learns: true, writes: false)
          first += 1
          continue
        }
        part = first..<new
      }
      answer(batch, part, into: &predictions, learns: learns)
      first = part.upperBound
    }
    predictions.widen(to: outputs)
  }

  private mutating func answer(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>, into predictions: inout Predictions,
    learns: Bool, writes: Bool = true
  ) {
    let width = outputs
    learned += sight.see(batch, rows, learns: learns, outputs: width)
    sight.lend(batch, rows) { model.take($0, into: $1) }
    guard writes else { return }
    predictions.widen(to: width)
    for i in rows {
      for c in 0..<width {
        predictions[i, c] = sight.answers[(i - rows.lowerBound) * width + c]
      }
    }
  }

  private mutating func tell(_ kind: String, _ text: String) {
    // That a bound bites is told once; of what comes and goes the first hundred.
    if kind == "memory-bound" {
      guard !hasToldBound else { return }
      hasToldBound = true
    }
    guard notices.count < 100 else { return }
    notices.append(LearnerNotice(kind: kind, text: text, learned: learned))
  }

  mutating func refit(on window: borrowing MicroBatch) -> RefitReport {
    model = blank
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

  var drawing: TreeDrawing? { model.drawing(sight.attributes) }
  var shape: TreeShape? { model.shape }
  var form: PredictorForm? {
    model.cuts(numbers: sight.attributes.numbers).map { .stepwise($0) }
  }

  func explainable(
    _ batch: borrowing MicroBatch, _ row: Int, output: Int
  ) -> ExplainableForm {
    guard let sum = model.sum(sight.attributes) else { return .opaque() }
    return .trees(
      TreesForm(
        space: sum.space, constant: sum.constant, trees: sum.trees, isWhole: true,
        attributes: sight.attributes, scaler: sight.scaler))
  }

  func write(to writer: inout SnapshotWriter) {
    sight.write(to: &writer)
    model.write(to: &writer)
    writer.write([learned, hasToldBound ? 1 : 0])
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try sight.restore(from: &reader)
    try model.restore(from: &reader)
    let counts = try reader.readInts()
    guard counts.count == 2 else { throw .corrupt }
    (learned, hasToldBound) = (counts[0], counts[1] == 1)
  }
}

/// What trees of numbers have before them of some rows: levels, and numbers on the models' scale.
struct ValueSight: Sendable {
  /// Rows that are seen at a time at most.
  static let most = 256

  private(set) var attributes: TreeAttributes
  var scaler: FeatureScaler
  private(set) var answers: [Double] = []
  private let levelWidth: Int
  private let scaledWidth: Int
  private var levels: [Int32] = []
  private var before: [Double] = []
  private var after: [Double] = []
  private var targets: [Double] = []

  init(_ context: LearnerContext, _ scale: FeatureScaler.Kind) {
    attributes = TreeAttributes(context)
    // Five deviations: no row throws a linear model far.
    scaler = FeatureScaler(scale, limit: scale == .standard ? 5 : 0, width: context.denseWidth)
    levelWidth = max(1, attributes.nominals)
    scaledWidth = max(4, scaler.stride)
  }

  var memoryBytes: Int {
    scaler.memoryBytes + 4 * levels.capacity
      + 8 * (answers.capacity + before.capacity + after.capacity + targets.capacity)
  }

  /// Sees rows as they are by what came before each, and where they are to be learned takes those with a
  /// target in; returns how many those were.
  mutating func see(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>, learns: Bool, outputs: Int
  ) -> Int {
    let count = rows.count
    if answers.count < count * outputs { answers = Array(repeating: 0, count: count * outputs) }
    if targets.count < count {
      targets = Array(repeating: 0, count: count)
      before = Array(repeating: 0, count: count * scaledWidth)
      after = before
      levels = Array(repeating: -1, count: count * levelWidth)
    }
    var learned = 0
    for (r, i) in rows.enumerated() {
      let x = batch.dense(i)
      targets[r] = learns ? batch.targets[i] : .nan
      before.withUnsafeMutableBufferPointer {
        if let base = $0.baseAddress { scaler.transform(x, into: base + r * scaledWidth) }
      }
      let isLearned = !targets[r].isNaN
      levels.withUnsafeMutableBufferPointer {
        guard let base = $0.baseAddress.map({ $0 + r * levelWidth }) else { return }
        if isLearned {
          _ = attributes.learn(batch.sparse(i), into: base)
        } else {
          attributes.find(batch.sparse(i), into: base)
        }
      }
      guard isLearned else { continue }
      learned += 1
      scaler.observe(x)
      after.withUnsafeMutableBufferPointer {
        if let base = $0.baseAddress { scaler.transform(x, into: base + r * scaledWidth) }
      }
    }
    return learned
  }

  /// Lends the rows that were seen last, and where their answers go.
  mutating func lend(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>,
    _ body: (ValueRows, UnsafeMutablePointer<Double>) -> Void
  ) {
    levels.withUnsafeBufferPointer { levels in
      before.withUnsafeBufferPointer { before in
        after.withUnsafeBufferPointer { after in
          targets.withUnsafeBufferPointer { targets in
            answers.withUnsafeMutableBufferPointer { answers in
              guard let levels = levels.baseAddress, let before = before.baseAddress,
                let after = after.baseAddress, let targets = targets.baseAddress,
                let answers = answers.baseAddress
              else { return }
              body(
                ValueRows(
                  count: rows.count, allNumbers: batch.dense(rows.lowerBound),
                  numberWidth: batch.stride, scaledBefore: before, scaledAfter: after,
                  scaledWidth: scaledWidth, allLevels: levels, levelWidth: levelWidth,
                  targets: targets, weights: batch.weights + rows.lowerBound), answers)
            }
          }
        }
      }
    }
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
