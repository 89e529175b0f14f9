import Batches
import Catalogues
import Kernels
import Snapshots

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
      "bytes of memory of all trees at most; 0: no bound"),
    Parameter("seed", .integer(default: 1, in: 0...Int.max), "of the random numbers"),
  ]

  /// How a committee differs from another.
  struct Settings: Sendable {
    var committee = CommitteeSettings()
    /// Attributes that a leaf considers; 0: all.
    var leafSubspace = 0
    var tree = ClassTreeSettings()
  }

  /// Rows that members take at a time at most.
  private static let blockRows = 256

  private let isBinary: Bool
  private var committee: Committee<ClassTree>
  private var attributes: TreeAttributes
  private var sight: TreeSight
  private var block: Block
  private var classes = 2
  private var learned = 0
  private var notices: [LearnerNotice] = []

  init(_ settings: Settings, _ context: LearnerContext) {
    isBinary = context.task == .binary
    attributes = TreeAttributes(context)
    sight = TreeSight(nominals: attributes.nominals, classes: 2)
    block = Block(nominals: attributes.nominals)
    var own = settings.tree
    own.subspace = settings.leafSubspace
    own.mostBytes = settings.committee.bytes(ofTree: own.mostBytes)
    committee = Committee(
      settings.committee,
      ClassTree.Plan(
        settings: own, numbers: attributes.numbers, nominals: attributes.nominals, classes: 2,
        levels: attributes.levels),
      attributes: attributes.numbers + attributes.nominals, workers: context.workers)
  }

  /// The parameters that committees share.
  static func settings(_ given: Catalogues.Settings) -> Settings {
    var own = Settings()
    own.committee.members = given.integer("members")
    own.committee.mean = given.real("mean")
    own.committee.drift = given.real("drift")
    own.committee.seed = UInt64(given.integer("seed"))
    own.tree.grace = Double(given.integer("grace"))
    own.tree.delta = given.real("delta")
    own.tree.tie = given.real("tie")
    own.tree.criterion = SplitCriterion(rawValue: given.word("criterion")) ?? .infoGain
    own.tree.leaf = ClassTreeSettings.Leaf(rawValue: given.word("leaf")) ?? .adaptive
    own.tree.mostBytes = given.integer("max-bytes")
    return own
  }

  var outputs: Int { isBinary ? 1 : max(1, sight.classes) }
  var memoryBytes: Int { committee.memoryBytes }

  // MARK: - Rows

  /// Rows on their way through the members, and what those say of them.
  private struct Block: Sendable {
    /// Levels that each row has a place for: at least one, so that there is somewhere to point to.
    let width: Int
    /// The rows' positions in their batch.
    var rows: [Int] = []
    var levels: [Int32] = []
    /// How many of them have a label.
    var labelled = 0
    /// What each member says of each row, a distribution times its weight: member × row × class.
    var votes: [Double] = []

    init(nominals: Int) { width = max(1, nominals) }

    mutating func add(_ row: Int, _ found: [Int32], isLabelled: Bool) {
      rows.append(row)
      levels.append(contentsOf: found)
      if found.isEmpty { levels.append(-1) }
      labelled += isLabelled ? 1 : 0
    }

    mutating func removeAll() {
      rows.removeAll(keepingCapacity: true)
      levels.removeAll(keepingCapacity: true)
      labelled = 0
    }
  }

  func predict(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    var copy = self
    for i in rows {
      attributes.find(batch.sparse(i), into: &copy.sight.levels)
      copy.block.add(i, copy.sight.levels, isLabelled: false)
      if copy.block.rows.count == BaggedTrees.blockRows || i + 1 == rows.upperBound {
        copy.vote(batch, learns: false)
        copy.conclude(batch, &predictions, counts: false)
        copy.block.removeAll()
      }
    }
  }

  mutating func learn(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    for i in rows {
      let label = batch.targets[i]
      if label.isNaN {
        attributes.find(batch.sparse(i), into: &sight.levels)
      } else if attributes.learn(batch.sparse(i), into: &sight.levels) {
        // The rows before do not know of the new level.
        takeBlock(batch, &predictions)
        grow(classes)
      }
      let isNewClass = !label.isNaN && Int(label) >= classes
      if isNewClass { takeBlock(batch, &predictions) }
      block.add(i, sight.levels, isLabelled: !label.isNaN)
      if isNewClass {
        // Only once the row has been predicted: it must not be known that there is another class.
        vote(batch, learns: false)
        conclude(batch, &predictions, counts: false)
        grow(Int(label) + 1)
        vote(batch, learns: true)
        conclude(batch, &predictions, writes: false, counts: true)
        endBlock()
      } else if block.rows.count == BaggedTrees.blockRows
        || block.labelled >= committee.room(learned: learned)
      {
        takeBlock(batch, &predictions)
      }
    }
    takeBlock(batch, &predictions)
    predictions.widen(to: outputs)
  }

  private mutating func grow(_ wished: Int) {
    classes = max(classes, wished)
    let (classes, levels) = (classes, attributes.levels)
    (committee.rules.plan.classes, committee.rules.plan.levels) = (classes, levels)
    committee.forEach { _, member, _ in
      member.tree.grow(classes: classes, levels: levels)
      member.behind?.grow(classes: classes, levels: levels)
    }
    sight.makeRoom(classes)
  }

  private mutating func takeBlock(_ batch: borrowing MicroBatch, _ predictions: inout Predictions) {
    guard !block.rows.isEmpty else { return }
    vote(batch, learns: true)
    conclude(batch, &predictions, counts: true)
    endBlock()
  }

  private mutating func endBlock() {
    block.removeAll()
    committee.compare(learned: learned)
    for change in committee.takeChanges() where notices.count < 100 {
      notices.append(
        LearnerNotice(kind: "member-replaced", text: change.text, learned: change.learned))
    }
  }

  /// Has every member answer the rows of the block, and learn those that have a label.
  private mutating func vote(_ batch: borrowing MicroBatch, learns: Bool) {
    let (classes, count, width) = (classes, block.rows.count, block.width)
    let wish = committee.members.count * count * classes
    if block.votes.count < wish {
      block.votes.append(contentsOf: repeatElement(0, count: wish - block.votes.count))
    }
    let (rows, targets, weights) = (block.rows, batch.targets, batch.weights)
    let dense = rows.map { batch.dense($0) }
    block.votes.withUnsafeMutableBufferPointer { votes in
      block.levels.withUnsafeBufferPointer { levels in
        guard let votes = votes.baseAddress, let levels = levels.baseAddress else { return }
        committee.forEach { k, member, rules in
          for r in 0..<count {
            let (x, levels) = (dense[r], levels + r * width)
            let said = votes + (k * count + r) * classes
            let leaf = member.tree.leaf(from: 0, x, levels)
            let found = member.tree.answer(leaf, x, levels, into: said)
            var guess = found.majority >= 0 ? 0 : -1
            if guess == 0 {
              for c in 0..<classes where said[c] > said[guess] { guess = c }
              let weight = max(1 - member.meanError, 1e-6)
              for c in 0..<classes { said[c] *= weight }
            }
            let (label, weight) = (targets[rows[r]], weights[rows[r]])
            guard learns, !label.isNaN, weight > 0 else { continue }
            let y = Int(label)
            let times = member.times(rules) * weight
            if times > 0 {
              member.tree.take(x, levels, class: y, weight: times, at: (leaf, found))
              member.behind?.take(x, levels, class: y, weight: times, at: nil)
            }
            member.observe(guess == y ? 0 : 1, rules)
          }
        }
      }
    }
  }

  /// Adds up what the members say of each row and counts its class, in order.
  private mutating func conclude(
    _ batch: borrowing MicroBatch, _ predictions: inout Predictions, writes: Bool = true,
    counts: Bool
  ) {
    let (members, count) = (committee.members.count, block.rows.count)
    for (r, i) in block.rows.enumerated() {
      if writes {
        predictions.widen(to: outputs)
        var total = 0.0
        for c in 0..<classes {
          var sum = 0.0
          for k in 0..<members { sum += block.votes[(k * count + r) * classes + c] }
          sight.distribution[c] = sum
          total += sum
        }
        for c in 0..<classes {
          sight.distribution[c] = total > 0 ? sight.distribution[c] / total : 0
        }
        sight.write(to: &predictions, i, isBinary: isBinary)
      }
      if counts, !batch.targets[i].isNaN {
        sight.count(Int(batch.targets[i]), batch.weights[i])
        learned += 1
      }
    }
  }

  // MARK: - Reactions

  mutating func refit(on window: borrowing MicroBatch) -> RefitReport {
    committee.begin()
    var scratch = Predictions(rows: window.count, width: outputs)
    let before = learned
    learn(window, rows: 0..<window.count, into: &scratch)
    return RefitReport(
      rows: learned - before, method: "replay of the window",
      failure: learned > before ? nil : "the window holds no labels")
  }

  var shape: TreeShape? { TreeShape(committee.members.lazy.map(\.tree.nodes)) }
  var form: PredictorForm? {
    .stepwise(
      TreeCuts(
        committee.members.lazy.map(\.tree.nodes), numbers: attributes.numbers,
        isConstantBetween: committee.members.allSatisfy { $0.tree.settings.leaf == .majority }))
  }

  mutating func takeNotices() -> [LearnerNotice] {
    defer { notices.removeAll() }
    return notices
  }

  func explainable(
    _ batch: borrowing MicroBatch, _ row: Int, output: Int
  ) -> ExplainableForm {
    let wish = isBinary ? 1 : output
    let voices = committee.members.map { max(1 - $0.meanError, 1e-6) }
    let total = voices.reduce(0, +)
    var (trees, isWhole): ([(weight: Double, tree: ExplainableTree)], Bool) = ([], true)
    for (member, voice) in zip(committee.members, voices) {
      // Who has seen nothing of a leaf's rows has no voice there.
      guard let made = member.tree.explainable(attributes, output: wish, nothing: nil) else {
        return .opaque()
      }
      trees.append((voice / total, made.tree))
      isWhole = isWhole && made.isWhole
    }
    return .trees(
      TreesForm(
        space: .probability, constant: 0, trees: trees, isWhole: isWhole, attributes: attributes,
        scaler: nil))
  }

  func write(to writer: inout SnapshotWriter) {
    attributes.write(to: &writer)
    writer.write([learned, classes])
    sight.write(to: &writer)
    committee.write(to: &writer)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    try attributes.restore(from: &reader)
    let counts = try reader.readInts()
    guard counts.count == 2, (2...100_000).contains(counts[1]) else { throw .corrupt }
    (learned, classes) = (counts[0], counts[1])
    try sight.restore(from: &reader, classes: classes)
    (committee.rules.plan.classes, committee.rules.plan.levels) = (classes, attributes.levels)
    try committee.restore(from: &reader)
  }
}

extension ClassTree: CommitteeTree {
  /// What a tree of classes has to know.
  struct Plan: Sendable {
    let settings: ClassTreeSettings
    let numbers: Int
    let nominals: Int
    var classes: Int
    var levels: [Int]
  }

  init(_ plan: Plan, seed: UInt64, excluded: Set<Int>) {
    self.init(
      settings: plan.settings, numbers: plan.numbers, nominals: plan.nominals, classes: 2,
      seed: seed, excluded: excluded)
    grow(classes: plan.classes, levels: plan.levels)
  }
}
