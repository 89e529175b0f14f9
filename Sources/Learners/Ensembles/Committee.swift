import Detectors
import Kernels
import Snapshots

/// How the members of a committee learn, and are replaced.
struct CommitteeSettings: Sendable {
  enum Reaction: Sendable {
    /// A member whose errors rise is replaced, by the tree that has grown since a warning if there is one.
    case member
    /// When the errors of any member have risen, the worst of all begins again.
    case worst
  }

  var members = 10
  /// The mean of the Poisson variable that says how often a member learns a row.
  var mean = 6.0
  /// ADWIN's delta for a warning and for a drift; 0: no warnings, members for good.
  var warning = 0.01
  var drift = 0.001
  var reaction = Reaction.member
  /// Attributes that a member knows of; 0: all.
  var memberSubspace = 0
  var seed: UInt64 = 1

  /// What a tree may take of so many bytes for the whole committee (0: no bound), whose members may each have a
  /// second tree behind them.
  func bytes(ofTree all: Int) -> Int {
    let trees = members * (warning > 0 && drift > 0 && reaction == .member ? 2 : 1)
    return all > 0 ? max(1, all / trees) : 0
  }
}

/// A tree that can be a member of a committee.
protocol CommitteeTree: Sendable {
  /// What a new tree has to know.
  associatedtype Plan: Sendable
  /// A tree that has learned nothing; it may not split on `excluded` attributes.
  init(_ plan: Plan, seed: UInt64, excluded: Set<Int>)
  var memoryBytes: Int { get }
  func write(to writer: inout SnapshotWriter)
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError)
}

/// What members have to know of their committee.
struct CommitteeRules<Tree: CommitteeTree>: Sendable {
  let settings: CommitteeSettings
  /// What new trees have to know; more when there are more classes or levels.
  var plan: Tree.Plan
  let attributes: Int

  fileprivate func freshTree(_ random: inout RandomBits) -> Tree {
    var excluded: Set<Int> = []
    let wish = settings.memberSubspace
    if wish > 0, wish < attributes {
      var all = Array(0..<attributes)
      for k in 0..<(attributes - wish) {
        all.swapAt(k, k + random.below(attributes - k))
        excluded.insert(all[k])
      }
    }
    return Tree(plan, seed: random.next(), excluded: excluded)
  }

  fileprivate var warning: ADWIN { ADWIN(delta: max(settings.warning, 1e-300)) }
  fileprivate var drift: ADWIN { ADWIN(delta: max(settings.drift, 1e-300)) }
}

/// A member: its tree, the one that grows behind it, what watches its errors, and random numbers of its own,
/// so that members depend on nobody.
struct Member<Tree: CommitteeTree>: Sendable {
  var tree: Tree
  /// The tree that has grown since a warning.
  var behind: Tree?
  private(set) var warning: ADWIN
  private(set) var drift: ADWIN
  fileprivate var random: RandomBits
  /// Rows answered since it began, and the sum of their errors.
  private(set) var rows = 0.0
  private(set) var errors = 0.0
  /// Whether its errors have risen since the committee last looked.
  fileprivate var hasDrifted = false
  /// When it was replaced since it was last asked, in rows that it had learned by then, and by what.
  fileprivate var changes: [(learned: Int, text: String)] = []
  private(set) var learned = 0

  fileprivate init(_ rules: CommitteeRules<Tree>, _ random: RandomBits) {
    self.random = random
    (warning, drift) = (rules.warning, rules.drift)
    tree = rules.freshTree(&self.random)
  }

  /// The mean error since it began.
  var meanError: Double { rows > 0 ? errors / rows : 0 }

  /// Its weight where numbers are averaged: 1/e², as if ten rows with an error of 0.3 had come before.
  var voice: Double {
    let odds = (rows + 10) / (errors + 3)
    return odds * odds
  }

  /// How often it learns the row at hand.
  mutating func times(_ rules: CommitteeRules<Tree>) -> Double {
    Double(random.poisson(rules.settings.mean))
  }

  /// Takes the error of a row that was learned, in 0 ... 1.
  mutating func observe(_ error: Double, _ rules: CommitteeRules<Tree>) {
    let settings = rules.settings
    learned += 1
    rows += 1
    errors += error
    guard settings.drift > 0 else { return }
    if settings.warning > 0, let alarm = warning.observe(error), alarm.after > alarm.before {
      behind = rules.freshTree(&random)
      warning = rules.warning
    }
    guard let alarm = drift.observe(error), alarm.after > alarm.before else { return }
    if settings.reaction == .member {
      replace(rules)
    } else {
      hasDrifted = true
    }
  }

  fileprivate mutating func replace(_ rules: CommitteeRules<Tree>) {
    let error = (1000 * meanError).rounded() / 1000
    if changes.count < 100 {
      changes.append(
        (
          learned,
          "its error was \(error) over \(Int(rows)) rows and rose; "
            + (behind == nil ? "it begins again" : "the tree behind it takes its place")
        ))
    }
    tree = behind ?? rules.freshTree(&random)
    behind = nil
    (warning, drift) = (rules.warning, rules.drift)
    (rows, errors) = (0, 0)
  }

  fileprivate func write(to writer: inout SnapshotWriter) {
    tree.write(to: &writer)
    writer.write(behind != nil)
    behind?.write(to: &writer)
    warning.write(to: &writer)
    drift.write(to: &writer)
    writer.write(random.state)
    writer.write([rows, errors])
    writer.write([learned, hasDrifted ? 1 : 0])
  }

  fileprivate mutating func restore(
    from reader: inout SnapshotReader, _ rules: CommitteeRules<Tree>
  ) throws(SnapshotError) {
    try tree.restore(from: &reader)
    behind = nil
    if try reader.readBool() {
      var other = Tree(rules.plan, seed: 0, excluded: [])
      try other.restore(from: &reader)
      behind = other
    }
    try warning.restore(from: &reader)
    try drift.restore(from: &reader)
    random.state = try reader.readWord()
    let sums = try reader.readDoubles()
    let counts = try reader.readInts()
    guard sums.count == 2, counts.count == 2 else { throw .corrupt }
    (rows, errors) = (sums[0], sums[1])
    (learned, hasDrifted) = (counts[0], counts[1] == 1)
  }
}

/// Trees that each learn every row a random number of times and are replaced when their errors rise.
///
/// A member sees rows in order and nothing of the other members, so they are taken through a block of rows one
/// after another, or by several threads at once: the outcome is the same, bit for bit. Only `worst` needs to
/// know of all: there blocks end where `stride` rows have been learned, and then it is looked at.
///
/// Memory: that of the trees and of those that grow behind them, and 10 KB of detectors a member.
struct Committee<Tree: CommitteeTree>: Sendable {
  /// Rows after which members are compared.
  static var stride: Int { 64 }

  var rules: CommitteeRules<Tree>
  private let workers: Workers
  private(set) var members: [Member<Tree>] = []

  init(_ settings: CommitteeSettings, _ plan: Tree.Plan, attributes: Int, workers: Workers) {
    rules = CommitteeRules(settings: settings, plan: plan, attributes: attributes)
    self.workers = workers
    begin()
  }

  /// Forgets all that was learned.
  mutating func begin() {
    var random = RandomBits(seed: rules.settings.seed)
    members = (0..<rules.settings.members).map { _ in
      Member(rules, RandomBits(seed: random.next()))
    }
  }

  var memoryBytes: Int {
    members.reduce(0) { $0 + $1.tree.memoryBytes + ($1.behind?.memoryBytes ?? 0) + 10_240 }
  }

  /// How many more rows may be learned before `compare` has to be called; `learned`: those so far.
  func room(learned: Int) -> Int {
    rules.settings.reaction == .worst ? Committee.stride - learned % Committee.stride : .max
  }

  /// Calls `body` with every member, perhaps by several threads.
  mutating func forEach(_ body: (Int, inout Member<Tree>, CommitteeRules<Tree>) -> Void) {
    let rules = rules
    workers.forEach(&members) { body($0, &$1, rules) }
  }

  /// The same in order, on this thread: for so little that sharing it out would take longer.
  mutating func forEachHere(_ body: (inout Member<Tree>, CommitteeRules<Tree>) -> Void) {
    for k in members.indices { body(&members[k], rules) }
  }

  /// After `learned` rows: begins the worst again, if that is how the committee reacts and any has drifted.
  mutating func compare(learned: Int) {
    guard rules.settings.reaction == .worst, learned % Committee.stride == 0,
      members.contains(where: \.hasDrifted)
    else { return }
    var worst = 0
    for k in members.indices {
      members[k].hasDrifted = false
      if members[k].drift.mean > members[worst].drift.mean { worst = k }
    }
    members[worst].replace(rules)
  }

  /// Which members were replaced since this was last asked, in order of time.
  mutating func takeChanges() -> [(learned: Int, text: String)] {
    guard members.contains(where: { !$0.changes.isEmpty }) else { return [] }
    var all: [(learned: Int, member: Int, text: String)] = []
    for k in members.indices {
      all += members[k].changes.map { ($0.learned, k, "tree \(k): \($0.text)") }
      members[k].changes.removeAll()
    }
    all.sort { ($0.learned, $0.member) < ($1.learned, $1.member) }
    return all.map { ($0.learned, $0.text) }
  }

  func write(to writer: inout SnapshotWriter) {
    for member in members { member.write(to: &writer) }
  }

  /// Reads members of trees that are made by the plan as it stands.
  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    for k in members.indices { try members[k].restore(from: &reader, rules) }
  }
}
