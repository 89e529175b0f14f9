import Batches
import Catalogues
import Detectors
import Engine
import Ingest
import Monitors
import Studies
import Telemetry

/// One run of `weir detect`: pulls batches, shows detectors a column, or rows of several, and writes what they say.
struct DetectRun: ~Copyable {
  private static let batchRows = 4096

  private let options: DetectCommand
  private let names: [String]
  private let truth: Truth?
  /// Numbers that detectors are shown at a time.
  private let width: Int
  private var source: ReadAhead
  private var detectors: [any DriftDetector]
  /// Drifts of each detector, where they are to be judged.
  private var drifts: [[Int]]
  /// Correlation of a value with the next, as far as alarms were told.
  private var correlation = SerialCorrelation()
  /// What the other columns were, where they have something to say.
  private var past: AlarmHistory?
  private let featureNames: (dense: [String], families: [String])
  private let out: OutputFile
  /// Event of the first row of the batch at hand.
  private var first = 0
  /// Of the batch at hand: what detectors see, `width` numbers at a time, and in which rows they stand.
  private var values: [Double] = []
  private var present: [Int] = []

  static func open(_ options: DetectCommand) throws -> DetectRun {
    let columns = options.column.map { $0.split(separator: ",").map(String.init) } ?? []
    let width = max(columns.count, 1)
    let names =
      options.detect.isEmpty ? [width > 1 ? "mmd" : "bcs:direction=both"] : options.detect
    let truth = try options.truth.map { try TruthFile.read($0).truth }
    var detectors: [any DriftDetector] = []
    for name in names { detectors.append(try Catalogue.detectors.make(name, width: width)) }
    var ingest = IngestOptions()
    ingest.format = options.format
    ingest.task = .regression
    ingest.target = columns.first
    ingest.number = width > 1 ? columns : []
    // What the other columns have to say of a change is asked for with --json.
    let localises = options.json && truth == nil && columns.count == 1
    ingest.readsTargetOnly = !localises
    ingest.columnsIfHeaderless = ["value"]
    let interruption = Interruption.install()
    let bytes = try DescriptorSource.open(
      path: options.source, interruption: interruption, inputEndsByItself: interruption >= 0,
      follows: options.follow)
    let source = ReadAhead(
      try EventSource.open(GzipSource(bytes), ingest), rows: batchRows, isAhead: true)
    return DetectRun(
      options, names, truth, width, source, detectors, localises: localises,
      out: try OutputFile(path: "-"))
  }

  private init(
    _ options: DetectCommand, _ names: [String], _ truth: Truth?, _ width: Int,
    _ source: consuming ReadAhead, _ detectors: [any DriftDetector], localises: Bool,
    out: OutputFile
  ) {
    (self.options, self.names, self.truth, self.width) = (options, names, truth, width)
    (self.detectors, self.out) = (detectors, out)
    drifts = names.map { _ in [] }
    let (schema, families) = (source.schema, source.families)
    featureNames = (schema.denseNames, families.map(\.name))
    if localises, schema.denseWidth + families.count > 0 {
      past = AlarmHistory(schema, families, detectors: names.count)
    }
    self.source = source
  }

  mutating func run() throws {
    var batch = MicroBatch(capacity: DetectRun.batchRows, denseWidth: source.schema.denseWidth)
    if !options.json, truth == nil { try out.append("event,detector,level,since,before,after\n") }
    while true {
      batch.removeAll()
      let outcome = try source.fill(&batch, upTo: nil)
      collect(batch)
      try checkErrors()
      try tell(alarms(), batch)
      first += batch.count
      try out.flush()
      if outcome == .end || outcome == .interrupted { break }
    }
    if let truth { try write(truth) }
    for refusal in source.refusals.samples {
      Terminal.say("weir: refused: \(refusal.message)\n")
    }
  }

  /// A value that is missing is an event, but nothing that a detector could see.
  private mutating func collect(_ batch: borrowing MicroBatch) {
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
  }

  private func checkErrors() throws {
    guard let index = detectors.firstIndex(where: \.takesErrorsOnly),
      let wrong = values.firstIndex(where: { !(0...1).contains($0) })
    else { return }
    throw Failure(
      message: "event \(first + present[wrong]): \(values[wrong]) is no error; "
        + "\(names[index]) watches 1 for an error and 0 for none, or what lies between",
      code: Exit.badData)
  }

  /// An alarm with the detector that raised it, at a value of the batch.
  private typealias Raised = (position: Int, detector: Int, alarm: DetectorAlarm)

  private mutating func alarms() -> [Raised] {
    var raised: [Raised] = []
    values.withUnsafeBufferPointer { values in
      for index in detectors.indices {
        detectors[index].observe(values) { raised.append(($0, index, $1)) }
      }
    }
    return raised.sorted { ($0.position, $0.detector) < ($1.position, $1.detector) }
  }

  private mutating func tell(_ raised: [Raised], _ batch: borrowing MicroBatch) throws {
    var correlated = 0
    func correlate(upTo position: Int, _ correlation: inout SerialCorrelation) {
      guard options.json, width == 1 else { return }
      while correlated < position {
        correlation.add(values[correlated])
        correlated += 1
      }
    }
    for (position, index, alarm) in raised {
      let event = first + present[position]
      guard truth == nil else {
        if alarm.level == .drift { drifts[index].append(event) }
        continue
      }
      correlate(upTo: position + 1, &correlation)
      let since = max(0, event + 1 - alarm.valuesSinceChange)
      past?.take(batch, upTo: event, first: first)
      let found =
        alarm.level == .drift
        ? past?.localise(detector: index, since: since, event: event) : nil
      if found != nil { source.settle() }
      let names = FeatureNames(
        dense: featureNames.dense, families: featureNames.families,
        level: found == nil ? { _ in "" } : source.sparseNames)
      try out.append(line(event, index, alarm, since, found?.members(names) ?? []))
    }
    correlate(upTo: values.count, &correlation)
    past?.take(batch, upTo: first + batch.count - 1, first: first)
  }

  /// How each detector's alarms compare with the truth, always and never firing beside them.
  private func write(_ truth: Truth) throws {
    let (events, margin, json) = (first, options.margin, options.json)
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
    _ event: Int, _ index: Int, _ alarm: DetectorAlarm, _ since: Int,
    _ cause: [(String, JSONValue)]
  ) -> String {
    let detector = names[index]
    if options.json {
      return JSONValue.members(
        [
          ("event", .int(event)), ("detector", .string(detector)),
          ("level", .string(alarm.level.rawValue)), ("since", .int(since)),
          ("before", .number(alarm.before)), ("after", .number(alarm.after)),
          ("autocorrelation", .number(alarm.promise?.autocorrelation ?? correlation.value)),
          ("promise", alarm.promise?.account ?? .null),
        ] + cause
      ).text + "\n"
    }
    // A specification with several parameters holds commas.
    let name = detector.contains(",") ? "\"\(detector)\"" : detector
    return "\(event),\(name),\(alarm.level.rawValue),\(since),\(alarm.before),\(alarm.after)\n"
  }
}
