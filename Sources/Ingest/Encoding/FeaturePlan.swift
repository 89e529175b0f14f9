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

/// A category that is no column of the input but follows from the row's time or number.
enum ClockColumn: Equatable {
  /// `time@48`: which of so many equal parts of the day.
  case partOfDay(Int)
  /// `time@weekday`: 0 … 6 from Sunday on.
  case weekday
  /// `row@48`: the row's number within its key, modulo so many.
  case row(Int)

  /// The clock that `name` spells; nil when it spells none.
  init?(_ name: String) {
    let parts = name.split(separator: "@").map(String.init)
    guard parts.count == 2 else { return nil }
    switch (parts[0], parts[1], Int(parts[1])) {
    case ("time", "weekday", _): self = .weekday
    case ("time", _, let count?) where (1...1440).contains(count): self = .partOfDay(count)
    case ("row", _, let count?) where (1...100_000).contains(count): self = .row(count)
    default: return nil
    }
  }

  var name: String {
    switch self {
    case .partOfDay(let count): "time@\(count)"
    case .weekday: "time@weekday"
    case .row(let count): "row@\(count)"
    }
  }

  var needsTime: Bool { if case .row = self { false } else { true } }

  /// Where a row stands on it; `row` counts from 0 within the row's key.
  func level(time: Double, row: Int) -> Int {
    switch self {
    case .row(let count): return row % count
    case .weekday:
      guard abs(time) < 1e15 else { return 0 }
      // 1970-01-01 was a Thursday.
      let day = Int((time / 86_400).rounded(.down)) + 4
      return (day % 7 + 7) % 7
    case .partOfDay(let count):
      guard abs(time) < 1e15 else { return 0 }
      let part = Int((time / (86_400 / Double(count))).rounded(.down))
      return (part % count + count) % count
    }
  }
}

/// A category that is no column of the input.
enum DerivedLevel: Equatable {
  case clock(ClockColumn)
  /// What a column's level was so far back, `word` in the words of who asked for it.
  case earlier(column: Int, word: String, back: StreamInterval)
}

/// A running mean of the target by the joint level of some columns.
struct MeanFeature: Equatable {
  let columns: [Int]
  /// Whether it is a mean of the target's square root.
  var isRoot = false
  /// Weight of the newest value once 1/n has fallen below it.
  let rate: Double
}

/// A column, or the target, of which earlier values are features.
struct LagSeries: Equatable {
  /// Nil: the target.
  let column: Int?
  /// Whether the square root of its values is kept.
  var isRoot = false
  /// The farthest look back in rows; 0: none.
  let longest: Int
  /// The farthest look back in seconds; 0: none.
  let longestSeconds: Double
}

/// A sparse feature family: one index per joint level, scaled by dense features if there are any.
struct SparseFeature: Equatable {
  let columns: [Int]
  let dense: [Int]
  /// What its value is multiplied by: below 1, weights are expected to be small.
  var scale = 1.0
  /// Whether rows have it now.
  var isOn = true
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

  private(set) var columns: [String]
  /// Categories that are no columns; their indices follow those of the columns.
  var derivedLevels: [DerivedLevel] = []
  var needs: [Need]
  var missing: [MissingPolicy]
  var task: Task
  var target: Int?
  var targetName: String
  var id: Int?
  var weight: Int?
  var sequence: Int?
  var time: [Int] = []
  var key: Int?
  var dense: [DenseFeature] = []
  var denseNames: [String] = []
  var denseMissing: [MissingPolicy] = []
  var sparse: [SparseFeature] = []
  /// The sparse indices of features that have no column; those of categories are around them.
  var hashed = 0..<0
  var series: [LagSeries] = []
  var means: [MeanFeature] = []
  /// The columns by which scores are told apart.
  var groups: [GroupingColumn] = []

  /// The columns of the records, where the last one, the target, comes by another stream.
  var withoutLastColumn: FeaturePlan {
    var plan = self
    plan.columns.removeLast()
    plan.needs.removeLast()
    return plan
  }

  /// What a category is called, whether it is a column or not.
  func name(ofLevel index: Int) -> String {
    guard index >= columns.count else { return columns[index] }
    switch derivedLevels[index - columns.count] {
    case .clock(let clock): return clock.name
    case .earlier(let column, let word, _): return "\(columns[column])@\(word)"
    }
  }

  /// The index of the category that is called so and is no column.
  func derivedLevel(_ name: String) -> Int? {
    (columns.count..<columns.count + derivedLevels.count).first { self.name(ofLevel: $0) == name }
  }
}

/// Makes a plan from what the user said and what the first events showed.
struct FeaturePlanner {
  let options: IngestOptions
  let evidence: [ColumnEvidence]
  private var plan: FeaturePlan
  /// The dense features that are columns, by the column.
  private var denseFeatures: [Int: Int] = [:]
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
    if options.readsTargetOnly {
      // In the order they were named, the target among them if it was.
      for name in options.number { _ = planner.denseColumn(try planner.column(name, "--column")) }
    } else {
      try planner.addColumnFeatures()
    }
    try planner.addLags()
    try planner.addMeans()
    try planner.addCrosses()
    for text in options.groups { planner.plan.groups += try planner.groupings(text) }
    for grouping in planner.plan.groups {
      planner.plan.needs[grouping.column].insert(grouping.cuts.isEmpty ? .text : .number)
    }
    return planner.plan
  }

  func column(_ name: String, _ option: String) throws(IngestError) -> Int {
    guard let index = plan.columns.firstIndex(of: name) else {
      throw .noSuchColumn(
        option: option, name: name, known: plan.columns,
        near: nearestNames(to: name, among: plan.columns))
    }
    return index
  }

  /// The index of a category that a cross or a mean names: a column's or a clock's.
  private mutating func levelColumn(_ name: String, _ option: String) throws(IngestError) -> Int {
    if let known = plan.derivedLevel(name), !plan.columns.contains(name) { return known }
    guard !plan.columns.contains(name), let clock = ClockColumn(name) else {
      let index = try column(name, option)
      plan.needs[index].insert(.level)
      return index
    }
    guard !clock.needsTime || !options.time.isEmpty else {
      throw .badFeature(
        option: option, text: name, reason: "it needs --time to know the event's time")
    }
    plan.derivedLevels.append(.clock(clock))
    return plan.columns.count + plan.derivedLevels.count - 1
  }

  /// The name inside `sqrt(NAME)`.
  private static func rooted(_ text: String) -> (name: String, isRoot: Bool) {
    guard text.hasPrefix("sqrt("), text.hasSuffix(")") else { return (text, false) }
    return (String(text.dropFirst(5).dropLast()), true)
  }

  private mutating func assignRoles() throws(IngestError) {
    guard options.target != nil || options.mayLackTarget else {
      throw .noTarget(known: plan.columns)
    }
    // `weir detect` calls both so.
    let detected = options.readsTargetOnly ? "--column" : nil
    // No column has an empty name.
    let targetName = options.target ?? ""
    if options.target != nil {
      plan.target = try column(targetName, detected ?? "--target")
      plan.targetName = targetName
    }
    for name in options.number { isCategory[try column(name, detected ?? "--number")] = false }
    for name in options.category {
      let index = try column(name, "--category")
      if options.number.contains(name) {
        throw .conflictingRoles(name: name, first: "--number", second: "--category")
      }
      isCategory[index] = true
    }
    if let target = plan.target {
      plan.task = try inferTask(target)
      plan.needs[target].insert(plan.task == .regression ? .number : .text)
    }
    if let name = options.id {
      plan.id = try column(name, "--id")
      plan.needs[try column(name, "--id")].insert(.text)
    }
    if let name = options.weight {
      plan.weight = try column(name, "--weight")
      plan.needs[try column(name, "--weight")].insert(.number)
    }
    if let name = options.sequence {
      guard name != targetName else {
        throw .conflictingRoles(name: name, first: "--target", second: "--sequence")
      }
      plan.sequence = try column(name, "--sequence")
      plan.needs[try column(name, "--sequence")].insert(.number)
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
    var apart = Set([plan.target, plan.id, plan.weight, plan.sequence].compactMap { $0 })
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
    if let known = denseFeatures[index] { return known }
    plan.needs[index].insert(.number)
    let feature = addDense(.column(index), plan.columns[index], plan.missing[index])
    denseFeatures[index] = feature
    return feature
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
      let (name, isRoot) = FeaturePlanner.rooted(parts[0])
      let index = try column(name, "--lag")
      let isTarget = index == plan.target
      if !isTarget, !isRoot, isCategory[index] {
        try addEarlierLevels(index, text, words.map(String.init), distances)
        continue
      }
      guard isTarget ? plan.task != .multiclass : !isCategory[index] else {
        throw .badFeature(option: "--lag", text: text, reason: "\(name) is not a number")
      }
      if !isTarget { plan.needs[index].insert(.number) }
      var (longest, longestSeconds) = (0, 0.0)
      for (word, distance) in zip(words, distances) {
        let name = "\(parts[0])@\(word)"
        switch distance {
        case .events(let rows) where rows > FeaturePlanner.longestLag:
          throw FeaturePlanner.tooLong(text)
        case .events(let rows):
          longest = max(longest, rows)
          _ = addDense(.lag(series: plan.series.count, distance: rows), name, .mean)
        case .seconds(let seconds):
          guard !options.time.isEmpty else { throw FeaturePlanner.timeless(text, String(word)) }
          longestSeconds = max(longestSeconds, seconds)
          _ = addDense(.timedLag(series: plan.series.count, seconds: seconds), name, .mean)
        }
      }
      plan.series.append(
        LagSeries(
          column: isTarget ? nil : index, isRoot: isRoot, longest: longest,
          longestSeconds: longestSeconds))
    }
  }

  private static let longestLag = 1_000_000

  private static func tooLong(_ text: String) -> IngestError {
    .badFeature(
      option: "--lag", text: text, reason: "a lag looks back on at most 1,000,000 rows")
  }

  private static func timeless(_ text: String, _ word: String) -> IngestError {
    .badFeature(
      option: "--lag", text: text, reason: "\(word) needs --time to know the event's time")
  }

  /// What a category was some time ago is a category.
  private mutating func addEarlierLevels(
    _ index: Int, _ text: String, _ words: [String], _ distances: [StreamInterval]
  ) throws(IngestError) {
    plan.needs[index].insert(.level)
    for (word, back) in zip(words, distances) {
      switch back {
      case .events(let rows) where rows > FeaturePlanner.longestLag:
        throw FeaturePlanner.tooLong(text)
      case .seconds where options.time.isEmpty: throw FeaturePlanner.timeless(text, word)
      default: break
      }
      plan.derivedLevels.append(.earlier(column: index, word: word, back: back))
      plan.sparse.append(
        SparseFeature(columns: [plan.columns.count + plan.derivedLevels.count - 1], dense: []))
    }
  }

  private mutating func addMeans() throws(IngestError) {
    for text in options.means {
      let sides = text.split(separator: "=", maxSplits: 1).map(String.init)
      let (target, isRoot) = FeaturePlanner.rooted(sides[0])
      guard sides.count == 2, target == plan.targetName, plan.task != .multiclass else {
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
        guard name != plan.targetName else {
          throw .badFeature(
            option: "--mean", text: text, reason: "the target cannot be part of its own key")
        }
        keys.append(try levelColumn(String(name), "--mean"))
      }
      guard !keys.isEmpty else {
        throw .badFeature(option: "--mean", text: text, reason: "no column to group by")
      }
      plan.means.append(MeanFeature(columns: keys, isRoot: isRoot, rate: rate))
      let short = "\(sides[0])~\(parts[0])"
      // Of several means of the same the later ones show their rate.
      let name = plan.denseNames.contains(short) ? "\(short):\(rate)" : short
      _ = addDense(.mean(plan.means.count - 1), name, .mean)
    }
  }

  /// A product without its `:SCALE`, and that; a column's name may end like it.
  private func scaled(_ text: String) throws(IngestError) -> (product: String, scale: Double) {
    guard let colon = text.lastIndex(of: ":"),
      !plan.columns.contains(where: { text.hasSuffix($0) && $0.contains(":") }),
      let scale = Double(text[text.index(after: colon)...])
    else { return (text, 1) }
    guard scale > 0, scale <= 1000 else {
      throw .badFeature(option: "--cross", text: text, reason: "the scale must be in 0…1000")
    }
    return (String(text[..<colon]), scale)
  }

  private mutating func addCrosses() throws(IngestError) {
    for text in options.crosses {
      var levels: [Int] = []
      var numbers: [Int] = []
      let (product, scale) = try scaled(text)
      let names = product.split(separator: "*").map(String.init)
      // A clock may also stand alone: it is no column, and so no feature unless it is named.
      guard names.count >= 2 || ClockColumn(product) != nil else {
        throw .badFeature(option: "--cross", text: text, reason: "expected COLUMN*COLUMN[:SCALE]")
      }
      for name in names {
        if let derived = plan.denseNames.firstIndex(of: name) {
          numbers.append(derived)
          continue
        }
        if !plan.columns.contains(name),
          plan.derivedLevel(name) != nil || ClockColumn(name) != nil
        {
          levels.append(try levelColumn(name, "--cross"))
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
        guard scale == 1 else {
          throw .badFeature(
            option: "--cross", text: text, reason: "a product of numbers alone has no scale")
        }
        _ = addDense(.product(numbers), product, .mean)
      } else {
        plan.sparse.append(SparseFeature(columns: levels, dense: numbers, scale: scale))
      }
    }
  }
}
