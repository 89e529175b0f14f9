import Engine
import Ingest
import Telemetry

extension LearnSettings {
  /// Reads whether it is asked how long events take, and how long they may.
  mutating func readLatency(_ options: LearnOptions) throws {
    let budget = try options.latencyBudget.map { text in
      guard let budget = LatencyBudget(text) else {
        throw LearnSettings.usage(
          "--latency-budget \(text): expected a time, and of how many events: 5ms, 800us@p99.9")
      }
      return budget
    }
    guard !options.thin || budget != nil else {
      throw LearnSettings.usage("--thin needs --latency-budget: what is to be kept by it")
    }
    guard !options.thin || engine.update == .continuous else {
      throw LearnSettings.usage(
        "--thin skips events that would be learned, and with --update \(engine.update.rawValue) "
          + "none are")
    }
    guard !options.thin || options.registry == nil else {
      throw LearnSettings.usage(
        "--thin and --registry: which events are learned would depend on the clock, and no version "
          + "could be made again")
    }
    guard options.latency || budget != nil else { return }
    ingest.stampsBatches = true
    latency = LatencyWatch(budget, thins: options.thin, meter: LatencyMeter())
  }
}
