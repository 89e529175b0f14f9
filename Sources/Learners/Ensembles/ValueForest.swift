import Catalogues
import Kernels
import Snapshots

/// A committee of trees of numbers; the answer is their mean, weighted by 1/e² of the members' mean errors
/// since they began.
///
/// Errors are shown to ADWIN as parts of three deviations of the target.
///
/// Memory: `Committee`.
struct ValueForest: ValueModel {
  private var committee: Committee<ValueTree>
  private var targets = Moments()
  private var learned = 0
  /// What each member says of each row of a block, and its weight, member × row; three deviations of the target at each row.
  private var said: [Double] = []
  private var units: [Double] = []

  /// The parameters that committees share, beside those of their trees.
  static let parameters: [Parameter] = [
    Parameter("members", .integer(default: 10, in: 1...1000), "trees in the committee"),
    Parameter(
      "mean", .real(default: 6, in: 0.01...100), "how often a member learns a row, on average"),
    Parameter(
      "drift", .real(default: 0.001, in: 0...1),
      "ADWIN's delta for a drift; 0: members stay for good"),
    Parameter("seed", .integer(default: 1, in: 0...Int.max), "of the random numbers"),
  ]

  static func settings(_ given: Settings) -> CommitteeSettings {
    var own = CommitteeSettings()
    own.members = given.integer("members")
    own.mean = given.real("mean")
    own.drift = given.real("drift")
    own.seed = UInt64(given.integer("seed"))
    return own
  }

  init(
    _ settings: CommitteeSettings, tree: ValueTreeSettings, numbers: Int, nominals: Int,
    workers: Workers
  ) {
    var tree = tree
    tree.mostBytes = settings.bytes(ofTree: tree.mostBytes)
    committee = Committee(
      settings, ValueTree.Plan(settings: tree, numbers: numbers, nominals: nominals),
      attributes: numbers + nominals, workers: workers)
  }

  var memoryBytes: Int { committee.memoryBytes }

  // MARK: - Blocks of rows

  mutating func take(_ rows: ValueRows, into answers: UnsafeMutablePointer<Double>) {
    var first = 0
    while first < rows.count {
      var (last, room) = (first, committee.room(learned: learned))
      while last < rows.count, room > 0 {
        room -= rows.isLearned(last) ? 1 : 0
        last += 1
      }
      take(rows, first..<last, into: answers)
      committee.compare(learned: learned)
      first = last
    }
  }

  private mutating func take(
    _ rows: ValueRows, _ part: Range<Int>, into answers: UnsafeMutablePointer<Double>
  ) {
    let (count, members) = (part.count, committee.members.count)
    if units.count < count {
      units = Array(repeating: 0, count: count)
      said = Array(repeating: 0, count: 2 * count * members)
    }
    for r in part where rows.isLearned(r) {
      targets.add(rows.targets[r], rows.weights[r])
      units[r - part.lowerBound] = 3 * targets.variance.squareRoot()
      learned += 1
    }
    said.withUnsafeMutableBufferPointer { said in
      units.withUnsafeBufferPointer { units in
        guard let said = said.baseAddress, let units = units.baseAddress else { return }
        committee.forEach { k, member, rules in
          for (position, r) in part.enumerated() {
            let answer = member.tree.answer(rows.numbers(r), rows.before(r), rows.levels(r))
            let voice = member.voice
            said[2 * (k * count + position)] = voice * answer
            said[2 * (k * count + position) + 1] = voice
            guard rows.isLearned(r) else { continue }
            ValueForest.learn(
              &member, rules, rows.numbers(r), rows.after(r), rows.levels(r),
              target: rows.targets[r], weight: rows.weights[r])
            if units[position] > 0 {
              member.observe(min(1, abs(answer - rows.targets[r]) / units[position]), rules)
            }
          }
        }
        for (position, r) in part.enumerated() {
          var (sum, voices) = (0.0, 0.0)
          for k in 0..<members {
            sum += said[2 * (k * count + position)]
            voices += said[2 * (k * count + position) + 1]
          }
          answers[r] = sum / voices
        }
      }
    }
  }

  private static func learn(
    _ member: inout Member<ValueTree>, _ rules: CommitteeRules<ValueTree>,
    _ x: UnsafePointer<Double>, _ z: UnsafePointer<Double>, _ levels: UnsafePointer<Int32>,
    target: Double, weight: Double
  ) {
    let times = member.times(rules) * weight
    guard times > 0 else { return }
    member.tree.learn(x, z, levels, target: target, weight: times)
    member.behind?.learn(x, z, levels, target: target, weight: times)
  }

  // MARK: - One row, of a committee whose members stay

  /// The members' mean; `z` is the row on the scale of the leaves' models.
  func answer(
    _ x: UnsafePointer<Double>, _ z: UnsafePointer<Double>, _ levels: UnsafePointer<Int32>
  ) -> Double {
    var sum = 0.0
    for k in committee.members.indices { sum += committee.members[k].tree.answer(x, z, levels) }
    return sum / Double(committee.members.count)
  }

  /// Has all members learn a row; nobody watches their errors.
  mutating func learn(
    _ x: UnsafePointer<Double>, _ z: UnsafePointer<Double>, _ levels: UnsafePointer<Int32>,
    target: Double, weight: Double
  ) {
    committee.forEachHere { member, rules in
      ValueForest.learn(&member, rules, x, z, levels, target: target, weight: weight)
    }
  }

  // MARK: - Accounts

  mutating func takeNews() -> [(kind: String, text: String)] {
    var news = committee.takeChanges().map { (kind: "member-replaced", text: $0.text) }
    committee.forEachHere { member, _ in news += member.tree.takeNews() }
    return news
  }

  func drawing(_ attributes: TreeAttributes) -> TreeDrawing? { nil }
  var shape: TreeShape { TreeShape(committee.members.lazy.map(\.tree.nodes)) }
  func cuts(numbers: Int) -> TreeCuts? {
    TreeCuts(
      committee.members.lazy.map(\.tree.nodes), numbers: numbers,
      isConstantBetween: committee.members.allSatisfy { $0.tree.settings.leaf == .mean })
  }

  func sum(_ attributes: TreeAttributes) -> TreeSum? {
    let total = committee.members.reduce(0) { $0 + $1.voice }
    var sum = TreeSum(trees: [])
    for member in committee.members {
      guard let tree = member.tree.explainable(attributes) else { return nil }
      sum.trees.append((member.voice / total, tree))
    }
    return sum
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write(targets.numbers)
    writer.write(learned)
    committee.write(to: &writer)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let sums = try reader.readDoubles()
    guard sums.count == 3 else { throw .corrupt }
    targets = Moments(weight: sums[0], mean: sums[1], squares: sums[2])
    learned = try reader.readInt()
    try committee.restore(from: &reader)
  }
}

extension ValueTree: CommitteeTree {
  /// What a tree of numbers has to know.
  struct Plan: Sendable {
    let settings: ValueTreeSettings
    let numbers: Int
    let nominals: Int
  }

  init(_ plan: Plan, seed: UInt64, excluded: Set<Int>) {
    self.init(
      settings: plan.settings, numbers: plan.numbers, nominals: plan.nominals, seed: seed,
      excluded: excluded)
  }
}
