import Batches
import Catalogues
import Explanations
import Ingest
import Learners

/// The columns of a held row as the variables of a recourse problem, and back.
struct RecourseTable {
  /// For each variable its column.
  let columns: [Int]
  let problem: RecourseProblem
  /// Columns that stay as they are, with why.
  let fixed: [(column: String, why: String)]
  private let row: HeldRow

  /// Categories of a column beyond which they are not tried, unless `--range` names some.
  private static let mostLevels = 200

  /// - Throws: `Failure` where the wish names a column that is not there, or wants of it what cannot be.
  init(_ row: HeldRow, _ wish: RecourseWish, _ profile: RecourseProfile) throws {
    self.row = row
    let names = row.columns.map(\.name)
    for (name, option) in wish.named where !names.contains(name) {
      let near = nearestNames(to: name, among: names)
      throw RecourseWish.usage(
        "\(option): there is no column '\(name)'"
          + (near.isEmpty
            ? "; the columns are \(names.joined(separator: ", "))"
            : "; did you mean \(near.map { "'\($0)'" }.joined(separator: " or "))?"))
    }
    var (columns, variables): ([Int], [RecourseProblem.Variable]) = ([], [])
    var fixed: [(column: String, why: String)] = []
    for (place, column) in row.columns.enumerated() {
      switch try RecourseTable.variable(column, wish, profile) {
      case .free(let variable):
        columns.append(place)
        variables.append(variable)
      case .fixed(let why): fixed.append((column.name, why))
      case .idle: continue
      }
    }
    let ties = row.columns.indices.map { place in
      Set(
        row.columns[place].partners.union([place]).compactMap { partner in
          columns.firstIndex(of: partner)
        })
    }
    // What a column makes with one that is fixed is its own affair: a pair of free ones is not.
    let pairs = columns.indices.flatMap { place in
      ties[columns[place]].filter { $0 > place }.map { Set([place, $0]) }
    }
    (self.columns, self.fixed) = (columns, fixed)
    problem = RecourseProblem(variables, norm: wish.norm, ties: pairs)
  }

  private enum Standing {
    case free(RecourseProblem.Variable)
    case fixed(String)
    case idle
  }

  private static func variable(
    _ column: HeldColumn, _ wish: RecourseWish, _ profile: RecourseProfile
  ) throws -> Standing {
    let isNamed = wish.ranges[column.name] != nil || wish.costs[column.name] != nil
    switch column.role {
    case .feature: break
    case .time where isNamed: break
    case .time: return .fixed("a time, unless --range names it")
    case .key: return .fixed("the key")
    case .target, .id, .weight, .sequence, .unused:
      if isNamed || wish.directions[column.name] != nil {
        throw RecourseWish.usage(
          "column '\(column.name)' cannot change: "
            + (column.role == .unused
              ? "no prediction depends on its value of now" : "it is the \(column.role.rawValue)"))
      }
      return .idle
    }
    if wish.immutable.contains(column.name) { return .fixed("--immutable") }
    let weight = wish.costs[column.name] ?? 1
    let standing =
      column.reading == .number
      ? try number(column, wish, profile, weight)
      : try choice(column, wish, profile, weight)
    guard case .free(let variable) = standing, !variable.isFree else { return standing }
    return .fixed(
      wish.ranges[column.name] != nil || wish.directions[column.name] != nil
        ? "--range or --direction leave it no other value" : "no other value was seen")
  }

  private static func number(
    _ column: HeldColumn, _ wish: RecourseWish, _ profile: RecourseProfile, _ weight: Double
  ) throws -> Standing {
    guard !column.number.isNaN else { return .fixed("missing in this row") }
    guard let feature = column.denseFeature else { return .fixed("no number of a row") }
    let seen = profile.columns[feature]
    let own = column.number
    var (least, most) = (min(seen.least, own), max(seen.most, own))
    switch wish.ranges[column.name] {
    case .numbers(let low, let high)?:
      if low.isFinite { least = low }
      if high.isFinite { most = high }
      guard least <= own, own <= most else {
        // What lies outside may stay, or come in.
        (least, most) = (min(least, own), max(most, own))
        break
      }
    case .categories(let names)?:
      throw RecourseWish.usage(
        "--range \(column.name)=\(names.joined(separator: ",")): '\(column.name)' is a number; "
          + "expected \(column.name)=LOW..HIGH")
    case nil: break
    }
    if let way = wish.directions[column.name] {
      if way > 0 { least = own } else { most = own }
    }
    let spread = seen.standardDeviation
    let price = weight / (spread > 0 ? spread : max(abs(most - least), 1e-12))
    return .free(
      RecourseProblem.Variable(
        from: own,
        domain: .number(
          least: least, most: most, isWhole: seen.isWhole && own == own.rounded()),
        price: price))
  }

  /// A column of which levels are read: to another one that was seen.
  private static func choice(
    _ column: HeldColumn, _ wish: RecourseWish, _ profile: RecourseProfile, _ weight: Double
  ) throws -> Standing {
    let levels = column.levels
    // A value that was never seen has the place behind all.
    let own = levels.firstIndex(of: column.text) ?? levels.count
    guard !column.text.isEmpty else { return .fixed("missing in this row") }
    let numbers = levels.map { Double($0) ?? .nan }
    let range = wish.ranges[column.name]
    if range == nil, levels.count > mostLevels {
      return .fixed(
        "it has \(levels.count) values; --range \(column.name)=x,y,… names those to be tried")
    }
    if case .categories(let names)? = range, let odd = names.first(where: { !levels.contains($0) })
    {
      let near = nearestNames(to: odd, among: levels)
      throw RecourseWish.usage(
        "--range: '\(column.name)' was never '\(odd)'"
          + (near.isEmpty
            ? "" : "; did you mean \(near.map { "'\($0)'" }.joined(separator: " or "))?"))
    }
    let from = Double(column.text) ?? .nan
    let isNumber = column.reading == .both && !from.isNaN
    if wish.directions[column.name] != nil, from.isNaN {
      throw RecourseWish.usage(
        "--direction \(column.name): '\(column.text)' is no number, which goes neither up nor down")
    }
    var spread = column.denseFeature.map { profile.columns[$0].standardDeviation } ?? 0
    if spread <= 0 { spread = 1 }
    var costs = levels.indices.map { place -> Double in
      let (name, value) = (levels[place], numbers[place])
      guard !name.isEmpty, !isNumber || value.isFinite else { return .infinity }
      switch range {
      case .numbers(let least, let most)?:
        guard value >= least, value <= most else { return .infinity }
      case .categories(let names)?:
        guard names.contains(name) else { return .infinity }
      case nil: break
      }
      if let way = wish.directions[column.name], !((value - from) * way > 0) { return .infinity }
      return isNumber ? weight * abs(value - from) / spread : weight
    }
    if own == levels.count { costs.append(0) } else { costs[own] = 0 }
    return .free(
      RecourseProblem.Variable(from: Double(own), domain: .choice(costs: costs), price: weight))
  }

  // MARK: - There and back

  /// A point as changes of columns.
  func changes(_ point: [Double]) -> [(column: Int, value: HeldRow.Value)] {
    problem.changes(point).compactMap { place in
      switch problem.variables[place].domain {
      case .number: return (columns[place], .number(point[place]))
      case .choice:
        let level = Int(point[place])
        return level < row.columns[columns[place]].levels.count
          ? (columns[place], .level(level)) : nil
      }
    }
  }

  /// What a variable's value is called in a record.
  func text(_ place: Int, _ value: Double) -> String {
    guard case .choice = problem.variables[place].domain else { return "\(value)" }
    let column = row.columns[columns[place]]
    return Int(value) < column.levels.count ? column.levels[Int(value)] : column.text
  }

  func name(_ place: Int) -> String { row.columns[columns[place]].name }

  /// What is known of the margin in terms of the variables.
  func form(_ model: ProbedModel) -> Recourse.Form {
    let free = columns.indices.filter { problem.variables[$0].isFree }
    let isDirect = free.allSatisfy { row.columns[columns[$0]].isDirect }
    switch model.form {
    case .linear(let link):
      if case .logOdds = link { return .linear(saturates: true) }
      return .linear(saturates: false)
    case .stepwise(let cuts):
      let own = columns.map { column in
        row.columns[column].denseFeature.map { $0 < cuts.values.count ? cuts.values[$0] : [] } ?? []
      }
      guard isDirect else { return .unknown(cuts: own) }
      return .steps(
        cuts: own, boxes: cuts.isOneTree ? model.tree.flatMap { boxes($0, model) } : nil,
        isConstant: cuts.isConstantBetween)
    case nil: return .unknown(cuts: nil)
    }
  }

  private func boxes(_ tree: TreeDrawing, _ model: ProbedModel) -> [LeafBox]? {
    var (numbers, levels): ([Int: Int], [Int: (variable: Int, choice: Int)]) = ([:], [:])
    for (place, column) in columns.enumerated() {
      let own = row.columns[column]
      switch problem.variables[place].domain {
      case .number: if let feature = own.denseFeature { numbers[feature] = place }
      case .choice:
        // A number and a category at once: a box of the one says nothing of the other.
        if own.denseFeature != nil { return nil }
        for (level, feature) in own.sparseFeatures.enumerated() where feature >= 0 {
          levels[feature] = (place, level)
        }
      }
    }
    let counts = problem.variables.map { variable in
      if case .choice(let costs) = variable.domain { costs.count } else { 0 }
    }
    return LeafBox.boxes(
      of: tree, variables: columns.count,
      number: { numbers[$0].map { .variable($0) } ?? .value(model.dense[$0]) },
      level: { levels[$0] }, choices: { counts[$0] }, isPresent: { model.present.contains($0) })
  }
}
