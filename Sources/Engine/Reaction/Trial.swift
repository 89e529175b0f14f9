import Learners
import Scores
import Snapshots

/// Compares a model that a reaction made with the one before it, on the same later events.
///
/// Both predict every event (and learn it, if the run learns continuously). d is the new model's
/// loss less the old one's. The reaction is undone if the mean of d is above 0 by more than 1.645 of
/// its standard errors: made worse, at the one-sided 5 % level for one look at the end.
struct Trial {
  /// The critical value of the one-sided test at 5 %.
  private static let critical = 1.645

  var previous: any Learner
  var predictions: Predictions
  var outcomes: OutcomeMaker
  let version: Int
  let reason: String
  let started: Int
  /// Where labels come late: what the previous model said of the rows that wait for theirs.
  var answers: Answers?
  private(set) var count = 0.0
  private var newLoss = 0.0
  private var oldLoss = 0.0
  private var mean = 0.0
  private var squares = 0.0

  init(
    previous: any Learner, version: Int, reason: String, started: Int, predictions: Predictions,
    outcomes: OutcomeMaker, answers: Answers?
  ) {
    self.answers = answers
    self.previous = previous
    self.version = version
    self.reason = reason
    self.started = started
    self.predictions = predictions
    self.outcomes = outcomes
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(version)
    writer.write(reason)
    writer.write(started)
    previous.write(to: &writer)
    outcomes.write(to: &writer)
    answers?.write(to: &writer)
    writer.write([count, newLoss, oldLoss, mean, squares])
  }

  /// A trial as it was written; `like` is the model untrained, `answers` and `predictions` have room for what was said.
  init(
    from reader: inout SnapshotReader, like fresh: any Learner, predictions: Predictions,
    outcomes: OutcomeMaker, answers: Answers?
  ) throws(SnapshotError) {
    self.init(
      previous: fresh, version: try reader.readInt(), reason: try reader.readString(),
      started: try reader.readInt(), predictions: predictions, outcomes: outcomes,
      answers: answers)
    try previous.restore(from: &reader)
    try self.outcomes.restore(from: &reader)
    try self.answers?.restore(from: &reader)
    let n = try reader.readDoubles(count: 5)
    (count, newLoss, oldLoss, mean, squares) = (n[0], n[1], n[2], n[3], n[4])
  }

  mutating func compare(new: Double, old: Double) {
    count += 1
    newLoss += new
    oldLoss += old
    let difference = new - old
    let deviation = difference - mean
    mean += deviation / count
    squares += deviation * (difference - mean)
  }

  var newMean: Double { count > 0 ? newLoss / count : .nan }
  var oldMean: Double { count > 0 ? oldLoss / count : .nan }

  /// The mean difference in standard errors; positive: the new model is worse.
  var excess: Double {
    guard count > 1, squares > 0 else { return mean > 0 ? .infinity : 0 }
    return mean / (squares / (count - 1) / count).squareRoot()
  }

  var madeItWorse: Bool { mean > 0 && excess > Trial.critical }
}
