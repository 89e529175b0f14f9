import Learners
import Scores

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
