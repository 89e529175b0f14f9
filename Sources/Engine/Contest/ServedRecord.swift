import Batches
import Learners
import Scores
import Telemetry

/// What was said to the outside and how it did, whichever model said it.
struct ServedRecord {
  /// Reactions and alarms beyond this many are counted and journalled, but not kept.
  private static let mostKept = 10_000

  private let scoreSince: Int?
  var board: ScoreBoard
  var boardSince: ScoreBoard?
  var coverage = CoverageCount()
  var coverageSince = CoverageCount()
  var reliability: Reliability?
  /// Of models that are no longer served, what happened while they were.
  var alarms: [Alarm] = []
  var alarmCount = 0
  var causes: [AlarmCause] = []
  var reactions: [JournalEntry] = []
  /// How much of what the served model has to tell is from before it was served.
  var mark = Mark()

  // What rows of the last batch got, and what was learned of their cost.
  private(set) var predictions: Predictions
  private(set) var versions: [Int]
  private(set) var intervals: [(low: Double, high: Double)]
  private(set) var losses: [EventLoss] = []

  /// How much of its lists a runner had filled.
  struct Mark {
    var (alarms, alarmCount, causes, reactions) = (0, 0, 0, 0)
  }

  init(_ options: EngineOptions, _ task: Task) {
    scoreSince = options.scoreSince
    board = ScoreBoard(task: task.scoreTask, windowRows: options.scoreWindow)
    if options.scoreSince != nil {
      boardSince = ScoreBoard(task: task.scoreTask, windowRows: 1)
    }
    if task == .binary { reliability = Reliability() }
    predictions = Predictions(rows: options.batchRows, width: 1)
    versions = Array(repeating: 0, count: options.batchRows)
    intervals =
      options.interval != nil && task == .regression
      ? Array(repeating: (0, 0), count: options.batchRows) : []
  }

  /// Takes what the served model said of rows of the batch.
  mutating func take(_ runner: borrowing ModelRunner, _ rows: Range<Int>) {
    predictions.widen(to: runner.predictions.width)
    for row in rows {
      for output in 0..<predictions.width {
        predictions[row, output] =
          output < runner.predictions.width ? runner.predictions[row, output] : 0
      }
      versions[row] = runner.version
    }
    guard !intervals.isEmpty else { return }
    for row in rows { intervals[row] = runner.intervals[row] }
  }

  /// Takes how it did with rows whose labels are here; `before` is what its intervals had held until then, `losses`
  /// how many of its losses had been told.
  mutating func score(_ runner: borrowing ModelRunner, firstEvent: Int, before: Before) {
    let outcomes = runner.outcomes.outcomes
    board.observe(outcomes[...])
    reliability?.observe(outcomes[...])
    if let since = scoreSince, firstEvent >= since { boardSince?.observe(outcomes[...]) }
    coverage.add(runner.coverage, beyond: before.coverage)
    coverageSince.add(runner.coverageSince, beyond: before.coverageSince)
    losses.append(contentsOf: runner.losses[before.losses...])
  }

  /// Where a runner stood before it took rows.
  struct Before {
    let coverage: CoverageCount
    let coverageSince: CoverageCount
    let losses: Int

    init(_ runner: borrowing ModelRunner) {
      coverage = runner.coverage
      coverageSince = runner.coverageSince
      losses = runner.losses.count
    }
  }

  mutating func dropLosses() { losses.removeAll(keepingCapacity: true) }

  /// What happened to `old` while it was served is kept; from here on it is `new` that is.
  mutating func change(from old: borrowing ModelRunner, to new: borrowing ModelRunner) {
    (alarms, causes, reactions) = (alarms(of: old), causes(of: old), reactions(of: old))
    alarmCount = alarmCount(of: old)
    mark = Mark()
    mark.alarms = new.alarms.count
    mark.alarmCount = new.alarmCount
    mark.causes = new.keptCauses.count
    mark.reactions = new.reactions.count
  }

  mutating func add(_ reaction: JournalEntry) {
    if reactions.count < ServedRecord.mostKept { reactions.append(reaction) }
  }

  // What there is to tell now that `runner` is served.
  func alarms(of runner: borrowing ModelRunner) -> [Alarm] {
    Array((alarms + runner.alarms.dropFirst(mark.alarms)).prefix(ServedRecord.mostKept))
  }
  func causes(of runner: borrowing ModelRunner) -> [AlarmCause] {
    Array((causes + runner.keptCauses.dropFirst(mark.causes)).prefix(ServedRecord.mostKept))
  }
  func alarmCount(of runner: borrowing ModelRunner) -> Int {
    alarmCount + runner.alarmCount - mark.alarmCount
  }
  /// In the order of the stream.
  func reactions(of runner: borrowing ModelRunner) -> [JournalEntry] {
    (reactions + runner.reactions.dropFirst(mark.reactions)).sorted { $0.event < $1.event }
  }
}
