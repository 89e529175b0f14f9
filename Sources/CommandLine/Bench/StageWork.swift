import Batches
import Engine
import Ingest
import Kernels
import Learners
import Telemetry

/// Takes the input as far as a stage, batch by batch.
final class IngestWork: Workload {
  private let stage: IngestStage
  private var source: EventSource
  private var batch: MicroBatch
  private var isDone = false
  private(set) var rows = 0

  init(_ text: BenchText, upTo stage: IngestStage) throws {
    self.stage = stage
    source = try text.open()
    batch = MicroBatch(capacity: 256, denseWidth: source.schema.denseWidth)
  }

  func prepare() -> Bool { !isDone }

  func perform() throws {
    let count = try source.take(stage, &batch)
    rows += count
    isDone = count == 0
  }

  /// Rows that were refused.
  var refused: RefusalLog { source.refusals }
}

/// A running scale for dense features, as the kernel keeps it, and nothing else.
final class ScaleWork {
  private var mean: [Double]
  private var squares: [Double]
  private var scale: [Double]
  private var scaled: [Double]
  private var rows = 0.0

  init(stride: Int) {
    mean = Array(repeating: 0, count: stride)
    (squares, scale, scaled) = (mean, mean, mean)
  }

  func take(_ batch: borrowing MicroBatch) {
    let stride = batch.stride
    for row in 0..<batch.count {
      rows += 1
      let x = batch.dense(row)
      Scaling.observe(x, rows: rows, mean: &mean, squares: &squares, scale: &scale, stride)
      Scaling.transform(x, mean: mean, scale: scale, into: &scaled, stride)
    }
  }
}

/// What `weir learn` does from bytes to predictions and journal, without being told to write anything else.
final class WholeRun: Workload {
  private var source: ReadAhead
  private var engine: Engine
  private var batch: MicroBatch
  private let outputs: StageOutputs
  private let isAhead: Bool
  private var isDone = false

  init(_ text: BenchText, _ options: EngineOptions, isAhead: Bool) throws {
    let events = try text.open()
    engine = try Engine(options, events.schema, families: events.families)
    batch = MicroBatch(capacity: options.batchRows, denseWidth: events.schema.denseWidth)
    outputs = try StageOutputs(events.schema.task)
    source = ReadAhead(events, rows: options.batchRows, isAhead: isAhead)
    self.isAhead = isAhead
  }

  func prepare() -> Bool { !isDone }

  /// A batch; all of them where they are read ahead, as what a thread does meanwhile must count.
  func perform() throws {
    repeat { _ = try step() } while isAhead && !isDone
  }

  /// Takes a batch; how many rows it had.
  func step() throws -> Int {
    batch.removeAll()
    let outcome = try source.fill(&batch, upTo: engine.featuresChangeAt)
    guard outcome != .interrupted else { throw IngestError.interrupted }
    let first = engine.events
    engine.step(batch)
    try outputs.write(
      batch, engine.predictions, firstEvent: first, versions: engine.servedVersions,
      classes: source.classNames)
    try outputs.write(engine.takeEntries())
    isDone = outcome == .end
    if isDone { source.close() }
    return batch.count
  }
}

/// Predictions and decisions on their way to where nothing is kept.
final class StageOutputs {
  private let predictions: PredictionFile
  private let journal: OutputFile
  private let task: Task

  init(_ task: Task) throws {
    self.task = task
    predictions = try PredictionFile(path: "/dev/null")
    journal = try OutputFile(path: "/dev/null")
  }

  func write(
    _ batch: borrowing MicroBatch, _ values: Predictions, firstEvent: Int, versions: [Int],
    classes: [String]
  ) throws {
    try predictions.append(
      batch, values, firstEvent: firstEvent, versions: versions, intervals: [], task: task,
      classes: classes)
  }

  func write(_ entries: [JournalEntry]) throws {
    for entry in entries { try journal.append(entry.json.text + "\n") }
    if !entries.isEmpty { try journal.flush() }
  }
}
