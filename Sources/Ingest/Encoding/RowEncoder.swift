import Batches
import CLanes

/// Why a row cannot be taken; `EventSource` adds where it stands. A class, so that the rows that have none hand over a
/// word and not 56 bytes.
final class Fault: Sendable {
  let kind: Refusal.Kind
  let column: Int?
  /// What is at fault, where it is no column.
  let feature: String?
  let expected: String
  let found: String

  init(
    kind: Refusal.Kind, column: Int?, feature: String? = nil, expected: String, found: String
  ) {
    (self.kind, self.column, self.feature) = (kind, column, feature)
    (self.expected, self.found) = (expected, found)
  }

  /// Nothing is wrong with the row: it was taken before.
  static let passedOver = Fault(kind: .malformed, column: nil, expected: "", found: "")

  /// A feature has another value than a number.
  static func notANumber(_ value: Field, feature: Field) -> Fault {
    let isInfinite = ["inf", "+inf", "-inf", "infinity", "-infinity"].contains(
      value.count <= 9 ? value.text.lowercased() : "")
    return Fault(
      kind: isInfinite ? .notFinite : .notANumber, column: nil, feature: feature.text,
      expected: isInfinite ? "a finite number" : "a number", found: Refusal.sample(value))
  }

  /// A feature's value, or the sum of several, is past every number.
  static func notFinite(_ value: Field?, feature: Field) -> Fault {
    Fault(
      kind: .notFinite, column: nil, feature: feature.text, expected: "a finite number",
      found: value.map(Refusal.sample) ?? "a sum that is none")
  }
}

/// Features that are columns as they stand, side by side in the record as in the row.
private struct PlainRun {
  let feature: Int
  let column: Int
  private(set) var count = 1

  /// The runs of features by the columns that they are; −1 for one that is none.
  static func of(_ columns: [Int]) -> [PlainRun] {
    var runs: [PlainRun] = []
    for (feature, column) in columns.enumerated() where column >= 0 {
      if let last = runs.last, last.feature + last.count == feature,
        last.column + last.count == column
      {
        runs[runs.count - 1].count += 1
      } else {
        runs.append(PlainRun(feature: feature, column: column))
      }
    }
    return runs
  }
}

/// Turns one record's fields into a row of features.
///
/// A format first puts the record's columns down; then `encode` checks them
/// all and only then touches any state, so that nothing is learned from a bad row. No allocation in
/// steady state.
struct RowEncoder: ~Copyable {
  var plan: FeaturePlan
  /// The columns of the row at hand.
  private(set) var columns: RowColumns
  var target: TargetReader
  var notices: [SourceNotice] = []
  /// Events accepted so far.
  var accepted = 0

  let categoryLimit: Int
  let columnCount: Int
  let targetColumn: Int?
  /// Whether no record has the target: it comes by another stream, and nothing is put where it would stand.
  let isTargetApart: Bool
  private let weightColumn: Int?
  let timeColumn: Int?
  let sequenceColumn: Int?
  /// The sequence number of the last event taken.
  var lastSequence = -Double.infinity
  /// Events that were passed over as their sequence number was not beyond the last one.
  var passedOver = 0
  let idColumn: Int?
  /// Whether rows have features without a column.
  let hasTokens: Bool
  let isRegression: Bool
  /// Whether every feature is a numeric column: nothing to look up and nothing to remember.
  let isPlain: Bool
  private let plainRuns: [PlainRun]
  private let derived: [Int]
  let textual: [Int]
  private let levelColumns: [Int]
  var tables: [LevelTable]
  let levels: UnsafeMutablePointer<Int>
  var newLevels: [Int]
  /// Rows of each key so far, where a category that is no column is there.
  var rowsByKey: [Int] = []
  /// For each such category its past; clocks have none.
  var earlierLevels: [EarlierLevels]
  var groups: [KeyTable]
  var sparseKeys: [KeyTable]
  var sparseNames: [(feature: Int, key: UInt64)] = []
  var families: [EncodedFamily]
  /// The numbers of the families that are on.
  var active: [Int]
  private var meanGroups: [Int]
  var lags: [LagHistory]
  var timedLags: [TimedHistory]
  var means: [MeanHistory]
  var scales: [RunningScale]
  var pending: PendingLabels
  /// Where labels are joined to their rows by id: which rows wait, and what is to become of their labels.
  var join: LabelJoin?
  /// Whether they are. Kept apart, so that rows of which none are ask one byte.
  private let joins: Bool
  /// Whether rows are taken whatever their sequence numbers.
  var servesAll = false
  var slotted: SlottedLabels
  /// Whether the label that was taken last was left where it is, as its row may still come.
  var labelWaits = false
  /// How often each kind of what came of a label was told.
  var joinNotices = [0, 0, 0, 0, 0]
  /// Dense features that no longer tell anything, and the mean that they have instead.
  var muted: [(feature: Int, value: Double)] = []
  /// Sums of each feature's values that were there, and how many were not.
  let sums: UnsafeMutablePointer<Double>
  let missing: UnsafeMutablePointer<Int>
  /// Columns that must not be missing, and features that remember their last value.
  private let required: [Int]
  private let remembered: [(feature: Int, column: Int)]

  /// Whether what stood in the columns goes with the rows, for those who watch the input.
  var isWatched = false
  /// The columns of categories that do, and how many levels of each were told by name.
  let watchedLevels: [Int]
  var namedLevels: [Int]

  /// Notices of new categories beyond this many a column are only counted.
  private static let noticesPerColumn = 10

  init(
    _ plan: FeaturePlan, target: TargetReader, categoryLimit: Int, labelDelay: Int,
    lateLabels: LateLabelOptions? = nil, isTargetApart: Bool = false
  ) {
    self.isTargetApart = isTargetApart
    join = lateLabels.map { LabelJoin($0) }
    joins = lateLabels != nil
    slotted = SlottedLabels(width: plan.means.count)
    self.plan = plan
    self.target = target
    self.categoryLimit = categoryLimit
    columnCount = plan.columns.count
    targetColumn = plan.target
    weightColumn = plan.weight
    timeColumn = plan.time.first
    sequenceColumn = plan.sequence
    idColumn = plan.id
    hasTokens = !plan.hashed.isEmpty
    isRegression = plan.task == .regression
    columns = RowColumns(count: columnCount)
    let levelCount = max(columnCount + plan.derivedLevels.count, 1)
    levels = .allocate(capacity: levelCount)
    levels.initialize(repeating: 0, count: levelCount)
    let plain = plan.dense.map { if case .column(let index) = $0 { index } else { -1 } }
    plainRuns = PlainRun.of(plain)
    derived = plan.dense.indices.filter { plain[$0] < 0 }
    textual = plan.needs.indices.filter { plan.needs[$0] != [] && plan.needs[$0] != .number }
    levelColumns = plan.needs.indices.filter { plan.needs[$0].contains(.level) }
    tables = plan.columns.map { _ in LevelTable(limit: categoryLimit) }
    let apart = [plan.target, plan.id, plan.weight, plan.sequence]
    watchedLevels = levelColumns.filter { column in
      !apart.contains(column) && !plan.dense.contains(.column(column))
    }
    namedLevels = watchedLevels.map { _ in 0 }
    newLevels = plan.columns.map { _ in 0 }
    earlierLevels = plan.derivedLevels.map(EarlierLevels.init)
    groups = plan.means.map { _ in KeyTable(limit: categoryLimit) }
    sparseKeys = plan.sparse.map { _ in KeyTable(limit: categoryLimit) }
    families = plan.sparse.map(EncodedFamily.init)
    active = plan.sparse.indices.filter { plan.sparse[$0].isOn }
    meanGroups = plan.means.map { _ in 0 }
    lags = plan.series.map { LagHistory(longest: max($0.longest, 1)) }
    timedLags = plan.series.map { TimedHistory(longest: $0.longestSeconds) }
    means = plan.means.map { MeanHistory(rate: $0.rate) }
    scaledFeatures = Array(Set(plan.sparse.flatMap(\.dense))).sorted()
    scales = plan.dense.map { _ in RunningScale() }
    pending = PendingLabels(delay: labelDelay, width: plan.means.count)
    sums = .allocate(capacity: max(plan.dense.count, 1))
    sums.initialize(repeating: 0, count: max(plan.dense.count, 1))
    missing = .allocate(capacity: max(plan.dense.count, 1))
    missing.initialize(repeating: 0, count: max(plan.dense.count, 1))
    let direct = plain.indices.filter { plain[$0] >= 0 }
    required = direct.filter { plan.denseMissing[$0] == .refuse }.map { plain[$0] }
    remembered = direct.filter { plan.denseMissing[$0] == .last }.map { ($0, plain[$0]) }
    isPlain =
      derived.isEmpty && levelColumns.isEmpty && plan.sparse.isEmpty && plan.series.isEmpty
      && plan.means.isEmpty && plan.key == nil && remembered.isEmpty
  }

  deinit {
    levels.deallocate()
    for family in families { family.indices.deallocate() }
    sums.deallocate()
    missing.deallocate()
  }

  var numbers: UnsafeMutablePointer<Double> { columns.numbers }
  var fields: UnsafeMutablePointer<Field> { columns.fields }

  mutating func takeNotices() -> [SourceNotice] {
    defer { notices.removeAll() }
    return notices
  }

  /// Checks the columns that a format has put down and appends the row; a fault leaves no trace.
  mutating func encode(
    _ columns: RowColumns, into batch: inout MicroBatch, line: Int
  ) -> Fault? {
    if columns !== self.columns { self.columns = columns }
    // By index: iterating an array that is stored keeps and lets go of it at each row.
    for k in 0..<textual.count {
      if let fault = readText(textual[k]) { return fault }
    }
    if let fault = passOver() { return fault }
    var meeting: LabelJoin.Meeting?
    if joins {
      switch meet(&batch, line: line) {
      case .fault(let fault): return fault
      case .taken:
        if let column = sequenceColumn { lastSequence = numbers[column] }
        return nil
      case .event(let found): meeting = found
      }
    }
    var weight = 1.0
    if let column = weightColumn, !numbers[column].isNaN {
      weight = numbers[column]
      guard weight >= 0 else {
        return Fault(
          kind: .badWeight, column: column, expected: "a weight of at least 0", found: "\(weight)")
      }
    }
    var time = Double.nan
    if let column = timeColumn {
      guard let moment = readTime() else {
        return Fault(
          kind: .notATime, column: column, expected: "seconds or a date such as 2011-01-31T18:00",
          found: Refusal.sample(fields[column]))
      }
      time = moment
    }
    for k in 0..<required.count where numbers[required[k]].isNaN {
      return Fault(
        kind: .missingValue, column: required[k], expected: "a value (--missing refuse)",
        found: "nothing")
    }
    var label = Double.nan
    if let column = targetColumn, !isTargetApart {
      if isRegression {
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
    var ticket: LabelTicket?
    if joins, let meeting { ticket = enter(meeting, label, time) }
    if isPlain {
      writePlain(&batch)
      mute(batch.nextDense)
      if hasTokens { writeTokens(&batch) }
      batch.endRow(target: label, weight: weight, time: time, line: line)
    } else {
      findLevels()
      if isWatched { showLevels(&batch) }
      let key = plan.key.map { levels[$0] } ?? 0
      deriveLevels(key: key, time: time)
      writePlain(&batch)
      writeDerived(&batch, key: key, time: time)
      mute(batch.nextDense)
      writeSparse(batch.nextDense, &batch)
      if hasTokens { writeTokens(&batch) }
      batch.endRow(target: label, weight: weight, time: time, line: line)
      remember(label, key: key, time: time, ticket)
    }
    if let column = sequenceColumn { lastSequence = numbers[column] }
    if let column = idColumn, !fields[column].isEmpty { batch.setLastID(fields[column].bytes) }
    if joins, let ticket { batch.setLastTicket(ticket) }
    accepted += 1
    return nil
  }

  /// Whether a record has no number in the sequence, or one of a record that was taken before.
  private mutating func passOver() -> Fault? {
    guard let column = sequenceColumn, !servesAll else { return nil }
    let number = numbers[column]
    guard !number.isNaN else {
      return Fault(
        kind: .missingValue, column: column, expected: "a sequence number", found: "nothing")
    }
    guard number > lastSequence else {
      passedOver += 1
      return Fault.passedOver
    }
    return nil
  }

  /// The row's time in seconds since 1970; nil when it has none that can be read.
  mutating func readTime() -> Double? {
    guard let column = plan.time.first, let moment = Timestamp.read(fields[column].trimmed) else {
      return nil
    }
    guard plan.time.count > 1 else { return moment }
    let hour = plan.time[1]
    if plan.needs[hour] == .number { return moment + 3600 * numbers[hour] }
    return NumberField.value(fields[hour].trimmed).map { moment + 3600 * $0 }
  }

  /// Reads the number of a column that is read in other ways too, and checks text.
  ///
  /// Mutating, as what is called each row and is not is handed a copy of the encoder's 560 bytes.
  mutating func readText(_ column: Int) -> Fault? {
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
    guard RowEncoder.isUTF8(fields[column]) else {
      return Fault(
        kind: .notUTF8, column: column, expected: "UTF-8 text", found: "bytes that are not")
    }
    return nil
  }

  private static func isUTF8(_ field: Field) -> Bool {
    // Eight bytes at a time: what a field is followed by may be read, as `LevelTable` does.
    var (cursor, rest) = (UnsafeRawPointer(field.start), field.count)
    while rest > 0 {
      var word = UInt64(littleEndian: cursor.loadUnaligned(as: UInt64.self))
      if rest < 8 { word |= 0x0101_0101_0101_0101 << UInt64(8 * rest) }
      if rest < 8 { word &= ~(0x8080_8080_8080_8080 << UInt64(8 * rest)) }
      let zeros = (word &- 0x0101_0101_0101_0101) & ~word
      guard (word | zeros) & 0x8080_8080_8080_8080 == 0 else {
        let bytes = UnsafeRawBufferPointer(start: cursor, count: rest)
        return !bytes.contains(0) && String(validating: bytes, as: UTF8.self) != nil
      }
      cursor += 8
      rest -= 8
    }
    return true
  }

  mutating func deriveLevels(key: Int, time: Double) {
    guard !plan.derivedLevels.isEmpty else { return }
    while rowsByKey.count <= key { rowsByKey.append(0) }
    for k in 0..<plan.derivedLevels.count {
      switch plan.derivedLevels[k] {
      case .clock(let clock): levels[columnCount + k] = clock.level(time: time, row: rowsByKey[key])
      case .earlier: levels[columnCount + k] = earlierLevels[k].level(time: time, key: key)
      }
    }
    rowsByKey[key] += 1
  }

  mutating func findLevels() {
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

  /// The level that the row at hand has of a column.
  func level(_ column: Int) -> Int { levels[column] }

  mutating func note(_ kind: String, _ text: String) {
    notices.append(SourceNotice(kind: kind, text: text, event: accepted))
  }

  private mutating func note(_ kind: String, _ column: Int, _ text: String) {
    notices.append(SourceNotice(kind: kind, text: text, event: accepted))
  }

  /// The features that have no column.
  mutating func writeTokens(_ batch: inout MicroBatch) {
    let tokens = columns.tokens.pointee
    batch.addSparse(tokens.indices, tokens.values, count: tokens.count)
  }

  /// The features that are columns as they stand.
  mutating func writePlain(_ batch: inout MicroBatch) {
    let row = batch.nextDense
    for k in 0..<plainRuns.count {
      let run = plainRuns[k]
      let isWhole = weir_take_numbers(
        numbers + run.column, Int64(run.count), row + run.feature, sums + run.feature)
      if isWhole == 0 { writeSome(run, &batch) }
    }
  }

  /// The same where some values are missing.
  private mutating func writeSome(_ run: PlainRun, _ batch: inout MicroBatch) {
    let row = batch.nextDense
    for i in 0..<run.count {
      let feature = run.feature + i
      let value = numbers[run.column + i]
      if value.isNaN {
        missing[feature] += 1
        batch.markAbsent(feature)
        row[feature] = substitute(feature)
      } else {
        row[feature] = value
        sums[feature] += value
      }
    }
  }

  @inline(__always)
  func mute(_ row: UnsafeMutablePointer<Double>) {
    for k in 0..<muted.count { row[muted[k].feature] = muted[k].value }
  }

  mutating func writeDerived(_ batch: inout MicroBatch, key: Int, time: Double) {
    let row = batch.nextDense
    for feature in derived {
      switch plan.dense[feature] {
      case .column: break
      case .lag(let series, let distance):
        row[feature] = filled(feature, lags[series].value(distance, key: key), &batch)
      case .timedLag(let series, let seconds):
        row[feature] = filled(
          feature, timedLags[series].value(at: time - seconds, key: key), &batch)
      case .mean(let index):
        meanGroups[index] = RowEncoder.group(plan.means[index].columns, levels, &groups[index])
        row[feature] = filled(feature, means[index].value(meanGroups[index]), &batch)
      case .product(let factors):
        // Kept finite: one absurd product would leave no scale to come back from.
        row[feature] = min(max(factors.reduce(1) { $0 * row[$1] }, -1e150), 1e150)
      }
    }
  }

  /// The value itself, or what the policy puts where it is missing.
  private mutating func filled(
    _ feature: Int, _ value: Double, _ batch: inout MicroBatch
  ) -> Double {
    guard value.isNaN else {
      sums[feature] += value
      return value
    }
    missing[feature] += 1
    batch.markAbsent(feature)
    return substitute(feature)
  }

  /// What stands for the value that has just been counted as missing.
  private func substitute(_ feature: Int) -> Double {
    let present = accepted + 1 - missing[feature]
    guard present > 0 else { return 0 }
    switch plan.denseMissing[feature] {
    case .zero: return 0
    case .mean, .refuse: return sums[feature] / Double(present)
    case .last: return last[feature] ?? 0
    }
  }

  /// Whether anything is made of labels that have come.
  private var remembersLabels: Bool {
    !plan.means.isEmpty || plan.series.contains { $0.column == nil }
  }

  /// The last values of the features whose policy asks for them.
  var last: [Int: Double] = [:]

  private static func group(
    _ columns: [Int], _ levels: UnsafePointer<Int>, _ table: inout KeyTable
  ) -> Int {
    var level = levels[columns[0]]
    for (stage, column) in columns.dropFirst().enumerated() {
      // Joint levels are numbered pair by pair, so that any number of columns fits in a word.
      let pair = UInt64(level) << 30 | UInt64(levels[column])
      level = table.index(UInt64(stage & 0xF) << 60 | pair).index
    }
    return level
  }

  mutating func writeSparse(_ row: UnsafeMutablePointer<Double>, _ batch: inout MicroBatch) {
    for k in 0..<active.count {
      let family = active[k]
      var value = 1.0
      if families[family].hasNumbers {
        let dense = plan.sparse[family].dense
        for number in dense { value *= scales[number].standardised(row[number]) }
      }
      batch.addSparse(
        index(of: family), value * families[family].scale, family: family)
    }
    for feature in scaledFeatures { scales[feature].add(row[feature]) }
  }

  var scaledFeatures: [Int]

  var featureFamilies: [FeatureFamily] {
    plan.sparse.map { family in
      FeatureFamily(
        name: (family.columns.map(plan.name) + family.dense.map { plan.denseNames[$0] })
          .joined(separator: "*"),
        levels: family.columns, dense: family.dense, isOn: family.isOn)
    }
  }

  mutating func change(_ change: FeatureChange) {
    defer { active = plan.sparse.indices.filter { plan.sparse[$0].isOn } }
    switch change {
    case .drop(let family): plan.sparse[family].isOn = false
    case .mute(let feature):
      let present = accepted - missing[feature]
      muted.append((feature, present > 0 ? sums[feature] / Double(present) : 0))
    case .add(let levels, let dense):
      if let known = plan.sparse.firstIndex(where: { $0.columns == levels && $0.dense == dense }) {
        plan.sparse[known].isOn = true
        return
      }
      add(SparseFeature(columns: levels, dense: dense))
      for number in dense where !scaledFeatures.contains(number) { scaledFeatures.append(number) }
    }
  }

  /// Makes room for a family that was not there from the beginning.
  mutating func add(_ family: SparseFeature) {
    plan.sparse.append(family)
    sparseKeys.append(KeyTable(limit: categoryLimit))
    families.append(EncodedFamily(family))
  }

  /// The global index of a family's joint level, numbered in order of first appearance.
  private mutating func index(of family: Int) -> Int {
    // One category as it stands is what most families are, and no array is touched for it.
    let column = families[family].column
    let level =
      column >= 0
      ? levels[column]
      : RowEncoder.group(plan.sparse[family].columns, levels, &sparseKeys[family])
    if let known = families[family].index(level) { return known }
    let number = sparseNames.count
    let fresh = number < plan.hashed.lowerBound ? number : number + plan.hashed.count
    families[family].set(level, to: fresh)
    sparseNames.append((family, packed(plan.sparse[family].columns)))
    return fresh
  }

  /// The levels of up to three columns in one word, for giving the index its name.
  private func packed(_ columns: [Int]) -> UInt64 {
    columns.prefix(3).reduce(0) { $0 << 21 | UInt64(levels[$1] & 0x1F_FFFF) }
  }

  /// What a user would call a sparse feature: `hr=8*workingday=1`; of one that has no column, only where it stands in
  /// the table is known: `#12345`.
  func sparseName(_ index: Int) -> String {
    guard !plan.hashed.contains(index) else { return "#\(index - plan.hashed.lowerBound)" }
    let place = index < plan.hashed.lowerBound ? index : index - plan.hashed.count
    guard place < sparseNames.count else { return "(unseen)" }
    let (feature, packed) = sparseNames[place]
    let columns = plan.sparse[feature].columns
    var parts: [String] = []
    let named = min(columns.count, 3)
    for (position, column) in columns.prefix(3).enumerated() {
      let level = Int(packed >> UInt64(21 * (named - 1 - position))) & 0x1F_FFFF
      let name = name(of: level, in: column)
      parts.append("\(plan.name(ofLevel: column))=\(name)")
    }
    return (parts + plan.sparse[feature].dense.map { plan.denseNames[$0] }).joined(separator: "*")
  }

  private func name(of level: Int, in column: Int) -> String {
    guard column >= columnCount else { return tables[column].name(level) }
    guard case .earlier(let source, _, _) = plan.derivedLevels[column - columnCount] else {
      return "\(level)"
    }
    return level == EarlierLevels.unknown ? "(unknown)" : tables[source].name(level - 1)
  }

  /// Takes the row's own values into the histories, for the rows to come.
  private mutating func remember(
    _ label: Double, key: Int, time: Double, _ ticket: LabelTicket?
  ) {
    for k in 0..<plan.derivedLevels.count {
      if case .earlier(let column, _, _) = plan.derivedLevels[k] {
        earlierLevels[k].add(levels[column], time: time, key: key)
      }
    }
    for index in plan.series.indices {
      guard let column = plan.series[index].column else { continue }
      remember(numbers[column], in: index, key: key, time: time)
    }
    if let ticket, ticket.kind == .asks {
      slotted.put(ticket.slot, key: key, time: time, groups: meanGroups)
    } else if pending.delay == 0 {
      rememberLabel(PendingLabel(value: label, key: key, time: time))
    } else {
      pending.add(PendingLabel(value: label, key: key, time: time), meanGroups)
      // Every row fills in its groups before it is encoded: these may be overwritten.
      if let arrived = pending.next(groups: &meanGroups) { rememberLabel(arrived) }
    }
    for (feature, column) in remembered where !numbers[column].isNaN {
      last[feature] = numbers[column]
    }
  }

  /// Takes the label of the row that waited in `slot`.
  mutating func rememberLabel(inSlot slot: Int, _ label: Double) {
    guard remembersLabels else { return }
    // Every row fills in its groups before it is encoded: these may be overwritten.
    rememberLabel(slotted.label(slot, label, groups: &meanGroups))
  }

  /// Takes a label that has arrived; `meanGroups` are those of its row.
  private mutating func rememberLabel(_ label: PendingLabel) {
    for index in plan.series.indices where plan.series[index].column == nil {
      remember(label.value, in: index, key: label.key, time: label.time)
    }
    for index in means.indices {
      means[index].add(
        plan.means[index].isRoot ? max(label.value, 0).squareRoot() : label.value,
        group: meanGroups[index])
    }
  }

  private mutating func remember(_ plain: Double, in index: Int, key: Int, time: Double) {
    let series = plan.series[index]
    let value = series.isRoot ? max(plain, 0).squareRoot() : plain
    if series.longest > 0 { lags[index].add(value, key: key) }
    guard series.longestSeconds > 0 else { return }
    if join != nil, series.column == nil {
      timedLags[index].insert(value, time: time, key: key)
    } else {
      timedLags[index].add(value, time: time, key: key)
    }
  }
}

/// Where a family's joint levels are found among all sparse features: a trivial value, so that reading it
/// counts no references.
struct EncodedFamily {
  /// The column whose levels they are; -1: several columns'.
  let column: Int
  let hasNumbers: Bool
  let scale: Double
  private(set) var indices: UnsafeMutablePointer<Int32>
  private var room = 0

  init(_ feature: SparseFeature) {
    column = feature.columns.count == 1 ? feature.columns[0] : -1
    hasNumbers = !feature.dense.isEmpty
    scale = feature.scale
    indices = .allocate(capacity: 1)
  }

  /// The indices of levels, −1 where there is none.
  var table: [Int32] { Array(UnsafeBufferPointer(start: indices, count: room)) }

  /// The same family with the indices that a snapshot has.
  mutating func take(_ table: [Int32]) {
    indices.deallocate()
    indices = .allocate(capacity: max(table.count, 1))
    indices.update(from: table, count: table.count)
    room = table.count
  }

  @inline(__always)
  func index(_ level: Int) -> Int? {
    guard level < room, indices[level] >= 0 else { return nil }
    return Int(indices[level])
  }

  mutating func set(_ level: Int, to index: Int) {
    if level >= room {
      let wider = max(16, room * 2, level + 1)
      let fresh = UnsafeMutablePointer<Int32>.allocate(capacity: wider)
      fresh.update(from: indices, count: room)
      (fresh + room).update(repeating: -1, count: wider - room)
      indices.deallocate()
      (indices, room) = (fresh, wider)
    }
    indices[level] = Int32(truncatingIfNeeded: index)
  }
}
