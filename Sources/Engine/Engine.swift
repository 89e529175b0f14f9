package import Batches
package import Catalogues
import Kernels
package import Learners
package import Monitors
import Scores
package import Snapshots
package import Telemetry

/// The order of steps: for each batch predict, score, learn, watch, react. Deterministic: batches in,
/// predictions and journal entries out; no clock, no files; threads only
/// within a learner, which answers as if there were none.
///
/// Law: where batches begin and end changes nothing. Batches are cut at the multiples of
/// `reactEvery` events, which is where reactions take effect.
package struct Engine {
  package let schema: Schema
  package let options: EngineOptions
  /// Events taken so far.
  package private(set) var events = 0
  /// Of how many events one is learned from now on: more than one where there is no time for all of them. Which ones
  /// depends on their numbers alone. All of them are predicted, scored and watched.
  package var learnsEvery = 1 {
    didSet { for index in runners.indices { runners[index].learnsEvery = learnsEvery } }
  }
  /// Labelled events that were not learned for want of time.
  package private(set) var skipped = 0
  /// Events with a label.
  package private(set) var labelled = 0
  /// Where labels are joined by id: the event at which reactions took effect last, and labels since an event.
  private var reactedAt = 0
  private var labelsSinceEvent = 0
  /// The event before which it was asked last how features are to change.
  private var featuresAskedAt = 0
  /// How many events will have been taken when the journal is told the scores next, if it is.
  private var scoresDue = Int.max
  /// Rows that wait for their labels, where labels come late.
  private let waiting: WaitingRows?
  var runners: [ModelRunner] = []
  private var baselines: [ModelRunner] = []
  var time = Double.nan
  var entries: [Told] = []
  var versionsMade: [VersionMade] = []
  /// The served version that was kept last.
  var keptVersion = 0
  private var familyNames: [String]
  package private(set) var families: [FeatureFamily]
  private let workers: Workers
  /// Who is served, where others would like to be.
  var contest: Contest?
  /// How each group of rows fares, where that is asked for.
  var groups: GroupAccounts?
  /// What the scores will turn out to be, where that is asked for.
  var estimates: PerformanceEstimates?
  /// Frozen copies of the served model, where it is asked what age costs.
  var frozen: FrozenCopies?
  /// The number of the next version that any model makes.
  var nextVersion = 0
  /// Watches the input, where that is asked for.
  var monitor: Monitor?
  /// Room for what it is told.
  var answers: [Answer] = []
  /// What checks found, the first 10,000, and how much it was.
  package internal(set) var findings: [Finding] = []
  package internal(set) var findingCount = 0
  /// Nil where nothing is explained.
  var explaining: Explaining?

  /// Makes the models, the detectors and the baselines. `families` are the sparse features that rows
  /// have, needed where they are screened; `guests` the challengers and shadows that are models of other runs, by the
  /// names that the options have for them.
  package init(
    _ options: EngineOptions, _ schema: Schema, families: [FeatureFamily] = [],
    guests: [String: ReadyModel] = [:]
  ) throws(SpecificationError) {
    self.schema = schema
    self.options = options
    familyNames = families.map(\.name)
    precondition(
      options.labelDelay == 0 || options.waitRows == 0, "labels both by number and by id")
    self.families = families
    workers = Workers(options.threads)
    scoresDue = options.scoreSchedule?.next(after: 0) ?? .max
    waiting =
      options.hasLateLabels
      ? WaitingRows(most: options.mostWaiting, denseWidth: schema.denseWidth) : nil
    guard options.interval == nil || schema.task == .regression else {
      throw .unfit(
        entry: "--interval", reason: "the target is a class; its probability is what says how sure")
    }
    guard !options.calibrates || schema.task == .binary else {
      throw .unfit(entry: "--calibrate", reason: "it is for a target of two classes")
    }
    groups = options.groups.map {
      GroupAccounts($0, schema.task, windowRows: options.scoreWindow)
    }
    frozen = options.decay.map { FrozenCopies(every: $0.every, task: schema.task) }
    if let wish = options.estimates {
      estimates = try PerformanceEstimates(
        wish, schema, families, mostWaiting: options.hasLateLabels ? options.mostWaiting : 0)
    }
    var models = options.models
    if models.isEmpty { models = [Engine.defaultModel(schema.task)] }
    for model in models { try addRunner(model, born: 0) }
    for model in options.challengers + options.shadows {
      if let guest = guests[model] {
        try addRunner(guest)
      } else {
        try addRunner(model, born: 0)
      }
    }
    explaining = options.explains.map { Explaining($0, denseWidth: schema.denseWidth) }
    explaining?.know(families: families.count)
    if options.screens, schema.task != .multiclass {
      runners[0].screen = FeatureScreen(schema, families)
    }
    if options.hasContest {
      var contest = try Contest(options, schema.task)
      let since = options.warmup
      for (place, role) in options.rivals.enumerated() {
        contest.add(role, runner: models.count + place, since: since)
      }
      self.contest = contest
    }
    var plain = EngineOptions()
    plain.isBaseline = true
    plain.season = options.season
    plain.batchRows = options.batchRows
    plain.labelDelay = options.labelDelay
    plain.waitRows = options.waitRows
    plain.scoreWindow = options.scoreWindow
    plain.scoreSince = options.scoreSince
    plain.keepsLosses = options.keepsLosses
    var names = ["no-change", schema.task == .regression ? "running-mean" : "majority"]
    if let season = options.season, season != .events(1) { names.append("seasonal-naive") }
    for name in names { baselines.append(try ModelRunner(name, plain, schema, families, workers)) }
    if let watching = options.watching {
      monitor = try Monitor(
        watching.checks, watching.columns, task: schema.task, reference: watching.reference,
        referenceRows: watching.referenceRows)
    }
    let named =
      (options.retrainWhen.map { [$0.score] } ?? [])
      + (options.watching?.checks ?? []).compactMap { MetricCondition.score(of: $0) }
    let known = ScoreBoard(task: schema.task.scoreTask, windowRows: 1).names
    for score in named where !known.contains(score) {
      throw .unknownName(noun: "score", name: score, known: known)
    }
  }

  mutating func addRunner(
    _ model: String, born: Int, guest: ModelRunner.Guest? = nil
  ) throws(SpecificationError) {
    runners.append(
      try ModelRunner(
        model, options, schema, families, workers, version: nextVersion, born: born, guest: guest))
    nextVersion += 1
    runners[runners.count - 1].learnsEvery = learnsEvery
  }

  /// Something that the journal should tell.
  mutating func add(_ entry: JournalEntry) { entries.append(.entry(entry)) }

  /// Takes over what a model has to tell.
  mutating func takeEntries(of runner: Int) {
    let told = runners[runner].takeEntries()
    if monitor != nil, runner == served { noteIllness(told) }
    entries += told
  }

  /// The place of the model that is served.
  var served: Int { contest?.served ?? 0 }

  /// The warm-up is over when as many labels have come.
  private var endOfWarmup: Int { options.warmup > 0 ? options.warmup + options.labelDelay : 0 }

  /// The model of a run that names none.
  package static func defaultModel(_ task: Task) -> String {
    switch task {
    case .regression: "linear"
    case .binary: "logistic"
    case .multiclass: "softmax"
    }
  }

  /// Takes a batch; its predictions are then in `predictions`.
  package mutating func step(_ batch: borrowing MicroBatch) {
    dropLosses()
    if groups != nil { groups?.learnNames(batch) }
    dropExplanations()
    if options.waitRows > 0 { return stepByID(batch) }
    // Where versions are kept or scores are told, baselines have to be where everything else is.
    let takesAhead = waiting == nil && !options.keepsVersions && options.scoreSchedule == nil
    if takesAhead { takeBaselines(batch) }
    var row = 0
    while row < batch.count {
      let told = entries.count
      var stop = events + options.reactEvery - events % options.reactEvery
      if let next = featuresChangeAt { stop = min(stop, next) }
      if events < endOfWarmup { stop = min(stop, endOfWarmup) }
      if let since = options.scoreSince, events < since { stop = min(stop, since) }
      stop = min(stop, scoresDue)
      if let explaining { stop = min(stop, explaining.stop(after: events)) }
      let rows = row..<min(batch.count, row + stop - events)
      if explaining != nil, waiting == nil {
        for i in rows { explain(batch, i, event: events + i - row) }
      }
      if let waiting {
        for i in rows { takeDelayed(batch, i, event: events + i - row, waiting) }
      } else {
        take(batch, rows)
        if groups != nil { observeGroups(batch, rows) }
        if estimates != nil { estimate(batch, rows) }
        if frozen != nil { ageCopies(batch, rows) }
        if !takesAhead {
          for index in baselines.indices { baselines[index].take(batch, rows, firstEvent: events) }
        }
      }
      if contest != nil { keepAnswers(rows) }
      if learnsEvery > 1, waiting == nil { countSkipped(batch, rows) }
      if monitor != nil { watchInput(batch, rows) }
      for i in rows {
        if !batch.targets[i].isNaN { labelled += 1 }
        if !batch.times[i].isNaN { time = batch.times[i] }
      }
      events += rows.count
      row = rows.upperBound
      if explaining != nil { tellImportances() }
      if events == endOfWarmup, options.warmup > 0 { endWarmup() }
      if events == scoresDue { tellScoresDue() }
      if events % options.reactEvery == 0 { react() }
      takeEntriesOfRunners()
      if options.keepsVersions { keepVersion(told) }
    }
    if monitor != nil { watchRest(batch) }
  }

  /// Shows the monitor what was refused after the last row of a batch.
  private mutating func watchRest(_ batch: borrowing MicroBatch) {
    monitor?.observeRest(batch)
    // Where no event comes there is no position to wait for.
    if batch.count == 0 {
      takeFindings()
      tellHealth()
    }
  }

  private mutating func countSkipped(_ batch: borrowing MicroBatch, _ rows: Range<Int>) {
    for i in rows where !batch.targets[i].isNaN {
      if (events + i - rows.lowerBound) % learnsEvery > 0 { skipped += 1 }
    }
  }

  /// Baselines never react, so that a batch is cut for them only where scores begin to be kept apart.
  private mutating func takeBaselines(_ batch: borrowing MicroBatch) {
    let cut = min(max((options.scoreSince ?? 0) - events, 0), batch.count)
    for rows in [0..<cut, cut..<batch.count] where !rows.isEmpty {
      for index in baselines.indices {
        baselines[index].take(batch, rows, firstEvent: events + rows.lowerBound)
      }
    }
  }

  /// Predicts a row whose label will come later, and learns the row whose label comes now.
  private mutating func takeDelayed(
    _ batch: borrowing MicroBatch, _ row: Int, event: Int, _ waiting: WaitingRows
  ) {
    let keys = options.labelDelay + 1
    if explaining != nil { explain(batch, row, event: event) }
    _ = ask(batch, row, key: event % keys, event: event, waiting)
    let arrived = event - options.labelDelay
    if arrived >= 0, let slot = waiting.slot(ofKey: arrived % keys) {
      absorb(slot, now: event, waiting)
    }
  }

  /// Predicts a row whose label will come later; returns where it waits.
  private mutating func ask(
    _ batch: borrowing MicroBatch, _ row: Int, key: Int, event: Int, _ waiting: WaitingRows
  ) -> Int {
    if waiting.isFull {
      waiting.moveTogether()
      let (kept, slots) = (waiting.kept, waiting.capacity)
      groups?.moveSlots(kept)
      for index in runners.indices { runners[index].moveSlots(kept, slots: slots) }
      for index in baselines.indices { baselines[index].moveSlots(kept, slots: slots) }
    }
    let slot = waiting.append(batch, row, key: key, event: event)
    groups?.ask(batch, row, slot: slot)
    for index in runners.indices { runners[index].ask(batch, row, slot: slot, event: event) }
    for index in baselines.indices { baselines[index].ask(batch, row, slot: slot, event: event) }
    if estimates != nil { estimateLater(batch, row, event: event) }
    return slot
  }

  /// Learns the row in `slot`, whose label has come.
  private mutating func absorb(_ slot: Int, now: Int, _ waiting: WaitingRows) {
    let event = waiting.event(slot)
    if learnsEvery > 1, event % learnsEvery > 0, !waiting.rows.targets[slot].isNaN { skipped += 1 }
    scored(event) { engine in
      for index in engine.runners.indices {
        engine.runners[index].absorb(waiting.rows, slot: slot, event: event, now: now)
      }
      guard engine.monitor?.wantsAnswers == true, var monitor = engine.monitor.take() else {
        return
      }
      engine.tell(&monitor, late: waiting.rows, slot: slot, event: event)
      engine.monitor = monitor
    }
    if groups != nil { absorbGroups(slot, event: event) }
    if estimates != nil { realise(waiting.rows, slot, event: event, now: now) }
    if frozen != nil { ageCopies(waiting.rows, slot: slot, event: event) }
    for index in baselines.indices {
      baselines[index].absorb(waiting.rows, slot: slot, event: event, now: now)
    }
    waiting.leave(slot)
  }

  /// Takes a batch whose labels are joined to their rows by id.
  ///
  /// Only rows that are predicted are events. Reactions take effect before the first event after so many of them, when
  /// the labels that come between two events have come; and, while no event comes, at every so many labels.
  private mutating func stepByID(_ batch: borrowing MicroBatch) {
    guard let waiting else { return }
    for row in 0..<batch.count {
      let told = entries.count
      let ticket = batch.ticket(row)
      switch ticket.kind {
      case .idle: continue
      case .answers:
        guard let slot = waiting.slot(ofKey: ticket.slot) else { continue }
        waiting.answer(slot, batch.targets[row], weight: batch.weights[row])
        // What comes after a reaction without an event between them is not to be told as before it.
        absorb(slot, now: reactedAt == events ? events : events - 1, waiting)
        countLabel()
        labelsSinceEvent += 1
        if labelsSinceEvent % options.reactEvery == 0 { react() }
      case .asks, .whole:
        if events == scoresDue { tellScoresDue() }
        if events % options.reactEvery == 0, reactedAt != events { react() }
        let key = ticket.kind == .asks ? ticket.slot : WaitingRows.none
        if explaining != nil { explain(batch, row, event: events) }
        let slot = ask(batch, row, key: key, event: events, waiting)
        if contest != nil { keepAnswers(row..<row + 1) }
        if monitor != nil { watchInput(batch, row..<row + 1) }
        if !batch.times[row].isNaN { time = batch.times[row] }
        events += 1
        labelsSinceEvent = 0
        if ticket.kind == .whole {
          absorb(slot, now: events - 1, waiting)
          countLabel()
        }
        if explaining != nil { tellImportances() }
      }
      // Several labels may come at one event: what models have to say of them stays in their order.
      takeEntriesOfRunners()
      if options.keepsVersions { keepVersion(told) }
    }
    if monitor != nil { watchRest(batch) }
  }

  private mutating func tellScoresDue() {
    takeEntriesOfRunners()
    tellScores()
    scoresDue = options.scoreSchedule?.next(after: events) ?? .max
  }

  /// The warm-up is over when as many labels have come.
  private mutating func countLabel() {
    labelled += 1
    if labelled == options.warmup { endWarmup() }
  }

  private mutating func endWarmup() {
    for index in runners.indices {
      lendVersions(to: index)
      runners[index].endWarmup(event: events)
      takeVersions(from: index)
    }
  }

  private mutating func react() {
    reactedAt = events
    if monitor != nil { askMonitor() }
    for index in runners.indices {
      lendVersions(to: index)
      runners[index].react(event: events, time: time)
      takeVersions(from: index)
    }
    if contest != nil { settleContest() }
    if groups != nil { lookAtGroups() }
    if frozen != nil { freeze() }
    takeEntriesOfRunners()
    if monitor != nil { askHealth() }
  }

  private mutating func takeEntriesOfRunners() {
    for index in runners.indices where runners[index].hasEntries {
      takeEntries(of: index)
    }
  }

  /// The event before which the features may change next, where they are screened: a batch must not go
  /// beyond it.
  package var featuresChangeAt: Int? {
    guard runners[served].screen != nil else { return nil }
    return events + FeatureScreen.period - events % FeatureScreen.period
  }

  /// What is to change of the features before the next event. To be asked for after each batch;
  /// `adopt` is to be told what came of it.
  package mutating func featureChanges() -> [FeatureChange] {
    // Where nothing is screened, where a batch happens to end must leave no trace.
    guard runners[served].screen != nil, events > 0, events % FeatureScreen.period == 0,
      featuresAskedAt != events
    else { return [] }
    featuresAskedAt = events
    let changes = runners[served].featureChanges(event: events)
    for case .mute(let feature) in changes {
      for index in runners.indices { runners[index].resetWatches(ofFeature: feature) }
    }
    return changes
  }

  /// Takes the families as the rows to come have them.
  package mutating func adopt(_ families: [FeatureFamily]) {
    familyNames = families.map(\.name)
    self.families = families
    explaining?.know(families: families.count)
    runners[served].screen?.adopt(families, events: events)
    entries += runners[served].takeEntries()
  }

  /// The stream is over: labels that are still under way arrive, and what is still to be told becomes
  /// entries.
  package mutating func finish() {
    dropLosses()
    if options.waitRows > 0 {
      if events > 0, events % options.reactEvery == 0, reactedAt != events { react() }
    } else if let waiting {
      while waiting.count > 0 { absorb(waiting.oldest, now: events - 1, waiting) }
    }
    for index in runners.indices {
      runners[index].reevaluate()
      runners[index].explainAlarms(event: events, isLast: true)
      runners[index].tellNotices(event: events)
      runners[index].tellExperts(event: events)
      entries += runners[index].takeEntries()
    }
    if monitor != nil {
      takeFindings()
      tellHealth()
    }
    tellContest()
    if estimates != nil { finishEstimates() }
    if frozen != nil { tellDecay() }
    if groups != nil { tellGroups() }
    if let schedule = options.scoreSchedule {
      // The last window ends with the run; where labels come by id it is told before the event after it, which does not come.
      let isTold = options.waitRows == 0 && schedule.next(after: events - 1) == events
      if events > 0, !isTold { tellScores() }
      tellScores(overAll: true)
    }
  }

  // MARK: - Snapshots

  /// Writes all that shapes what is to come and what will be told of what was; but entries and losses that were not
  /// taken are lost with it.
  package mutating func write(to writer: inout SnapshotWriter) {
    writer.write([events, labelled, reactedAt, labelsSinceEvent, featuresAskedAt])
    writer.write(time)
    writer.write(familyNames)
    waiting?.write(to: &writer)
    writeContest(to: &writer)
    for index in runners.indices { runners[index].write(to: &writer) }
    for index in baselines.indices { baselines[index].write(to: &writer) }
    groups?.write(to: &writer)
    estimates?.write(to: &writer)
    frozen?.write(to: &writer)
    writeMonitor(to: &writer)
    explaining?.write(to: &writer)
  }

  /// Takes over what was written of an engine that was made with the same options, schema and families.
  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let counts = try reader.readInts()
    guard counts.count == 5, counts.allSatisfy({ $0 >= 0 }) else { throw .corrupt }
    (events, labelled, reactedAt) = (counts[0], counts[1], counts[2])
    (labelsSinceEvent, featuresAskedAt) = (counts[3], counts[4])
    time = try reader.readDouble()
    familyNames = try reader.readStrings()
    try waiting?.restore(from: &reader)
    try restoreContest(from: &reader)
    for index in runners.indices { try runners[index].restore(from: &reader) }
    nextVersion = runners.reduce(nextVersion) { max($0, $1.version + 1) }
    for index in baselines.indices { try baselines[index].restore(from: &reader) }
    try groups?.restore(from: &reader)
    try estimates?.restore(from: &reader)
    let fresh = runners[served].fresh
    try frozen?.restore(from: &reader, like: fresh)
    try restoreMonitor(from: &reader)
    try explaining?.restore(from: &reader)
    explaining?.know(families: families.count)
    keptVersion = runners[served].version
    // By id they are told before the event that comes next, when all labels until then have come.
    let told = options.waitRows > 0 ? max(events - 1, 0) : events
    scoresDue = options.scoreSchedule?.next(after: told) ?? .max
  }

  /// Predictions of the served model for the rows of the last batch.
  package var predictions: Predictions { contest?.record.predictions ?? runners[0].predictions }

  /// What the events cost the served model whose labels came with the last batch, or with `finish`, where
  /// `keepsLosses` asks for it.
  package var losses: [EventLoss] { contest?.record.losses ?? runners[0].losses }
  /// The same of each baseline, in the order of `baselineReports`.
  package var baselineLosses: [[EventLoss]] { baselines.map(\.losses) }

  /// A score over the window of each baseline that has it.
  func baselineScores(_ name: String) -> [Double] {
    baselines.compactMap { $0.board.overWindow(name) }
  }

  private mutating func dropLosses() {
    guard options.keepsLosses else { return }
    for index in runners.indices { runners[index].dropLosses() }
    contest?.record.dropLosses()
    for index in baselines.indices { baselines[index].dropLosses() }
  }

  /// Intervals of the rows of the last batch, if they were asked for.
  package var intervals: [(low: Double, high: Double)] {
    contest?.record.intervals ?? runners[0].intervals
  }

  /// Which version of the served model made the prediction of each row of the last batch.
  package var servedVersions: [Int] { contest?.record.versions ?? runners[0].versions }

  /// Whether what the journal should tell has names of levels in it.
  package var needsNames: Bool {
    entries.contains { if case .cause = $0 { true } else { false } }
  }

  /// What users call the features; `level` says what a sparse feature is called.
  package func names(level: @escaping (Int) -> String) -> FeatureNames {
    FeatureNames(dense: schema.denseNames, families: familyNames, level: level)
  }

  /// What the journal should tell since the last call, in the order of the stream.
  package mutating func takeEntries(
    level: @escaping (Int) -> String = { "feature \($0)" }
  ) -> [JournalEntry] {
    defer { entries.removeAll() }
    guard !entries.isEmpty else { return [] }
    let names = names(level: level)
    // Swift's sort keeps the order of equals: that of the models.
    return entries.map { $0.entry(names) }.sorted { $0.event < $1.event }
  }

  /// What the models are called, the one that is served at first in front.
  package var modelNames: [String] { runners.map(\.name) }

  /// What there is to say of each model, the served one first: in a contest of what was served, whoever it was, then of
  /// each that took part.
  package var models: [ModelReport] {
    guard let contest else { return runners.map { ModelReport($0) } }
    return [ModelReport(runners[contest.served], contest.record)]
      + runners.indices.map { ModelReport(runners[$0], role: contest.role(of: $0)) }
  }
  /// The same of the baselines.
  package var baselineReports: [ModelReport] { baselines.map { ModelReport($0) } }
  var baselineBoards: [(name: String, board: ScoreBoard)] { baselines.map { ($0.name, $0.board) } }
}
