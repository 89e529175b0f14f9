package import Batches
package import Learners
package import Scores

/// A model that is served as it stands: it predicts, and nothing changes it.
///
/// Labels that come along are scored and not learned, not even by intervals and calibration.
package struct Predictor {
  /// The model's specification.
  package let name: String
  /// Its version's number within the run that made it.
  package let version: Int
  package private(set) var predictions: Predictions
  /// The interval of each row of the batch, where the run that made it had any.
  package private(set) var intervals: [(low: Double, high: Double)]
  private let learner: any Learner
  private let platt: PlattScaling?
  private let tracker: IntervalTracker?

  /// How its predictions depend on a row, if that can be said.
  package var form: PredictorForm? { learner.form }
  /// The model, if it is a tree.
  package var drawing: TreeDrawing? { learner.drawing }

  fileprivate init(_ runner: ModelRunner, rows: Int) {
    name = runner.name
    version = runner.version
    learner = runner.learner
    platt = runner.platt
    tracker = runner.tracker
    predictions = Predictions(rows: rows, width: 1)
    intervals = Array(repeating: (0, 0), count: runner.tracker != nil ? rows : 0)
  }

  /// Predicts every row; row i's prediction is then at `predictions[i]`.
  package mutating func predict(_ batch: borrowing MicroBatch) {
    guard batch.count > 0 else { return }
    learner.predict(batch, rows: 0..<batch.count, into: &predictions)
    if let platt {
      for row in 0..<batch.count { predictions[row] = platt.calibrated(predictions[row]) }
    }
    if let tracker {
      for row in 0..<batch.count { intervals[row] = tracker.interval(predictions[row]) }
    }
  }
}

extension Engine {
  /// The served model by itself, for batches of so many rows at most.
  package func predictor(rows: Int) -> Predictor { Predictor(runners[served], rows: rows) }
}

/// How predictions did that were made by whoever made them.
package struct ServedScores {
  package private(set) var board: ScoreBoard
  private var outcomes: OutcomeMaker

  package init(task: Task, windowRows: Int) {
    board = ScoreBoard(task: task.scoreTask, windowRows: windowRows)
    outcomes = OutcomeMaker(task: task)
  }

  /// Takes those of the rows that have a label.
  package mutating func observe(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>, _ predictions: borrowing Predictions
  ) {
    outcomes.make(batch, rows, predictions)
    board.observe(outcomes.outcomes[...])
  }
}
