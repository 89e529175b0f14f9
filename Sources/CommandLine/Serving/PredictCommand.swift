import ArgumentParser

/// `weir predict`: predictions of a model as it was kept.
struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Predict a stream with a model from a checkpoint or a registry; nothing is learned.",
    discussion: """
      EXAMPLES
        weir predict new.csv --from state.weir
        weir predict requests.fifo --follow --from models@champion --predictions answers.ndjson
        weir predict new.csv --from models@7 --summary how-it-did.json
        weir predict requests.fifo --follow --from models@champion --split models@challenger=0.1

      Columns are found by their names; the target may lack. A label that is there is
      scored, not learned. An alias of a registry is followed: when it moves, the model
      that it points at takes over with the next batch, without a restart.

      What is served is compared at once with what the version was trained on (training-serving
      skew, missing values, ranges, unseen categories and the rest of weir catalogue's checks);
      what is found is said on standard error, in --journal and in --summary.

      With --split each event is answered by one version, chosen by a hash of its id (the
      --id column of the run; its number where there is none), so that an id always meets
      the same version. Every version sees every event, so that each knows the past.
      """)

  @Argument(help: "A file, a named pipe, or - for standard input.")
  var source = "-"
  @Option(
    name: .customLong("from"),
    help: "A checkpoint that weir learn wrote, or REGISTRY@REF: an alias, a version, a hash.")
  var origin: String
  @Option(
    help:
      "REGISTRY@REF=SHARE: another version that answers this share of the events; --from answers the rest. Repeatable."
  )
  var split: [String] = []
  @Option(help: "Any text: another one deals the events of --split anew.")
  var salt: String?
  @Option(
    help: "Where predictions go, one line an event: FILE or -. NDJSON if the name ends in .ndjson.")
  var predictions = "-"
  @Option(help: "One JSON object at the end.")
  var summary: String?
  @Option(
    help:
      "What is served is to be like this: REGISTRY@REF, or a profile that weir profile --json wrote. Of a version of a registry its own profile, unless --unwatched."
  )
  var reference: String?
  @Option(help: "A check from the catalogue, set otherwise than it is. Repeatable.")
  var check: [String] = []
  @Flag(help: "Do not compare what is served with what was trained.")
  var unwatched = false
  @Option(help: "What checks found, as lines of JSON.")
  var journal: String?
  @Flag(
    help:
      "Tell how long events take, by stage and from arrival to written prediction: p50, p99, p99.9 and the longest."
  )
  var latency = false
  @Option(help: "Milliseconds that an event waits for its batch to fill (100).")
  var maxDelay: Int?
  @Flag(help: "Keep a named pipe open across its writers.")
  var follow = false
  @Flag(name: [.short, .long], help: "Say nothing on standard error but errors.")
  var quiet = false

  func run() throws {
    try reporting {
      try FileClash.refuse(
        reads: [source],
        writes: [("--predictions", predictions), ("--summary", summary), ("--journal", journal)])
      var run = try PredictRun(self)
      try run.run()
    }
  }
}
