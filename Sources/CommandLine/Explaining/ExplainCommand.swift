import ArgumentParser
import Batches
import Engine
import Explanations
import Ingest
import Learners
import Registry
import Telemetry

/// `weir explain`: why a model predicts what it does.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Say why a prediction is what it is, or what a model leans on.",
    discussion: """
      EXAMPLES
        weir explain events.csv --from models@champion --event 12345
        weir explain events.csv --from models@7 --prediction order-881 --against answers.ndjson
        weir explain --from models@champion --row request.ndjson --text
        weir explain --from models@champion --global
        weir explain events.csv --from models@champion --drift 8645
        weir explain --from models@champion --between 0..2000 8645..10645 --text
        weir explain events.csv --from models@7 --event 12345 --recourse --text \\
          --immutable age,sex --range income=0..90000 --direction debts=down
        weir explain new.csv --from models@champion --recourse --served --want 'cnt>200'

      A prediction of a run (--event, --prediction) is made once more: the run is done again
      with the options that one of its versions carries, up to the event, and the prediction
      is the same to the bit. A row (--row) is predicted by the version as it is.

      Contributions are Shapley values: each feature's share in what sets the prediction
      apart from that of usual events, which are drawn from those that came before. They and
      the base add up to the prediction, in log-odds for most models of two classes. They
      are exact for linear models and for trees, and for others where few features differ;
      else they are sampled, and have standard errors.

      RECOURSE
      A change is measured in standard deviations of its column; to another category it
      counts 1. --cost makes a column dearer. Numbers stay within what the model was shown,
      whole numbers whole, categories among those seen, unless --range says otherwise. Lags
      and running means of the past are not changed, crosses follow their columns. Every
      answer was predicted by the model itself ("verified"); whether a smaller one can exist
      is said too ("optimal"). If there is none, what stands in the way is named.
      """)

  @Argument(help: "The events of the run; if not given, where they were.")
  var source: String?
  @Option(
    name: .customLong("from"), help: "A version of the run: REGISTRY@REF, or a checkpoint.")
  var origin: String
  @Option(
    help:
      "What the --id column of the run has at the event; where it has no such column, its number.")
  var prediction: String?
  @Option(help: "The event's number, from 0.")
  var event: Int?
  @Option(help: "The NDJSON predictions of the run, to be compared with.")
  var against: String?
  @Option(
    help: "A file with rows to be predicted and explained by the version; - for standard input.")
  var row: String?
  @Flag(
    help:
      "What the version leans on: the mean of |contribution| by feature, over usual events, or those of --row."
  )
  var global = false
  @Option(
    help: "What the run leaned on before and after an event: over --width events on each side.")
  var drift: Int?
  @Option(help: "Events before and after --drift (1000).")
  var width: Int?
  @Option(
    parsing: .upToNextOption,
    help: "The same over two stretches of events: A..B C..D, each without its end.")
  var between: [String] = []
  @Option(
    help: "Events that are usual, read as by weir predict, where those of the run are not at hand.")
  var usual: String?
  @OptionGroup var manner: ExplainManner
  @OptionGroup(title: "Recourse")
  var recourse: RecourseOptions

  /// Whether the answer is to be in plain words.
  var text: Bool { recourse.text }
  /// Features that are told one by one.
  var shown: Int { manner.top ?? (text ? 8 : Int.max) }

  func run() throws {
    try reporting {
      try check()
      if recourse.recourse, recourse.served { return try answerServed() }
      let origin = try ExplainedOrigin(origin, source: source)
      if recourse.recourse { return try answer(origin) }
      let out = try OutputFile(path: "-")
      if drift != nil || !between.isEmpty {
        try LeaningAccount(self, origin).write(to: out)
      } else if global || row != nil {
        try VersionAccount(self, origin).write(to: out)
      } else {
        try EventAccount(self, origin).write(to: out)
      }
      try out.flush()
    }
  }

  /// What would have turned the decision about an event of the run.
  private func answer(_ origin: ExplainedOrigin) throws {
    let event = try EventAccount(self, origin).number()
    try RecourseRun(recourse, origin.checkpoint, path: try origin.events(), event: event)
      .answer(to: OutputFile(path: "-"))
  }

  /// The same for rows that a version is to predict.
  private func answerServed() throws {
    guard prediction == nil, against == nil else {
      throw Failure(
        message: "--prediction and --against are of a run's own events; with --served, --event "
          + "is a row's number in SOURCE", code: Exit.usage)
    }
    let run = try RecourseRun(
      recourse, snapshot: ModelOrigin(origin).snapshot(), path: source ?? "-")
    try run.answerAll(event: event, to: OutputFile(path: "-"))
  }

  private func check() throws {
    guard recourse.recourse || !recourse.isTouched else {
      throw Failure(
        message: "--want, --immutable and what goes with them are for --recourse",
        code: Exit.usage)
    }
    // What cannot be read is said before anything is.
    _ = try RecourseWish(recourse)
    guard !recourse.recourse || (row == nil && !global && drift == nil && between.isEmpty) else {
      throw LearnSettings.usage(
        "--recourse is for --event or --prediction, or with --served for the rows of SOURCE")
    }
    try manner.check()
    let wishes = [
      ("--event", event != nil), ("--prediction", prediction != nil), ("--row", row != nil),
      ("--drift", drift != nil), ("--between", !between.isEmpty),
    ].filter(\.1).map(\.0)
    guard wishes.count <= 1 else {
      throw LearnSettings.usage(
        "\(wishes.joined(separator: " and ")): explain one thing at a time")
    }
    guard !global || wishes.isEmpty || row != nil else {
      throw LearnSettings.usage("--global is of a version as it is: not with \(wishes[0])")
    }
    guard width == nil || drift != nil else {
      throw LearnSettings.usage("--width needs --drift EVENT")
    }
    guard usual == nil || global || row != nil else {
      throw LearnSettings.usage("--usual is for --row and --global; a run knows its own events")
    }
    guard against == nil || (!global && row == nil && drift == nil && between.isEmpty) else {
      throw LearnSettings.usage("--against is for --event and --prediction")
    }
    _ = try LearnSettings.check(width, "width", atLeast: 1)
    _ = try LearnSettings.check(drift, "drift", atLeast: 1)
  }
}

/// How explanations are to be made and written.
struct ExplainManner: ParsableArguments {
  @Option(
    help: "Features that are told one by one, the greatest contributions first (all; 8 in --text).")
  var top: Int?
  @Flag(
    help:
      "Also a simple model of the model in the neighbourhood of the row: LIME, with how well it fits."
  )
  var lime = false
  @Option(help: "Features that it keeps (5).")
  var limeFeatures: Int?
  @Option(help: "Rows that it is fitted to (2000).")
  var limeSamples: Int?
  @Option(help: "Usual events to explain against (128; 256 for what a model leans on).")
  var background: Int?
  @Option(
    help:
      "Random orders for each usual event, where contributions have to be sampled (8); each goes both ways."
  )
  var orders: Int?
  @Option(help: "Of what is drawn (1).")
  var seed: Int?

  func check() throws {
    _ = try LearnSettings.check(top, "top", atLeast: 1)
    _ = try LearnSettings.check(limeFeatures, "lime-features", atLeast: 1)
    _ = try LearnSettings.check(limeSamples, "lime-samples", atLeast: 10, atMost: 1_000_000)
    _ = try LearnSettings.check(background, "background", atLeast: 1, atMost: 100_000)
    _ = try LearnSettings.check(orders, "orders", atLeast: 1, atMost: 100_000)
    _ = try LearnSettings.check(seed, "seed", atLeast: 0)
    guard lime || (limeFeatures == nil && limeSamples == nil) else {
      throw LearnSettings.usage("--lime-features and --lime-samples need --lime")
    }
  }

  var draws: UInt64 { UInt64(seed ?? 1) }
  var explainer: Explainer { Explainer(pairs: orders ?? 8, exactPlayers: 10, seed: draws) }
  /// For many rows at once, where each need not be as precise.
  var quickExplainer: Explainer { Explainer(pairs: orders ?? 1, exactPlayers: 4, seed: draws) }
  var usualRows: Int { background ?? 128 }

  /// What a run that is made again explains, from `event` on.
  func options(from event: Int?) -> ExplainOptions {
    var options = ExplainOptions()
    (options.backgroundRows, options.pairs, options.exactPlayers) = (usualRows, orders ?? 8, 10)
    (options.seed, options.from, options.keepsModels) = (draws, event, lime)
    return options
  }

  func surrogate(
    _ model: ExplainedModel, _ batch: borrowing MicroBatch, _ row: Int, _ background: Background
  ) -> LocalSurrogate {
    LocalSurrogate.fit(
      model, batch, row, around: background, features: limeFeatures ?? 5,
      samples: limeSamples ?? 2000, seed: draws)
  }
}

/// A version or a checkpoint that is explained, and where the events of its run are.
struct ExplainedOrigin {
  let bytes: [UInt8]
  let checkpoint: Checkpoint
  /// Its number in the registry, if it is from one.
  let version: Int?
  /// Where the events are; nil: nobody knows.
  let path: String?
  /// Whether the user said so.
  let isGiven: Bool

  init(_ origin: String, source: String?) throws {
    var recorded: String?
    if try SystemFiles().status(origin) == nil, let address = try RegistryAddress(origin) {
      let registry = try Registry.open(address.registry)
      let number = try registry.resolve(address.reference)
      bytes = try registry.snapshot(of: number)
      recorded = try registry.version(number).record.source
      version = number
    } else {
      guard let own = try WholeFile.read(origin) else {
        throw Failure(message: "cannot read \(origin): no such file", code: Exit.inputOutput)
      }
      (bytes, version) = (own, nil)
    }
    if recorded == "standard input" { recorded = nil }
    checkpoint = try Checkpoint(bytes)
    (path, isGiven) = (source ?? recorded, source != nil)
  }

  /// Where the events are, if anyone knows.
  func events() throws -> String {
    guard let path else {
      throw Failure(
        message: "say where the events of the run are: weir explain SOURCE …", code: Exit.usage)
    }
    return path
  }

  func rerun(_ explains: ExplainOptions? = nil) throws -> Rerun {
    try Rerun(checkpoint, path: try events(), explains: explains)
  }
}
