import Batches
import Catalogues

/// What one operand of a product is.
enum Operand: Equatable {
  /// The level of a category column.
  case level(column: Int)
  /// The value of a dense feature.
  case dense(feature: Int)
}

/// How one dense feature comes about.
enum DenseFeature: Equatable {
  case column(Int)
  /// The value `distance` rows back of series `series`, within the row's key.
  case lag(series: Int, distance: Int)
  /// The value of series `series` that was known `seconds` ago, within the row's key.
  case timedLag(series: Int, seconds: Double)
  case mean(Int)
  case product([Int])
}

/// A running mean of the target by the joint level of some columns.
struct MeanFeature: Equatable {
  let columns: [Int]
  /// Weight of the newest value once 1/n has fallen below it.
  let rate: Double
}

/// A column, or the target, of which earlier values are features.
struct LagSeries: Equatable {
  /// Nil: the target.
  let column: Int?
  /// The farthest look back in rows; 0: none.
  let longest: Int
  /// The farthest look back in seconds; 0: none.
  let longestSeconds: Double
}

/// A sparse feature family: one index per joint level, scaled by dense features if there are any.
struct SparseFeature: Equatable {
  let columns: [Int]
  let dense: [Int]
}

/// What becomes of each source column and which features are made of them: the locked schema.
struct FeaturePlan: Equatable {
  /// What has to be read of a column.
  struct Need: OptionSet {
    let rawValue: UInt8
    static let number = Need(rawValue: 1)
    static let level = Need(rawValue: 2)
    static let text = Need(rawValue: 4)
  }

  let columns: [String]
  var needs: [Need]
  var missing: [MissingPolicy]
  var task: Task
  var target: Int?
  var targetName: String
  var id: Int?
  var weight: Int?
  var time: [Int] = []
  var key: Int?
  var dense: [DenseFeature] = []
  var denseNames: [String] = []
  var denseMissing: [MissingPolicy] = []
  var sparse: [SparseFeature] = []
  var series: [LagSeries] = []
  var means: [MeanFeature] = []
}

/// Makes a plan from what the user said and what the first events showed.
struct FeaturePlanner {
  let options: IngestOptions
  let evidence: [ColumnEvidence]
  private var plan: FeaturePlan
  private var isCategory: [Bool]

  private init(_ options: IngestOptions, _ evidence: [ColumnEvidence]) {
    self.options = options
    self.evidence = evidence
    isCategory = evidence.map { !$0.isNumeric }
    plan = FeaturePlan(
      columns: evidence.map(\.name), needs: evidence.map { _ in [] },
      missing: evidence.map { _ in .mean }, task: .regression, target: nil, targetName: "")
  }

  static func plan(
    _ options: IngestOptions, _ evidence: [ColumnEvidence]
  ) throws(IngestError) -> FeaturePlan {
    var planner = FeaturePlanner(options, evidence)
    try planner.assignRoles()
    if !options.readsTargetOnly { try planner.addColumnFeatures() }
    try planner.addLags()
    try planner.addMeans()
    try planner.addCrosses()
    return planner.plan
  }

  private func column(_ name: String, _ option: String) throws(IngestError) -> Int {
    guard let index = plan.columns.firstIndex(of: name) else {
      throw .noSuchColumn(
        option: option, name: name, known: plan.columns,
        near: nearestNames(to: name, among: plan.columns))
    }
    return index
  }

  private mutating func assignRoles() throws(IngestError) {
    guard let targetName = options.target else { throw .noTarget(known: plan.columns) }
    let target = try column(targetName, "--target")
    plan.target = target
    plan.targetName = targetName
    for name in options.number { isCategory[try column(name, "--number")] = false }
    for name in options.category {
      let index = try column(name, "--category")
      if options.number.contains(name) {
        throw .conflictingRoles(name: name, first: "--number", second: "--category")
      }
      isCategory[index] = true
    }
    plan.task = try inferTask(target)
    plan.needs[target].insert(plan.task == .regression ? .number : .text)
    if let name = options.id {
      plan.id = try column(name, "--id")
      plan.needs[try column(name, "--id")].insert(.text)
    }
    if let name = options.weight {
      plan.weight = try column(name, "--weight")
      plan.needs[try column(name, "--weight")].insert(.number)
    }
    if let name = options.key {
      guard name != targetName else {
        throw .conflictingRoles(name: name, first: "--target", second: "--key")
      }
      plan.key = try column(name, "--key")
      plan.needs[try column(name, "--key")].insert(.level)
    }
    for (position, name) in options.time.enumerated() {
      let index = try column(name, "--time")
      plan.time.append(index)
      plan.needs[index].insert(position == 0 ? .text : .number)
    }
    for text in options.missing {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard let policy = MissingPolicy(rawValue: parts.last ?? "") else {
        throw .badFeature(
          option: "--missing", text: text,
          reason: "expected POLICY or COLUMN=POLICY, a policy being one of "
            + MissingPolicy.allCases.map(\.rawValue).joined(separator: ", "))
      }
      if parts.count == 2 {
        plan.missing[try column(parts[0], "--missing")] = policy
      } else {
        plan.missing = plan.missing.map { _ in policy }
      }
    }
    for single in [options.id, options.weight] where single == targetName {
      throw .conflictingRoles(name: targetName, first: "--target", second: "--id or --weight")
    }
  }

  private func inferTask(_ target: Int) throws(IngestError) -> Task {
    let seen = evidence[target]
    if let task = options.task {
      if task == .regression, seen.values > 0, seen.numbers == 0 {
        throw .unfitTarget(
          name: seen.name,
          reason: "--task regression needs numbers, the first values are "
            + seen.distinct.map { "'\($0)'" }.joined(separator: ", ") + "; try --task multiclass")
      }
      return task
    }
    if options.positive != nil { return .binary }
    let signs: Set<String> = ["0", "1", "-1", "+1", "0.0", "1.0", "-1.0"]
    if seen.isNumeric, seen.values > 0, seen.distinct.count <= 2,
      seen.distinct.allSatisfy({ signs.contains($0) })
    {
      return .binary
    }
    if seen.values > 0, seen.booleans == seen.values { return .binary }
    if seen.isNumeric { return .regression }
    return seen.distinct.count == 2 ? .binary : .multiclass
  }

  private mutating func addColumnFeatures() throws(IngestError) {
    var apart = Set([plan.target, plan.id, plan.weight].compactMap { $0 })
    // A timestamp is no feature unless the user says so; an hour column may well be one.
    if let first = plan.time.first { apart.insert(first) }
    // An ignored column may still be part of a cross, of a category's type if --category says so.
    let ignored = try Set(
      options.ignore.map { (name) throws(IngestError) in try column(name, "--ignore") })
    let named = Set(options.number + options.category)
    for index in plan.columns.indices {
      let isTarget = index == plan.target
      guard !ignored.contains(index) else { continue }
      guard !apart.contains(index) || (named.contains(plan.columns[index]) && !isTarget) else {
        continue
      }
      guard evidence[index].nested == 0 || named.contains(plan.columns[index]) else { continue }
      if isCategory[index] {
        plan.needs[index].insert(.level)
        plan.sparse.append(SparseFeature(columns: [index], dense: []))
      } else {
        _ = denseColumn(index)
      }
    }
  }

  private mutating func denseColumn(_ index: Int) -> Int {
    if let known = plan.dense.firstIndex(of: .column(index)) { return known }
    plan.needs[index].insert(.number)
    return addDense(.column(index), plan.columns[index], plan.missing[index])
  }

  private mutating func addDense(
    _ feature: DenseFeature, _ name: String, _ missing: MissingPolicy
  ) -> Int {
    plan.dense.append(feature)
    plan.denseNames.append(name)
    plan.denseMissing.append(missing)
    return plan.dense.count - 1
  }

  private mutating func addLags() throws(IngestError) {
    for text in options.lags {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      let words = parts.count == 2 ? parts[1].split(separator: ",") : []
      let distances = words.compactMap { StreamInterval($0) }
      guard !distances.isEmpty, distances.count == words.count else {
        throw .badFeature(
          option: "--lag", text: text,
          reason: "expected COLUMN=1,24,168 in rows, or COLUMN=1h,24h,7d in event time")
      }
      let index = try column(parts[0], "--lag")
      let isTarget = index == plan.target
      guard isTarget ? plan.task != .multiclass : !isCategory[index] else {
        throw .badFeature(option: "--lag", text: text, reason: "\(parts[0]) is not a number")
      }
      if !isTarget { plan.needs[index].insert(.number) }
      var (longest, longestSeconds) = (0, 0.0)
      for (word, distance) in zip(words, distances) {
        let name = "\(parts[0])@\(word)"
        switch distance {
        case .events(let rows) where rows > 1_000_000:
          throw .badFeature(
            option: "--lag", text: text, reason: "a lag looks back on at most 1,000,000 rows")
        case .events(let rows):
          longest = max(longest, rows)
          _ = addDense(.lag(series: plan.series.count, distance: rows), name, .mean)
        case .seconds(let seconds):
          guard !options.time.isEmpty else {
            throw .badFeature(
              option: "--lag", text: text, reason: "\(word) needs --time to know the event's time")
          }
          longestSeconds = max(longestSeconds, seconds)
          _ = addDense(.timedLag(series: plan.series.count, seconds: seconds), name, .mean)
        }
      }
      plan.series.append(
        LagSeries(
          column: isTarget ? nil : index, longest: longest, longestSeconds: longestSeconds))
    }
  }

  private mutating func addMeans() throws(IngestError) {
    for text in options.means {
      let sides = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard sides.count == 2, sides[0] == plan.targetName, plan.task != .multiclass else {
        throw .badFeature(
          option: "--mean", text: text, reason: "expected \(plan.targetName)=COLUMN*COLUMN[:RATE]")
      }
      let parts = sides[1].split(separator: ":", maxSplits: 1).map(String.init)
      let rate = parts.count == 2 ? Double(parts[1]) : 0.1
      guard let rate, rate > 0, rate <= 1 else {
        throw .badFeature(option: "--mean", text: text, reason: "the rate must be in 0…1")
      }
      var keys: [Int] = []
      for name in parts[0].split(separator: "*") {
        let index = try column(String(name), "--mean")
        guard index != plan.target else {
          throw .badFeature(
            option: "--mean", text: text, reason: "the target cannot be part of its own key")
        }
        plan.needs[index].insert(.level)
        keys.append(index)
      }
      guard !keys.isEmpty else {
        throw .badFeature(option: "--mean", text: text, reason: "no column to group by")
      }
      plan.means.append(MeanFeature(columns: keys, rate: rate))
      _ = addDense(.mean(plan.means.count - 1), "\(sides[0])~\(parts[0])", .mean)
    }
  }

  private mutating func addCrosses() throws(IngestError) {
    for text in options.crosses {
      var levels: [Int] = []
      var numbers: [Int] = []
      let names = text.split(separator: "*").map(String.init)
      guard names.count >= 2 else {
        throw .badFeature(option: "--cross", text: text, reason: "expected COLUMN*COLUMN")
      }
      for name in names {
        if let derived = plan.denseNames.firstIndex(of: name) {
          numbers.append(derived)
          continue
        }
        let index = try column(name, "--cross")
        guard index != plan.target else {
          throw .badFeature(
            option: "--cross", text: text,
            reason: "\(name) is the target; a lag of it, such as \(name)@1, would do")
        }
        if isCategory[index] {
          plan.needs[index].insert(.level)
          levels.append(index)
        } else {
          numbers.append(denseColumn(index))
        }
      }
      if levels.isEmpty {
        _ = addDense(.product(numbers), text, .mean)
      } else {
        plan.sparse.append(SparseFeature(columns: levels, dense: numbers))
      }
    }
  }
}
