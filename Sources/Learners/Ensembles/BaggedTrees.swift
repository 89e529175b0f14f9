import Batches
import Catalogues
import Detectors
import Kernels
import Snapshots

/// How a committee of trees differs from another.
struct BaggingSettings: Sendable {
  enum Reaction: Sendable {
    /// A member whose errors rise is replaced, by the tree that has grown since a warning if there is one.
    case member
    /// When the errors of any member rise, the worst of all is begun again.
    case worst
  }

  var members = 10
  /// The mean of the Poisson variable that says how often a member learns a row.
  var mean = 6.0
  /// ADWIN's delta for a warning and for a drift; 0: no warnings.
  var warning = 0.01
  var drift = 0.001
  var reaction = Reaction.member
  /// Attributes that a leaf considers; 0: all.
  var leafSubspace = 0
  /// Attributes that a member knows of; 0: all.
  var memberSubspace = 0
  var seed: UInt64 = 1
  var tree = ClassTreeSettings()
}

/// A committee of Hoeffding trees, each of which learns every row a random number of times and is watched
/// by ADWIN. The distributions are added, each weighted by its member's accuracy since it began.
///
/// See the entries for which committee is whose.
///
/// Memory: that of the members and of the trees that grow behind them.
struct BaggedTrees: Learner {
  static let parameters: [Parameter] = [
    Parameter("members", .integer(default: 10, in: 1...1000), "trees in the committee"),
    Parameter(
      "mean", .real(default: 6, in: 0.01...100), "how often a member learns a row, on average"),
    Parameter("drift", .real(default: 0.001, in: 1e-300...1), "ADWIN's delta for a drift"),
    Parameter(
      "grace", .integer(default: 50, in: 1...1_000_000_000), "weight between tries to split"),
    Parameter("delta", .real(default: 0.01, in: 1e-300...1), "how often a split may be wrong"),
    Parameter("tie", .real(default: 0.05, in: 0...10), "the bound below which two ways are equal"),
    Parameter(
      "criterion", .choice(default: "info-gain", of: SplitCriterion.allCases.map(\.rawValue)),
      "what makes a split good"),
    Parameter(
      "leaf",
      .choice(default: "adaptive", of: ClassTreeSettings.Leaf.allCases.map(\.rawValue)),
      "how leaves answer"),
    Parameter(
      "max-bytes", .integer(default: 0, in: 0...1 << 40),
      "bytes of memory of a member at most; 0: no bound"),
    Parameter("seed", .integer(default: 1, in: 0...Int.max), "of the random numbers"),
  ]

  private struct Member: Sendable {
    var tree: ClassTree
    var behind: ClassTree?
    var warning: ADWIN
    var drift: ADWIN
    /// Rows answered and those answered right, since it began.
    var rows = 0.0
    var right = 0.0
    /// What it says of the row at hand.
    var leaf = 0
    var said = (majority: -1, bayes: -1)
    var guess = -1

    var accuracy: Double { rows > 0 ? right / rows : 1 }
  }

  private let isBinary: Bool
  private let settings: BaggingSettings
  private var members: [Member] = []
  private var attributes: TreeAttributes
  private var sight: TreeSight
  private var sum: [Double]
  private var random: RandomBits
  private var classes = 2
  private var learned = 0
  private var notices: [LearnerNotice] = []

  init(_ settings: BaggingSettings, _ context: LearnerContext) {
    self.settings = settings
    isBinary = context.task == .binary
    attributes = TreeAttributes(context)
    sight = TreeSight(nominals: attributes.nominals, classes: 2)
    sum = [0, 0]
    random = RandomBits(seed: settings.seed)
    begin()
  }

  /// The parameters that committees share.
  static func settings(_ given: Settings) -> BaggingSettings {
    var own = BaggingSettings()
    own.members = given.integer("members")
    own.mean = given.real("mean")
    own.drift = given.real("drift")
    own.seed = UInt64(given.integer("seed"))
    own.tree.grace = Double(given.integer("grace"))
    own.tree.delta = given.real("delta")
    own.tree.tie = given.real("tie")
    own.tree.criterion = SplitCriterion(rawValue: given.word("criterion")) ?? .infoGain
    own.tree.leaf = ClassTreeSettings.Leaf(rawValue: given.word("leaf")) ?? .adaptive
    own.tree.mostBytes = given.integer("max-bytes")
    return own
  }

  private mutating func begin() {
    members = []
    for _ in 0..<settings.members {
      members.append(
        Member(
          tree: freshTree(), warning: ADWIN(delta: max(settings.warning, 1e-300)),
          drift: ADWIN(delta: settings.drift)))
    }
  }

  private mutating func freshTree() -> ClassTree {
    var own = settings.tree
    own.subspace = settings.leafSubspace
    var excluded: Set<Int> = []
    let count = attributes.numbers + attributes.nominals
    if settings.memberSubspace > 0, settings.memberSubspace < count {
      var all = Array(0..<count)
      for k in 0..<(count - settings.memberSubspace) {
        all.swapAt(k, k + random.below(count - k))
        excluded.insert(all[k])
      }
    }
    var tree = ClassTree(
      settings: own, numbers: attributes.numbers, nominals: attributes.nominals, classes: 2,
      seed: random.next(), excluded: excluded)
    tree.grow(classes: classes, levels: attributes.levels)
    return tree
  }

  var outputs: Int { isBinary ? 1 : max(1, sight.classes) }
  var memoryBytes: Int {
    members.reduce(0) { $0 + $1.tree.memoryBytes + ($1.behind?.memoryBytes ?? 0) + 10_240 }
  }

  // MARK: - Predicting

  func predict(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    var copy = self
    predictions.widen(to: outputs)
    for i in rows {
      attributes.find(batch.sparse(i), into: &copy.sight.levels)
      copy.answer(batch.dense(i))
      copy.sight.write(to: &predictions, i, isBinary: isBinary)
    }
  }

  /// Has every member answer; their sum becomes the distribution in sight.
  private mutating func answer(_ x: UnsafePointer<Double>) {
    for c in 0..<classes { sum[c] = 0 }
    for k in members.indices {
      let leaf = members[k].tree.leaf(from: 0, x, sight.levels)
      let said = members[k].tree.answer(leaf, x, sight.levels, into: &sight.distribution)
      (members[k].leaf, members[k].said) = (leaf, said)
      members[k].guess = -1
      guard said.majority >= 0 else { continue }
      var best = 0
      let weight = max(members[k].accuracy, 1e-6)
      for c in 0..<classes {
        sum[c] += weight * sight.distribution[c]
        if sight.distribution[c] > sight.distribution[best] { best = c }
      }
      members[k].guess = best
    }
    var total = 0.0
    for c in 0..<classes { total += sum[c] }
    for c in 0..<classes { sight.distribution[c] = total > 0 ? sum[c] / total : 0 }
  }

  // MARK: - Learning

  mutating func learn(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    for i in rows {
      predictions.widen(to: outputs)
      let (x, label) = (batch.dense(i), batch.targets[i])
      if label.isNaN {
        predict(batch, rows: i..<i + 1, into: &predictions)
        continue
      }
      let y = Int(label)
      if attributes.learn(batch.sparse(i), into: &sight.levels) { grow(classes) }
      answer(x)
      sight.write(to: &predictions, i, isBinary: isBinary)
      // Only once the row has been predicted: it must not be known that there is another class.
      if y >= classes { grow(y + 1) }
      sight.count(y, batch.weights[i])
      if batch.weights[i] > 0 { learn(x, y, batch.weights[i]) }
      learned += 1
    }
    predictions.widen(to: outputs)
  }

  private mutating func grow(_ wished: Int) {
    classes = max(classes, wished)
    for k in members.indices {
      members[k].tree.grow(classes: classes, levels: attributes.levels)
      members[k].behind?.grow(classes: classes, levels: attributes.levels)
    }
    sight.makeRoom(classes)
    while sum.count < classes { sum.append(0) }
  }

  private mutating func learn(_ x: UnsafePointer<Double>, _ y: Int, _ weight: Double) {
    var hasDrifted = false
    for k in members.indices {
      let isWrong = members[k].guess != y
      members[k].rows += 1
      if !isWrong { members[k].right += 1 }
      let times = Double(random.poisson(settings.mean)) * weight
      if times > 0 {
        members[k].tree.take(
          x, sight.levels, class: y, weight: times,
          at: (members[k].leaf, members[k].said))
        members[k].behind?.take(x, sight.levels, class: y, weight: times, at: nil)
      }
      hasDrifted = watch(k, isWrong) || hasDrifted
    }
    guard hasDrifted, settings.reaction == .worst else { return }
    var worst = 0
    for k in members.indices where members[k].drift.mean > members[worst].drift.mean { worst = k }
    replace(worst, by: freshTree())
  }

  /// Shows a member's detectors its error, and does about it what the committee does; true: its errors
  /// have risen.
  private mutating func watch(_ k: Int, _ isWrong: Bool) -> Bool {
    let error = isWrong ? 1.0 : 0
    if settings.warning > 0, let alarm = members[k].warning.observe(error),
      alarm.after > alarm.before
    {
      members[k].behind = freshTree()
      members[k].warning = ADWIN(delta: settings.warning)
    }
    guard let alarm = members[k].drift.observe(error), alarm.after > alarm.before else {
      return false
    }
    if settings.reaction == .member { replace(k, by: members[k].behind ?? freshTree()) }
    return true
  }

  private mutating func replace(_ k: Int, by tree: ClassTree) {
    if notices.count < 100 {
      notices.append(
        LearnerNotice(
          kind: "member-replaced",
          text: "tree \(k), right on \((1000 * members[k].accuracy).rounded() / 10) % of "
            + "\(Int(members[k].rows)) rows, "
            + (members[k].behind == nil ? "begins again" : "gives way to the one behind it"),
          learned: learned))
    }
    members[k].tree = tree
    members[k].behind = nil
    members[k].warning = ADWIN(delta: max(settings.warning, 1e-300))
    members[k].drift = ADWIN(delta: settings.drift)
    (members[k].rows, members[k].right) = (0, 0)
  }

  // MARK: - Reactions

  mutating func refit(on window: borrowing MicroBatch) -> RefitReport {
    random = RandomBits(seed: settings.seed)
    begin()
    var scratch = Predictions(rows: window.count, width: outputs)
    let before = learned
    learn(window, rows: 0..<window.count, into: &scratch)
    return RefitReport(
      rows: learned - before, method: "replay of the window",
      failure: learned > before ? nil : "the window holds no labels")
  }

  mutating func takeNotices() -> [LearnerNotice] {
    defer { notices.removeAll() }
    return notices
  }

  func write(to writer: inout SnapshotWriter) {
    attributes.write(to: &writer)
    writer.write(random.state)
    writer.write([learned, classes])
    sight.write(to: &writer)
    for member in members {
      member.tree.write(to: &writer)
      writer.write(member.behind != nil)
      member.behind?.write(to: &writer)
      member.warning.write(to: &writer)
      member.drift.write(to: &writer)
      writer.write([member.rows, member.right])
    }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try attributes.restore(from: &reader)
    random.state = try reader.readWord()
    let counts = try reader.readInts()
    guard counts.count == 2, (2...100_000).contains(counts[1]) else { throw .corrupt }
    (learned, classes) = (counts[0], counts[1])
    try sight.restore(from: &reader, classes: classes)
    // Trees are made for being restored into; what that draws is taken back.
    let state = random.state
    begin()
    for k in members.indices {
      try members[k].tree.restore(from: &reader)
      if try reader.readBool() {
        var behind = freshTree()
        try behind.restore(from: &reader)
        members[k].behind = behind
      }
      try members[k].warning.restore(from: &reader)
      try members[k].drift.restore(from: &reader)
      let rows = try reader.readDoubles()
      guard rows.count == 2 else { throw .corrupt }
      (members[k].rows, members[k].right) = (rows[0], rows[1])
    }
    random.state = state
    sum = Array(repeating: 0, count: classes)
  }
}
