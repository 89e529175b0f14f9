package import Batches
package import Catalogues
import Kernels
package import Learners
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
  /// Events with a label.
  package private(set) var labelled = 0
  /// Rows that wait for their labels, where labels come late.
  private let waiting: WaitingRows?
  var runners: [ModelRunner] = []
  private var baselines: [ModelRunner] = []
  private var time = Double.nan
  var entries: [Told] = []
  var versionsMade: [VersionMade] = []
  /// The served version that was kept last.
  var keptVersion = 0
  private var familyNames: [String]
  private var families: [FeatureFamily]
  private let workers: Workers
  /// Who is served, where others would like to be.
  var contest: Contest?
  /// The number of the next version that any model makes.
  var nextVersion = 0

  /// Makes the models, the detectors and the baselines. `families` are the sparse features that rows
  /// have, needed where they are screened.
  package init(
    _ options: EngineOptions, _ schema: Schema, families: [FeatureFamily] = []
  ) throws(SpecificationError) {
    self.schema = schema
    self.options = options
    familyNames = families.map(\.name)
    self.families = families
    workers = Workers(options.threads)
    waiting =
      options.labelDelay > 0
      ? WaitingRows(delay: options.labelDelay, denseWidth: schema.denseWidth) : nil
    guard options.interval == nil || schema.task == .regression else {
      throw .unfit(
        entry: "--interval", reason: "the target is a class; its probability is what says how sure")
    }
    guard !options.calibrates || schema.task == .binary else {
      throw .unfit(entry: "--calibrate", reason: "it is for a target of two classes")
    }
    var models = options.models
    if models.isEmpty { models = [Engine.defaultModel(schema.task)] }
    for model in models + options.challengers + options.shadows { try addRunner(model, born: 0) }
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
    plain.scoreWindow = options.scoreWindow
    plain.scoreSince = options.scoreSince
    plain.keepsLosses = options.keepsLosses
    var names = ["no-change", schema.task == .regression ? "running-mean" : "majority"]
    if let season = options.season, season != .events(1) { names.append("seasonal-naive") }
    for name in names { baselines.append(try ModelRunner(name, plain, schema, families, workers)) }
    if let threshold = options.retrainWhen {
      let known = ScoreBoard(task: schema.task.scoreTask, windowRows: 1).names
      guard known.contains(threshold.score) else {
        throw .unknownName(noun: "score", name: threshold.score, known: known)
      }
    }
  }

  mutating func addRunner(_ model: String, born: Int) throws(SpecificationError) {
    runners.append(
      try ModelRunner(
        model, options, schema, families, workers, version: nextVersion, born: born))
    nextVersion += 1
  }

  /// Something that the journal should tell.
  mutating func add(_ entry: JournalEntry) { entries.append(.entry(entry)) }

  /// Takes over what a model has to tell.
  mutating func takeEntries(of runner: Int) { entries += runners[runner].takeEntries() }

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
    // Where versions are kept, baselines have to be where everything else is.
    if waiting == nil, !options.keepsVersions { takeBaselines(batch) }
    var row = 0
    while row < batch.count {
      let told = entries.count
      var stop = events + options.reactEvery - events % options.reactEvery
      if let next = featuresChangeAt { stop = min(stop, next) }
      if events < endOfWarmup { stop = min(stop, endOfWarmup) }
      if let since = options.scoreSince, events < since { stop = min(stop, since) }
      let rows = row..<min(batch.count, row + stop - events)
      if let waiting {
        for i in rows { takeLate(batch, i, event: events + i - row, waiting) }
      } else {
        take(batch, rows)
        if options.keepsVersions {
          for index in baselines.indices { baselines[index].take(batch, rows, firstEvent: events) }
        }
      }
      if contest != nil { keepAnswers(rows) }
      for i in rows {
        if !batch.targets[i].isNaN { labelled += 1 }
        if !batch.times[i].isNaN { time = batch.times[i] }
      }
      events += rows.count
      row = rows.upperBound
      if events == endOfWarmup, options.warmup > 0 {
        for index in runners.indices {
          lendVersions(to: index)
          runners[index].endWarmup(event: events)
          takeVersions(from: index)
        }
      }
      if events % options.reactEvery == 0 {
        for index in runners.indices {
          lendVersions(to: index)
          runners[index].react(event: events, time: time)
          takeVersions(from: index)
        }
        if contest != nil { settleContest() }
      }
      for index in runners.indices where runners[index].hasEntries {
        entries += runners[index].takeEntries()
      }
      if options.keepsVersions { keepVersion(told) }
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
  private mutating func takeLate(
    _ batch: borrowing MicroBatch, _ row: Int, event: Int, _ waiting: WaitingRows
  ) {
    if waiting.isFull {
      let distance = waiting.moveToFront()
      for index in runners.indices { runners[index].moveSlots(by: distance) }
      for index in baselines.indices { baselines[index].moveSlots(by: distance) }
    }
    let slot = waiting.append(batch, row)
    for index in runners.indices { runners[index].ask(batch, row, slot: slot, event: event) }
    for index in baselines.indices { baselines[index].ask(batch, row, slot: slot, event: event) }
    if waiting.count > options.labelDelay { absorbNext(waiting, now: event) }
  }

  private mutating func absorbNext(_ waiting: WaitingRows, now: Int) {
    let event = now + 1 - waiting.count
    let slot = waiting.removeFirst()
    scored(event) { engine in
      for index in engine.runners.indices {
        engine.runners[index].absorb(waiting.rows, slot: slot, event: event, now: now)
      }
    }
    for index in baselines.indices {
      baselines[index].absorb(waiting.rows, slot: slot, event: event, now: now)
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
    guard events > 0, events % FeatureScreen.period == 0 else { return [] }
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
    runners[served].screen?.adopt(families, events: events)
    entries += runners[served].takeEntries()
  }

  /// The stream is over: labels that are still under way arrive, and what is still to be told becomes
  /// entries.
  package mutating func finish() {
    dropLosses()
    if let waiting {
      var late = waiting.count
      while late > 0 {
        absorbNext(waiting, now: events - 1)
        late -= 1
      }
    }
    for index in runners.indices {
      runners[index].explainAlarms(event: events, isLast: true)
      runners[index].tellNotices(event: events)
      runners[index].tellExperts(event: events)
      entries += runners[index].takeEntries()
    }
    tellContest()
  }

  // MARK: - Snapshots

  /// Writes all that shapes what is to come and what will be told of what was; but entries and losses that were not
  /// taken are lost with it.
  package mutating func write(to writer: inout SnapshotWriter) {
    writer.write([events, labelled])
    writer.write(time)
    writer.write(familyNames)
    waiting?.write(to: &writer)
    writeContest(to: &writer)
    for index in runners.indices { runners[index].write(to: &writer) }
    for index in baselines.indices { baselines[index].write(to: &writer) }
  }

  /// Takes over what was written of an engine that was made with the same options, schema and families.
  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let counts = try reader.readInts()
    guard counts.count == 2, counts[0] >= 0 else { throw .corrupt }
    (events, labelled) = (counts[0], counts[1])
    time = try reader.readDouble()
    familyNames = try reader.readStrings()
    try waiting?.restore(from: &reader)
    try restoreContest(from: &reader)
    for index in runners.indices { try runners[index].restore(from: &reader) }
    nextVersion = runners.reduce(nextVersion) { max($0, $1.version + 1) }
    for index in baselines.indices { try baselines[index].restore(from: &reader) }
    keptVersion = runners[served].version
  }

  /// Predictions of the served model for the rows of the last batch.
  package var predictions: Predictions { contest?.record.predictions ?? runners[0].predictions }

  /// What the events cost the served model whose labels came with the last batch, or with `finish`, where
  /// `keepsLosses` asks for it.
  package var losses: [EventLoss] { contest?.record.losses ?? runners[0].losses }
  /// The same of each baseline, in the order of `baselineReports`.
  package var baselineLosses: [[EventLoss]] { baselines.map(\.losses) }

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
}
