import ArgumentParser
import Batches
import Catalogues
import Detectors
import Ingest
import Telemetry

/// `weir detect`: one column in, alarms out.
struct DetectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "detect",
    abstract: "Watch one column of numbers and print an alarm when it changes.",
    discussion: """
      Prints event,detector,level,since,before,after: the 0-based number of the event that raised the
      alarm, the detector, the level, the first event after the estimated change, and the means before
      and after it.

      EXAMPLES
        weir detect latencies.txt
        weir detect --column cnt --detect page-hinkley:threshold=500 Datasets/bikes/hour.csv
        seq 1000 | weir detect --json
      """)

  @Argument(help: "A file, a named pipe, or - for standard input.")
  var source = "-"
  @Option(help: "The column, if there are several.")
  var column: String?
  @Option(help: "A detector from the catalogue. Repeatable.")
  var detect: [String] = []
  @Option(help: "auto, csv or ndjson.")
  var format = "auto"
  @Flag(help: "NDJSON.")
  var json = false
  @Flag(help: "Keep a named pipe open across its writers.")
  var follow = false

  func run() throws {
    try reporting {
      let names = detect.isEmpty ? ["adwin"] : detect
      var detectors: [any DriftDetector] = []
      for name in names { detectors.append(try Catalogue.detectors.make(name, ())) }
      var options = IngestOptions()
      options.format = format
      options.task = .regression
      options.target = column
      options.readsTargetOnly = true
      options.columnsIfHeaderless = ["value"]
      let bytes = try DescriptorSource.open(
        path: source, interruption: Interruption.install(), follows: follow)
      var events = try EventSource.open(GzipSource(bytes), options)
      var batch = MicroBatch(capacity: 4096, denseWidth: events.schema.denseWidth)
      let out = try OutputFile(path: "-")
      if !json { try out.append("event,detector,level,since,before,after\n") }
      var first = 0
      while true {
        batch.removeAll()
        let outcome = try events.fill(&batch, upTo: nil)
        var alarms: [(Int, Int, DetectorAlarm)] = []
        // A value that is missing is an event, but nothing that a detector could see.
        let present = (0..<batch.count).filter { !batch.targets[$0].isNaN }
        let values = present.map { batch.targets[$0] }
        if let index = detectors.firstIndex(where: \.takesErrorsOnly),
          let wrong = values.firstIndex(where: { !(0...1).contains($0) })
        {
          throw Failure(
            message: "event \(first + present[wrong]): \(values[wrong]) is no error; "
              + "\(names[index]) watches 1 for an error and 0 for none, or what lies between",
            code: Exit.badData)
        }
        values.withUnsafeBufferPointer { values in
          for index in detectors.indices {
            detectors[index].observe(values) { alarms.append((first + present[$0], index, $1)) }
          }
        }
        for (event, index, alarm) in alarms.sorted(by: { ($0.0, $0.1) < ($1.0, $1.1) }) {
          try out.append(line(event, names[index], alarm))
        }
        first += batch.count
        try out.flush()
        if outcome == .end || outcome == .interrupted { break }
      }
      for refusal in events.refusals.samples { Terminal.say("weir: refused: \(refusal.message)\n") }
    }
  }

  private func line(_ event: Int, _ detector: String, _ alarm: DetectorAlarm) -> String {
    let since = max(0, event + 1 - alarm.valuesSinceChange)
    if json {
      return JSONValue.members([
        ("event", .int(event)), ("detector", .string(detector)),
        ("level", .string(alarm.level.rawValue)), ("since", .int(since)),
        ("before", .number(alarm.before)), ("after", .number(alarm.after)),
      ]).text + "\n"
    }
    // A specification with several parameters holds commas.
    let name = detector.contains(",") ? "\"\(detector)\"" : detector
    return "\(event),\(name),\(alarm.level.rawValue),\(since),\(alarm.before),\(alarm.after)\n"
  }
}
