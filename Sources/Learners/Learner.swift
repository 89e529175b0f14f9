package import Batches
import Catalogues
package import Kernels
package import Snapshots

/// A model that learns from a stream, row by row, and predicts before it learns.
///
/// Laws, tested over the whole catalogue: `predict` is pure and works before the first row; what
/// `learn` writes for a row is what `predict` would have said just before that row; where batches
/// begin never changes a result; a snapshot taken in mid-stream and restored goes on as if nothing
/// had been.
package protocol Learner: Snapshotted, Sendable {
  /// Values in a prediction: 1 (the value, or the probability of the positive class), or one
  /// probability for each class seen so far.
  var outputs: Int { get }

  /// Writes the prediction for each of `rows`, row i's at `predictions[i]`.
  func predict(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions)

  /// For each of `rows` in order: writes the prediction, then learns the row if it has a label.
  mutating func learn(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions)

  /// Values that a prediction leaves behind for when its label comes late; 0: none.
  var memoWidth: Int { get }

  /// Writes the prediction for a row whose label will come late, and at `memo` the `memoWidth` values that
  /// `learn(_:row:memo:into:)` will want. Mutating for the sake of scratch memory alone.
  mutating func predict(
    _ batch: borrowing MicroBatch, row: Int, memo: UnsafeMutablePointer<Double>,
    into predictions: inout Predictions)

  /// Learns a row that was predicted some rows ago, with what that left behind. What a prediction of now
  /// would be must not be taken for what was said then.
  mutating func learn(
    _ batch: borrowing MicroBatch, row: Int, memo: UnsafePointer<Double>,
    into scratch: inout Predictions)

  /// Full retraining: forgets what was learned and fits the rows of `window`.
  mutating func refit(on window: borrowing MicroBatch) -> RefitReport

  /// After a change: step sizes and scalers become as ready to move as they were at the start;
  /// what was learned stays.
  mutating func refresh()

  /// What the journal should tell, since the last call.
  mutating func takeNotices() -> [LearnerNotice]

  /// Bytes held by the model.
  var memoryBytes: Int { get }

  /// What was learned, if it can be said in weights.
  var linearWeights: LinearWeights? { get }

  /// How the rows that were learned last came to their predictions, if the context asked for it and the
  /// model can tell.
  var dissections: Dissections { get }

  /// What was learned, if it is a tree.
  var drawing: TreeDrawing? { get }

  /// How large it has grown, if it is made of trees.
  var shape: TreeShape? { get }

  /// How its predictions depend on a row, if that can be said.
  var form: PredictorForm? { get }

  /// Who was listened to, in a learner that mixes others; empty in any other.
  var experts: [ExpertAccount] { get }

  /// What its prediction of row `row` is made of as it stands, of class `output` where there are more than two; as good
  /// for any other row of the same time.
  func explainable(
    _ batch: borrowing MicroBatch, _ row: Int, output: Int
  ) -> ExplainableForm
}

extension Learner {
  package var memoWidth: Int { 0 }
  package mutating func predict(
    _ batch: borrowing MicroBatch, row: Int, memo: UnsafeMutablePointer<Double>,
    into predictions: inout Predictions
  ) {
    predict(batch, rows: row..<row + 1, into: &predictions)
  }
  package mutating func learn(
    _ batch: borrowing MicroBatch, row: Int, memo: UnsafePointer<Double>,
    into scratch: inout Predictions
  ) {
    learn(batch, rows: row..<row + 1, into: &scratch)
  }
  package mutating func refresh() {}
  package mutating func takeNotices() -> [LearnerNotice] { [] }
  package var linearWeights: LinearWeights? { nil }
  package var drawing: TreeDrawing? { nil }
  package var shape: TreeShape? { nil }
  package var form: PredictorForm? { nil }
  package var experts: [ExpertAccount] { [] }
  package var dissections: Dissections { Dissections() }
  package func explainable(
    _ batch: borrowing MicroBatch, _ row: Int, output: Int
  ) -> ExplainableForm { .opaque() }
}

/// How rows came to their predictions before they were learned, in a linear model of them: predictor =
/// intercept + Σ parts, log-odds for classes, for numbers as the model's link has it.
package struct Dissections: Sendable {
  package private(set) var predictors: [Double] = []
  /// The labels as the link has them.
  package private(set) var targets: [Double] = []
  private var parts: [Double] = []
  private var ends: [Int] = []

  package init() {}

  package var count: Int { ends.count }

  /// Where row `row`'s parts are: one for each dense feature, then one for each sparse feature.
  package func range(_ row: Int) -> Range<Int> { (row > 0 ? ends[row - 1] : 0)..<ends[row] }

  package func part(_ position: Int) -> Double { parts[position] }

  /// Adds a part to the row in the making.
  package mutating func add(_ part: Double) { parts.append(part) }

  /// Ends the row in the making; its predictor is `intercept` and its parts.
  package mutating func endRow(intercept: Double, target: Double) {
    var predictor = intercept
    for position in (ends.last ?? 0)..<parts.count { predictor += parts[position] }
    predictors.append(predictor)
    targets.append(target)
    ends.append(parts.count)
  }

  package mutating func removeAll() {
    predictors.removeAll(keepingCapacity: true)
    targets.removeAll(keepingCapacity: true)
    parts.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
  }
}

/// One expert of a mixture.
package struct ExpertAccount: Sendable {
  package let name: String
  /// Its weight in the next prediction.
  package let weight: Double
  /// Its mean weight over all predictions so far.
  package let share: Double
  /// What not having followed it alone has cost, in the loss's unit; negative: the mixture was better.
  package let regret: Double
  /// What it alone has cost in the mean, in the loss that is mixed by: absolute error or log loss; nil
  /// before the first label.
  package let loss: Double?
  /// What it has taken to predict and learn; nil where it shares its work with others.
  package let seconds: Double?
}

/// What a learner is made for.
package struct LearnerContext: Sendable {
  package let task: Task
  package let denseWidth: Int
  /// The season, when one is known.
  package let season: StreamInterval?
  /// How many rows lie between a row and the arrival of its label.
  package let labelDelay: Int
  /// Whether labels come late and in any order, so that the rows learned are not in the order of their times.
  package var isOutOfOrder = false
  /// The families of sparse features, by the numbers that rows give them. More may come; those that are
  /// one plain category are here from the beginning.
  package let families: [FeatureFamily]
  /// Threads that a committee may use; what comes out does not depend on it.
  package let workers: Workers
  /// Whether `dissections` are wanted.
  package let dissects: Bool
  /// The other models of the run, which a mixture is to mix.
  package var companions: [String]
  /// What the dense features are called, where names are asked for.
  package let denseNames: [String]

  package init(
    task: Task, denseWidth: Int, season: StreamInterval? = nil, labelDelay: Int = 0,
    families: [FeatureFamily] = [], workers: Workers = Workers(1), dissects: Bool = false,
    companions: [String] = [], denseNames: [String] = []
  ) {
    self.task = task
    self.denseWidth = denseWidth
    self.season = season
    self.labelDelay = labelDelay
    self.families = families
    self.workers = workers
    self.dissects = dissects
    self.companions = companions
    self.denseNames = denseNames
  }
}

extension LearnerContext {
  /// For models of classes: throws `unfit` where the target is a number.
  func mustHaveClasses(_ entry: String) throws(SpecificationError) {
    guard task.isClassification else {
      throw .unfit(entry: entry, reason: "it predicts classes; the target is a number")
    }
  }

  /// For models of numbers: throws `unfit` where the target is a class.
  func mustHaveNumbers(_ entry: String) throws(SpecificationError) {
    guard task == .regression else {
      throw .unfit(entry: entry, reason: "it predicts numbers; the target is a class")
    }
  }
}

/// What came of a full retraining.
package struct RefitReport: Sendable, Equatable {
  /// Rows with labels that were fitted.
  package let rows: Int
  /// How, in words: "ridge by normal equations".
  package let method: String
  /// What had to be added to the diagonal of an ill-conditioned system; 0: nothing.
  package let addedRidge: Double
  /// Why nothing was fitted; nil when it was.
  package let failure: String?

  package init(rows: Int, method: String, addedRidge: Double = 0, failure: String? = nil) {
    self.rows = rows
    self.method = method
    self.addedRidge = addedRidge
    self.failure = failure
  }
}

/// Something a learner did that its owner should know of.
package struct LearnerNotice: Sendable, Equatable {
  /// A kebab-case kind, as it stands in the journal: "rate-lowered".
  package let kind: String
  package let text: String
  /// How many rows had been learned when it happened.
  package let learned: Int

  package init(kind: String, text: String, learned: Int) {
    (self.kind, self.text, self.learned) = (kind, text, learned)
  }
}

/// The weights of a linear model on its scaled features.
package struct LinearWeights: Sendable {
  /// Weights of the dense features, in the order of the schema.
  package let dense: [Double]
  /// Weights of the sparse features, by index.
  package let sparse: [Double]
  package let intercept: Double
}

/// Predictions of some rows: `width` values each, row-major.
package struct Predictions: Sendable {
  package private(set) var width: Int
  package private(set) var values: [Double]

  package init(rows: Int, width: Int) {
    self.width = width
    values = Array(repeating: 0, count: rows * width)
  }

  package var rows: Int { width > 0 ? values.count / width : 0 }

  package subscript(row: Int, output: Int) -> Double {
    get { values[row * width + output] }
    set { values[row * width + output] = newValue }
  }

  package subscript(row: Int) -> Double {
    get { values[row * width] }
    set { values[row * width] = newValue }
  }

  /// Makes room for more values in each prediction; the new ones are 0.
  package mutating func widen(to width: Int) {
    guard width > self.width else { return }
    var wider = Array(repeating: 0.0, count: rows * width)
    for row in 0..<rows {
      for output in 0..<self.width { wider[row * width + output] = self[row, output] }
    }
    (values, self.width) = (wider, width)
  }

  /// Makes room for more rows; what is said of them is 0.
  package mutating func lengthen(to rows: Int) {
    guard rows > self.rows else { return }
    values.append(contentsOf: repeatElement(0, count: (rows - self.rows) * width))
  }

  package func write(to writer: inout SnapshotWriter) {
    writer.write(width)
    writer.write(values)
  }

  /// Takes over as many rows as there are here.
  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let rows = rows
    width = try reader.readInt()
    values = try reader.readDoubles()
    guard width > 0, values.count == rows * width else { throw .corrupt }
  }

  /// All values, for writing.
  mutating func withPointer(_ body: (UnsafeMutablePointer<Double>) -> Void) {
    values.withUnsafeMutableBufferPointer { if let base = $0.baseAddress { body(base) } }
  }
}
