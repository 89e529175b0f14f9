import Batches
import Catalogues
import Snapshots

/// Predicts the label of one season ago: the same hour last week with a season of seven days. A season
/// of one row is "no change". What any model has to beat.
///
/// With a season in event time, the label is the latest that was known one season before the row. Where
/// labels come late, that of as many seasons ago as it takes for the label to have arrived.
/// Until a season has passed, the last label is taken. For classes the prediction is certain.
/// Memory: 16 bytes a row of the season.
struct SeasonalNaive: Learner {
  static let noChange = Entry<LearnerContext, any Learner>(
    "no-change", "baseline: the last label again",
    make: { _, context in SeasonalNaive(.events(1), context) })

  static let entry = Entry<LearnerContext, any Learner>(
    "seasonal-naive", "baseline: the label of one season ago (--season)",
    parameters: [
      Parameter("season", .integer(default: 0, in: 0...10_000_000), "rows in a season; 0: --season")
    ],
    make: { settings, context throws(SpecificationError) in
      let rows = settings.integer("season")
      guard let season = rows > 0 ? .events(rows) : context.season else {
        throw .unfit(
          entry: "seasonal-naive",
          reason: "no season is known; give --season, in rows or such as 7d")
      }
      return SeasonalNaive(season, context)
    })

  private let season: StreamInterval
  /// How many rows lie between a row and the arrival of its label.
  private let delay: Int
  private let isMulticlass: Bool
  /// How many seasons of labels are kept: a row that is asked for again when its label comes, after later rows, looks back
  /// on what lies farther back than a season.
  private let seasons: Double
  /// The labels of the last season and their times, oldest first, from `first` on.
  private var labels: [Double] = []
  private var times: [Double] = []
  private var first = 0
  private var last = Double.nan
  private var classes = 1

  init(_ season: StreamInterval, _ context: LearnerContext) {
    self.season = season
    delay = context.labelDelay
    isMulticlass = context.task == .multiclass
    seasons = context.isOutOfOrder ? 2 : 1
  }

  var outputs: Int { isMulticlass ? classes : 1 }
  var memoryBytes: Int { (labels.count + times.count) * 8 }

  /// The label of one season before a row that lies `ahead` rows after the last one learned.
  private func earlier(_ time: Double, ahead: Int) -> Double {
    switch season {
    case .events(let rows):
      var position = labels.count + ahead - rows
      // The label of one season ago may still be under way: an earlier season's then.
      if delay > 0, position >= labels.count {
        position -= ((position - labels.count) / rows + 1) * rows
      }
      return position >= first && position < labels.count ? labels[position] : .nan
    case .seconds(let seconds):
      var (low, high) = (first, times.count)
      while low < high {
        let middle = (low + high) / 2
        if times[middle] <= time - seconds { low = middle + 1 } else { high = middle }
      }
      return low > first ? labels[low - 1] : .nan
    }
  }

  private func write(_ ago: Double, _ row: Int, _ predictions: inout Predictions) {
    let value = ago.isNaN ? last : ago
    guard isMulticlass else {
      predictions[row] = value.isNaN ? 0 : value
      return
    }
    for c in 0..<predictions.width { predictions[row, c] = Double(c) == value ? 1 : 0 }
  }

  func predict(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    predictions.widen(to: outputs)
    for (ahead, row) in rows.enumerated() {
      write(earlier(batch.times[row], ahead: delay + ahead), row, &predictions)
    }
  }

  mutating func learn(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    for row in rows {
      predictions.widen(to: outputs)
      write(earlier(batch.times[row], ahead: 0), row, &predictions)
      remember(batch.targets[row], batch.times[row])
    }
    predictions.widen(to: outputs)
  }

  private mutating func remember(_ label: Double, _ time: Double) {
    if !label.isNaN {
      last = label
      if isMulticlass { classes = max(classes, Int(label) + 1) }
    }
    switch season {
    // The last label is all that "no change" needs.
    case .events(1): return
    case .events(let rows):
      labels.append(label)
      first = max(first, labels.count - rows - delay)
    case .seconds(let seconds):
      guard !label.isNaN, !time.isNaN else { return }
      if let last = times.last, time < last {
        insert(label, time)
        return
      }
      let latest = time
      labels.append(label)
      times.append(latest)
      while first + 1 < times.count, times[first + 1] <= latest - seasons * seconds {
        first += 1
      }
    }
    guard first > 1024, first * 2 > labels.count else { return }
    labels.removeFirst(first)
    if !times.isEmpty { times.removeFirst(first) }
    first = 0
  }

  /// Takes a label that comes after later ones, as late labels may, where its time belongs.
  private mutating func insert(_ label: Double, _ time: Double) {
    var place = times.count
    while place > first, times[place - 1] > time { place -= 1 }
    // Older than everything that is kept, it is of use only within what is to be kept.
    guard place > first || isWithin(time) else { return }
    labels.insert(label, at: place)
    times.insert(time, at: place)
  }

  /// Whether a label of `time` is among those that are to be kept.
  private func isWithin(_ time: Double) -> Bool {
    guard case .seconds(let seconds) = season, let latest = times.last else { return true }
    return time > latest - seasons * seconds
  }

  mutating func refit(on window: borrowing MicroBatch) -> RefitReport {
    RefitReport(rows: window.count, method: "nothing to fit")
  }

  func explainable(
    _ batch: borrowing MicroBatch, _ row: Int, output: Int
  ) -> ExplainableForm {
    .constant
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write([first, classes])
    writer.write(last)
    writer.write(labels)
    writer.write(times)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readInts()
    last = try reader.readDouble()
    labels = try reader.readDoubles()
    times = try reader.readDoubles()
    guard numbers.count == 2, (0...labels.count).contains(numbers[0]),
      times.isEmpty || times.count == labels.count
    else { throw .corrupt }
    (first, classes) = (numbers[0], numbers[1])
  }
}
