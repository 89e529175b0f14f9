import Batches
import Monitors

/// The rows so far, for saying what moved; what is watched is taken for the loss.
struct AlarmHistory {
  private var memory: RowMemory
  /// Rows taken so far.
  private var taken = 0
  /// Where the last change that each detector saw lay.
  private var lastChange: [Int]

  init(_ schema: Schema, _ families: [FeatureFamily], detectors: Int) {
    memory = RowMemory(denseWidth: schema.denseWidth, families: families)
    lastChange = Array(repeating: 0, count: detectors)
  }

  /// Takes the batch's rows up to an event; `first` is the event of its first row.
  mutating func take(_ batch: borrowing MicroBatch, upTo event: Int, first: Int) {
    while taken <= event {
      memory.append(batch, row: taken - first, event: taken, loss: batch.targets[taken - first])
      taken += 1
    }
  }

  mutating func localise(detector: Int, since: Int, event: Int) -> Localisation {
    defer { lastChange[detector] = max(lastChange[detector], since) }
    return Localiser.localise(memory, since: since, from: lastChange[detector], to: event + 1)
  }
}
