package import Batches
package import Explanations
import Learners
import Snapshots
package import Telemetry

/// Why an event was predicted as it was.
package struct EventExplanation: Sendable {
  package let event: Int
  /// The event's row in the last batch.
  package let row: Int
  /// Of more than two classes the one that is explained.
  package let output: Int
  package let explanation: Explanation
  /// Usual rows that it was explained against.
  package let usualRows: Int
  /// The model that was explained, where the options ask for it.
  package let model: ExplainedModel?
}

/// What explaining keeps from event to event.
///
/// Memory: two samples of rows.
struct Explaining: Snapshotted {
  let options: ExplainOptions
  /// Usual rows: a sample of all events so far.
  let background: Background
  /// A sample of those since the journal told last what the model leans on.
  let period: Background?
  /// Since when that is.
  var since = 0
  /// Of the last batch.
  var events: [EventExplanation] = []

  init(_ options: ExplainOptions, denseWidth: Int) {
    self.options = options
    background = Background(
      capacity: options.backgroundRows, denseWidth: denseWidth, seed: options.seed)
    period = options.importanceEvery.map { _ in
      Background(capacity: options.importanceRows, denseWidth: denseWidth, seed: ~options.seed)
    }
  }

  var explainer: Explainer {
    Explainer(pairs: options.pairs, exactPlayers: options.exactPlayers, seed: options.seed)
  }

  /// The event before which rows must not be taken on at a stretch: the next that is explained is taken alone.
  func stop(after event: Int) -> Int {
    var stop = Int.max
    if let from = options.from { stop = event < from ? from : event + 1 }
    if let every = options.importanceEvery { stop = min(stop, event + every - event % every) }
    return stop
  }

  /// There are so many families of sparse features.
  func know(families: Int) {
    background.know(families: families)
    period?.know(families: families)
  }

  func write(to writer: inout SnapshotWriter) {
    background.write(to: &writer)
    period?.write(to: &writer)
    writer.write(since)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try background.restore(from: &reader)
    try period?.restore(from: &reader)
    since = try reader.readInt()
  }
}

extension Engine {
  /// Explanations of the events of the last batch that are explained (`ExplainOptions.from`).
  package var explanations: [EventExplanation] { explaining?.events ?? [] }
  /// Usual rows, where the run keeps any.
  package var background: Background? { explaining?.background }

  /// The version that is served now.
  package var servedVersion: Int { runners[served].version }

  /// The model that is served now, to be explained; of more than two classes what makes the row's likeliest.
  package func servedModel(
    _ batch: borrowing MicroBatch, _ row: Int, output: Int? = nil
  ) -> ExplainedModel {
    let runner = runners[served]
    var wanted = output ?? 0
    if output == nil, schema.task == .multiclass {
      var said = Predictions(rows: row + 1, width: runner.learner.outputs)
      runner.learner.predict(batch, rows: row..<row + 1, into: &said)
      wanted = said.likeliest(row)
    }
    return ExplainedModel(
      runner.learner, task: schema.task, output: wanted, calibration: runner.platt?.line)
  }

  /// Explains an event that is about to be predicted, if that is wished for, and takes its row among the usual ones.
  mutating func explain(_ batch: borrowing MicroBatch, _ row: Int, event: Int) {
    guard var own = explaining.take() else { return }
    defer { explaining = own }
    // The first event has nothing to be compared with but itself.
    let isFirst = own.background.count == 0
    if isFirst { own.background.observe(batch, row) }
    if let from = own.options.from, event >= from {
      let model = servedModel(batch, row)
      let found = own.explainer.explain(model, batch, row, against: own.background, key: event)
      own.events.append(
        EventExplanation(
          event: event, row: row, output: model.output, explanation: found,
          usualRows: own.background.count, model: own.options.keepsModels ? model : nil))
    }
    if !isFirst { own.background.observe(batch, row) }
    own.period?.observe(batch, row)
  }

  mutating func dropExplanations() {
    guard explaining != nil else { return }
    explaining?.events.removeAll(keepingCapacity: true)
  }

  /// Has the journal tell what the served model leans on, where that is due.
  mutating func tellImportances() {
    guard let every = explaining?.options.importanceEvery, events > 0, events % every == 0,
      var own = explaining.take()
    else { return }
    defer { explaining = own }
    guard let period = own.period, own.since < events,
      let found = Importances(own.explainer, over: period, { servedModel($0, $1) })
    else { return }
    let names = importanceNames
    add(
      JournalEntry(
        event: events, kind: "importance",
        [
          ("model", .string(runners[served].name)), ("from", .int(own.since)), ("to", .int(events)),
          ("rows", .int(found.rows)), ("space", .string(found.space.name)),
          ("features", found.features(names)),
        ]))
    period.removeAll()
    own.since = events
  }

  /// What the groups of `Importances` are called.
  package var importanceNames: [String] { schema.denseNames + families.map(\.name) }
}

extension Importances {
  /// The mean of |contribution| by name; what is 0 because there was no such feature is left out.
  package func features(_ names: [String]) -> JSONValue {
    .members(
      means.indices.compactMap { g in
        if g < names.count { return (names[g], .number(means[g])) }
        return means[g] > 0 ? ("others", .number(means[g])) : nil
      })
  }
}

extension PlattScaling {
  /// What it does to log-odds as it stands.
  var line: Calibration { Calibration(slope: slope, offset: offset) }
}
