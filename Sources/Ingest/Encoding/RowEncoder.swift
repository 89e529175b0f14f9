import Batches

/// Why a row cannot be taken; `EventSource` adds where it stands.
struct Fault {
  let kind: Refusal.Kind
  let column: Int?
  let expected: String
  let found: String
}

/// Turns one record's fields into a row of features.
///
/// A format first puts the record's columns into `numbers` and `fields`; then `encode` checks them
/// all and only then touches any state, so that nothing is learned from a bad row. No allocation in
/// steady state.
final class RowEncoder {
  let plan: FeaturePlan
  /// The value of each column that is read as a number alone; NaN: missing.
  let numbers: UnsafeMutablePointer<Double>
  /// The bytes of each column that is read in any other way; empty: missing.
  let fields: UnsafeMutablePointer<Field>
  private(set) var target: TargetReader
  private(set) var notices: [SourceNotice] = []
  /// Events accepted so far.
  private(set) var accepted = 0

  private let columnCount: Int
  private let plainColumns: [Int]
  private let derived: [Int]
  private let textual: [Int]
  private let levelColumns: [Int]
  private var tables: [LevelTable]
  private let levels: UnsafeMutablePointer<Int>
  private var newLevels: [Int]
  private var groups: [KeyTable]
  private var sparseKeys: [KeyTable]
  private var sparseNames: [(feature: Int, key: UInt64)] = []
  private var sparseIndex: [[Int32]] = []
  private var meanGroups: [Int]
  private var lags: [LagHistory]
  private var timedLags: [TimedHistory]
  private var means: [MeanHistory]
  private var scales: [RunningScale]
  private let imputed: UnsafeMutablePointer<Double>
  private let imputedCounts: UnsafeMutablePointer<Double>

  /// Notices of new categories beyond this many a column are only counted.
  private static let noticesPerColumn = 10

  init(_ plan: FeaturePlan, target: TargetReader, categoryLimit: Int) {
    self.plan = plan
    self.target = target
    columnCount = plan.columns.count
    numbers = .allocate(capacity: max(columnCount, 1))
    numbers.initialize(repeating: .nan, count: max(columnCount, 1))
    fields = .allocate(capacity: max(columnCount, 1))
    levels = .allocate(capacity: max(columnCount, 1))
    levels.initialize(repeating: 0, count: max(columnCount, 1))
    let nothing = UnsafePointer(RowEncoder.emptyBytes)
    fields.initialize(
      repeating: Field(start: nothing, end: nothing), count: max(columnCount, 1))
    let plain = plan.dense.map { if case .column(let index) = $0 { index } else { -1 } }
    plainColumns = plain
    derived = plan.dense.indices.filter { plain[$0] < 0 }
    textual = plan.needs.indices.filter { plan.needs[$0] != [] && plan.needs[$0] != .number }
    levelColumns = plan.needs.indices.filter { plan.needs[$0].contains(.level) }
    tables = plan.columns.map { _ in LevelTable(limit: categoryLimit) }
    newLevels = plan.columns.map { _ in 0 }
    groups = plan.means.map { _ in KeyTable(limit: categoryLimit) }
    sparseKeys = plan.sparse.map { _ in KeyTable(limit: categoryLimit) }
    sparseIndex = plan.sparse.map { _ in [] }
    meanGroups = plan.means.map { _ in 0 }
    lags = plan.series.map { LagHistory(longest: max($0.longest, 1)) }
    timedLags = plan.series.map { TimedHistory(longest: $0.longestSeconds) }
    means = plan.means.map { MeanHistory(rate: $0.rate) }
    scales = plan.dense.map { _ in RunningScale() }
    imputed = .allocate(capacity: max(plan.dense.count, 1))
    imputed.initialize(repeating: 0, count: max(plan.dense.count, 1))
    imputedCounts = .allocate(capacity: max(plan.dense.count, 1))
    imputedCounts.initialize(repeating: 0, count: max(plan.dense.count, 1))
  }

  deinit {
    numbers.deallocate()
    fields.deallocate()
    levels.deallocate()
    imputed.deallocate()
    imputedCounts.deallocate()
  }

  /// What an empty field points at: readable bytes that end any number.
  private nonisolated(unsafe) static let emptyBytes: UnsafeMutablePointer<UInt8> = {
    let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: 32)
    bytes.initialize(repeating: 0x0A, count: 32)
    return bytes
  }()

  var emptyField: Field {
    let nothing = UnsafePointer(RowEncoder.emptyBytes)
    return Field(start: nothing, end: nothing)
  }

  func takeNotices() -> [SourceNotice] {
    defer { notices.removeAll() }
    return notices
  }

  /// Checks the columns that a format has put down and appends the row; a fault leaves no trace.
  func encode(into batch: inout MicroBatch, line: Int) -> Fault? {
    for column in textual {
      if let fault = readText(column) { return fault }
    }
    var weight = 1.0
    if let column = plan.weight, !numbers[column].isNaN {
      weight = numbers[column]
      guard weight >= 0 else {
        return Fault(
          kind: .badWeight, column: column, expected: "a weight of at least 0", found: "\(weight)")
      }
    }
    var time = Double.nan
    if let column = plan.time.first {
      guard let moment = readTime() else {
        return Fault(
          kind: .notATime, column: column, expected: "seconds or a date such as 2011-01-31T18:00",
          found: Refusal.sample(fields[column]))
      }
      time = moment
    }
    for (feature, policy) in plan.denseMissing.enumerated() where policy == .refuse {
      let column = plainColumns[feature]
      if column >= 0, numbers[column].isNaN {
        return Fault(
          kind: .missingValue, column: column, expected: "a value (--missing refuse)",
          found: "nothing")
      }
    }
    var label = Double.nan
    if let column = plan.target {
      if plan.task == .regression {
        label = numbers[column]
      } else {
        // Last of all checks: a new class is remembered by reading it.
        guard let value = target.read(fields[column]) else {
          return Fault(
            kind: .badTarget, column: column, expected: target.expectation,
            found: Refusal.sample(fields[column]))
        }
        label = value
      }
    }
    weight *= target.weight(label)
    // From here on nothing can go wrong: state may change.
    findLevels()
    let key = plan.key.map { levels[$0] } ?? 0
    writeDense(batch.nextDense, key: key, time: time)
    writeSparse(batch.nextDense, &batch)
    batch.endRow(target: label, weight: weight, time: time, line: line)
    if let column = plan.id { batch.setLastID(fields[column].bytes) }
    remember(label, key: key, time: time)
    accepted += 1
    return nil
  }

  /// The row's time in seconds since 1970; nil when it has none that can be read.
  func readTime() -> Double? {
    guard let column = plan.time.first, let moment = Timestamp.read(fields[column].trimmed) else {
      return nil
    }
    guard plan.time.count > 1 else { return moment }
    let hour = plan.time[1]
    if plan.needs[hour] == .number { return moment + 3600 * numbers[hour] }
    return NumberField.value(fields[hour].trimmed).map { moment + 3600 * $0 }
  }

  /// Reads the number of a column that is read in other ways too, and checks text.
  private func readText(_ column: Int) -> Fault? {
    let need = plan.needs[column]
    if need.contains(.number) {
      let field = fields[column].trimmed
      if MissingWords.contains(field) {
        numbers[column] = .nan
      } else {
        guard let value = NumberField.value(field) ?? NumberField.boolean(field) else {
          return Fault(
            kind: .notANumber, column: column, expected: "a number", found: Refusal.sample(field))
        }
        guard value.isFinite else {
          return Fault(
            kind: .notFinite, column: column, expected: "a finite number",
            found: Refusal.sample(field))
        }
        numbers[column] = value
      }
    }
    guard isUTF8(fields[column]) else {
      return Fault(
        kind: .notUTF8, column: column, expected: "UTF-8 text", found: "bytes that are not")
    }
    return nil
  }

  private func isUTF8(_ field: Field) -> Bool {
    var cursor = field.start
    while cursor < field.end, cursor[0] < 0x80, cursor[0] != 0 { cursor += 1 }
    if cursor == field.end { return true }
    let rest = UnsafeRawBufferPointer(start: cursor, count: field.end - cursor)
    return !rest.contains(0) && String(validating: rest, as: UTF8.self) != nil
  }

  private func findLevels() {
    for column in levelColumns {
      let wasFull = tables[column].isFull
      let level = tables[column].level(fields[column])
      levels[column] = level.index
      guard level.isNew else { continue }
      if !wasFull, tables[column].isFull {
        note(
          "category-limit", column,
          "column \(plan.columns[column]) has more than \(level.index) values; the rest share one "
            + "weight (--max-categories)")
      } else if accepted > 0 {
        newLevels[column] += 1
        guard newLevels[column] <= RowEncoder.noticesPerColumn else { continue }
        note(
          "new-category", column,
          "\(plan.columns[column]) = \(Refusal.sample(fields[column])), never seen before")
      }
    }
  }

  private func note(_ kind: String, _ column: Int, _ text: String) {
    notices.append(SourceNotice(kind: kind, text: text, event: accepted))
  }

  private func writeDense(_ row: UnsafeMutablePointer<Double>, key: Int, time: Double) {
    plainColumns.withUnsafeBufferPointer { columns in
      for feature in columns.indices where columns[feature] >= 0 {
        row[feature] = filled(feature, numbers[columns[feature]])
      }
    }
    for feature in derived {
      switch plan.dense[feature] {
      case .column: break
      case .lag(let series, let distance):
        row[feature] = filled(feature, lags[series].value(distance, key: key))
      case .timedLag(let series, let seconds):
        row[feature] = filled(feature, timedLags[series].value(at: time - seconds, key: key))
      case .mean(let index):
        meanGroups[index] = group(plan.means[index].columns, &groups[index])
        row[feature] = filled(feature, means[index].value(meanGroups[index]))
      case .product(let factors):
        // Kept finite: one absurd product would leave no scale to come back from.
        row[feature] = min(max(factors.reduce(1) { $0 * row[$1] }, -1e150), 1e150)
      }
    }
  }

  /// The value itself, or what the policy puts where it is missing.
  @inline(__always)
  private func filled(_ feature: Int, _ value: Double) -> Double {
    guard value.isNaN else {
      imputedCounts[feature] += 1
      imputed[feature] += value
      return value
    }
    return substitute(feature)
  }

  private func substitute(_ feature: Int) -> Double {
    guard imputedCounts[feature] > 0 else { return 0 }
    switch plan.denseMissing[feature] {
    case .zero: return 0
    case .mean, .refuse: return imputed[feature] / imputedCounts[feature]
    case .last: return last[feature] ?? 0
    }
  }

  /// The last values of the features whose policy asks for them.
  private var last: [Int: Double] = [:]

  private func group(_ columns: [Int], _ table: inout KeyTable) -> Int {
    var level = levels[columns[0]]
    for (stage, column) in columns.dropFirst().enumerated() {
      // Joint levels are numbered pair by pair, so that any number of columns fits in a word.
      let pair = UInt64(level) << 30 | UInt64(levels[column])
      level = table.index(UInt64(stage & 0xF) << 60 | pair).index
    }
    return level
  }

  private func writeSparse(_ row: UnsafeMutablePointer<Double>, _ batch: inout MicroBatch) {
    for feature in plan.sparse.indices {
      let shape = plan.sparse[feature]
      var value = 1.0
      for number in shape.dense {
        value *= scales[number].standardised(row[number])
      }
      batch.addSparse(index(of: feature, shape.columns), value)
    }
    for feature in scaledFeatures { scales[feature].add(row[feature]) }
  }

  private lazy var scaledFeatures = Array(Set(plan.sparse.flatMap(\.dense))).sorted()

  /// The global index of a sparse feature's joint level, numbered in order of first appearance.
  private func index(of feature: Int, _ columns: [Int]) -> Int {
    let level = group(columns, &sparseKeys[feature])
    while sparseIndex[feature].count <= level { sparseIndex[feature].append(-1) }
    if sparseIndex[feature][level] < 0 {
      sparseIndex[feature][level] = Int32(sparseNames.count)
      sparseNames.append((feature, packed(columns)))
    }
    return Int(sparseIndex[feature][level])
  }

  /// The levels of up to three columns in one word, for giving the index its name.
  private func packed(_ columns: [Int]) -> UInt64 {
    columns.prefix(3).reduce(0) { $0 << 21 | UInt64(levels[$1] & 0x1F_FFFF) }
  }

  /// What a user would call a sparse feature: `hr=8*workingday=1`.
  func sparseName(_ index: Int) -> String {
    guard index < sparseNames.count else { return "(unseen)" }
    let (feature, packed) = sparseNames[index]
    let columns = plan.sparse[feature].columns
    var parts: [String] = []
    let named = min(columns.count, 3)
    for (position, column) in columns.prefix(3).enumerated() {
      let level = Int(packed >> UInt64(21 * (named - 1 - position))) & 0x1F_FFFF
      parts.append("\(plan.columns[column])=\(tables[column].name(level))")
    }
    return (parts + plan.sparse[feature].dense.map { plan.denseNames[$0] }).joined(separator: "*")
  }

  /// Takes the row's own values into the histories, for the rows to come.
  private func remember(_ label: Double, key: Int, time: Double) {
    for (index, series) in plan.series.enumerated() {
      let value = series.column.map { numbers[$0] } ?? label
      if series.longest > 0 { lags[index].add(value, key: key) }
      if series.longestSeconds > 0 { timedLags[index].add(value, time: time, key: key) }
    }
    for index in means.indices { means[index].add(label, group: meanGroups[index]) }
    for (feature, policy) in plan.denseMissing.enumerated() where policy == .last {
      let column = plainColumns[feature]
      if column >= 0, !numbers[column].isNaN { last[feature] = numbers[column] }
    }
  }
}
