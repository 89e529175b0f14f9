import Batches
import Engine
import Ingest
import Kernels
import Learners
import Report
import Scores
import Studies
import Telemetry

/// The score by which reactions are compared, as a loss of each event.
enum ComparedScore: String {
  case mae
  case logLoss = "log-loss"
  case accuracy

  func cost(_ loss: EventLoss) -> Double { self == .accuracy ? loss.error : loss.loss }
}

/// A configuration on its way through the stream.
struct ReactionArm {
  /// nil: the one that never reacts.
  let watch: Watch?
  let reaction: ReactionKind
  fileprivate(set) var engine: Engine
  /// Events at which a drift was named.
  private(set) var alarms: [Int] = []
  private(set) var reactions = 0
  private(set) var kept = 0
  private(set) var undone = 0
  /// The model that is served: only what happens to it counts.
  private var served: String
  /// Its own time, on whatever thread.
  private(set) var time = Stopwatch()
  /// What never reacting cost more than this did, event by event.
  fileprivate(set) var gain = BatchMeans()
  /// What it cost over the events; nil where no curve is wanted.
  fileprivate(set) var curve: MeanSeries?

  fileprivate init(_ watch: Watch?, _ reaction: ReactionKind, _ engine: Engine) {
    (self.watch, self.reaction, self.engine) = (watch, reaction, engine)
    served = engine.modelNames[0]
  }

  fileprivate mutating func step(_ batch: borrowing MicroBatch) {
    let start = MonotonicTime.now()
    engine.step(batch)
    time.add(since: start)
    read(engine.takeEntries())
  }

  fileprivate mutating func finish() {
    let start = MonotonicTime.now()
    engine.finish()
    time.add(since: start)
    read(engine.takeEntries())
  }

  private mutating func read(_ entries: [JournalEntry]) {
    for entry in entries {
      switch entry.kind {
      case "promotion", "rollback":
        if entry.kind == "promotion" { kept += 1 } else { undone += 1 }
        if case .string(let name)? = entry["to"] { served = name }
      case "challenger-started": reactions += 1
      case _ where entry["model"] != .string(served): break
      case "alarm" where entry["level"] == .string("drift"): alarms.append(entry.event)
      case "kept": kept += 1
      case "undone": undone += 1
      // A full retraining begins with a reset of the window, and is counted once it took place.
      case "window-reset" where reaction == .window: reactions += 1
      case "restart": reactions += 1
      // Schedules and thresholds retrain as well; of those that an alarm asked for the reason is its event.
      case "retrain" where reaction == .retrain:
        if case .string(let reason)? = entry["reason"], reason.contains(" at event ") {
          reactions += 1
        }
      default: break
      }
    }
  }
}

/// What a baseline cost less than never reacting.
struct ReactionBaseline {
  let name: String
  fileprivate(set) var gain = BatchMeans()
  fileprivate(set) var curve: MeanSeries?
}

/// Every configuration over the same micro-batches of one stream: one pass over its bytes.
struct ReactionRun {
  let score: ComparedScore
  let task: Task
  /// The event from which scores are also kept apart.
  let since: Int?
  /// The first is the one that never reacts.
  private(set) var arms: [ReactionArm]
  private(set) var baselines: [ReactionBaseline]
  private(set) var events = 0
  private(set) var isInterrupted = false

  /// Reads the stream to its end, or until the user asks for one. Scores are also kept apart from `since` on,
  /// unless the plan says another event; the progress is made once the first events have come.
  static func over(
    _ bytes: any ByteSource, _ plan: ReactionPlan, since: Int?, progress: () -> StudyProgress
  ) throws -> ReactionRun {
    var source = try EventSource.open(bytes, plan.learning.ingest)
    defer { source.close() }
    var run = try ReactionRun(plan, source, since: since)
    let workers = Workers(plan.threads)
    let progress = progress()
    defer { progress.clear() }
    var batch = MicroBatch(
      capacity: plan.learning.engine.batchRows, denseWidth: source.schema.denseWidth)
    var read = 0
    reading: while true {
      batch.removeAll()
      let outcome = try source.fill(&batch, upTo: nil)
      run.step(batch, workers)
      _ = progress.advance(progress.unit == .bytes ? source.bytesRead - read : batch.count)
      read = source.bytesRead
      switch outcome {
      case .full, .late: continue
      case .end: break reading
      case .interrupted:
        run.isInterrupted = true
        break reading
      }
    }
    run.finish(workers)
    progress.clear()
    if run.isInterrupted { Terminal.say("weir: interrupted after \(run.events) events\n") }
    for refusal in source.refusals.samples {
      Terminal.say("weir: refused: \(refusal.message)\n")
    }
    return run
  }

  private init(
    _ plan: ReactionPlan, _ source: borrowing EventSource, since: Int?
  ) throws {
    task = source.schema.task
    let usual: ComparedScore = task == .regression ? .mae : .logLoss
    score = plan.score.flatMap(ComparedScore.init) ?? usual
    guard (score == .mae) == (task == .regression) else {
      throw LearnSettings.usage(
        "--score \(score.rawValue): the target is "
          + (task == .regression ? "a number; its score is mae" : "a class"))
    }
    var wish = plan.learning.engine
    if wish.season == nil { wish.season = source.settled.season }
    if plan.isAutomatic, wish.models.isEmpty {
      wish.models = [task.automaticModel(hasPast: plan.learning.ingest.lags != ["none"])]
    }
    wish.scoreSince = wish.scoreSince ?? since
    wish.screens = false
    self.since = wish.scoreSince
    // One that watches nothing, or by a detector without a budget, has none to keep.
    let budget = wish.jointBudget
    wish.jointBudget = nil
    var arms = [
      ReactionArm(nil, .note, try Engine(wish, source.schema, families: source.families))
    ]
    for (watch, reaction) in plan.arms {
      wish.watches = [watch]
      wish.reaction = reaction
      wish.jointBudget = watch.keepsBudget ? budget : nil
      let engine = try Engine(wish, source.schema, families: source.families)
      arms.append(ReactionArm(watch, reaction, engine))
    }
    baselines = arms[0].engine.baselineReports.map { ReactionBaseline(name: $0.name) }
    if plan.keepsCurves {
      for index in arms.indices { arms[index].curve = MeanSeries() }
      for index in baselines.indices { baselines[index].curve = MeanSeries() }
    }
    self.arms = arms
  }

  private mutating func step(_ batch: borrowing MicroBatch, _ workers: Workers) {
    guard batch.count > 0 else { return }
    workers.forEach(&arms) { $1.step(batch) }
    events += batch.count
    compare()
  }

  private mutating func finish(_ workers: Workers) {
    workers.forEach(&arms) { $1.finish() }
    compare()
  }

  /// Sets what each event cost beside what it cost the one that never reacts.
  private mutating func compare() {
    let reference = arms[0].engine.losses
    let first = since ?? 0
    func draw(_ losses: [EventLoss], _ curve: inout MeanSeries?) {
      guard curve != nil else { return }
      for loss in losses { curve?.append(score.cost(loss), event: loss.event) }
    }
    func add(_ losses: [EventLoss], to gain: inout BatchMeans) {
      for (own, never) in zip(losses, reference) where own.event >= first {
        gain.add(score.cost(never) - score.cost(own))
      }
    }
    for index in arms.indices {
      add(arms[index].engine.losses, to: &arms[index].gain)
      draw(arms[index].engine.losses, &arms[index].curve)
    }
    for (index, losses) in arms[0].engine.baselineLosses.enumerated() {
      add(losses, to: &baselines[index].gain)
      draw(losses, &baselines[index].curve)
    }
  }
}
