import Batches
import Snapshots

/// What predicts a number from a row's numbers and levels: a tree, or a committee of trees.
///
/// `x` are the numbers as they come, by which trees split; `z` the same on the scale of linear models.
protocol ValueModel: Sendable {
  var memoryBytes: Int { get }
  /// Mutating for the sake of scratch memory alone.
  mutating func answer(
    _ x: UnsafePointer<Double>, _ z: UnsafePointer<Double>, _ levels: [Int32]
  ) -> Double
  /// Learns the row that was answered last.
  mutating func learn(
    _ x: UnsafePointer<Double>, _ z: UnsafePointer<Double>, _ levels: [Int32], target: Double,
    weight: Double)
  /// What has happened since this was last asked, by kind and in words.
  mutating func takeNews() -> [(kind: String, text: String)]
  func drawing(_ attributes: TreeAttributes) -> TreeDrawing?
  func write(to writer: inout SnapshotWriter)
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError)
}

/// A `ValueModel` as a learner.
struct ValueLearner<Model: ValueModel>: Learner {
  private let blank: Model
  private var model: Model
  private var sight: ValueSight
  private var notices: [LearnerNotice] = []
  private var learned = 0
  private var hasToldBound = false

  /// `make` is told how many numbers and nominal attributes there are.
  init(_ context: LearnerContext, scale: String, make: (Int, Int) -> Model) {
    sight = ValueSight(context, FeatureScaler.Kind(rawValue: scale) ?? .standard)
    model = make(sight.attributes.numbers, sight.attributes.nominals)
    blank = model
  }

  var outputs: Int { 1 }
  var memoryBytes: Int { model.memoryBytes + sight.memoryBytes }

  func predict(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    var (model, sight) = (model, sight)
    for i in rows {
      sight.find(batch, i)
      predictions[i] = model.answer(batch.dense(i), sight.scaled, sight.levels)
    }
  }

  mutating func learn(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    for i in rows {
      sight.find(batch, i)
      predictions[i] = model.answer(batch.dense(i), sight.scaled, sight.levels)
      guard !batch.targets[i].isNaN else { continue }
      sight.learn(batch, i)
      learned += 1
      guard batch.weights[i] > 0 else { continue }
      model.learn(
        batch.dense(i), sight.scaled, sight.levels, target: batch.targets[i],
        weight: batch.weights[i])
    }
    for news in model.takeNews() { tell(news.kind, news.text) }
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
