import Batches
import Catalogues
import Detectors
import Kernels
package import Learners
import Monitors
import Scores
package import Telemetry

/// One model on its way through the stream: predicts, is scored, learns, is watched, and reacts.
struct ModelRunner {
  /// The specification; of a fresh start also where it began; of another run's model what it is called here.
  let name: String
  /// Whether it was another run's.
  let isGuest: Bool
  /// The other models of its run that it mixes, if it is a mixture.
  let companions: [String]
  let specification: String
  /// Number of the first event that was shown to it.
  let born: Int
  let options: EngineOptions
  private let schema: Schema
  let fresh: any Learner
  var learner: any Learner
  var board: ScoreBoard
  /// Scores from `scoreSince` on.
  var boardSince: ScoreBoard?
  var predictions: Predictions
  /// Which version made the prediction of each row of the batch.
  private(set) var versions: [Int]
  /// Alarms and reactions beyond this many are counted and journalled, but not kept.
  private static let mostKept = 10_000

  var alarms: [Alarm] = []
  var alarmCount = 0
  var reactions: [JournalEntry] = []
  /// Number of the version that predicts now: no two models of a run have the same.
  var version = 0
  /// How often it has changed.
  var changes = 0
  /// The number that the next version gets, whoever makes it.
  var nextVersion = 1
  /// Why a fresh start should challenge it, if it should.
  var challenge: String?
  var entries: [Told] = []
  var outcomes: OutcomeMaker
  /// What rows cost whose labels came with the last batch, where that is asked for.
  private(set) var losses: [EventLoss] = []
  var tracker: IntervalTracker?
  /// The interval of each row of the batch, where there are any.
  private(set) var intervals: [(low: Double, high: Double)] = []
  var coverage = CoverageCount()
  var coverageSince = CoverageCount()
  var platt: PlattScaling?
  /// Of two classes, how honest the probabilities are; nil for any other task.
  var reliability: Reliability?
  /// Where labels come late: what was said of the rows that wait for theirs.
  var answers: Answers?
  var scratch: Predictions
  /// Where labels come late: the scores of what is said of a row when its label comes, and in the end.
  var late: LateScores?
  /// Which products of features are worth a weight, where that is asked; of the served model alone.
  var screen: FeatureScreen?
  var watches: [SignalWatch] = []
  /// Those of them that share one budget.
  var shared: SharedBudget?
  var explainer: AlarmExplainer?
  /// What was found of the first alarms.
  var keptCauses: [AlarmCause] = []
  var window: RowWindow?
  var state = ReactionState.stable { didSet { isOnTrial = state.isTrial } }
  /// Kept beside the state, which is copied by whoever asks it.
  var isOnTrial = false
  var pending: Alarm?
  /// A check that asks for a retraining, and since when what it found is so.
  private var wish: (reason: String, since: Int)?
  var isWarm: Bool
  var nextScheduled: Double?
  /// Of how many events one is learned; the others are predicted, scored and watched.
  var learnsEvery = 1
  var eventsSinceRefit = 0
  /// Notices that a snapshot took from the learner before they could be told.
  var untold: [LearnerNotice] = []

  init(
    _ specification: String, _ options: EngineOptions, _ schema: Schema,
    _ families: [FeatureFamily], _ workers: Workers, version: Int = 0, born: Int = 0,
    guest: Guest? = nil
  ) throws(SpecificationError) {
    name = guest?.name ?? (born > 0 ? "\(specification)@\(born)" : specification)
    isGuest = guest != nil
    companions =
      guest?.companions
      ?? (specification == "mixture" ? options.models.filter { $0 != specification } : [])
    self.specification = specification
    self.version = version
    self.born = born
    self.options = options
    self.schema = schema
    var context = LearnerContext(
      task: schema.task, denseWidth: schema.denseWidth, season: options.season,
      labelDelay: options.labelDelay, families: families, workers: workers,
      dissects: options.screens && !options.isBaseline, companions: companions,
      denseNames: schema.denseNames)
    context.isOutOfOrder = options.waitRows > 0
    fresh = try Catalogue.learners.make(specification, context)
    learner = fresh
    board = ScoreBoard(task: schema.task.scoreTask, windowRows: options.scoreWindow)
    if options.scoreSince != nil {
      boardSince = ScoreBoard(task: schema.task.scoreTask, windowRows: 1)
    }
    predictions = Predictions(rows: options.batchRows, width: 1)
    versions = Array(repeating: 0, count: options.batchRows)
    outcomes = OutcomeMaker(task: schema.task)
    scratch = Predictions(rows: 1, width: 1)
    if options.hasLateLabels {
      let slots = WaitingRows.firstSlots(most: options.mostWaiting)
      late = LateScores(options, schema)
      answers = Answers(slots: slots, memoWidth: learner.memoWidth)
      scratch = Predictions(rows: slots, width: 1)
    }
    if let share = options.interval, schema.task == .regression {
      tracker = IntervalTracker(coverage: share)
      intervals = Array(repeating: (0, 0), count: options.batchRows)
    }
    if schema.task == .binary, !options.isBaseline {
      if options.calibrates { platt = PlattScaling() }
      reliability = Reliability()
    }
    isWarm = options.update == .continuous && options.warmup == 0
    for watch in options.watches.flatMap({ Signal.expanded($0, schema) }) {
      watches.append(try SignalWatch(watch, schema, shares: options.jointBudget != nil))
    }
    if let budget = options.jointBudget {
      let sharers = watches.indices.filter { watches[$0].sharesBudget }
      guard !sharers.isEmpty || options.isBaseline else {
        throw .unfit(
          entry: "--alarm-budget",
          reason: "no detector keeps a budget; such are bcs, markov-betting and e-detector")
      }
      shared = SharedBudget(budget, sharers)
    }
    if !watches.isEmpty, options.explainsAlarms {
      explainer = AlarmExplainer(schema, families, labelDelay: options.labelDelay)
    }
    if options.needsWindow {
      let rows = options.windowRows > 0 ? options.windowRows : max(options.warmup, 10_000)
      window = RowWindow(capacity: rows, denseWidth: schema.denseWidth)
    }
    guard born > 0 else { return }
    isWarm = true
    if options.update != .continuous {
      // It is fitted once there are rows to fit it to.
      window?.clear(next: max(0, born - options.labelDelay))
      state = .collecting(reason: "a fresh start", rival: nil)
    }
  }

  /// Whether events change the weights now. Mutating: asked otherwise, all of the runner is copied first,
  /// which cost 1,700 instructions.
  private var learnsEvents: Bool {
    mutating get { options.update == .continuous || !isWarm }
  }

  // MARK: - Per chunk of rows

  /// Takes rows that lie between two positions at which reactions may take effect.
  mutating func take(_ batch: borrowing MicroBatch, _ rows: Range<Int>, firstEvent: Int) {
    if learnsEvents {
      if learnsEvery > 1 {
        learnSome(batch, rows, firstEvent: firstEvent)
      } else {
        learner.learn(batch, rows: rows, into: &predictions)
      }
    } else {
      learner.predict(batch, rows: rows, into: &predictions)
    }
    for row in rows { versions[row] = version }
    calibrate(batch, rows)
    track(batch, rows, firstEvent)
    score(batch, rows, predictions, firstEvent)
    explainer?.recall(batch, rows, outcomes.outcomes, firstEvent: firstEvent)
    window?.append(batch, rows)
    compareTrial(batch, rows)
    eventsSinceRefit += rows.count
    guard isWarm else { return }
    watch(batch, rows, predictions, firstEvent) { _ in true }
  }

  /// Learns the rows whose events' numbers `learnsEvery` divides, and predicts those between.
  private mutating func learnSome(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>, firstEvent: Int
  ) {
    var row = rows.lowerBound
    while row < rows.upperBound {
      let event = firstEvent + row - rows.lowerBound
      let skipped = (learnsEvery - event % learnsEvery) % learnsEvery
      let end = min(row + skipped, rows.upperBound)
      if row < end { learner.predict(batch, rows: row..<end, into: &predictions) }
      if end < rows.upperBound { learner.learn(batch, rows: end..<end + 1, into: &predictions) }
      row = end + 1
    }
  }

  /// Sets predictions beside labels.
  private mutating func score(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>, _ predictions: borrowing Predictions,
    _ firstEvent: Int
  ) {
    outcomes.make(batch, rows, predictions)
    if options.keepsLosses { keepLosses(batch, rows, firstEvent) }
    board.observe(outcomes.outcomes[...])
    reliability?.observe(outcomes.outcomes[...])
    if let since = options.scoreSince, firstEvent >= since {
      boardSince?.observe(outcomes.outcomes[...])
    }
    if let changed = screen?.changed, firstEvent >= changed {
      screen?.observe(batch, rows, predictions, learner.dissections)
    }
  }

  private mutating func keepLosses(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>, _ firstEvent: Int
  ) {
    var labelled = 0
    for row in rows where !batch.targets[row].isNaN {
      let outcome = outcomes.outcomes[labelled]
      labelled += 1
      losses.append(
        EventLoss(
          event: firstEvent + row - rows.lowerBound, loss: outcome.loss,
          error: outcome.error(schema.task)))
    }
  }

  /// Forgets what rows cost so far.
  mutating func dropLosses() { losses.removeAll(keepingCapacity: true) }

  /// Which features are to come and go before event `event`; the journal tells why.
  mutating func featureChanges(event: Int) -> [FeatureChange] {
    guard var screen else { return [] }
    let changes = screen.decide()
    self.screen = screen
    for (change, verdict) in changes {
      if case .mute(let feature) = change { explainer?.ignore(feature) }
      let kind = if case .add = change { "feature-added" } else { "feature-dropped" }
      tell(
        JournalEntry(
          event: event, kind: kind,
          [
            ("model", .string(name)), ("feature", .string(verdict.name)),
            ("deviations", .number(verdict.deviations)), ("rows", .int(verdict.rows)),
          ]))
    }
    return changes.map(\.0)
  }

  /// Starts afresh what watches a feature that has become a constant: that is no drift.
  mutating func resetWatches(ofFeature feature: Int) {
    for index in watches.indices {
      switch watches[index].signal {
      case .features, .feature(feature): watches[index].reset()
      case .feature, .loss, .error, .prediction, .target: continue
      }
      shared?.forget(index)
    }
  }

  // MARK: - Late labels

  /// Predicts a row whose label will come later; what was said stays in `slot`.
  mutating func ask(_ batch: borrowing MicroBatch, _ row: Int, slot: Int, event: Int) {
    guard var answers = answers.take() else { return }
    answers.ask(&learner, batch, row, slot: slot, into: &predictions)
    versions[row] = version
    if let platt { predictions[row] = platt.calibrated(predictions[row]) }
    answers.keep(predictions, row, slot: slot)
    if let tracker {
      intervals[row] = tracker.interval(predictions[row])
      answers.keep(intervals[row], slot: slot)
    }
    self.answers = answers
    if case .trial(var trial) = state {
      state = .stable
      trial.answers?.ask(&trial.previous, batch, row, slot: slot, into: &trial.predictions)
      trial.answers?.keep(trial.predictions, row, slot: slot)
      state = .trial(trial)
    }
    eventsSinceRefit += 1
    if isWarm { watch(batch, row..<row + 1, predictions, event) { !$0.needsLabel } }
  }

  /// Takes a row whose label has arrived; `event` is the row's number, `now` that of the latest row.
  mutating func absorb(_ waiting: borrowing MicroBatch, slot: Int, event: Int, now: Int) {
    guard var answers = answers.take() else { return }
    let rows = slot..<slot + 1
    // Asked again before the row is learned.
    answers.askAgain(&learner, waiting, slot, into: &scratch)
    if let platt { scratch[slot] = platt.calibrated(scratch[slot]) }
    late?.observe(waiting, slot: slot, event: event, scratch)
    if learnsEvents, learnsEvery == 1 || event % learnsEvery == 0 {
      answers.withMemo(slot) { learner.learn(waiting, row: slot, memo: $0, into: &scratch) }
    }
    // Of a row from before it began it has said nothing.
    guard event >= born else {
      window?.append(waiting, rows)
      self.answers = answers
      return
    }
    let label = waiting.targets[slot]
    if !label.isNaN {
      platt?.observe(answers.raw[slot], label: label, weight: 1)
      if tracker != nil {
        let interval = answers.intervals[slot]
        coverage.observe(interval, label: label)
        if let since = options.scoreSince, event >= since {
          coverageSince.observe(interval, label: label)
        }
        tracker?.observe(answers.predictions[slot], label: label)
      }
    }
    score(waiting, rows, answers.predictions, event)
    explainer?.recall(waiting, rows, outcomes.outcomes, firstEvent: now)
    window?.append(waiting, rows)
    compareLateTrial(waiting, slot, event)
    if isWarm { watch(waiting, rows, answers.predictions, now) { $0.needsLabel } }
    self.answers = answers
  }

  /// The stream is over: asks the model for the last labelled rows again.
  mutating func reevaluate() {
    guard var late else { return }
    late.reevaluate { rows, said in
      learner.predict(rows, rows: 0..<rows.count, into: &said)
      guard let platt else { return }
      for row in 0..<rows.count { said[row] = platt.calibrated(said[row]) }
    }
    self.late = late
  }

  private mutating func compareLateTrial(
    _ waiting: borrowing MicroBatch, _ slot: Int, _ event: Int
  ) {
    guard case .trial(var trial) = state, let said = trial.answers else { return }
    state = .stable
    if learnsEvents {
      said.withMemo(slot) {
        trial.previous.learn(waiting, row: slot, memo: $0, into: &scratch)
      }
    }
    // Rows that were asked for before the trial began have nothing to say of the new model.
    if event >= trial.started {
      trial.outcomes.make(waiting, slot..<slot + 1, said.predictions)
      for (new, old) in zip(outcomes.outcomes, trial.outcomes.outcomes) {
        trial.compare(new: new.loss, old: old.loss)
      }
    }
    state = .trial(trial)
  }

  /// Waiting rows have got smaller slots, and there may be more of them.
  mutating func moveSlots(_ kept: [Int], slots: Int) {
    answers?.move(kept, slots: slots)
    scratch.lengthen(to: slots)
    guard case .trial(var trial) = state else { return }
    state = .stable
    trial.answers?.move(kept, slots: slots)
    state = .trial(trial)
  }

  /// Predictions become calibrated ones; each row's label then teaches the next.
  private mutating func calibrate(_ batch: borrowing MicroBatch, _ rows: Range<Int>) {
    guard var platt else { return }
    for row in rows {
      let raw = predictions[row]
      predictions[row] = platt.calibrated(raw)
      let label = batch.targets[row]
      if !label.isNaN { platt.observe(raw, label: label, weight: 1) }
    }
    self.platt = platt
  }

  /// Gives each row its interval, and learns from its label how wide the next is to be.
  private mutating func track(_ batch: borrowing MicroBatch, _ rows: Range<Int>, _ first: Int) {
    guard var tracker else { return }
    let isSince = options.scoreSince.map { first >= $0 } ?? false
    for row in rows {
      let interval = tracker.interval(predictions[row])
      intervals[row] = interval
      let label = batch.targets[row]
      guard !label.isNaN else { continue }
      coverage.observe(interval, label: label)
      if isSince { coverageSince.observe(interval, label: label) }
      tracker.observe(predictions[row], label: label)
    }
    self.tracker = tracker
  }

  private mutating func watch(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>, _ predictions: borrowing Predictions,
    _ firstEvent: Int, _ isWanted: (Signal) -> Bool
  ) {
    var raised: [Alarm] = []
    for index in watches.indices where isWanted(watches[index].signal) {
      watches[index].collect(
        batch, rows, predictions, outcomes.outcomes, task: schema.task, firstEvent: firstEvent)
      if !watches[index].sharesBudget {
        watches[index].observe(model: name) { raised.append($0) }
      }
    }
    if var shared = shared.take() {
      let events = firstEvent..<firstEvent + rows.count
      shared.observe(&watches, events, model: name, isWanted) { raised.append($0) }
      self.shared = shared
    }
    guard !raised.isEmpty else { return }
    for alarm in raised.sorted(by: { $0.event < $1.event }) {
      alarmCount += 1
      if alarms.count < ModelRunner.mostKept { alarms.append(alarm) }
      tell(alarm.entry)
      if options.reaction == .challenger { pending = alarm }
      guard alarm.level == .drift else { continue }
      pending = alarm
      explainer?.add(alarm)
    }
  }

  private mutating func compareTrial(_ batch: borrowing MicroBatch, _ rows: Range<Int>) {
    guard isOnTrial, case .trial(var trial) = state else { return }
    state = .stable
    if learnsEvents {
      trial.previous.learn(batch, rows: rows, into: &trial.predictions)
    } else {
      trial.previous.predict(batch, rows: rows, into: &trial.predictions)
    }
    trial.outcomes.make(batch, rows, trial.predictions)
    for (new, old) in zip(outcomes.outcomes, trial.outcomes.outcomes) {
      trial.compare(new: new.loss, old: old.loss)
    }
    state = .trial(trial)
  }

  // MARK: - At fixed positions

  /// The warm-up is over: the modes that learn by retraining are fitted for the first time.
  mutating func endWarmup(event: Int) {
    // What was another run's model knows something already.
    guard !isWarm else { return }
    isWarm = true
    guard options.update != .continuous else { return }
    refit(event: event, reason: "warm-up", tried: false)
  }

  /// Takes what happened since the last such position into account.
  mutating func react(event: Int, time: Double) {
    tellNotices(event: event)
    explainAlarms(event: event)
    guard isWarm else { return }
    if let alarm = pending {
      pending = nil
      react(to: alarm, event: event)
    }
    if let wish {
      self.wish = nil
      retrain(wish.reason, since: wish.since, event: event)
    }
    if case .collecting(let reason, let rival) = state,
      (window?.count ?? 0) >= options.leastRows
    {
      state = .stable
      refit(event: event, reason: reason, tried: true, against: rival)
    }
    if case .trial(let trial) = state, trial.count >= Double(options.trialEvents) {
      conclude(trial, event: event)
    }
    guard case .stable = state else { return }
    if isDue(event: event, time: time) { refit(event: event, reason: "schedule", tried: true) }
    if options.update != .never, let threshold = options.retrainWhen,
      eventsSinceRefit >= options.scoreWindow / 2,
      let value = board.overWindow(threshold.score), threshold.holds(value)
    {
      refit(event: event, reason: "\(threshold.text) (it was \(value))", tried: true)
    }
  }

  /// A check has found something that asks for a retraining; it is begun where reactions take effect, which is now.
  mutating func ask(toRetrain finding: Finding) {
    guard options.update != .never, isWarm else { return }
    let place = finding.column.map { " of \($0)" } ?? ""
    wish = ("check \(finding.check)\(place) at event \(finding.event)", finding.since)
  }

  /// Begins to collect the rows that a retraining is to be made of.
  private mutating func retrain(_ reason: String, since: Int, event: Int) {
    guard case .stable = state else { return }
    let dropped = window?.drop(before: since) ?? 0
    report(
      "window-reset", event, reason,
      [("since", .int(since)), ("rowsDropped", .int(dropped)), ("rows", .int(window?.count ?? 0))])
    state = .collecting(reason: reason, rival: nil)
  }

  /// Finds out what moved, for the drifts since the last such position.
  mutating func explainAlarms(event: Int, isLast: Bool = false) {
    guard var explainer = explainer.take() else { return }
    let causes = explainer.explain(event: event, isLast: isLast) { name in
      watches.first { $0.watch.signal == name }?.signal.needsLabel ?? true
    }
    self.explainer = explainer
    for cause in causes {
      entries.append(.cause(cause))
      if keptCauses.count < ModelRunner.mostKept { keptCauses.append(cause.kept) }
    }
  }

  /// Puts what the learner has to tell into the journal: at fixed positions, as everything else.
  mutating func tellNotices(event: Int) {
    let notices = untold + learner.takeNotices()
    untold.removeAll()
    for notice in notices {
      tell(
        JournalEntry(
          event: event, kind: notice.kind,
          [
            ("model", .string(name)), ("text", .string(notice.text)),
            ("learned", .int(notice.learned)),
          ]))
    }
  }

  /// Puts the share of each expert of a mixture into the journal.
  mutating func tellExperts(event: Int) {
    let experts = learner.experts
    guard !experts.isEmpty else { return }
    tell(
      JournalEntry(
        event: event, kind: "experts",
        [("model", .string(name)), ("experts", .array(experts.map { $0.json() }))]))
  }

  private mutating func isDue(event: Int, time: Double) -> Bool {
    guard options.update != .never, let schedule = options.retrainEvery else { return false }
    let (now, period): (Double, Double) =
      switch schedule {
      case .events(let count): (Double(event), Double(count))
      case .seconds(let seconds): (time, seconds)
      }
    guard !now.isNaN else { return false }
    guard let next = nextScheduled else {
      nextScheduled = now + period
      return false
    }
    guard now >= next else { return false }
    // Schedules keep their beat, however long the stream paused.
    nextScheduled = next + period * max(1, ((now - next) / period).rounded(.down) + 1)
    return true
  }

  private mutating func react(to alarm: Alarm, event: Int) {
    let reason = "\(alarm.detector) on \(alarm.signal) at event \(alarm.event)"
    if case .trial(let trial) = state {
      conclude(trial, event: event)
      // The alarm was about the model on trial, and bringing the other one back answers it.
      if trial.madeItWorse { return }
    }
    switch options.update == .never ? .note : options.reaction {
    case .note: return
    case .challenger: challenge = reason
    case .window:
      let dropped = window?.drop(before: alarm.since) ?? 0
      let previous = learner
      learner.refresh()
      resetModelWatches()
      report(
        "window-reset", event, reason,
        [
          ("since", .int(alarm.since)), ("rowsDropped", .int(dropped)),
          ("rows", .int(window?.count ?? 0)),
        ])
      begin(trialAgainst: previous, reason: reason, event: event, isNew: false)
    case .retrain:
      // A change is being dealt with already: its rows are wanted, not thrown away again.
      if case .collecting = state { return }
      let dropped = window?.drop(before: alarm.since) ?? 0
      report(
        "window-reset", event, reason,
        [
          ("since", .int(alarm.since)), ("rowsDropped", .int(dropped)),
          ("rows", .int(window?.count ?? 0)),
        ])
      state = .collecting(reason: reason, rival: nil)
    case .restart:
      if case .collecting = state { return }
      let previous = learner
      learner = fresh
      resetModelWatches()
      window?.clear(next: event)
      report("restart", event, reason, [])
      if options.update == .continuous {
        begin(trialAgainst: previous, reason: reason, event: event, isNew: true)
      } else {
        answers?.forgetMemos()
        state = .collecting(reason: reason, rival: previous)
      }
    }
  }

  /// Fits a new model to the window; on trial, if there is something to compare it with.
  private mutating func refit(
    event: Int, reason: String, tried: Bool, against rival: (any Learner)? = nil
  ) {
    guard let window else { return }
    let previous = learner
    let fit = window.withRows { learner.refit(on: $0) }
    eventsSinceRefit = 0
    var fields: [(String, JSONValue)] = [
      ("rows", .int(fit.rows)), ("firstEvent", .int(window.start)), ("method", .string(fit.method)),
    ]
    if fit.addedRidge > 0 { fields.append(("addedRidge", .double(fit.addedRidge))) }
    if let failure = fit.failure {
      learner = previous
      report("retrain-failed", event, reason, fields + [("failure", .string(failure))])
      return
    }
    report("retrain", event, reason, fields)
    resetModelWatches()
    if tried {
      begin(trialAgainst: rival ?? previous, reason: reason, event: event, isNew: true)
    } else {
      answers?.forgetMemos()
      makeVersion()
    }
  }

  /// `isNew`: the model that serves now did not make the answers that wait.
  private mutating func begin(
    trialAgainst previous: any Learner, reason: String, event: Int, isNew: Bool
  ) {
    makeVersion()
    let answersBefore = answers
    if isNew { answers?.forgetMemos() }
    guard options.trialEvents > 0 else { return }
    state = .trial(
      Trial(
        previous: previous, version: version, reason: reason, started: event,
        predictions: predictions, outcomes: outcomes, answers: answersBefore))
  }

  /// Keeps the new model or brings the previous one back.
  private mutating func conclude(_ trial: Trial, event: Int) {
    state = .stable
    guard trial.count > 0 else { return }
    let evidence: [(String, JSONValue)] = [
      ("startedAt", .int(trial.started)), ("events", .int(Int(trial.count))),
      ("lossAfter", .number(trial.newMean)), ("lossWithout", .number(trial.oldMean)),
      ("standardErrors", .number(trial.excess)), ("version", .int(trial.version)),
    ]
    if trial.madeItWorse {
      learner = trial.previous
      if let said = trial.answers { answers?.takeMemos(of: said) }
      makeVersion()
      resetModelWatches()
      report("undone", event, trial.reason, evidence + [("to", .int(version))])
    } else {
      report("kept", event, trial.reason, evidence)
    }
  }

  /// From here on it is another version of the run.
  mutating func makeVersion() {
    version = nextVersion
    nextVersion += 1
    changes += 1
  }

  private mutating func resetModelWatches() {
    for index in watches.indices where watches[index].signal.isOfTheModel {
      watches[index].reset()
      shared?.forget(index)
    }
  }

  private mutating func report(
    _ kind: String, _ event: Int, _ reason: String, _ fields: [(String, JSONValue)]
  ) {
    let entry = JournalEntry(
      event: event, kind: kind,
      [("model", .string(name)), ("reason", .string(reason)), ("fromVersion", .int(version))]
        + fields)
    tell(entry)
    if reactions.count < ModelRunner.mostKept { reactions.append(entry) }
  }

  private mutating func tell(_ entry: JournalEntry) { entries.append(.entry(entry)) }

  var hasEntries: Bool { !entries.isEmpty }

  mutating func takeEntries() -> [Told] {
    defer { entries.removeAll() }
    return entries
  }
}

extension ExpertAccount {
  /// The expert as journal and summary have it; only the summary, which no two runs have alike, tells the time.
  package func json(withSeconds: Bool = false) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("name", .string(name)), ("weight", .number(weight)), ("share", .number(share)),
      ("regret", .number(regret)), ("loss", .number(loss)),
    ]
    if withSeconds, let seconds { members.append(("seconds", .number(seconds))) }
    return .members(members)
  }
}

extension EngineOptions {
  /// Whether any reaction may want rows again.
  var needsWindow: Bool {
    update != .continuous || retrainEvery != nil || retrainWhen != nil
      || reaction == .retrain || reaction == .window || watching?.mayRetrain == true
  }
}

extension Alarm {
  /// The alarm as the journal has it.
  var entry: JournalEntry {
    var members: [(String, JSONValue)] = [
      ("model", .string(model)), ("signal", .string(signal)), ("detector", .string(detector)),
      ("level", .string(level.rawValue)), ("since", .int(since)), ("before", .number(before)),
      ("after", .number(after)),
    ]
    if let promise {
      members.append(("autocorrelation", .number(promise.autocorrelation)))
      members.append(("promise", promise.account))
    }
    return JournalEntry(event: event, kind: "alarm", members)
  }
}
