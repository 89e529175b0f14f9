import Batches
import Catalogues
import Glibc
import Learners
import Scores
import Snapshots
import Telemetry

/// What the served model's scores will turn out to be, chunk by chunk, and what they turned out to be.
///
/// Classes are estimated by `ConfidenceEstimator`, numbers by `DirectLossEstimator`; the essays there say what is assumed.
/// A row is estimated when it is predicted, by what the labels have taught that had come until then; its label, when it
/// comes, teaches and is counted. The journal tells of a chunk when its last event has been predicted, and again when its
/// last label has come, or no more are waited for.
///
/// Memory: chunks whose labels are under way, with two numbers an event of two classes; reports of the last 1,000.
struct PerformanceEstimates {
  private static let mostKept = 1000

  let options: EstimateOptions
  private let task: Task
  /// Chunks that wait for labels at the same time at most.
  private let mostOpen: Int
  private var confidence: ConfidenceEstimator
  private var direct: DirectLossEstimator?
  /// Room for a row of the direct estimator.
  private let room: Room
  private var open: [EstimateChunk] = []
  private(set) var reports: [EstimateReport] = []
  /// Sums over the labels that came last, in a ring: loss, and whether the guess was right.
  private var recent: [Double] = []
  private var recentHits: [Double] = []
  private var next = 0
  private(set) var entries: [JournalEntry] = []

  /// A batch of one row that copies share: what is in it matters to nobody afterwards.
  private final class Room: @unchecked Sendable {
    var batch: MicroBatch
    init(_ width: Int) { batch = MicroBatch(capacity: 1, denseWidth: width) }
  }

  init(
    _ options: EstimateOptions, _ schema: Batches.Schema, _ families: [FeatureFamily],
    mostWaiting: Int
  ) throws(SpecificationError) {
    self.options = options
    task = schema.task
    mostOpen = mostWaiting / options.chunk + 2
    confidence = ConfidenceEstimator(schema.task)
    room = Room(schema.denseWidth + 1)
    if schema.task == .regression {
      direct = try DirectLossEstimator(options.model, schema, families)
    }
  }

  // MARK: - Rows

  /// Takes an event that was predicted.
  mutating func ask(
    _ batch: borrowing MicroBatch, _ row: Int, event: Int, _ said: borrowing Predictions,
    at place: Int
  ) {
    let index = event / options.chunk
    if open.last.map({ $0.index < index }) ?? true { open.append(EstimateChunk(index: index)) }
    let last = open.count - 1
    open[last].events += 1
    switch task {
    case .regression:
      if let error = direct?.estimate(
        batch, row, prediction: said[place], scratch: &room.batch)
      {
        open[last].errors += error
        open[last].estimated += 1
      }
    case .binary: confidence.add(said[place], entropy: 0, to: &open[last].sums)
    case .multiclass:
      let guess = said.likeliest(place)
      var entropy = 0.0
      for output in 0..<said.width where said[place, output] > 0 {
        entropy -= said[place, output] * log(said[place, output])
      }
      confidence.add(said[place, guess], entropy: entropy, to: &open[last].sums)
    }
    if (event + 1) % options.chunk == 0 { close(event: event + 1) }
  }

  /// Takes the outcome of an event whose label has come; `confidence` is the probability that was served of the guess.
  mutating func absorb(
    _ batch: borrowing MicroBatch, _ row: Int, event: Int, now: Int, _ outcome: Outcome,
    confidence served: Double
  ) {
    switch task {
    case .regression:
      direct?.observe(
        batch, row, prediction: outcome.prediction, error: outcome.loss, scratch: &room.batch)
    case .binary: confidence.observe(outcome.prediction, hit: outcome.label)
    case .multiclass: confidence.observe(served, hit: outcome.guess == outcome.label ? 1 : 0)
    }
    remember(outcome)
    guard let place = open.firstIndex(where: { $0.index == event / options.chunk }) else { return }
    open[place].realise(outcome, task)
    if open[place].labels == options.chunk { settle(place, event: now) }
  }

  private mutating func remember(_ outcome: Outcome) {
    let hit = outcome.guess == outcome.label ? 1.0 : 0
    if recent.count < options.chunk {
      recent.append(outcome.loss)
      recentHits.append(hit)
    } else {
      (recent[next], recentHits[next]) = (outcome.loss, hit)
      next = next + 1 == options.chunk ? 0 : next + 1
    }
  }

  // MARK: - Chunks

  /// The last event of a chunk was predicted.
  private mutating func close(event: Int) {
    let last = open.count - 1
    if task == .regression {
      if open[last].estimated > 0 {
        open[last].estimate = [("mae", open[last].errors / Double(open[last].estimated))]
      }
    } else {
      open[last].estimate = confidence.scores(open[last].sums)
      open[last].standardError = confidence.standardError(open[last].sums)
    }
    open[last].sums = ConfidenceEstimator.Sums()
    if !recent.isEmpty {
      let n = Double(recent.count)
      let loss = recent.reduce(0, +) / n
      open[last].lastKnown =
        task == .regression
        ? [("mae", loss)] : [("accuracy", recentHits.reduce(0, +) / n), ("log-loss", loss)]
    }
    tell(open[last], event: event, isFinal: false)
    while open.count > mostOpen { settle(0, event: event) }
  }

  /// No more labels are waited for.
  private mutating func settle(_ place: Int, event: Int) {
    let chunk = open.remove(at: place)
    guard chunk.events == options.chunk else { return }
    reports.append(report(chunk))
    if reports.count > PerformanceEstimates.mostKept { reports.removeFirst() }
    if chunk.labels > 0 { tell(chunk, event: event, isFinal: true) }
  }

  /// The stream is over.
  mutating func finish(event: Int) {
    while !open.isEmpty { settle(0, event: event) }
  }

  private func report(_ chunk: EstimateChunk) -> EstimateReport {
    EstimateReport(
      from: chunk.index * options.chunk, to: (chunk.index + 1) * options.chunk,
      labels: chunk.labels, estimated: chunk.estimate, standardError: chunk.standardError,
      realised: chunk.realised(task), lastKnown: chunk.lastKnown)
  }

  private mutating func tell(_ chunk: EstimateChunk, event: Int, isFinal: Bool) {
    entries.append(
      JournalEntry(
        event: event, kind: "estimate",
        [("state", .string(isFinal ? "realised" : "estimated"))] + report(chunk).members))
  }

  mutating func takeEntries() -> [JournalEntry] {
    defer { entries.removeAll() }
    return entries
  }

  // MARK: - Snapshots

  mutating func write(to writer: inout SnapshotWriter) {
    confidence.write(to: &writer)
    direct?.write(to: &writer)
    writer.write(open) { $1.write(to: &$0) }
    writer.write(recent)
    writer.write(recentHits)
    writer.write(next)
    writer.write(reports) { writer, report in
      writer.write([report.from, report.to, report.labels])
      for scores in [report.estimated, report.realised, report.lastKnown] {
        writer.write(scores.map(\.name))
        writer.write(scores.map(\.value))
      }
      writer.write(report.standardError)
    }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try confidence.restore(from: &reader)
    try direct?.restore(from: &reader)
    open = try reader.readList { reader throws(SnapshotError) in
      try EstimateChunk(from: &reader)
    }
    recent = try reader.readDoubles()
    recentHits = try reader.readDoubles(count: recent.count)
    next = try reader.readInt()
    guard recent.count <= options.chunk, next == 0 || recent.indices.contains(next) else {
      throw .corrupt
    }
    reports = try reader.readList { reader throws(SnapshotError) in
      let places = try reader.readInts()
      guard places.count == 3 else { throw .corrupt }
      var lists: [[(name: String, value: Double)]] = []
      for _ in 0..<3 {
        let names = try reader.readStrings()
        lists.append(Array(zip(names, try reader.readDoubles(count: names.count))))
      }
      return EstimateReport(
        from: places[0], to: places[1], labels: places[2], estimated: lists[0],
        standardError: try reader.readOptionalDouble(), realised: lists[1], lastKnown: lists[2])
    }
  }
}
