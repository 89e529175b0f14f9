/// Recourse where predictions are steps: of a committee of trees, or of boosted ones.
///
/// Between the values where any tree cuts, the prediction does not change; so the row's neighbourhood is a grid of cells, and
/// of each cell the point nearest to the row will do for all. Points are taken in the order of their costs, each change of
/// several columns as the sum of its parts, until one is on the wanted side: then no cheaper one exists. How many points
/// that takes grows quickly with the number of columns that have to change, so the effort is bounded.
///
/// Where a row has few points at all, each of them is a cell, whatever the model is.
///
/// Points come from a heap. With the columns in the order of their cheapest change, each point follows from exactly one other,
/// which costs no more: by the next value of the last column that was changed; by a first change of the next column; and,
/// if the last change was a first one, by moving it to the next column.
///
/// Reference: E. Lawler, A procedure for computing the K best solutions to discrete optimization problems, Management
/// Science 18 (1972); the cells as in Z. Cui et al., Optimal action extraction for random forests and boosted trees, KDD 2015.
struct CellRecourse {
  private let problem: RecourseProblem
  private let oracle: RecourseOracle
  /// For each column that can be changed the other values, the cheapest first.
  private var columns: [(variable: Int, values: [(cost: Double, value: Double)])] = []

  private static let block = 64

  /// `cuts`: for each variable where trees cut it, x ≤ value to one side.
  init(_ problem: RecourseProblem, _ oracle: RecourseOracle, cuts: [[Double]]) {
    self.init(
      problem, oracle,
      cells: zip(problem.variables, cuts).map { CellRecourse.values($0, $1) })
  }

  /// Every point by itself; nil where there are more than `most` of them.
  init?(_ problem: RecourseProblem, _ oracle: RecourseOracle, most: Int) {
    var cells: [[Double]] = []
    var count = 1
    for variable in problem.variables {
      guard let values = variable.values(most: most) else { return nil }
      count *= max(values.count, 1)
      guard count <= most else { return nil }
      cells.append(values)
    }
    self.init(problem, oracle, cells: cells)
  }

  /// `cells`: for each variable the values that stand for all others.
  private init(_ problem: RecourseProblem, _ oracle: RecourseOracle, cells: [[Double]]) {
    self.problem = problem
    self.oracle = oracle
    for (place, variable) in problem.variables.enumerated() where variable.isFree {
      let values = Set(cells[place]).filter { $0 != variable.from && variable.allows($0) }
      let priced = values.map { value -> (cost: Double, value: Double) in
        let cost = variable.cost(value)
        return (problem.norm == .sum ? cost : cost * cost, value)
      }.sorted { $0 < $1 }
      if !priced.isEmpty { columns.append((place, priced)) }
    }
    columns.sort { $0.values[0].cost < $1.values[0].cost }
  }

  /// The nearest value in each cell of a variable.
  static func values(_ variable: RecourseProblem.Variable, _ cuts: [Double]) -> [Double] {
    switch variable.domain {
    case .choice(let costs): return costs.indices.map(Double.init)
    case .number(_, _, let isWhole):
      return cuts.map { cut in
        guard variable.from <= cut else { return isWhole ? cut.rounded(.down) : cut }
        return isWhole ? cut.rounded(.down) + 1 : cut.nextUp
      }
    }
  }

  private struct Choice {
    /// Places among `columns` and of the values there.
    var changes: [(column: Int, value: Int)]
  }

  /// What came of going through the points.
  struct Outcome {
    /// The cheapest point on the wanted side.
    var hit: [Double]?
    /// Whether no point was left.
    var isWhole = true
    /// The point that came nearest, and its margin.
    var nearest: (point: [Double], margin: Double)
  }

  /// The cheapest point on the wanted side, after at most so many predictions.
  func cheapest(most: Int) -> Outcome {
    var outcome = Outcome(nearest: (problem.row, oracle.margin(problem.row)))
    guard !columns.isEmpty else { return outcome }
    var open = LeastFirst<Choice>()
    open.add(Choice(changes: [(0, 0)]), cost: columns[0].values[0].cost)
    var (asked, waiting): (Int, [[Double]]) = (0, [])
    func look() {
      for (point, margin) in zip(waiting, oracle.margins(waiting)) where outcome.hit == nil {
        if margin > outcome.nearest.margin { outcome.nearest = (point, margin) }
        if margin >= 0 { outcome.hit = point }
      }
      waiting.removeAll()
    }
    while let (cost, choice) = open.take(), outcome.hit == nil {
      waiting.append(point(choice))
      asked += 1
      if waiting.count == CellRecourse.block { look() }
      guard asked < most else {
        outcome.isWhole = false
        break
      }
      for (next, more) in followers(of: choice) { open.add(next, cost: cost + more) }
    }
    look()
    return outcome
  }

  private func point(_ choice: Choice) -> [Double] {
    var point = problem.row
    for (column, value) in choice.changes {
      point[columns[column].variable] = columns[column].values[value].value
    }
    return point
  }

  private func followers(of choice: Choice) -> [(Choice, Double)] {
    guard let (column, value) = choice.changes.last else { return [] }
    var followers: [(Choice, Double)] = []
    let values = columns[column].values
    if value + 1 < values.count {
      var next = choice
      next.changes[next.changes.count - 1].value = value + 1
      followers.append((next, values[value + 1].cost - values[value].cost))
    }
    if column + 1 < columns.count {
      let first = columns[column + 1].values[0].cost
      var longer = choice
      longer.changes.append((column + 1, 0))
      followers.append((longer, first))
      if value == 0 {
        var moved = choice
        moved.changes[moved.changes.count - 1] = (column + 1, 0)
        followers.append((moved, first - values[0].cost))
      }
    }
    return followers
  }
}
