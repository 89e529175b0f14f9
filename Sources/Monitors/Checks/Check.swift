package import Batches
package import Catalogues
package import Snapshots

/// Watches the input, or what the model says, and finds what is not as it should be.
///
/// A check is shown blocks of rows that begin and end at fixed positions of the stream, and what it finds depends on the
/// stream alone, never on how it was cut into batches. Before it has anything to compare with (`begin`) it finds
/// nothing. Its memory does not grow with the stream.
package protocol Check: Snapshotted, Sendable {
  /// Whether it wants to be shown what the model said (`predicted`, `labelled`).
  var wantsAnswers: Bool { get }

  /// Whether it is to be told the scores over the window when it is asked: each takes the whole window to make.
  var wantsScores: Bool { get }

  /// From here on the input is to be like this.
  mutating func begin(_ reference: Reference, _ moment: Moment)

  /// Looks at the rows since the last look.
  mutating func look(_ block: RowBlock, _ moment: Moment) -> [Finding]

  /// Is asked at a position at which reactions take effect, a multiple of `--react-every`, with the scores by then.
  mutating func ask(_ moment: Moment) -> [Finding]

  /// What the model said of rows that have just come. Where their labels came with them they are told already.
  mutating func predicted(_ answers: [Answer])

  /// The same with the labels, once these have come; some may lack theirs.
  mutating func labelled(_ answers: [Answer])
}

extension Check {
  package var wantsAnswers: Bool { false }
  package var wantsScores: Bool { false }
  package mutating func begin(_ reference: Reference, _ moment: Moment) {}
  package mutating func look(_ block: RowBlock, _ moment: Moment) -> [Finding] { [] }
  package mutating func ask(_ moment: Moment) -> [Finding] { [] }
  package mutating func predicted(_ answers: [Answer]) {}
  package mutating func labelled(_ answers: [Answer]) {}
}

/// What the model said of a row.
package struct Answer: Sendable, Equatable {
  package let event: Int
  /// The number, or of two classes the probability of class 1, or the index of the likeliest class.
  package let prediction: Double
  /// The probability of the class that was guessed; 1 of a number.
  package let confidence: Double
  /// NaN until it has come.
  package let label: Double
  /// What the row cost, as scores have it; NaN until the label has come.
  package let loss: Double
  package let weight: Double
  /// Whether its interval held the label, 1 or 0, less the share that was promised, and that share; NaN where there is no
  /// interval, or the label has not come.
  package let coverage: Double
  package let promised: Double

  package init(
    event: Int, prediction: Double, confidence: Double = 1, label: Double = .nan,
    loss: Double = .nan, weight: Double = 1, coverage: Double = .nan, promised: Double = .nan
  ) {
    (self.coverage, self.promised) = (coverage, promised)
    (self.event, self.prediction, self.confidence) = (event, prediction, confidence)
    (self.label, self.loss, self.weight) = (label, loss, weight)
  }
}

/// When a check is asked, and what the run knows by then.
package struct Moment: Sendable {
  /// Events taken by then.
  package let event: Int
  /// Seconds since 1970 of the last event; NaN where no column tells.
  package let time: Double
  /// The served model's scores over the window, by their names; empty where nothing is learned.
  package let scores: [(name: String, value: Double)]
  /// The same of the best baseline by each score.
  package let baselines: [(name: String, value: Double)]

  package init(
    event: Int, time: Double = .nan, scores: [(name: String, value: Double)] = [],
    baselines: [(name: String, value: Double)] = []
  ) {
    (self.event, self.time) = (event, time)
    (self.scores, self.baselines) = (scores, baselines)
  }
}

/// What a check needs to know to be made.
package struct CheckContext: Sendable {
  package let columns: InputColumns
  package let task: Task
  /// Events from one look to the next.
  package let lookEvery: Int

  package init(columns: InputColumns, task: Task, lookEvery: Int) {
    (self.columns, self.task, self.lookEvery) = (columns, task, lookEvery)
  }
}

/// What the one who is woken by an alarm needs.
package struct Runbook: Sendable {
  /// What it means.
  package let meaning: String
  /// What to look at, one thing a line.
  package let lookAt: [String]
  /// What to do.
  package let toDo: [String]

  package init(meaning: String, lookAt: [String], toDo: [String]) {
    (self.meaning, self.lookAt, self.toDo) = (meaning, lookAt, toDo)
  }
}

/// A check that can be named, with what to do when it speaks.
package struct CheckEntry: Sendable {
  package let entry: Entry<CheckContext, any Check>
  package let runbook: Runbook
  /// Of which illness what it finds speaks; nil: of none.
  package let blames: HealthState?
  package var name: String { entry.name }

  init(
    entry: Entry<CheckContext, any Check>, runbook: Runbook, blames: HealthState? = nil
  ) {
    (self.entry, self.runbook, self.blames) = (entry, runbook, blames)
  }

  /// What is done about what it finds, a parameter that every check has.
  static func action(_ usual: Severity) -> Parameter {
    Parameter(
      "action", .choice(default: usual.rawValue, of: Severity.allCases.map(\.rawValue)),
      "what is done about what it finds")
  }

  /// Events that pass from one false alarm to the next, at least and on average: a parameter of those that promise it.
  static let budget = budget(of: 100_000)

  static func budget(of events: Double) -> Parameter {
    Parameter(
      "budget", .real(default: events, in: 1...1e15),
      "events from one false alarm to the next, at least, over all columns", strictness: .rising)
  }
}

extension Settings {
  /// The action that was asked for.
  package var severity: Severity { Severity(rawValue: word("action")) ?? .alarm }
}
