import Batches

/// The features that `--auto` makes, from what the first events show: options as the user might have
/// given them, so that the recipe can be read, kept and pinned.
///
/// - Whole numbers of few values are codes: categories.
/// - The season: rows in a day by `--time`, or in a week when a row is a day; without times the highest
///   peak of the target's autocorrelation.
/// - Position in the season, and the day of the week, crossed with every category of few values that
///   come back, and with the last label.
/// - Lags of the target at 1, 2, 3, S, S+1, 7S and 7S+1 rows, in event time where there is one, as square
///   roots where no label is negative; lags of numeric columns at 1 and S, whose differences linear
///   models find by themselves.
/// - Running means of the target by position, with each category of few values; with one of two levels
///   that are both common at three rates.
///
/// Where what is to be predicted is a number, also
///
/// - squares of numeric columns; what a category of few values was one row ago, and that by what it is now;
/// - position crossed with numeric columns, as long as they do not say the same, with the last label but one,
///   with the square of the last, and with the last by each category of two common levels. Those with
///   columns and with the square are put in small (`:0.3`): weights of shapes are expected to be small,
///   and so cost less to learn.
///
/// A column that says the same as a clock (an hour beside a timestamp) is taken for it. What the user gave
/// stays; `--lag none` leaves everything out that is made of the past.
struct AutoRecipe {
  /// How many of the first events are looked at, and how long they may take to arrive.
  static let sampleRows = 1000
  static let patienceMilliseconds = 2000
  private static let mostCodes = 32
  private static let fewLevels = 7
  private static let mostCrosses = 12
  private static let mostLagged = 16
  /// Positions of a season that may be crossed with numbers, and numbers that are.
  private static let longestShaped = 64
  private static let mostShaped = 4
  /// A category of two levels is even if neither is rarer.
  private static let leastShare = 0.1

  private var options: IngestOptions
  private let evidence: [ColumnEvidence]
  private let rows: Int
  private let target: ColumnEvidence?

  /// The options with the recipe in them.
  static func complete(_ options: IngestOptions, _ evidence: [ColumnEvidence]) -> IngestOptions {
    var recipe = AutoRecipe(options, evidence)
    recipe.make()
    return recipe.options
  }

  private init(_ options: IngestOptions, _ evidence: [ColumnEvidence]) {
    self.options = options
    self.evidence = evidence
    rows = evidence.map(\.texts.count).max() ?? 0
    target = evidence.first { $0.name == options.target }
  }

  private var wantsHistory: Bool { options.lags != ["none"] }

  private mutating func make() {
    let usesHistory = wantsHistory
    if !usesHistory { options.lags = [] }
    let apart = Set(
      [options.target, options.id, options.weight, options.key, options.time.first].compactMap {
        $0
      }
        + options.ignore)
    let columns = evidence.filter {
      !apart.contains($0.name) && $0.nested == 0 && AutoRecipe.isWritable($0.name)
    }
    let coded = columns.filter { isCode($0) }
    let chosen = Set(options.category)
    for column in coded where !chosen.contains(column.name) { options.category.append(column.name) }
    let isCategory = Set(options.category)
    let few = columns.filter {
      (isCategory.contains($0.name) || !$0.isNumeric)
        && Set($0.texts).count <= AutoRecipe.fewLevels && comesBack($0)
    }
    let season = findSeason()
    let position = season.map { nameOfPosition($0, columns) }
    let weekday = season.flatMap { nameOfWeekday($0, columns) }
    addCrosses(position, weekday, few.map(\.name))
    let numbers = columns.filter {
      $0.isNumeric && !isCategory.contains($0.name) && $0.values > 0 && $0.booleans == 0
    }
    addCurves(position, season, numbers)
    guard usesHistory else { return }
    addHistory(
      season, position, weekday, few: few,
      lagged: numbers.prefix(AutoRecipe.mostLagged).map(\.name))
  }

  /// Whether an option can name the column: what separates names there must not be part of one.
  private static func isWritable(_ name: String) -> Bool {
    !name.hasPrefix("sqrt(") && !name.contains { ",*=:".contains($0) }
  }

  /// Whether the target is a number to the planner: one of two words is too, as 0 and 1.
  private var hasNumericTarget: Bool {
    guard let target, AutoRecipe.isWritable(target.name) else { return false }
    if let task = options.task { return task != .multiclass }
    return target.isNumeric || options.positive != nil || target.distinct.count == 2
  }

  /// Whether a column's numbers are names: whole, few, and each seen often.
  private func isCode(_ column: ColumnEvidence) -> Bool {
    guard column.isNumeric, column.values > 0, !options.number.contains(column.name) else {
      return false
    }
    let distinct = Set(column.texts.filter { !$0.isEmpty })
    guard distinct.count <= AutoRecipe.mostCodes, distinct.count <= max(2, column.values / 8)
    else { return false }
    let numbers = distinct.compactMap(Double.init)
    guard numbers.count == distinct.count, let low = numbers.min(), let high = numbers.max() else {
      return false
    }
    return high - low <= 64 && numbers.allSatisfy { $0 == $0.rounded() }
  }

  /// Whether a value was seen again after another one. The values of a column that only ever moves on
  /// (a year, a month) are met once: crossed with it, what is known of each position would be thrown
  /// away at each step.
  private func comesBack(_ column: ColumnEvidence) -> Bool {
    var runs = 0
    for row in column.texts.indices where row == 0 || column.texts[row] != column.texts[row - 1] {
      runs += 1
    }
    return runs > Set(column.texts).count
  }

  // MARK: - Season

  private enum Season {
    /// So many rows in a season, without times.
    case rows(Int)
    /// So many equal parts of a day.
    case dayParts(Int)
    /// A row is a day.
    case weekOfDays

    /// Rows in a season.
    var length: Int {
      switch self {
      case .rows(let count), .dayParts(let count): count
      case .weekOfDays: 7
      }
    }
  }

  private var moments: [Double?] {
    guard let name = options.time.first, let column = evidence.first(where: { $0.name == name })
    else { return [] }
    let hours = options.time.count > 1 ? evidence.first { $0.name == options.time[1] } : nil
    return column.texts.indices.map { row in
      guard let moment = AutoRecipe.moment(column.texts[row]) else { return nil }
      guard let hours else { return moment }
      guard row < hours.texts.count, let hour = Double(hours.texts[row]) else { return nil }
      return moment + 3600 * hour
    }
  }

  private static func moment(_ text: String) -> Double? {
    let bytes = Array(text.utf8) + Array(repeating: 0x0A, count: 32)
    return bytes.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return nil }
      return Timestamp.read(Field(start: start, end: start + text.utf8.count))
    }
  }

  /// The middle of the times between rows of the same key.
  private var step: Double? {
    let keys = options.key.flatMap { name in evidence.first { $0.name == name } }?.texts
    var last: [String: Double] = [:]
    var gaps: [Double] = []
    for (row, moment) in moments.enumerated() {
      guard let moment else { continue }
      let key = keys.map { row < $0.count ? $0[row] : "" } ?? ""
      if let before = last[key], moment > before { gaps.append(moment - before) }
      last[key] = moment
    }
    guard gaps.count >= 8 else { return nil }
    return gaps.sorted()[gaps.count / 2]
  }

  private mutating func findSeason() -> Season? {
    guard !options.time.isEmpty else {
      if case .events(let given)? = options.season, given > 1 { return .rows(given) }
      guard let peak = autocorrelationPeak() else { return nil }
      options.season = .events(peak)
      return .rows(peak)
    }
    guard let step else { return nil }
    if step <= 43_200 {
      let parts = Int((86_400 / step).rounded())
      if options.season == nil { options.season = .seconds(7 * 86_400) }
      return parts >= 2 && parts <= 1440 ? .dayParts(parts) : nil
    }
    guard step <= 129_600 else { return nil }
    if options.season == nil { options.season = .seconds(7 * 86_400) }
    return .weekOfDays
  }

  /// The lag at which the target is most like itself, beyond the lags at which it merely persists.
  private func autocorrelationPeak() -> Int? {
    guard options.key == nil, let target else { return nil }
    var names: [String: Double] = [:]
    let values = target.texts.map { text -> Double in
      if let number = Double(text) { return number }
      let next = Double(names.count)
      return names[text]
        ?? {
          names[text] = next; return next
        }()
    }
    guard values.count >= 60, names.count <= 2 else { return nil }
    let mean = values.reduce(0, +) / Double(values.count)
    let centred = values.map { $0 - mean }
    let power = centred.reduce(0) { $0 + $1 * $1 }
    guard power > 0 else { return nil }
    let longest = values.count / 3
    let correlation = (0...longest).map { lag -> Double in
      var sum = 0.0
      for i in lag..<centred.count { sum += centred[i] * centred[i - lag] }
      return sum / power * Double(centred.count) / Double(centred.count - lag)
    }
    // From where persistence has died away once.
    guard let start = correlation.firstIndex(where: { $0 < 0.1 }), start + 2 < longest else {
      return nil
    }
    let peaks = (start + 1..<longest).filter {
      correlation[$0] >= correlation[$0 - 1] && correlation[$0] >= correlation[$0 + 1]
    }
    guard let highest = peaks.map({ correlation[$0] }).max() else { return nil }
    // Its multiples are as high as a season itself but for chance: the first of the high ones is it.
    let best = peaks.first { correlation[$0] >= 0.9 * highest } ?? 0
    // Chance alone reaches two or three standard errors somewhere among so many lags.
    return correlation[best] > max(0.2, 5 / Double(centred.count).squareRoot()) ? best : nil
  }

  // MARK: - Clocks

  private mutating func nameOfPosition(_ season: Season, _ columns: [ColumnEvidence]) -> String {
    switch season {
    case .rows(let count): return clock(.row(count), columns)
    case .dayParts(let parts): return clock(.partOfDay(parts), columns)
    case .weekOfDays: return clock(.weekday, columns)
    }
  }

  private mutating func nameOfWeekday(_ season: Season, _ columns: [ColumnEvidence]) -> String? {
    guard case .dayParts = season else { return nil }
    return clock(.weekday, columns)
  }

  /// A column that says the same as the clock, or else the clock, which becomes a feature.
  private mutating func clock(_ clock: ClockColumn, _ columns: [ColumnEvidence]) -> String {
    let isCategory = Set(options.category)
    let moments = moments
    let levels = (0..<rows).map { row -> Int? in
      guard clock.needsTime else { return clock.level(time: 0, row: row) }
      return row < moments.count ? moments[row].map { clock.level(time: $0, row: row) } : nil
    }
    for column in columns where isCategory.contains(column.name) {
      var (there, back): ([Int: String], [String: Int]) = ([:], [:])
      let agrees = column.texts.indices.allSatisfy { row in
        guard row < levels.count, let level = levels[row] else { return true }
        let text = column.texts[row]
        if there[level] == nil, back[text] == nil { (there[level], back[text]) = (text, level) }
        return there[level] == text && back[text] == level
      }
      if agrees, there.count > 1 { return column.name }
    }
    options.crosses.append(clock.name)
    return clock.name
  }

  // MARK: - Features

  private mutating func add(_ cross: String) {
    if !options.crosses.contains(cross) { options.crosses.append(cross) }
  }

  private mutating func addCrosses(_ position: String?, _ weekday: String?, _ few: [String]) {
    guard let position else { return }
    var partners = few.filter { $0 != position && $0 != weekday }
    if let weekday, weekday != position { partners.insert(weekday, at: 0) }
    for partner in partners.prefix(AutoRecipe.mostCrosses) { add("\(position)*\(partner)") }
  }

  /// Squares of numbers, and numbers by position, where what is to be predicted is a number. Ten or sixteen
  /// numbers by position would cost more to learn than they tell: the first few.
  private mutating func addCurves(
    _ position: String?, _ season: Season?, _ numbers: [ColumnEvidence]
  ) {
    guard isRegression, numbers.count <= AutoRecipe.mostLagged else { return }
    for number in numbers { add("\(number.name)*\(number.name)") }
    guard let position, let season, season.length <= AutoRecipe.longestShaped else { return }
    var taken: [ColumnEvidence] = []
    for number in numbers where taken.count < AutoRecipe.mostShaped {
      // What says the same twice is crossed once.
      guard taken.allSatisfy({ abs($0.correlation(with: number)) < 0.95 }) else { continue }
      taken.append(number)
      add("\(position)*\(number.name):0.3")
    }
  }

  /// Whether the target is a number, and one of more than two values.
  private var isRegression: Bool {
    guard let target, hasNumericTarget else { return false }
    let isNumber = options.task == .regression || (options.task == nil && target.isNumeric)
    return isNumber && Set(target.texts.compactMap(Double.init)).count > 2
  }

  private mutating func addHistory(
    _ season: Season?, _ position: String?, _ weekday: String?, few: [ColumnEvidence],
    lagged: [String]
  ) {
    let length = season?.length
    let near = ([1] + (length.map { [$0] } ?? [])).map(text).joined(separator: ",")
    for name in lagged { options.lags.append("\(name)=\(near)") }
    guard let target, hasNumericTarget else { return }
    let isRegression = isRegression
    let numbers = target.texts.compactMap(Double.init)
    let isRoot = isRegression && numbers.allSatisfy { $0 >= 0 }
    let series = isRoot ? "sqrt(\(target.name))" : target.name
    var distances = [1, 2, 3]
    if let length {
      distances += [length, length + 1]
      if length <= 1440 { distances += [7 * length, 7 * length + 1] }
    }
    let lags = AutoRecipe.unique(distances).map(text)
    options.lags.append("\(series)=\(lags.joined(separator: ","))")
    if let position { add("\(position)*\(series)@\(lags[0])") }
    guard isRegression else { return }
    let others = few.filter { $0.name != position && $0.name != weekday }
    for column in others.prefix(AutoRecipe.mostLagged) {
      options.lags.append("\(column.name)=\(lags[0])")
      add("\(column.name)*\(column.name)@\(lags[0])")
    }
    if let position, let length, length <= AutoRecipe.longestShaped {
      add("\(position)*\(series)@\(lags[1])")
      add("\(position)*\(series)@\(lags[0])*\(series)@\(lags[0]):0.3")
      for column in others where isEven(column) {
        add("\(position)*\(column.name)*\(series)@\(lags[0])")
      }
    }
    if let key = options.key { options.means.append("\(series)=\(key):0.1") }
    guard let position else { return }
    options.means.append("\(series)=\(position):0.2")
    if let weekday, weekday != position {
      options.means.append("\(series)=\(position)*\(weekday):0.2")
    }
    for column in others.prefix(4) {
      // What has data enough is followed slowly and fast too.
      for rate in isEven(column) ? ["0.03", "0.1", "0.3"] : ["0.1"] {
        options.means.append("\(series)=\(position)*\(column.name):\(rate)")
      }
    }
    if let key = options.key { options.means.append("\(series)=\(key)*\(position):0.1") }
  }

  /// Whether a category has two levels and neither is rare.
  private func isEven(_ column: ColumnEvidence) -> Bool {
    Set(column.texts).count == 2 && column.rarestShare >= AutoRecipe.leastShare
  }

  private static func unique(_ values: [Int]) -> [Int] {
    var seen: Set<Int> = []
    return values.filter { seen.insert($0).inserted }
  }

  /// A distance in rows as a lag has it: in event time where there is one.
  private func text(_ distance: Int) -> String {
    guard let step else { return "\(distance)" }
    let seconds = (step * Double(distance)).rounded()
    return seconds.truncatingRemainder(dividingBy: 3600) == 0
      ? "\(Int(seconds / 3600))h" : "\(Int(seconds))s"
  }
}
