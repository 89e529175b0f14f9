import ArgumentParser
import Batches
import Catalogues
import Detectors
import Engine
import Ingest
import Kernels
import Learners
import Telemetry

/// What `weir bench` can measure.
enum BenchPart: String, CaseIterable {
  case stages, learners, detectors, formats
}

/// `weir bench`: what everything costs on the machine at hand, beside a reference loop.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure what stages, learners, detectors and formats cost on this machine.",
    discussion: """
      PART is stages, learners, detectors or formats; without it, all of them.

      × is what an event costs in rows of the reference loop: a dot product and a
      step along a row of 32 numbers, the least that a linear model does with a
      row. The loop is measured before and after each item, so that tables of two
      machines or of two days can be compared where seconds cannot. Times are
      those of one thread; each piece of an item counts as in the best of its
      repeats, so that what else runs on the machine counts little.

      STAGES are what weir learn does with hyperplane:features=30, from memory:
        read      bytes are taken over, without looking at them
        index     they are cut into records: a run as far as that, less the one
                  before; so are the next two
        parse     records are taken apart, and numbers are read
        encode    columns become the features of a row
        scale     a row taken into the running scale and put on it, by the
                  kernel alone; learners do it within predict and learn, so it
                  is not in the sum again
        predict   the learner's predictions by themselves
        learn     the learner's learning, which predicts each row first, less
                  predict
        score     the engine without detectors, less the learner: scores, and
                  the baselines with theirs
        detect    the engine with loss=adwin, less the one without
        write     predictions as text, to /dev/null
        journal   decisions as JSON, to /dev/null
        sum       of all these but scale; below it the whole run measured as
                  one, on one thread, and by the clock with reading ahead
      A small difference of two long runs is no more exact than they are.

      LEARNERS take rows of two classes (hyperplane:features=30), numbers
      (friedman) or ten classes (led), the first that they accept. Loss is log
      loss, or of numbers the absolute error, over the rows that were taken, beside
      it the best baseline's over the same; KB are held at the end.

      DETECTORS take errors, 0.2 of the values and from half-way on 0.4: alarms
      before that are false.

      FORMATS are parsed and encoded from the same rows as those of the stages.

      EXAMPLES
        weir bench
        weir bench stages --format ndjson --model hoeffding-tree
        weir bench learners detectors --only adaptive --seconds 2
        weir bench --json > bench.ndjson
      """)

  @Argument(help: "stages, learners, detectors or formats. Repeatable.")
  var parts: [String] = []
  @Option(help: "Rows that stages and formats take, and the others at most.")
  var rows = 100_000
  @Option(help: "Only entries of catalogues whose name contains this.")
  var only: String?
  @Option(help: "The learner of the stages; without it, that of weir learn.")
  var model: String?
  @Option(help: "The format of the stages.")
  var format = "csv"
  @Option(help: "Seconds for an item at most, so that slow ones take fewer rows.")
  var seconds = 0.5
  @Option(help: "How often an item is measured.")
  var repeats = 3
  @Flag(help: "NDJSON, with all digits.")
  var json = false
  @Flag(name: [.short, .long], help: "Say nothing on standard error but errors.")
  var quiet = false

  func run() throws {
    try reporting {
      let plan = try BenchPlan(self)
      let progress = StudyProgress(
        jobs: plan.items, steps: nil, of: .events, interruption: Interruption.install(),
        isQuiet: quiet)
      defer { if quiet { progress.clear() } else { progress.finish() } }
      let timer = BenchTimer(seconds: seconds, repeats: repeats, progress: progress)
      let report = BenchReport(
        out: try OutputFile(path: "-"), isJSON: json, progress: progress)
      try report.begin(reference: try timer.reference(), repeats: repeats)
      let streams = BenchStreams(rows: rows, timer: timer)
      for part in plan.parts {
        switch part {
        case .stages: try StageBench(plan, streams, timer, report).run()
        case .learners: try LearnerBench(streams, timer, report).run(plan.learners)
        case .detectors: try DetectorBench(rows, timer, report).run(plan.detectors)
        case .formats: try FormatBench(streams, timer, report).run(plan.formats)
        }
      }
    }
  }
}

/// What is to be measured, checked before anything is.
struct BenchPlan {
  let parts: [BenchPart]
  let learners: [String]
  let detectors: [String]
  let formats: [String]
  let model: String
  let format: String
  /// How many items that is.
  let items: Int

  init(_ options: BenchCommand) throws {
    _ = try LearnSettings.check(options.rows, "rows", atLeast: 100, atMost: 10_000_000)
    _ = try LearnSettings.check(options.repeats, "repeats", atLeast: 1, atMost: 1000)
    guard options.seconds > 0, options.seconds <= 3600 else {
      throw LearnSettings.usage("--seconds \(options.seconds): expected more than 0, at most 3600")
    }
    var parts = try options.parts.map { text in
      guard let part = BenchPart(rawValue: text) else {
        throw SpecificationError.unknownName(
          noun: "part", name: text, known: BenchPart.allCases.map(\.rawValue))
      }
      return part
    }
    if parts.isEmpty { parts = BenchPart.allCases }
    func chosen(_ part: BenchPart, _ names: [String]) -> [String] {
      guard parts.contains(part) else { return [] }
      return names.filter { name in options.only.map { name.contains($0) } ?? true }
    }
    learners = chosen(.learners, Catalogue.learners.names)
    detectors = chosen(.detectors, Catalogue.detectors.names)
    formats = chosen(.formats, Catalogue.formats.names)
    if let only = options.only {
      // Each stage is a difference of others: there is none by itself.
      parts.removeAll { $0 == .stages }
      guard learners.count + detectors.count + formats.count > 0 else {
        let among = parts.map(\.rawValue).joined(separator: ", ")
        throw LearnSettings.usage(
          parts.isEmpty
            ? "--only chooses learners, detectors and formats; stages are measured together"
            : "--only \(only): no name among the \(among) contains that")
      }
    }
    let counts: [BenchPart: Int] = [
      .stages: StageBench.items, .learners: learners.count, .detectors: detectors.count,
      .formats: formats.count,
    ]
    self.parts = BenchPart.allCases.filter { parts.contains($0) && counts[$0, default: 0] > 0 }
    model = options.model ?? Engine.defaultModel(.binary)
    format = options.format
    if self.parts.contains(.stages) {
      _ = try Catalogue.learners.make(model, LearnerContext(task: .binary, denseWidth: 30))
      try Catalogue.formats.check(format)
    }
    items = self.parts.reduce(0) { $0 + counts[$1, default: 0] }
  }
}
