import Batches
import Engine
import Ingest

extension LearnSettings {
  /// Reads how labels that come later are joined to their rows by id.
  mutating func readLateLabels(_ options: LearnOptions) throws {
    guard options.lateLabels || options.labels != nil else {
      for (name, isSet) in [
        ("arrival", options.arrival != nil), ("wait-rows", options.waitRows != nil),
        ("ttl", options.ttl != nil),
      ] where isSet {
        throw LearnSettings.usage(
          "--\(name) is for labels that are joined by id: --late-labels, or --labels FILE")
      }
      return
    }
    var late = LateLabelOptions()
    guard options.id != nil || ["vw", "libsvm"].contains(options.format ?? "") else {
      throw LearnSettings.usage(
        "--late-labels joins labels to their rows by id: name that column with --id")
    }
    guard (options.labelDelay ?? 0) == 0 else {
      throw LearnSettings.usage(
        "--label-delay and --late-labels: labels come either a number of rows later, or by id")
    }
    guard !options.auto else {
      throw LearnSettings.usage(
        "--auto looks for features in labelled rows, and with --late-labels the first have no label; "
          + "let it look at such rows with --label-delay and --write-config, and say here what it "
          + "found")
    }
    if case .events(let rows)? = engine.season, rows > 1 {
      throw LearnSettings.usage(
        "--season \(rows): labels that come in any order have no place among rows; give it in event "
          + "time, such as 24h")
    }
    late.waitRows =
      try LearnSettings.check(options.waitRows, "wait-rows", atLeast: 1, atMost: 100_000_000)
      ?? late.waitRows
    if let text = options.ttl {
      guard let life = StreamInterval(text) else {
        throw LearnSettings.usage("--ttl \(text): expected events or event time: 1000, 36h, 7d")
      }
      if case .seconds = life, options.time == nil {
        throw LearnSettings.usage("--ttl \(text) needs --time to know the event's time")
      }
      late.timeToLive = life
    }
    guard options.arrival == nil || options.labels != nil else {
      throw LearnSettings.usage("--arrival is a column of the labels: --labels FILE")
    }
    late.arrival = options.arrival
    ingest.lateLabels = late
    engine.waitRows = late.waitRows
  }
}
