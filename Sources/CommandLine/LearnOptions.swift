import ArgumentParser
import Batches
import Ingest

/// The options of `weir learn`, as flags and as keys of a `--config` file.
struct LearnOptions: ParsableArguments {
  @Option(
    help:
      "auto, csv, ndjson, vw, libsvm or arff; auto looks at the first bytes. The target of vw and libsvm is their label, whose name is label, or what --target calls it."
  )
  var format: String?
  @Option(help: "Names of the columns of an input without a header: a,b,c.")
  var columns: String?
  @Option(help: "The byte between fields; 'tab' for a tab. Found in the header if not given.")
  var delimiter: String?
  @Option(help: "The column to learn.")
  var target: String?
  @Option(help: "auto, binary, multiclass or regression.")
  var task: String?
  @Option(help: "The value of a binary target whose probability is predicted.")
  var positive: String?
  @Option(help: "Columns that are no features: a,b,c.")
  var ignore: String?
  @Option(help: "Columns that are numbers: a,b,c.")
  var number: String?
  @Option(help: "Columns that are categories: a,b,c.")
  var category: String?
  @Option(help: "A column that is handed on with predictions.")
  var id: String?
  @Option(help: "A column with the importance of each row.")
  var weight: String?
  @Option(
    help:
      "A column whose number grows from event to event: an event that is not beyond the last one taken was taken before, and is passed over."
  )
  var sequence: String?
  @Option(help: "A timestamp column, or a date column and an hour column: A[,B].")
  var time: String?
  @Option(
    help:
      "A product of columns: a*b[:SCALE]. A scale below 1 says that its weights are small. Repeatable."
  )
  var cross: [String] = []
  @Option(
    help:
      "Earlier values of a column as features: cnt=1,24,168, or earlier levels of a category. They are named cnt@1 … in --cross. Repeatable."
  )
  var lag: [String] = []
  @Option(help: "A running mean of the target by key: cnt=hr*workingday[:RATE]. Repeatable.")
  var mean: [String] = []
  @Option(help: "The column that keeps lags and means of different sources apart.")
  var key: String?
  @Flag(
    help:
      "Make features from what the first 1000 events show, or what comes in two seconds: codes, season, lags, crosses, means. With --lag none, nothing made of the past."
  )
  var auto = false
  @Option(
    help:
      "on: add products of categories and numbers as the errors show that they pay, drop features that are worth nothing, and tell the journal which and why. --auto does; off keeps it from that."
  )
  var screen: String?
  @Option(
    help:
      "What stands in for a missing number: mean, zero, last or refuse; or COLUMN=POLICY. Repeatable."
  )
  var missing: [String] = []
  @Option(
    help:
      "How many events come before an event's label is known (0): it is predicted at its place, and learned and scored when its label arrives; lags and means of the target wait too."
  )
  var labelDelay: Int?
  @Flag(
    help:
      "Labels come later, in any order, as rows with an --id that was there before: a row without a label is predicted and waits, and is learned and scored when its label comes. A label's features are not looked at; one without any is a label, never a row."
  )
  var lateLabels = false
  @Option(
    help:
      "Labels come by a second input, a file or a named pipe: CSV or NDJSON with the columns of --id and --target. Says --late-labels."
  )
  var labels: String?
  @Option(
    help:
      "The column of --labels that says how many events come before a label. Without it, labels come by --time where both inputs have it, or as they come, which no two runs need have alike."
  )
  var arrival: String?
  @Option(
    help:
      "Rows that may wait for their labels (100000); one more, and the oldest expires. As many ids are remembered once they have been learned or have expired."
  )
  var waitRows: Int?
  @Option(help: "How long a row waits for its label, in events or event time: 5000 or 24h.")
  var ttl: String?
  @Option(help: "Importance of a class: CLASS=WEIGHT. Repeatable.")
  var classWeight: [String] = []
  @Flag(
    help:
      "Measure what age costs: frozen copies of the served model, of ages in powers of two, are scored on what follows, and a retraining schedule follows from it."
  )
  var decay = false
  @Option(help: "Events from one frozen copy to the next (256). Says --decay.")
  var decayEvery: Int?
  @Option(
    help:
      "What a retraining costs, in units of loss: --decay then tells after how many events it pays. Says --decay."
  )
  var retrainCost: Double?
  @Flag(
    help:
      "Estimate the scores of each 1000 events before their labels are here, from calibrated probabilities or from what a second model says of the errors, and set beside it what they turned out to be."
  )
  var estimate = false
  @Option(help: "Events that an estimate is made of (1000). Says --estimate.")
  var estimateEvery: Int?
  @Option(
    help:
      "The model of the errors where the target is a number (rls:forgetting=0.999). Says --estimate."
  )
  var estimateModel: String?
  @Option(
    help:
      "Columns by whose values every score is told apart, with the gaps between groups: a,b; numbers where they are to be cut: age=25,45,65. No feature unless they are one otherwise. Repeatable."
  )
  var group: [String] = []
  @Option(help: "A group of fewer labelled rows is pooled with other such ones (100).")
  var groupRows: Int?
  @Option(help: "Groups of a column that are told apart at most (32); later ones share one name.")
  var groupLimit: Int?
  @Option(help: "Events after which the journal tells of the groups; without it, at the end.")
  var groupEvery: Int?
  @Option(help: "The probability above which a prediction counts as positive in a group (0.5).")
  var groupThreshold: Double?
  @Option(help: "Distinct values of a category that get a weight of their own (100000).")
  var maxCategories: Int?
  @Option(
    help:
      "Bits of the index of features without a column, in vw and libsvm (18): they share 2 to the power of that many weights."
  )
  var hashBits: Int?

  @Option(
    help: "A learner from the catalogue: NAME or NAME:key=value,… Repeatable; the first is served.")
  var model: [String] = []
  @Option(
    help:
      "A learner that runs on the same events without being served, and takes over once it proves better; or REGISTRY@REF, a version that goes on from what it knows. Repeatable."
  )
  var challenger: [String] = []
  @Option(help: "The same, but it is only compared and never takes over. Repeatable.")
  var shadow: [String] = []
  @Option(help: "The risk of promoting a challenger that is no better, shared by all (0.05).")
  var promoteRisk: Double?
  @Option(
    help:
      "The test of paired losses by which it proves better (betting, of classes betting:clip=20)."
  )
  var promoteTest: String?
  @Option(
    help:
      "Events after which a challenger that a drift started gives up, and so does what it replaced (5000)."
  )
  var contest: Int?
  @Option(help: "Rows in a micro-batch at most (256). No result depends on it.")
  var batch: Int?
  @Option(
    help: ArgumentHelp(
      "Threads that committees of trees may use (1). No result depends on it.",
      discussion: "Unless it is 1, another one reads ahead while events are learned."))
  var threads: Int?
  @Flag(
    help:
      "Tell how long events take, by stage and from arrival to written prediction: p50, p99, p99.9 and the longest."
  )
  var latency = false
  @Option(
    help:
      "How long an event's answer may take: 5ms, or 5ms@p99.9 (of 99 % unless said otherwise). Where 1000 events take longer, the journal and standard error say so. Says --latency."
  )
  var latencyBudget: String?
  @Flag(
    help:
      "While the latency budget is exceeded, learn one of 2, 4, … events only; all are predicted. Which ones depends on the clock."
  )
  var thin = false
  @Option(help: "Milliseconds that an event waits for its batch to fill (100).")
  var maxDelay: Int?
  @Option(help: "When the weights change: continuous, triggered, scheduled or never.")
  var update: String?
  @Option(help: "Events before the first full fit, for the modes other than continuous.")
  var warmup: Int?
  @Option(
    help:
      "SIGNAL=DETECTOR: watch loss, error, prediction, target, a numeric column, each of them, or features, all as rows (loss=adwin, each=bcs, features=mmd). 'none' watches nothing. Repeatable."
  )
  var detect: [String] = []
  @Option(
    help:
      "One false alarm in so many events over all detectors that keep a budget, whose own is then not used."
  )
  var alarmBudget: Double?
  @Option(help: "What is done about a drift: note, window, retrain, restart or challenger.")
  var onDrift: String?
  @Option(help: "Full retraining on a schedule: N events, or event time such as 36h or 7d.")
  var retrainEvery: String?
  @Option(help: "Full retraining when a score over the window passes a bound: 'mae>60'.")
  var retrainWhen: String?
  @Option(help: "Rows kept for retraining (10000, or the warm-up).")
  var window: Int?
  @Option(help: "Rows that a retraining after a drift waits for (336).")
  var retrainRows: Int?
  @Option(help: "Reactions take effect at multiples of this many events (64).")
  var reactEvery: Int?
  @Option(
    help:
      "Events on which a reaction is compared with what was there before (512), the next scheduled retraining waiting meanwhile; 0: it stands."
  )
  var trial: Int?
  @Option(help: "A season for the seasonal baseline, in rows or in event time: 168 or 7d.")
  var season: String?
  @Option(
    help:
      "Prediction intervals that are to hold this share of the labels, such as 0.9; in NDJSON predictions and the summary."
  )
  var interval: Double?
  @Flag(help: "Put the probabilities of two classes through online Platt scaling.")
  var calibrate = false
  @Option(help: "Events that the window's scores look back on (1000).")
  var scoreWindow: Int?
  @Option(help: "Also keep scores apart from this event on.")
  var scoreSince: Int?

  @Option(help: "What happens to a bad row: skip, quarantine=FILE or fail.")
  var badRows: String?
  @Option(help: "Bad rows that are too many: N or P%.")
  var maxBad: String?
  @Option(help: "Longest line in bytes (1048576).")
  var maxLine: Int?

  @Flag(
    help:
      "Watch the input by every check of the catalogue: missing values, ranges, schema, drift and the rest; findings go to the journal, the summary and standard error (weir runbook)."
  )
  var monitor = false
  @Option(
    help:
      "A check from the catalogue, NAME or NAME:key=value,… with action=note, alarm or retrain; alone, or to set one of --monitor's otherwise. Repeatable."
  )
  var check: [String] = []
  @Option(
    help:
      "What the input is to be like: REGISTRY@REF, or a profile that weir profile --json wrote. Without it the warm-up, or the first 1000 events, are the reference."
  )
  var reference: String?
  @Option(help: "Events that are the reference where there is no other (1000, or the warm-up).")
  var referenceRows: Int?
  @Option(
    help:
      "With --monitor: how long no event may come by the clock, such as 30s or 5m: then the stream is silent."
  )
  var silence: String?

  @Option(
    help: "Where predictions go, one line an event: FILE or -. NDJSON if the name ends in .ndjson.")
  var predictions: String?
  @Option(
    help:
      "What each event cost, as CSV: event,loss,error; the loss is |error| or −log(probability), the error of a class 1 or 0."
  )
  var losses: String?
  @Option(
    help:
      "Why each event was predicted as it was: FILE with a column for each feature's contribution to the prediction, or NDJSON if the name ends in .ndjson. A base and the contributions add up to the prediction, or its log-odds."
  )
  var contributions: String?
  @Option(
    help:
      "Every so many events the journal tells what the model leans on: the mean of |contribution| by feature, over a sample of them."
  )
  var importance: Int?
  @Option(
    help:
      "Usual events that are kept to explain against (32); with them a version can be explained without the events of its run."
  )
  var background: Int?
  @Option(help: "Every decision as a line of JSON.")
  var journal: String?
  @Option(
    help:
      "Tell the journal the scores over the window, of models and baselines, every N events; auto: ever more seldom, some thousands of times in all. --report says auto."
  )
  var scoreEvery: String?
  @Option(
    help: "The run as one HTML page that stands for itself: weir report makes it of a journal too.")
  var report: String?
  @Option(help: "One JSON object at the end.")
  var summary: String?
  @Option(
    help:
      "The learned tree at the end: as text, or as a graph for Graphviz if the name ends in .dot.")
  var draw: String?
  @Option(
    help:
      "A file that everything is kept in which going on takes: the model, what watches it, the columns' history, the scores, the place in the input."
  )
  var checkpoint: String?
  @Option(
    help:
      "A folder that every version of the served model goes to, with what it was made from and why; the name champion points at the last one (weir models)."
  )
  var registry: String?
  @Option(help: "How often: N events, or Ns of the clock (30s); also at the end.")
  var checkpointEvery: String?
  @Flag(
    help:
      "Go on where the checkpoint is, as if the run had never stopped; begin if there is none yet. Options that are not given are taken from it."
  )
  var resume = false
  @Flag(help: "Keep a named pipe open across its writers.")
  var follow = false
  @Flag(name: [.short, .long], help: "Say nothing on standard error but errors.")
  var quiet = false

  /// The options with what was settled on once the first events were seen: a run with these does the same
  /// without looking.
  func settled(_ ingest: IngestOptions, models: [String]) -> LearnOptions {
    guard auto else { return self }
    var options = self
    options.auto = false
    options.screen = screen ?? "on"
    options.category = ingest.category.isEmpty ? nil : ingest.category.joined(separator: ",")
    (options.cross, options.lag, options.mean) = (ingest.crosses, ingest.lags, ingest.means)
    switch ingest.season {
    case .events(let rows)?: options.season = "\(rows)"
    case .seconds(let seconds)?: options.season = "\(Int(seconds))s"
    case nil: break
    }
    options.model = models
    return options
  }
}
