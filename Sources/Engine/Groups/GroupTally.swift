import Batches
import Comparisons
import Scores
import Snapshots

/// What is compared between groups.
enum GroupQuantity: String, CaseIterable, Sendable {
  /// Wrong classes.
  case errorRate = "error-rate"
  /// Of numbers |error|, of classes −log of the probability of what happened, each up to a cap.
  case loss
  /// Label − prediction: above 0, the group is predicted too low. Up to a cap.
  case bias
  /// Labels of class 1.
  case baseRate = "base-rate"
  /// Predictions of class 1.
  case positiveRate = "positive-rate"
  /// Predictions of class 1 among rows of class 0.
  case falsePositiveRate = "false-positive-rate"
  /// Predictions of class 0 among rows of class 1.
  case falseNegativeRate = "false-negative-rate"

  static func all(_ task: Task) -> [GroupQuantity] {
    switch task {
    case .regression: [.loss, .bias]
    case .binary:
      [.errorRate, .baseRate, .positiveRate, .falsePositiveRate, .falseNegativeRate, .loss]
    case .multiclass: [.errorRate, .loss]
    }
  }

  /// Of rates, a cap has no part in them.
  var isCapped: Bool { self == .loss || self == .bias }
}

/// One group's scores, counts, and the quantities that are compared.
struct GroupTally: Sendable {
  var board: ScoreBoard
  var rates = GroupRates()
  var means: [BoundedMean]

  init(_ task: Task, _ quantities: [GroupQuantity], cap: Double?) {
    board = ScoreBoard(task: task.scoreTask, windowRows: 0)
    means = quantities.map { quantity in
      switch quantity {
      case .loss: BoundedMean(0...(cap ?? 1))
      case .bias: BoundedMean(-(cap ?? 1)...(cap ?? 1))
      default: BoundedMean(0...1)
      }
    }
  }

  /// Takes an outcome; `cap` is nil as long as what losses can be is not known.
  mutating func observe(
    _ outcome: Outcome, one: ArraySlice<Outcome>, _ quantities: [GroupQuantity], _ task: Task,
    threshold: Double, hasCap: Bool
  ) {
    board.observe(one)
    let isPositive = outcome.prediction > threshold
    let isLabel = outcome.label > 0.5
    rates.observe(outcome, isPositive: isPositive)
    for k in 0..<quantities.count {
      switch quantities[k] {
      case .errorRate:
        let isWrong = task == .binary ? isPositive != isLabel : outcome.guess != outcome.label
        means[k].observe(isWrong ? 1 : 0)
      case .loss: if hasCap { means[k].observe(outcome.loss) }
      case .bias: if hasCap { means[k].observe(outcome.label - outcome.prediction) }
      case .baseRate: means[k].observe(isLabel ? 1 : 0)
      case .positiveRate: means[k].observe(isPositive ? 1 : 0)
      case .falsePositiveRate: if !isLabel { means[k].observe(isPositive ? 1 : 0) }
      case .falseNegativeRate: if isLabel { means[k].observe(isPositive ? 0 : 1) }
      }
    }
  }

  func write(to writer: inout SnapshotWriter) {
    board.write(to: &writer)
    rates.write(to: &writer)
    for mean in means { mean.write(to: &writer) }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try board.restore(from: &reader)
    try rates.restore(from: &reader)
    for k in means.indices { try means[k].restore(from: &reader) }
  }
}

/// Counts of a group, exact and mergeable.
struct GroupRates: Snapshotted, Sendable {
  private(set) var rows = 0
  private var labels = 0.0
  private var predictions = 0.0
  /// Of two classes: by label and by what was predicted.
  private var (truePositives, falsePositives) = (0, 0)
  private var (falseNegatives, trueNegatives) = (0, 0)

  mutating func observe(_ outcome: Outcome, isPositive: Bool) {
    rows += 1
    labels += outcome.label
    predictions += outcome.prediction
    switch (outcome.label > 0.5, isPositive) {
    case (true, true): truePositives += 1
    case (true, false): falseNegatives += 1
    case (false, true): falsePositives += 1
    case (false, false): trueNegatives += 1
    }
  }

  mutating func merge(_ other: GroupRates) {
    rows += other.rows
    labels += other.labels
    predictions += other.predictions
    truePositives += other.truePositives
    falsePositives += other.falsePositives
    falseNegatives += other.falseNegatives
    trueNegatives += other.trueNegatives
  }

  /// By the names they have in journal and summary.
  func named(_ task: Task) -> [(name: String, value: Double?)] {
    func share(_ part: Double, _ whole: Double) -> Double? { whole > 0 ? part / whole : nil }
    let n = Double(rows)
    switch task {
    case .regression:
      return [
        ("mean-label", share(labels, n)), ("mean-prediction", share(predictions, n)),
        ("bias", share(labels - predictions, n)),
      ]
    case .multiclass: return []
    case .binary:
      let (tp, fp) = (Double(truePositives), Double(falsePositives))
      let (fn, tn) = (Double(falseNegatives), Double(trueNegatives))
      return [
        ("base-rate", share(tp + fn, n)), ("mean-probability", share(predictions, n)),
        ("positive-rate", share(tp + fp, n)), ("false-positive-rate", share(fp, fp + tn)),
        ("false-negative-rate", share(fn, fn + tp)),
      ]
    }
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write([rows, truePositives, falsePositives, falseNegatives, trueNegatives])
    writer.write([labels, predictions])
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let counts = try reader.readInts()
    let sums = try reader.readDoubles(count: 2)
    guard counts.count == 5, counts.allSatisfy({ $0 >= 0 }) else { throw .corrupt }
    (rows, truePositives, falsePositives) = (counts[0], counts[1], counts[2])
    (falseNegatives, trueNegatives) = (counts[3], counts[4])
    (labels, predictions) = (sums[0], sums[1])
  }
}
