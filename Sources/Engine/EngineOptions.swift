package import Batches
package import Detectors
package import Monitors

/// When the weights change.
package enum UpdateMode: String, Sendable, CaseIterable {
  /// With every event.
  case continuous
  /// By full retraining when a detector or a threshold asks for it.
  case triggered
  /// By full retraining on a schedule.
  case scheduled
  /// Never again after the warm-up.
  case never
}

/// What is done about a drift.
package enum ReactionKind: String, Sendable, CaseIterable {
  case note
  case window
  case retrain
  case restart
  case challenger

  package var summary: String {
    switch self {
    case .note: "write it down, change nothing"
    case .window:
      "rows from before the change leave the window; steps and scalers become quick again"
    case .retrain: "fit the model afresh to what the window holds since the change"
    case .restart: "begin with an untrained model"
    case .challenger:
      "an untrained model begins beside the one that is served, at a warning already, and takes over if it proves better"
    }
  }
}

/// A condition on a score over the window: `mae>60`.
package struct MetricThreshold: Sendable, Equatable {
  package let score: String
  package let isAbove: Bool
  package let bound: Double
  package let text: String

  /// Reads `NAME>NUMBER` or `NAME<NUMBER`; nil for anything else.
  package init?(_ text: String) {
    guard let sign = text.firstIndex(where: { $0 == ">" || $0 == "<" }),
      let bound = Double(text[text.index(after: sign)...].filter { $0 != " " })
    else { return nil }
    score = text[..<sign].filter { $0 != " " }
    isAbove = text[sign] == ">"
    self.bound = bound
    self.text = text
  }

  func holds(_ value: Double) -> Bool { isAbove ? value > bound : value < bound }
}

/// How the input is watched.
package struct Watching: Sendable, Equatable {
  /// Specifications of checks.
  package var checks: [String]
  package var columns = InputColumns()
  /// What the input is to be like; nil: as its first `referenceRows` events.
  package var reference: Reference?
  package var referenceRows = Monitor.usualReferenceRows
  /// Whether what is found may have models retrained.
  package var mayRetrain = false

  package init(checks: [String]) { self.checks = checks }
}

/// A detector and what it watches.
package struct Watch: Sendable, Equatable {
  /// loss, error, prediction, target, features (all numeric ones as a row), each (every numeric one by itself), or a
  /// numeric feature's name.
  package let signal: String
  package let detector: String

  package init(signal: String, detector: String) {
    self.signal = signal
    self.detector = detector
  }
}

/// How a run is to go.
package struct EngineOptions: Sendable, Equatable {
  /// Specifications of the models; the first is the one that is served.
  package var models: [String] = []
  package var watches: [Watch] = []
  /// One budget for all detectors that keep any; nil: each keeps its own.
  package var jointBudget: JointBudget?
  package var reaction = ReactionKind.note
  package var update = UpdateMode.continuous
  /// Events that are learned before the first full fit, in the modes that do not learn every event.
  package var warmup = 0
  package var retrainEvery: StreamInterval?
  package var retrainWhen: MetricThreshold?
  /// Rows kept for retraining; 0: as many as the warm-up, 10,000 at least.
  package var windowRows = 0
  /// Rows that a retraining after a drift waits for.
  package var leastRows = 336
  /// Reactions take effect at multiples of this many events.
  package var reactEvery = 64
  /// Events on which a reaction is compared with what was there before it; 0: reactions stand.
  package var trialEvents = 512
  /// Events that the window's scores look back on.
  package var scoreWindow = 1000
  /// When the journal is told the scores; nil: never.
  package var scoreSchedule: ScoreSchedule?
  /// The event from which scores are also kept apart; nil: none.
  package var scoreSince: Int?
  /// After how long the stream repeats itself, for the seasonal baseline.
  package var season: StreamInterval?
  /// The share of labels that prediction intervals are to hold; nil: no intervals. Regression only.
  package var interval: Double?
  /// Whether probabilities of two classes go through Platt scaling.
  package var calibrates = false
  /// How many rows come before a row's label is known.
  package var labelDelay = 0
  /// How many rows may wait for labels that are joined to them by id (`LabelTicket`); 0: labels come with their rows, or
  /// `labelDelay` rows later.
  package var waitRows = 0
  /// Whether labels come later than their rows.
  var hasLateLabels: Bool { labelDelay > 0 || waitRows > 0 }
  /// How many rows may wait at the same time.
  var mostWaiting: Int { waitRows > 0 ? waitRows : labelDelay + 1 }
  /// Whether products of features are added and dropped as the errors say (`FeatureScreen`).
  package var screens = false
  /// Threads that a committee of models may use; what comes out does not depend on it.
  package var threads = 1
  /// Specifications of models that are served once they prove better than the one that is.
  package var challengers: [String] = []
  /// Specifications of models that are compared with the one that is served, and never take over.
  package var shadows: [String] = []
  /// The paired test by which that is found (`Catalogue.pairedTests`); nil: the usual one for the task.
  package var promoteTest: String?
  /// The risk of promoting a challenger that is no better, shared by all of them.
  package var promoteRisk = 0.05
  /// Events after which a challenger that a drift started gives up, and so does what it replaced.
  package var contestEvents = 5000
  /// How scores are told apart by groups of rows; nil: they are not.
  package var groups: GroupOptions?
  /// How performance is estimated before labels are here; nil: it is not.
  package var estimates: EstimateOptions?
  /// How it is measured what age costs a version that learns no more; nil: it is not.
  package var decay: DecayOptions?
  /// Whether what each event cost is kept until the next batch (`Engine.losses`).
  package var keepsLosses = false
  /// Whether every version of the served model is kept until it is taken (`Engine.takeVersions`).
  package var keepsVersions = false
  /// Whether it is found out what moved when an alarm was raised.
  package var explainsAlarms = true
  /// What is explained while the run goes on; nil: nothing.
  package var explains: ExplainOptions?
  /// Rows in a batch at most.
  package var batchRows = 256

  /// How the input is watched; nil: it is not.
  package var watching: Watching?

  /// Whether the runner is a baseline, of which only scores are wanted.
  var isBaseline = false

  package init() {}

  /// Whether anyone may take the place of the served model, or is compared with it.
  var hasContest: Bool { !challengers.isEmpty || !shadows.isEmpty || reaction == .challenger }
}
