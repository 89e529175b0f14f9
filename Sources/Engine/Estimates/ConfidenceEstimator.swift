import Batches
import Glibc
import Scores
import Snapshots

/// How well probabilities will turn out to do, before any label is here: confidence-based performance estimation.
///
/// A probability that is honest tells how often it is wrong. With q the calibrated probability of class 1 of a row, p what
/// was served and g its guess, the row counts as q of a positive and 1 − q of a negative:
///
///     tp = Σ q·[g = 1]    fp = Σ (1 − q)·[g = 1]    fn = Σ q·[g = 0]    tn = Σ (1 − q)·[g = 0]
///     accuracy = (tp + tn)/n        f1 = 2·tp/(2·tp + fp + fn)
///     log loss = −Σ (q·log p + (1 − q)·log(1 − p))/n
///     ROC AUC  = the chance that of a positive and a negative, drawn with these weights, the positive has the greater p
///
/// Of several classes the calibrated probability is that of the guess being right, which gives accuracy, and the log loss is
/// the entropy of what was served.
///
/// **What is assumed.** That q is calibrated on the rows at hand: features may move, as far as the calibration holds where
/// they move to; the relation of label and features may not. After a change of that relation (concept drift) the estimate
/// is wrong until labels have come that tell of it. Calibration is learned from the labels as they come (`PlattScaling`, of
/// what was served), so that a late label corrects what is said from then on.
///
/// Reference: NannyML, Estimating model performance without ground truth (confidence-based performance estimation, CBPE),
/// nannyml.readthedocs.io; J. Guillory et al., Predicting with confidence on unseen distributions, ICCV 2021.
///
/// Cost: an exponential and two logarithms a row; a sort of each chunk for the ranking.
struct ConfidenceEstimator: Snapshotted, Sendable {
  private let task: Task
  private var scaling = PlattScaling()

  /// Sums of one chunk.
  struct Sums: Snapshotted, Sendable {
    fileprivate var (tp, fp, fn, tn) = (0.0, 0.0, 0.0, 0.0)
    fileprivate var logLoss = 0.0
    fileprivate var variance = 0.0
    /// What was served of class 1, and what of it is to be expected.
    fileprivate var (served, expected): ([Double], [Double]) = ([], [])

    func write(to writer: inout SnapshotWriter) {
      writer.write([tp, fp, fn, tn, logLoss, variance])
      writer.write(served)
      writer.write(expected)
    }

    mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
      let n = try reader.readDoubles(count: 6)
      (tp, fp, fn, tn) = (n[0], n[1], n[2], n[3])
      (logLoss, variance) = (n[4], n[5])
      served = try reader.readDoubles()
      expected = try reader.readDoubles(count: served.count)
    }
  }

  init(_ task: Task) { self.task = task }

  /// Adds a row to a chunk: of two classes the probability of class 1 that was served, of several that of the guess, with
  /// the entropy of all.
  func add(_ p: Double, entropy: Double, to sums: inout Sums) {
    let q = scaling.calibrated(p)
    guard task == .binary else {
      sums.tp += q
      sums.fp += 1 - q
      sums.logLoss += entropy
      sums.variance += q * (1 - q)
      return
    }
    if p > 0.5 {
      sums.tp += q
      sums.fp += 1 - q
    } else {
      sums.fn += q
      sums.tn += 1 - q
    }
    sums.logLoss += q * Outcome.logLoss(p) + (1 - q) * Outcome.logLoss(1 - p)
    sums.variance += q * (1 - q)
    sums.served.append(p)
    sums.expected.append(q)
  }

  /// Learns from a label that has come: `hit` is 1 where class 1 came, of several classes where the guess was right.
  mutating func observe(_ p: Double, hit: Double) { scaling.observe(p, label: hit, weight: 1) }

  /// The scores that are to be expected of a chunk, the first with its standard error.
  func scores(_ sums: Sums) -> [(name: String, value: Double)] {
    let n = sums.tp + sums.fp + sums.fn + sums.tn
    guard n > 0 else { return [] }
    var scores = [("accuracy", (sums.tp + sums.tn) / n), ("log-loss", sums.logLoss / n)]
    guard task == .binary else { return scores }
    let wrong = sums.fp + sums.fn
    if sums.tp + wrong > 0 { scores.append(("f1", 2 * sums.tp / (2 * sums.tp + wrong))) }
    if let area = WeightedRanking.area(sums.served, sums.expected) {
      scores.append(("roc-auc", area))
    }
    return scores
  }

  /// Of the accuracy, of labels that are drawn with the probabilities.
  func standardError(_ sums: Sums) -> Double? {
    let n = sums.tp + sums.fp + sums.fn + sums.tn
    return n > 0 ? sums.variance.squareRoot() / n : nil
  }

  func write(to writer: inout SnapshotWriter) { scaling.write(to: &writer) }
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try scaling.restore(from: &reader)
  }
}

/// The area under the ROC curve where each row is a share of a positive and the rest of a negative.
enum WeightedRanking {
  /// `weights` are the shares that are positive, 0 … 1: labels themselves, or what is expected of them. Nil where there
  /// is nothing of one of the two.
  static func area(_ scores: [Double], _ weights: [Double]) -> Double? {
    let order = scores.indices.sorted { scores[$0] < scores[$1] }
    var (below, pairs, positives) = (0.0, 0.0, 0.0)
    var k = 0
    while k < order.count {
      var (up, down) = (0.0, 0.0)
      let score = scores[order[k]]
      while k < order.count, scores[order[k]] == score {
        up += weights[order[k]]
        down += 1 - weights[order[k]]
        k += 1
      }
      // A row is no pair with itself: its own two shares, which tie, are counted by half as others are.
      pairs += up * (below + down / 2)
      below += down
      positives += up
    }
    return positives > 0 && below > 0 ? pairs / (positives * below) : nil
  }
}
