import ArgumentParser
import Batches
import Catalogues
import Detectors
import Engine
import Ingest
import Monitors
import Studies
import Telemetry

/// `weir detect`: a column in, or several, alarms out.
struct DetectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "detect",
    abstract: "Watch a column of numbers, or several as one, and print an alarm when they change.",
    discussion: """
      Prints event,detector,level,since,before,after: the 0-based number of the event that raised the
      alarm, the detector, the level, the first event after the estimated change, and the means before
      and after it. With --json it also says what is promised of such alarms, the correlation of a value
      with the next that this rests on, and with --column which of the other columns and which rows moved. The
      default, bcs:direction=both, keeps a budget of one false alarm in 100,000 values.

      Of several columns the rows are watched, by mmd: it sees what no column shows alone, such as a correlation
      that turns. A missing number then counts as its column's mean so far, and before and after are the distance
      that chance makes and the one found.

      With --truth nothing but a table comes out: how the alarms compare with where the column truly changed,
      each figure with a 95 % interval, and what always and never firing would get.

      EXAMPLES
        weir detect latencies.txt
        weir detect --column cnt --detect page-hinkley:threshold=500 Datasets/bikes/hour.csv
        weir detect --column temp,hum,windspeed --detect mmd:window=500 Datasets/bikes/hour.csv
        seq 1000 | weir detect --json
        weir detect --detect bcs --detect adwin --truth 10000,20000,30000 --margin 500 errors.txt
      """)

  @Argument(help: "A file, a named pipe, or - for standard input.")
  var source = "-"
  @Option(help: "The column, if there are several; or several to be watched as one: a,b,c.")
  var column: String?
  @Option(help: "A detector from the catalogue. Repeatable.")
  var detect: [String] = []
  @Option(help: "auto, csv or ndjson.")
  var format = "auto"
  @Option(help: "Where it truly changed: a file of weir generate or inject, or rows: 10000,20000.")
  var truth: String?
  @Option(help: "With --truth, events after a change in which an alarm still finds it.")
  var margin = 1000
  @Flag(help: "NDJSON.")
  var json = false
  @Flag(help: "Keep a named pipe open across its writers.")
  var follow = false

  func run() throws {
    try reporting {
      let columns = column.map { $0.split(separator: ",").map(String.init) } ?? []
      let width = max(columns.count, 1)
      let names = detect.isEmpty ? [width > 1 ? "mmd" : "bcs:direction=both"] : detect
      let truth = try truth.map { try TruthFile.read($0).truth }
      var drifts = names.map { _ in [Int]() }
      var correlation = SerialCorrelation()
      var detectors: [any DriftDetector] = []
      for name in names { detectors.append(try Catalogue.detectors.make(name, width: width)) }
      var options = IngestOptions()
      options.format = format
      options.task = .regression
      options.target = columns.first
      options.number = width > 1 ? columns : []
      // What the other columns have to say of a change is asked for with --json.
      let localises = json && truth == nil && columns.count == 1
      options.readsTargetOnly = !localises
      options.columnsIfHeaderless = ["value"]
      let bytes = try DescriptorSource.open(
        path: source, interruption: Interruption.install(), follows: follow)
      let rows = 4096
      var events = ReadAhead(
        try EventSource.open(GzipSource(bytes), options), rows: rows, isAhead: true)
      var batch = MicroBatch(capacity: rows, denseWidth: events.schema.denseWidth)
      let schema = events.schema
      let families = events.families
      var past =
        localises && schema.denseWidth + families.count > 0
        ? AlarmHistory(schema, families, detectors: names.count) : nil
      let out = try OutputFile(path: "-")
      if !json, truth == nil { try out.append("event,detector,level,since,before,after\n") }
      var first = 0
      // Of the batch at hand: what detectors see, `width` numbers at a time, and in which rows they stand.
      var (values, present) = ([Double](), [Int]())
      while true {
        batch.removeAll()
        let outcome = try events.fill(&batch, upTo: nil)
        var alarms: [(Int, Int, DetectorAlarm)] = []
        // A value that is missing is an event, but nothing that a detector could see.
        values.removeAll(keepingCapacity: true)
        present.removeAll(keepingCapacity: true)
        let targets = batch.targets
        for row in 0..<batch.count {
          if width > 1 {
            values.append(contentsOf: UnsafeBufferPointer(start: batch.dense(row), count: width))
          } else {
            guard !targets[row].isNaN else { continue }
            values.append(targets[row])
          }
          present.append(row)
        }
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
        if json, width == 1 { for value in values { correlation.add(value) } }
        for (event, index, alarm) in alarms.sorted(by: { ($0.0, $0.1) < ($1.0, $1.1) }) {
          guard truth == nil else {
            if alarm.level == .drift { drifts[index].append(event) }
            continue
          }
          let since = max(0, event + 1 - alarm.valuesSinceChange)
          past?.take(batch, upTo: event, first: first)
          let found = past?.localise(detector: index, since: since, event: event)
          if found != nil { events.settle() }
          let members = found?.members(
            FeatureNames(
              dense: schema.denseNames, families: families.map(\.name), level: events.sparseNames))
          try out.append(
            line(event, names[index], alarm, since, correlation.value, members ?? []))
        }
        past?.take(batch, upTo: first + batch.count - 1, first: first)
        first += batch.count
        try out.flush()
        if outcome == .end || outcome == .interrupted { break }
      }
      if let truth {
        try write(names, drifts, truth, events: first, to: out)
      }
      for refusal in events.refusals.samples { Terminal.say("weir: refused: \(refusal.message)\n") }
    }
  }

  /// How each detector's alarms compare with the truth, always and never firing beside them.
  private func write(
    _ names: [String], _ drifts: [[Int]], _ truth: Truth, events: Int, to out: OutputFile
  ) throws {
    var rows = zip(names, drifts).map { name, alarms in
      (name, Judgement(alarms: alarms, truth: truth, events: events, margin: margin))
    }
    rows.append(("always-fire", .alwaysFire(truth: truth, events: events, margin: margin)))
    rows.append(("never-fire", .neverFire(truth: truth, events: events, margin: margin)))
    for (index, row) in rows.enumerated() {
      let cells = [("detector", JSONValue.string(row.0))] + row.1.cells
      if index == 0, !json { try out.append(DataTable.header(cells)) }
      try out.append(DataTable.line(cells, asJSON: json))
    }
    try out.flush()
  }

  private func line(
    _ event: Int, _ detector: String, _ alarm: DetectorAlarm, _ since: Int, _ correlation: Double,
    _ cause: [(String, JSONValue)]
  ) -> String {
    if json {
      return JSONValue.members(
        [
          ("event", .int(event)), ("detector", .string(detector)),
          ("level", .string(alarm.level.rawValue)), ("since", .int(since)),
          ("before", .number(alarm.before)), ("after", .number(alarm.after)),
          ("autocorrelation", .number(alarm.promise?.autocorrelation ?? correlation)),
          ("promise", alarm.promise?.account ?? .null),
        ] + cause
      ).text + "\n"
    }
    // A specification with several parameters holds commas.
    let name = detector.contains(",") ? "\"\(detector)\"" : detector
    return "\(event),\(name),\(alarm.level.rawValue),\(since),\(alarm.before),\(alarm.after)\n"
  }
}
