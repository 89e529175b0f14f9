import Batches
import Catalogues
import Snapshots

/// Predicts the label of one season ago: the same hour last week with a season of 168. A season of
/// one is "no change". What any model has to beat.
///
/// Until a season has passed, the last label is taken. For classes the prediction is certain.
/// Memory: one double a row of the season.
struct SeasonalNaive: Learner {
  static let noChange = Entry<LearnerContext, any Learner>(
    "no-change", "baseline: the last label again",
    make: { _, context in SeasonalNaive(season: 1, task: context.task) })

  static let entry = Entry<LearnerContext, any Learner>(
    "seasonal-naive", "baseline: the label of one season ago (--season)",
    parameters: [
      Parameter("season", .integer(default: 0, in: 0...10_000_000), "rows in a season; 0: --season")
    ],
    make: { settings, context throws(SpecificationError) in
      let season = settings.integer("season") > 0 ? settings.integer("season") : context.season
      guard season > 0 else {
        throw .unfit(entry: "seasonal-naive", reason: "no season is known; give --season N")
      }
      return SeasonalNaive(season: season, task: context.task)
    })

  private let season: Int
  private let isMulticlass: Bool
  private var labels: [Double]
  private var seen = 0
  private var last = 0.0
  private var classes = 1

  init(season: Int, task: Task) {
    self.season = season
    isMulticlass = task == .multiclass
    labels = Array(repeating: .nan, count: season)
  }

  var outputs: Int { isMulticlass ? classes : 1 }
  var memoryBytes: Int { labels.count * 8 }

  private func write(_ position: Int, _ row: Int, _ predictions: inout Predictions) {
    let ago = labels[position % season]
    let value = ago.isNaN ? last : ago
    guard isMulticlass else {
      predictions[row] = value
      return
    }
    for c in 0..<predictions.width { predictions[row, c] = Int(value) == c && seen > 0 ? 1 : 0 }
  }

  func predict(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    predictions.widen(to: outputs)
    for (ahead, row) in rows.enumerated() { write(seen + ahead, row, &predictions) }
  }

  mutating func learn(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    for row in rows {
      predictions.widen(to: outputs)
      write(seen, row, &predictions)
      let y = batch.targets[row]
      labels[seen % season] = y
      seen += 1
      guard !y.isNaN else { continue }
      last = y
      if isMulticlass { classes = max(classes, Int(y) + 1) }
    }
    predictions.widen(to: outputs)
  }

  mutating func refit(on window: borrowing MicroBatch) -> RefitReport {
    RefitReport(rows: window.count, method: "nothing to fit")
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write([seen, classes])
    writer.write(last)
    writer.write(labels)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readInts()
    last = try reader.readDouble()
    labels = try reader.readDoubles()
    guard numbers.count == 2, labels.count == season else { throw .corrupt }
    (seen, classes) = (numbers[0], numbers[1])
  }
}
