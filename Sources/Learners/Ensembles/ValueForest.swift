import Detectors
import Kernels
import Snapshots

/// How a forest of trees of numbers grows.
struct ValueForestSettings: Sendable {
  var members = 10
  /// The mean of the Poisson variable that says how often a member learns a row.
  var mean = 6.0
  /// ADWIN's delta for a warning and for a drift; 0: members are never replaced, or without warning.
  var warning = 0.01
  var drift = 0.001
  var seed: UInt64 = 1
  var tree = ValueTreeSettings()
}

/// A committee of trees of numbers: each learns a row a random number of times and considers other
/// attributes; the answer is their mean. A member whose errors rise is replaced by the tree that has grown
/// behind it since a warning, or by a new one.
///
/// Errors are shown to ADWIN as parts of three deviations of the target.
///
/// Memory: that of the trees and of those that grow behind them, and 10 KB of detectors a member.
struct ValueForest: ValueModel {
  private struct Member: Sendable {
    var tree: ValueTree
    var behind: ValueTree?
    var warning: ADWIN
    var drift: ADWIN
    var answer = 0.0
  }

  private let settings: ValueForestSettings
  private let numbers: Int
  private let nominals: Int
  private var members: [Member] = []
  private var random: RandomBits
  private var targets = Moments()
  /// Members replaced since it was last asked, by position.
  private var replaced: [Int] = []

  init(_ settings: ValueForestSettings, numbers: Int, nominals: Int) {
    self.settings = settings
    self.numbers = numbers
    self.nominals = nominals
    random = RandomBits(seed: settings.seed)
    begin()
  }

  private mutating func begin() {
    members = (0..<settings.members).map { _ in
      Member(
        tree: freshTree(), warning: ADWIN(delta: max(settings.warning, 1e-300)),
        drift: ADWIN(delta: max(settings.drift, 1e-300)))
    }
  }

  private mutating func freshTree() -> ValueTree {
    ValueTree(
      settings: settings.tree, numbers: numbers, nominals: nominals, seed: random.next())
  }

  var memoryBytes: Int {
    members.reduce(0) { $0 + $1.tree.memoryBytes + ($1.behind?.memoryBytes ?? 0) + 10_240 }
  }

  /// The members' mean; `z` is the row on the scale of the leaves' models.
  mutating func answer(
    _ x: UnsafePointer<Double>, _ z: UnsafePointer<Double>, _ levels: [Int32]
  ) -> Double {
    var sum = 0.0
    for k in members.indices {
      let leaf = members[k].tree.leaf(from: 0, x, levels)
      members[k].answer = members[k].tree.answer(leaf, z)
      sum += members[k].answer
    }
    return sum / Double(members.count)
  }

  /// Learns the row that was answered last.
  mutating func learn(
    _ x: UnsafePointer<Double>, _ z: UnsafePointer<Double>, _ levels: [Int32], target: Double,
    weight: Double
  ) {
    targets.add(target, weight)
    let unit = 3 * targets.variance.squareRoot()
    for k in members.indices {
      let times = Double(random.poisson(settings.mean)) * weight
      if times > 0 {
        members[k].tree.learn(x, z, levels, target: target, weight: times)
        members[k].behind?.learn(x, z, levels, target: target, weight: times)
      }
      if settings.drift > 0, unit > 0 {
        watch(k, error: min(1, abs(members[k].answer - target) / unit))
      }
    }
  }

  private mutating func watch(_ k: Int, error: Double) {
    if settings.warning > 0, let alarm = members[k].warning.observe(error),
      alarm.after > alarm.before
    {
      members[k].behind = freshTree()
      members[k].warning = ADWIN(delta: settings.warning)
    }
    guard let alarm = members[k].drift.observe(error), alarm.after > alarm.before else { return }
    replaced.append(k)
    members[k].tree = members[k].behind ?? freshTree()
    members[k].behind = nil
    members[k].warning = ADWIN(delta: max(settings.warning, 1e-300))
    members[k].drift = ADWIN(delta: settings.drift)
  }

  mutating func takeNews() -> [(kind: String, text: String)] {
    defer { replaced.removeAll() }
    var news: [(kind: String, text: String)] = replaced.map {
      ("member-replaced", "tree \($0): its errors had risen")
    }
    for k in members.indices { news += members[k].tree.takeNews() }
    return news
  }

  func drawing(_ attributes: TreeAttributes) -> TreeDrawing? { nil }

  func write(to writer: inout SnapshotWriter) {
    writer.write(random.state)
    writer.write(targets.numbers)
    writer.write(replaced)
    for member in members {
      member.tree.write(to: &writer)
      writer.write(member.behind != nil)
      member.behind?.write(to: &writer)
      member.warning.write(to: &writer)
      member.drift.write(to: &writer)
    }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let state = try reader.readWord()
    let sums = try reader.readDoubles()
    replaced = try reader.readInts()
    guard sums.count == 3, replaced.allSatisfy({ members.indices.contains($0) }) else {
      throw .corrupt
    }
    targets = Moments(weight: sums[0], mean: sums[1], squares: sums[2])
    // Trees are made for being restored into; what that draws is taken back.
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
    }
    random.state = state
  }
}
