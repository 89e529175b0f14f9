import Batches
import Catalogues
import Kernels
package import Snapshots

/// Labels that are distributed otherwise than they were predicted.
///
/// Of two classes the deviation is label − probability; of several, for each class, how often it came less how often it was
/// guessed, beside what that difference was in the first `rows` labelled rows; of numbers (label − prediction)/scale, cut off
/// at ±1, the scale five times the mean |label − prediction| of these rows, of which nothing is told.
/// `DeviationWatch` keeps the budget. What is told besides is the total variation distance ½·Σ|share of labels − share of
/// predictions| over the last 512 labelled rows: of classes, of the two classes' probabilities, or of tenths of the first
/// labels.
///
/// Cost: some 15 ns a row and class; the distance only when something is found.
package struct LabelCheck: Check {
  static let entry = Entry<CheckContext, any Check>(
    "labels", "labels that are distributed otherwise than they were predicted",
    parameters: [
      CheckEntry.action(.alarm), CheckEntry.budget,
      Parameter(
        "slack", .real(default: 0.02, in: 0...0.5),
        "a deviation of the mean that is let pass: a share, of numbers a part of their usual errors"
      ),
      Parameter(
        "rows", .integer(default: 500, in: 32...1_000_000), "labelled rows that say what is usual"),
    ],
    make: { settings, context in LabelCheck(settings, context) })

  static let runbook = Runbook(
    meaning:
      "What comes is not distributed as what was predicted: the model says too much or too little on the whole. The share of classes has moved (prior shift), or the relation has, or labels are written otherwise than before.",
    lookAt: [
      "`found` and `expected`: the mean of the labels and of what was predicted since `since`; `distance`: how far apart both distributions are, 0 to 1.",
      "Whether `predictions` speaks too: then the inputs moved, and the model follows them wrongly. If not, what labels mean has changed.",
      "Labels themselves: a class that is new or gone, another unit, a source of labels that fell silent.",
    ],
    toDo: [
      "Where labels are broken, keep them from being learned and go back to a version before `since` (`weir models rollback`).",
      "Where only the share of classes moved, `--calibrate` follows it; where the relation moved, retrain on the rows since then.",
    ])

  private static let mostClasses = 16
  private static let recentRows = 512

  private let severity: Severity
  private let task: Task
  private let least: Int
  private var watch: DeviationWatch
  // What is usual: of numbers the scale and the cuts, of several classes the differences.
  private var first: [Double] = []
  private var firstErrors = 0.0
  private var usual = [Double](repeating: 0, count: mostClasses)
  private var rows = 0
  private var scale = 0.0
  private var cuts: [Double] = []
  /// The last rows in a ring: prediction and label.
  private var recent: [Double] = []
  private var next = 0
  private var changes: [(change: DeviationWatch.Change, label: Double, said: Double, far: Double)] =
    []
  /// Means of the last some 250 rows.
  private var sums: [(label: Double, said: Double)]
  private static let kept = 0.996
  /// Room for what a batch says: deviations, and of which answer each is.
  private var deviations = Deviations()
  private var taken: [Int] = []

  private init(_ settings: Settings, _ context: CheckContext) {
    severity = settings.severity
    task = context.task
    least = settings.integer("rows")
    let streams = task == .multiclass ? LabelCheck.mostClasses : 1
    watch = DeviationWatch(
      streams: streams, budget: settings.real("budget"), slack: settings.real("slack"))
    sums = Array(repeating: (0, 0), count: streams)
  }

  package var wantsAnswers: Bool { true }

  package mutating func labelled(_ answers: [Answer]) {
    deviations.removeAll()
    taken.removeAll(keepingCapacity: true)
    for (place, answer) in answers.enumerated() where !answer.label.isNaN {
      rows += 1
      switch task {
      case .binary:
        // A model that is young knows nothing of shares yet.
        guard rows > least else { break }
        add(0, answer.label - answer.prediction, answer, place)
      case .regression: addNumber(answer, place)
      case .multiclass: addClass(answer, place)
      }
    }
    // What is told of a change is of the rows up to it, however they were cut into batches.
    var (next, noted) = (0, 0)
    while let change = watch.take(deviations, from: &next) {
      // Several classes may change at one row.
      let end = max(noted, taken[next - 1] + 1)
      note(answers, noted..<end)
      noted = end
      let (label, said) = sums[change.stream]
      changes.append((change, label, said, distance))
    }
    note(answers, noted..<answers.count)
  }

  private mutating func add(_ stream: Int, _ value: Double, _ answer: Answer, _ place: Int) {
    guard !value.isNaN else { return }
    deviations.append(DeviationWatch.deviation(value), of: stream, event: answer.event)
    taken.append(place)
  }

  private mutating func addNumber(_ answer: Answer, _ place: Int) {
    guard rows > least else {
      first.append(answer.label)
      firstErrors += abs(answer.label - answer.prediction)
      guard rows == least else { return }
      scale = max(5 * firstErrors / Double(least), 1e-12)
      let sorted = first.sorted()
      cuts = (1..<10).map { sorted[$0 * sorted.count / 10] }
      first.removeAll()
      return
    }
    add(0, (answer.label - answer.prediction) / scale, answer, place)
  }

  private mutating func addClass(_ answer: Answer, _ place: Int) {
    for c in 0..<LabelCheck.mostClasses {
      let came = Int(answer.label) == c ? 1.0 : 0
      let guessed = Int(answer.prediction) == c ? 1.0 : 0
      if rows <= least {
        usual[c] += (came - guessed) / Double(least)
      } else {
        // Between −2 and 2.
        add(c, (came - guessed - usual[c]) / 2, answer, place)
      }
    }
  }

  private mutating func remember(_ answer: Answer) {
    if recent.count < 2 * LabelCheck.recentRows {
      recent += [answer.prediction, answer.label]
    } else {
      (recent[next], recent[next + 1]) = (answer.prediction, answer.label)
      next = next + 2 == recent.count ? 0 : next + 2
    }
  }

  /// Notes what came and what was said of rows, for what is told of a change.
  private mutating func note(_ answers: [Answer], _ range: Range<Int>) {
    let kept = LabelCheck.kept
    for place in range where !answers[place].label.isNaN {
      let answer = answers[place]
      remember(answer)
      guard task == .multiclass else {
        sums[0].label = kept * sums[0].label + (1 - kept) * answer.label
        sums[0].said = kept * sums[0].said + (1 - kept) * answer.prediction
        continue
      }
      for c in sums.indices {
        let came = Int(answer.label) == c ? 1.0 : 0
        let guessed = Int(answer.prediction) == c ? 1.0 : 0
        sums[c].label = kept * sums[c].label + (1 - kept) * came
        sums[c].said = kept * sums[c].said + (1 - kept) * guessed
      }
    }
  }

  /// Total variation between what was predicted and what came, of the last rows.
  private var distance: Double {
    let pairs = stride(from: 0, to: recent.count, by: 2).map { (recent[$0], recent[$0 + 1]) }
    let n = Double(pairs.count)
    if task == .binary { return abs(pairs.reduce(0) { $0 + $1.0 - $1.1 }) / n }
    func bin(_ value: Double) -> Int {
      task == .multiclass
        ? min(max(Int(value), 0), LabelCheck.mostClasses)
        : cuts.firstIndex { value < $0 } ?? cuts.count
    }
    var shares = [Double](repeating: 0, count: LabelCheck.mostClasses + 1)
    for (said, label) in pairs {
      shares[bin(said)] += 1 / n
      shares[bin(label)] -= 1 / n
    }
    return shares.reduce(0) { $0 + abs($1) } / 2
  }

  package mutating func ask(_ moment: Moment) -> [Finding] {
    defer { changes.removeAll() }
    return changes.map { change, label, said, far in
      let what = task == .multiclass ? "class \(change.stream)" : "the label"
      let text =
        change.isOver
        ? "\(what) comes as it is predicted again"
        : "\(what) is \(ShortNumber.text(label)) in the mean of the last rows, predicted was "
          + ShortNumber.text(said)
      return Finding(
        check: "labels", severity: change.isOver ? .note : severity, column: nil,
        event: moment.event, since: change.since, kind: "labels", expected: said, found: label,
        evidence: [
          ("distance", far), ("meanDeviation", change.mean), ("rows", Double(change.values)),
          ("evidence", change.evidence),
        ], text: text, isOver: change.isOver)
    }
  }

  package func write(to writer: inout SnapshotWriter) {
    watch.write(to: &writer)
    writer.write([rows, next])
    writer.write([firstErrors, scale])
    for list in [first, usual, cuts, recent] { writer.write(list) }
    writer.write(sums.flatMap { [$0.label, $0.said] })
    writer.write(changes.count)
    for (change, label, said, far) in changes {
      change.write(to: &writer)
      writer.write([label, said, far])
    }
  }

  package mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try watch.restore(from: &reader)
    let counts = try reader.readInts()
    let numbers = try reader.readDoubles(count: 2)
    guard counts.count == 2 else { throw .corrupt }
    (rows, next) = (counts[0], counts[1])
    (firstErrors, scale) = (numbers[0], numbers[1])
    first = try reader.readDoubles()
    usual = try reader.readDoubles(count: LabelCheck.mostClasses)
    cuts = try reader.readDoubles()
    recent = try reader.readDoubles()
    guard recent.count <= 2 * LabelCheck.recentRows, recent.count.isMultiple(of: 2),
      next == 0 || (next.isMultiple(of: 2) && recent.indices.contains(next))
    else { throw .corrupt }
    let means = try reader.readDoubles(count: 2 * sums.count)
    sums = sums.indices.map { (means[2 * $0], means[2 * $0 + 1]) }
    changes = []
    for _ in 0..<(try reader.readCount(ofSize: 8)) {
      let change = try DeviationWatch.Change(from: &reader)
      let n = try reader.readDoubles(count: 3)
      changes.append((change, n[0], n[1], n[2]))
    }
  }
}

extension DeviationWatch.Change {
  func write(to writer: inout SnapshotWriter) {
    writer.write([stream, since, values])
    writer.write(isOver)
    writer.write([mean, evidence])
  }

  init(from reader: inout SnapshotReader) throws(SnapshotError) {
    let counts = try reader.readInts()
    let isOver = try reader.readBool()
    let numbers = try reader.readDoubles(count: 2)
    guard counts.count == 3 else { throw .corrupt }
    self.init(
      stream: counts[0], isOver: isOver, since: counts[1], mean: numbers[0], values: counts[2],
      evidence: numbers[1])
  }
}
