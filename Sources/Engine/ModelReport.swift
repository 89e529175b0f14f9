import Batches
package import Learners
package import Scores
package import Telemetry

/// How a model has done.
package struct ModelReport {
  package let name: String
  /// served, challenger, shadow or beside, where there is a contest; nil elsewhere.
  package let role: String?
  package let board: ScoreBoard
  package let boardSince: ScoreBoard?
  /// The first 10,000 alarms.
  package let alarms: [Alarm]
  package let alarmCount: Int
  package let reactions: [JournalEntry]
  /// What moved, of the first 10,000 drifts.
  package let causes: [AlarmCause]
  /// Number of the version that predicts now, unique over the run.
  package let version: Int
  /// Versions that it has had; of what was served those of the run.
  package let versions: Int
  package let memoryBytes: Int
  package let weights: LinearWeights?
  /// How many labels lay within their intervals, over all and from `scoreSince` on.
  package let coverage: CoverageCount
  package let coverageSince: CoverageCount
  /// How honest the probabilities of two classes were.
  package let reliability: Reliability?
  /// The model, if it is a tree.
  package let drawing: TreeDrawing?
  /// How large it has grown, if it is made of trees.
  package let shape: TreeShape?
  /// Who was listened to, in a mixture.
  package let experts: [ExpertAccount]
  /// Where labels come late: the scores beside that of what was said at the time.
  package let late: LateScores?

  /// Of one model; or, with a record, of what was served up to this one.
  init(_ runner: ModelRunner, _ record: ServedRecord? = nil, role: String? = nil) {
    name = record == nil ? runner.name : "served"
    self.role = role
    board = record?.board ?? runner.board
    boardSince = record == nil ? runner.boardSince : record?.boardSince
    alarms = record?.alarms(of: runner) ?? runner.alarms
    alarmCount = record?.alarmCount(of: runner) ?? runner.alarmCount
    reactions = record?.reactions(of: runner) ?? runner.reactions
    causes = record?.causes(of: runner) ?? runner.keptCauses
    version = runner.version
    versions = record.map { _ in runner.version + 1 } ?? runner.changes + 1
    memoryBytes = runner.learner.memoryBytes
    weights = runner.learner.linearWeights
    coverage = record?.coverage ?? runner.coverage
    coverageSince = record?.coverageSince ?? runner.coverageSince
    reliability = record == nil ? runner.reliability : record?.reliability
    drawing = runner.learner.drawing
    shape = runner.learner.shape
    experts = runner.learner.experts
    late = runner.late
  }
}
