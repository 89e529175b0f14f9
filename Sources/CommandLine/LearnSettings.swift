import Batches
import Catalogues
import Comparisons
import Detectors
import Engine
import Ingest
import Learners
import Monitors
import Telemetry

/// The options of `weir learn`, checked, as the rooms below want them.
struct LearnSettings {
  var ingest = IngestOptions()
  var engine = EngineOptions()
  var checkpointEvery = CheckpointSchedule.usual
  /// Nil: nobody asks how long events take.
  var latency: LatencyWatch?
  /// How many milliseconds the input may be silent; nil: as long as it likes.
  var patience: Int?

  init(_ options: LearnOptions) throws {
    try readInput(options)
    try readRun(options)
    try readExplaining(options)
    try readLateLabels(options)
    try readGroups(options)
    try readLatency(options)
    try readEstimates(options)
    try readDecay(options)
    try readWatching(options)
  }

  /// How the input is watched.
  private mutating func readWatching(_ options: LearnOptions) throws {
    let rows = try LearnSettings.check(options.referenceRows, "reference-rows", atLeast: 64)
    let wish = try CheckWish(all: options.monitor, named: options.check)
    guard !wish.specifications.isEmpty else {
      guard options.reference == nil, rows == nil, options.silence == nil else {
        throw LearnSettings.usage(
          "--reference, --reference-rows and --silence need --monitor or --check, which watch")
      }
      return
    }
    patience = try options.silence.map { try Silence.milliseconds($0) }
    guard patience == nil || options.labels == nil else {
      throw LearnSettings.usage("--silence watches one stream: with --labels there are two")
    }
    var watching = Watching(checks: wish.specifications)
    watching.mayRetrain = wish.mayRetrain
    watching.referenceRows =
      rows ?? (engine.warmup > 0 ? engine.warmup : Monitor.usualReferenceRows)
    engine.watching = watching
  }

  private static func list(_ text: String?) -> [String] {
    text?.split(separator: ",").map(String.init) ?? []
  }

  static func usage(_ message: String) -> Failure {
    Failure(message: message, code: Exit.usage)
  }

  /// Checks that a number is at least `least`.
  static func check(
    _ value: Int?, _ name: String, atLeast least: Int, atMost most: Int = 1_000_000_000
  ) throws -> Int? {
    guard let value else { return nil }
    guard value >= least else { throw usage("--\(name) \(value): expected at least \(least)") }
    guard value <= most else { throw usage("--\(name) \(value): expected at most \(most)") }
    return value
  }

  private static func word<Word: RawRepresentable & CaseIterable>(
    _ text: String, _ option: String
  ) throws -> Word where Word.RawValue == String {
    guard let word = Word(rawValue: text) else {
      let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
      throw usage("--\(option) \(text): expected one of \(known)")
    }
    return word
  }

  private mutating func readInput(_ options: LearnOptions) throws {
    ingest.format = options.format ?? "auto"
    ingest.columns = LearnSettings.list(options.columns)
    if let text = options.delimiter {
      let bytes = Array((text == "tab" || text == "\\t" ? "\t" : text).utf8)
      guard bytes.count == 1, bytes[0] < 0x80, bytes[0] != 0x22, bytes[0] != 0x0A else {
        throw LearnSettings.usage("--delimiter \(text): expected one ASCII character, or tab")
      }
      ingest.delimiter = bytes[0]
    }
    ingest.target = options.target
    if let task = options.task, task != "auto" {
      ingest.task = try LearnSettings.word(task, "task")
    }
    ingest.positive = options.positive
    ingest.ignore = LearnSettings.list(options.ignore)
    ingest.number = LearnSettings.list(options.number)
    ingest.category = LearnSettings.list(options.category)
    ingest.id = options.id
    ingest.weight = options.weight
    ingest.sequence = options.sequence
    ingest.isResumable = options.checkpoint != nil || options.registry != nil
    ingest.time = LearnSettings.list(options.time)
    guard ingest.time.count <= 2 else {
      throw LearnSettings.usage("--time takes one column, or a date column and an hour column")
    }
    ingest.crosses = options.cross
    ingest.lags = options.lag
    ingest.means = options.mean
    ingest.isAutomatic = options.auto
    ingest.key = options.key
    ingest.missing = options.missing
    ingest.classWeights = options.classWeight
    ingest.categoryLimit =
      try LearnSettings.check(options.maxCategories, "max-categories", atLeast: 1) ?? 100_000
    ingest.hashBits =
      try LearnSettings.check(options.hashBits, "hash-bits", atLeast: 1, atMost: 28) ?? 18
    ingest.delayMilliseconds =
      try LearnSettings.check(options.maxDelay, "max-delay", atLeast: 0) ?? 100
    ingest.lineLimit = try LearnSettings.check(options.maxLine, "max-line", atLeast: 16) ?? 1 << 20
    ingest.badRows = try LearnSettings.policy(options.badRows, options.maxBad)
  }

  private static func policy(_ action: String?, _ limit: String?) throws -> BadRowPolicy {
    let chosen: BadRowPolicy.Action
    switch action {
    case nil, "skip": chosen = .skip
    case "fail": chosen = .fail
    case let text?:
      guard text.hasPrefix("quarantine="), text.count > 11 else {
        throw usage("--bad-rows \(text): expected skip, quarantine=FILE or fail")
      }
      chosen = .quarantine(path: String(text.dropFirst(11)))
    }
    guard let limit else { return BadRowPolicy(action: chosen) }
    if limit.hasSuffix("%"), let percent = Double(limit.dropLast()), (0...100).contains(percent) {
      return BadRowPolicy(action: chosen, limit: .percent(percent))
    }
    guard let count = Int(limit), count >= 0 else {
      throw usage("--max-bad \(limit): expected a number of rows or a percentage such as 1%")
    }
    return BadRowPolicy(action: chosen, limit: .count(count))
  }

  private mutating func readRun(_ options: LearnOptions) throws {
    if let text = options.checkpointEvery {
      guard let interval = CheckpointSchedule.Interval(text) else {
        throw LearnSettings.usage(
          "--checkpoint-every \(text): expected events or seconds: 100000, 30s")
      }
      guard options.checkpoint != nil else {
        throw LearnSettings.usage("--checkpoint-every needs --checkpoint FILE")
      }
      checkpointEvery = interval
    }
    engine.models = options.model
    for model in options.model { try Catalogue.learners.check(model) }
    try readContest(options)
    engine.batchRows =
      try LearnSettings.check(options.batch, "batch", atLeast: 1, atMost: 1_000_000) ?? 256
    engine.threads =
      try LearnSettings.check(options.threads, "threads", atLeast: 1, atMost: 1024) ?? 1
    if let update = options.update { engine.update = try LearnSettings.word(update, "update") }
    engine.warmup = try LearnSettings.check(options.warmup, "warmup", atLeast: 0) ?? 0
    if let reaction = options.onDrift {
      engine.reaction = try LearnSettings.word(reaction, "on-drift")
    }
    engine.watches = try LearnSettings.watches(options.detect)
    if let budget = options.alarmBudget {
      guard budget >= 1, budget.isFinite else {
        throw LearnSettings.usage("--alarm-budget \(budget): expected events, at least 1")
      }
      engine.jointBudget = JointBudget(events: budget)
    }
    if engine.update == .triggered, options.onDrift == nil { engine.reaction = .retrain }
    if let text = options.retrainEvery {
      guard let schedule = StreamInterval(text) else {
        throw LearnSettings.usage(
          "--retrain-every \(text): expected events or event time: 1000, 36h, 7d")
      }
      if case .seconds = schedule, options.time == nil {
        throw LearnSettings.usage("--retrain-every \(text) needs --time to know the event's time")
      }
      engine.retrainEvery = schedule
    }
    if let text = options.retrainWhen {
      guard let threshold = MetricThreshold(text) else {
        throw LearnSettings.usage("--retrain-when \(text): expected SCORE>NUMBER or SCORE<NUMBER")
      }
      engine.retrainWhen = threshold
    }
    guard engine.update != .scheduled || engine.retrainEvery != nil else {
      throw LearnSettings.usage("--update scheduled needs --retrain-every")
    }
    guard engine.update == .continuous || engine.warmup > 0 else {
      throw LearnSettings.usage(
        "--update \(engine.update.rawValue) needs --warmup N: the events that the first fit is made of"
      )
    }
    engine.windowRows =
      try LearnSettings.check(options.window, "window", atLeast: 2, atMost: 100_000_000) ?? 0
    engine.leastRows =
      try LearnSettings.check(options.retrainRows, "retrain-rows", atLeast: 1) ?? 336
    if engine.windowRows > 0 { engine.leastRows = min(engine.leastRows, engine.windowRows) }
    engine.reactEvery = try LearnSettings.check(options.reactEvery, "react-every", atLeast: 1) ?? 64
    engine.trialEvents = try LearnSettings.check(options.trial, "trial", atLeast: 0) ?? 512
    if let text = options.season {
      guard let season = StreamInterval(text) else {
        throw LearnSettings.usage("--season \(text): expected rows or event time: 168, 7d")
      }
      if case .seconds = season, options.time == nil {
        throw LearnSettings.usage("--season \(text) needs --time to know the event's time")
      }
      engine.season = season
      ingest.season = season
    }
    if let share = options.interval {
      guard share > 0, share < 1 else {
        throw LearnSettings.usage(
          "--interval \(share): expected a share between 0 and 1, such as 0.9")
      }
      engine.interval = share
    }
    engine.calibrates = options.calibrate
    if let screen = options.screen, !["on", "off"].contains(screen) {
      throw LearnSettings.usage("--screen \(screen): expected on or off")
    }
    engine.labelDelay =
      try LearnSettings.check(options.labelDelay, "label-delay", atLeast: 0, atMost: 1_000_000) ?? 0
    ingest.labelDelay = engine.labelDelay
    engine.scoreWindow =
      try LearnSettings.check(options.scoreWindow, "score-window", atLeast: 1, atMost: 10_000_000)
      ?? 1000
    engine.scoreSince = try LearnSettings.check(options.scoreSince, "score-since", atLeast: 0)
    engine.scoreSchedule = try LearnSettings.scoreSchedule(options, engine.reactEvery)
  }

  private static func scoreSchedule(
    _ options: LearnOptions, _ reactEvery: Int
  ) throws -> ScoreSchedule? {
    switch options.scoreEvery {
    // Where reactions may take effect batches end anyway.
    case "auto": return .thinning(from: reactEvery)
    case nil: return options.report == nil ? nil : .thinning(from: reactEvery)
    case let text?:
      guard let count = Int(text), count >= 1, count <= 1_000_000_000 else {
        throw usage("--score-every \(text): expected a number of events, or auto")
      }
      return .every(count)
    }
  }

  /// Who else would like to be served, and by what right.
  private mutating func readContest(_ options: LearnOptions) throws {
    (engine.challengers, engine.shadows) = (options.challenger, options.shadow)
    for model in options.challenger + options.shadow
    where try RegistryGuests.address(model) == nil { try Catalogue.learners.check(model) }
    if let risk = options.promoteRisk {
      guard risk > 0, risk < 1 else {
        throw LearnSettings.usage(
          "--promote-risk \(risk): expected a chance between 0 and 1, such as 0.05")
      }
      engine.promoteRisk = risk
    }
    if let test = options.promoteTest {
      try Catalogue.pairedTests.check(test)
      engine.promoteTest = test
    }
    engine.contestEvents = try LearnSettings.check(options.contest, "contest", atLeast: 1) ?? 5000
  }

  /// What is explained while the run goes on.
  private mutating func readExplaining(_ options: LearnOptions) throws {
    let background = try LearnSettings.check(
      options.background, "background", atLeast: 1, atMost: 100_000)
    let importance = try LearnSettings.check(options.importance, "importance", atLeast: 2)
    guard options.contributions != nil || background != nil || importance != nil else { return }
    var own = ExplainOptions()
    own.backgroundRows = background ?? own.backgroundRows
    own.importanceEvery = importance
    if options.contributions != nil { own.from = 0 }
    engine.explains = own
  }

  static func watches(_ texts: [String]) throws -> [Watch] {
    if texts == ["none"] { return [] }
    return try (texts.isEmpty ? ["loss=adwin"] : texts).map { text in
      guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
        throw usage("--detect \(text): expected SIGNAL=DETECTOR, such as loss=adwin:delta=0.002")
      }
      let detector = String(text[text.index(after: equals)...])
      try Catalogue.detectors.check(detector)
      return Watch(signal: String(text[..<equals]), detector: detector)
    }
  }
}
