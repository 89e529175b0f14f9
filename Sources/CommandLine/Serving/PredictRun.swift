import Batches
import Engine
import Ingest
import Kernels
import Learners
import Scores
import Telemetry

/// One run of `weir predict`: pulls batches, predicts them, writes, and follows an alias as it moves.
struct PredictRun: ~Copyable {
  private let command: PredictCommand
  private let origin: ModelOrigin
  private var model: ServedModel
  private let file: PredictionFile
  private let summary: OutputFile?
  private var scores: ServedScores
  private var batch: MicroBatch
  private var events = 0
  /// The versions that served, in order, each with its first event.
  private var reigns: [(version: Int, from: Int)]
  private let started = MonotonicTime.now()

  /// Opens everything: what cannot work is said before the first event is read.
  init(_ command: PredictCommand) throws {
    let interruption = Interruption.install()
    let origin = try ModelOrigin(command.origin)
    var model = try PredictRun.load(try origin.snapshot(), command)
    let bytes = try DescriptorSource.open(
      path: command.source, interruption: interruption, inputEndsByItself: interruption >= 0,
      follows: command.follow)
    try model.source.serve(GzipSource(bytes))
    let file = try PredictionFile(path: command.predictions)
    let summary = try command.summary.map { try OutputFile(path: $0) }
    (self.command, self.origin, self.file, self.summary) = (command, origin, file, summary)
    let schema = model.source.schema
    batch = MicroBatch(capacity: model.predictor.predictions.rows, denseWidth: schema.denseWidth)
    scores = ServedScores(task: schema.task, windowRows: 1000)
    reigns = [(model.version, 0)]
    self.model = model
  }

  private static func load(
    _ snapshot: (bytes: [UInt8], version: Int?), _ command: PredictCommand
  ) throws -> ServedModel {
    try ServedModel(snapshot.bytes, version: snapshot.version) { options in
      if let delay = command.maxDelay { options.delayMilliseconds = max(delay, 0) }
    }
  }

  mutating func run() throws {
    while true {
      // Looked at before an event is read: what comes after a move is predicted by the new version.
      while try !model.source.isReady(milliseconds: PredictRun.patience) { try follow() }
      try follow()
      batch.removeAll()
      let outcome = try model.source.fill(&batch, upTo: nil)
      if batch.count > 0 { try predict() }
      guard outcome == .full || outcome == .late else { break }
    }
    try finish()
  }

  /// How long a quiet stream is waited for before the alias is looked at.
  private static let patience = 100

  private mutating func predict() throws {
    model.predictor.predict(batch)
    scores.observe(batch, model.predictor.predictions)
    try file.append(
      batch, model.predictor.predictions, firstEvent: events,
      versions: Array(repeating: model.version, count: batch.count),
      intervals: model.predictor.intervals, task: model.source.schema.task,
      classes: model.source.classNames)
    _ = model.source.takeNotices()
    events += batch.count
  }

  /// Has the version take over that the alias points at now, if it has moved.
  private mutating func follow() throws {
    guard let snapshot = try origin.moved(from: model.version) else { return }
    do {
      var next = try PredictRun.load(snapshot, command)
      guard next.source.schema == model.source.schema else {
        throw IngestError.badHeader(reason: "it has other features")
      }
      try next.source.takeInput(of: &model.source)
      say("from event \(events) on version \(next.version) serves, until then \(model.version)")
      reigns.append((next.version, events))
      model = next
    } catch let error as IngestError {
      let wanted = snapshot.version ?? 0
      say("version \(wanted) cannot take over: \(error.message); \(model.version) goes on")
    }
  }

  private func say(_ text: String) {
    if !command.quiet { Terminal.say("\(text)\n") }
  }

  private mutating func finish() throws {
    model.source.close()
    let seconds = Double(MonotonicTime.now().nanoseconds - started.nanoseconds) / 1e9
    let refused = model.source.refusals.total
    let account = JSONValue.members([
      ("events", .int(events)), ("refused", .int(refused)), ("seconds", .double(seconds)),
      ("model", .string(model.predictor.name)),
      (
        "versions",
        .array(
          reigns.map { .members([("version", .int($0.version)), ("from", .int($0.from))]) })
      ),
      ("metrics", RunAccount.scores(scores.board.overall)),
    ])
    try summary?.append(account.indented() + "\n")
    try summary?.flush()
    let metrics = scores.board.overall.map { "\($0.name) \(Figure.text($0.value))" }
    say(
      "\(events) events predicted by version \(reigns.map { "\($0.version)" }.joined(separator: ", ")), "
        + "\(refused) refused" + (metrics.isEmpty ? "" : "; " + metrics.joined(separator: ", ")))
  }
}
