import ArgumentParser
import Telemetry

/// `weir learn`: predict, score, learn, detect, react, event by event.
struct LearnCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "learn",
    abstract: "Learn from a stream: each event is predicted, scored, then learned.",
    discussion: """
      EXAMPLES
        weir learn events.csv --target clicked --predictions -
        weir replay bikes | weir learn --config Datasets/bikes/recipe.json
        weir learn --follow requests.fifo --target slow --max-delay 0 --predictions answers.ndjson
        weir replay bikes --label-delay 24h |
          weir learn --late-labels --id instant --target cnt --time dteday,hr --ignore casual,registered
        weir learn clicks.vw --model logistic:optimizer=sgd --hash-bits 20
        weir learn day.csv.gz --target cnt --category hr --lag cnt=1,24 --model rls \\
          --update triggered --warmup 5000 --detect loss=adwin --journal decisions.jsonl

      Types and roles that are not named are inferred from the first events and then locked.
      Scores are prequential: every prediction was made before its event was learned. The best
      baseline stands beside every score.
      """)

  @Argument(
    help:
      "A file, a named pipe, or - for standard input. Files ending as gzip does are read as they are."
  )
  var source = "-"
  @Option(help: "A JSON file with any of these options under the same names.")
  var config: String?
  @Option(
    help: "Write the options of this run as such a file, with the recipe that --auto settled on.")
  var writeConfig: String?
  @OptionGroup var options: LearnOptions

  func run() throws {
    try reporting {
      var merged = options
      if let config { try Configuration.merge(config, into: &merged) }
      let settings = try LearnSettings(merged)
      try FileClash.refuse(
        reads: [source, merged.labels, config],
        writes: [("--write-config", writeConfig)] + merged.outputs)
      let file = try writeConfig.map { try OutputFile(path: $0) }
      var run = try LearnRun.open(source: source, merged, settings)
      try file?.append(Configuration.json(run.options).indented() + "\n")
      try file?.flush()
      try run.run()
    }
  }
}
