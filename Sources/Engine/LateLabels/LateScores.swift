import Batches
import Learners
package import Scores
import Snapshots

/// Where labels come late, two scores beside that of what was said at the time, which is the one that a user has felt:
///
/// - *At arrival*: of what the model says the moment before the label is learned. The features are those of the time;
///   the model has learned what came meanwhile. What it is better by is what the delay costs.
/// - *Re-evaluated*: of what the model says in the end of the last labelled rows, `scoreWindow` of them, which it has
///   learned by then: how well it fits what it has seen, and no estimate of how it will do. To be compared with
///   the other scores over the same window.
///
/// Memory: the rows of the window, twice. Cost: a prediction and a copy of the row for each label.
package struct LateScores {
  /// Over all labels that have come, and over the last ones.
  package private(set) var atArrival: ScoreBoard
  /// Of the rows from `scoreSince` on.
  package private(set) var atArrivalSince: ScoreBoard?
  /// Over the last labelled rows; nil until the stream is over, and for a baseline.
  package private(set) var reevaluated: ScoreBoard?
  private let since: Int?
  private var outcomes: OutcomeMaker
  private let recent: RowWindow?

  init(_ options: EngineOptions, _ schema: Batches.Schema) {
    let task = schema.task.scoreTask
    since = options.scoreSince
    atArrival = ScoreBoard(task: task, windowRows: options.scoreWindow)
    if since != nil { atArrivalSince = ScoreBoard(task: task, windowRows: 1) }
    outcomes = OutcomeMaker(task: schema.task)
    recent =
      options.isBaseline
      ? nil : RowWindow(capacity: options.scoreWindow, denseWidth: schema.denseWidth)
  }

  /// Takes the row in `slot`, of which `said` is said now, before it is learned.
  mutating func observe(
    _ waiting: borrowing MicroBatch, slot: Int, event: Int, _ said: borrowing Predictions
  ) {
    outcomes.make(waiting, slot..<slot + 1, said)
    atArrival.observe(outcomes.outcomes[...])
    if let since, event >= since { atArrivalSince?.observe(outcomes.outcomes[...]) }
    if !waiting.targets[slot].isNaN { recent?.append(waiting, slot..<slot + 1) }
  }

  func write(to writer: inout SnapshotWriter) {
    atArrival.write(to: &writer)
    atArrivalSince?.write(to: &writer)
    outcomes.write(to: &writer)
    recent?.write(to: &writer)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try atArrival.restore(from: &reader)
    try atArrivalSince?.restore(from: &reader)
    try outcomes.restore(from: &reader)
    try recent?.restore(from: &reader)
  }

  /// Asks the model of now for the last labelled rows again.
  mutating func reevaluate(
    _ predict: (borrowing MicroBatch, inout Predictions) -> Void
  ) {
    guard let recent, recent.count > 0 else { return }
    var said = Predictions(rows: recent.count, width: 1)
    var board = ScoreBoard(task: atArrival.task, windowRows: 1)
    var maker = OutcomeMaker(task: outcomes.task)
    recent.withRows { rows in
      predict(rows, &said)
      maker.make(rows, 0..<rows.count, said)
    }
    board.observe(maker.outcomes[...])
    reevaluated = board
  }
}
