import Batches
import Monitors
import Scores
import Snapshots

/// Finds out what moved when a model's detectors named a drift: at the next position where reactions take effect, so
/// that it does not depend on where batches end.
struct AlarmExplainer: Snapshotted {
  /// Drifts between two such positions beyond these are not explained.
  private static let mostWaiting = 4

  private let labelDelay: Int
  private var memory: RowMemory
  private var waiting: [Alarm] = []
  /// Where the last change lay: what came before it is no measure for the next.
  private var lastChange = 0

  init(_ schema: Schema, _ families: [FeatureFamily], labelDelay: Int) {
    self.labelDelay = labelDelay
    memory = RowMemory(denseWidth: schema.denseWidth, families: families)
  }

  func write(to writer: inout SnapshotWriter) {
    memory.write(to: &writer)
    writer.write(waiting) { $1.write(to: &$0) }
    writer.write(lastChange)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try memory.restore(from: &reader)
    waiting = try reader.readList { reader throws(SnapshotError) in try Alarm(from: &reader) }
    lastChange = try reader.readInt()
  }

  /// Keeps rows with what they cost, as of the event at which that is known; `outcomes` are those of the rows that have
  /// a label, in order.
  mutating func recall(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>, _ outcomes: [Outcome], firstEvent: Int
  ) {
    var labelled = 0
    for row in rows {
      var loss = Double.nan
      if !batch.targets[row].isNaN {
        loss = outcomes[labelled].loss
        labelled += 1
      }
      memory.append(batch, row: row, event: firstEvent + row - rows.lowerBound, loss: loss)
    }
  }

  /// From now on nothing is to be made of a dense feature.
  mutating func ignore(_ feature: Int) { memory.ignore(feature) }

  /// A drift is to be explained.
  mutating func add(_ alarm: Alarm) {
    if waiting.count < AlarmExplainer.mostWaiting { waiting.append(alarm) }
  }

  /// What moved, of the drifts whose rows are known by now, or of all if no more come. `needsLabel` says of a signal
  /// whether it is seen only when labels have come.
  mutating func explain(
    event: Int, isLast: Bool, needsLabel: (String) -> Bool
  ) -> [AlarmCause] {
    guard !waiting.isEmpty else { return [] }
    var (causes, later, changes): ([AlarmCause], [Alarm], [Int]) = ([], [], [])
    for alarm in waiting {
      // Rows are remembered when their labels have come; what needs none was seen before, and waits for its rows.
      let delay = needsLabel(alarm.signal) ? 0 : labelDelay
      guard isLast || event > alarm.event + delay else {
        later.append(alarm)
        continue
      }
      let since = alarm.since + delay
      changes.append(since)
      let found = Localiser.localise(memory, since: since, from: lastChange, to: event)
      causes.append(AlarmCause(event: event, alarm: alarm, localisation: found))
    }
    lastChange = max(lastChange, changes.max() ?? 0)
    waiting = later
    return causes
  }
}
