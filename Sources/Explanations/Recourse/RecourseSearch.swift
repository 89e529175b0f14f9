import Kernels

/// Recourse where nothing but predictions is known: a search, whose answer is checked but not proved.
///
/// 1. Guess: each variable is tried alone at some values; as if their gains could be added, the cheapest combination is
///    computed (`AdditiveProgram`), predicted, and the gains are taken anew around it, some times.
/// 2. Climb, if that found nothing: one change after another, each the one that gains most for its cost.
/// 3. Spheres, if that found nothing: random points at growing distances from the row.
/// 4. Shrink what was found: changes that are not needed are taken back, the others made as small as they can be.
/// 5. Refine: near the boundary the margin is nearly linear. Its slopes there give the cheapest amounts
///    (`AdditiveProgram`), and what lies between these and the point is halved until it is on the wanted side.
///
/// The best point that the model itself put on the wanted side is the answer. Seeded, so that it is the same every time.
///
/// Reference: T. Laugel, M.-J. Lesot, C. Marsala, X. Renard and M. Detyniecki, Comparison-based inverse classification for
/// interpretability in machine learning, IPMU 2018 (growing spheres); S. Wachter, B. Mittelstadt and C. Russell, 2017.
///
/// Cost: some 1,000 to 10,000 predictions.
struct RecourseSearch {
  private let problem: RecourseProblem
  private let oracle: RecourseOracle
  private let free: [Int]
  /// Values of each variable that are tried, its own first.
  private let tried: [[Double]]
  private var random = RandomBits(seed: 1)
  /// The cheapest point on the wanted side so far.
  private(set) var best: (point: [Double], cost: Double, margin: Double)?
  /// The point that came nearest to it.
  private(set) var nearest: (point: [Double], margin: Double)

  /// `cuts`: for each variable values near which predictions jump.
  init(_ problem: RecourseProblem, _ oracle: RecourseOracle, cuts: [[Double]]? = nil) {
    self.problem = problem
    self.oracle = oracle
    free = problem.variables.indices.filter { problem.variables[$0].isFree }
    tried = problem.variables.enumerated().map {
      RecourseSearch.values($1, cuts?[$0] ?? [])
    }
    nearest = (problem.row, oracle.margin(problem.row))
  }

  /// Cuts of a variable that are tried on either side of its own value.
  private static let mostCuts = 6
  private static let rounds = 6
  private static let mostMoves = 40

  private static func values(
    _ variable: RecourseProblem.Variable, _ cuts: [Double]
  ) -> [Double] {
    switch variable.domain {
    case .choice(let costs):
      return [variable.from]
        + costs.indices.map(Double.init).filter { $0 != variable.from }
        .filter(variable.allows)
    case .number(let least, let most, let isWhole):
      var values: Set<Double> = []
      if isWhole, most - least <= 24 {
        values = Set(stride(from: least.rounded(.up), through: most, by: 1))
      } else {
        for end in [least, most] {
          for part in [1.0, 0.75, 0.5, 0.35, 0.25, 0.15, 0.08, 0.04, 0.02] {
            let value = variable.from + part * (end - variable.from)
            values.insert(part == 1 ? end : isWhole ? value.rounded() : value)
          }
        }
        let cells = CellRecourse.values(variable, cuts)
        values.formUnion(cells.filter { $0 < variable.from }.sorted().suffix(mostCuts))
        values.formUnion(cells.filter { $0 > variable.from }.sorted().prefix(mostCuts))
      }
      return [variable.from] + values.filter { $0 != variable.from && variable.allows($0) }.sorted()
    }
  }

  /// Whether one of the values that are tried of a variable turns the decision by itself.
  func turnsAlone(_ variable: Int) -> Bool {
    let points = tried[variable].map { value in
      var point = problem.row
      point[variable] = value
      return point
    }
    return oracle.margins(points).contains { $0 >= 0 }
  }

  /// Looks for the cheapest point, from some that may already be there.
  mutating func run(from seeds: [[Double]] = []) {
    for (seed, margin) in zip(seeds, oracle.margins(seeds)) { offer(seed, margin) }
    guard !free.isEmpty else { return }
    guess()
    if best == nil { climb(from: problem.row) }
    if best == nil { climb(from: nearest.point) }
    if best == nil { spheres() }
    guard best != nil else { return }
    shrink()
    for _ in 0..<RecourseSearch.rounds {
      guard let before = best?.cost, refine() else { break }
      shrink()
      guard let after = best?.cost, after < before * (1 - 1e-4) else { break }
    }
  }

  /// Notes what was asked.
  private mutating func offer(_ point: [Double], _ margin: Double) {
    if margin > nearest.margin { nearest = (point, margin) }
    guard margin >= 0 else { return }
    let cost = problem.cost(point)
    if cost < best?.cost ?? .infinity { best = (point, cost, margin) }
  }

  private mutating func margins(_ points: [[Double]]) -> [Double] {
    let margins = oracle.margins(points)
    for (point, margin) in zip(points, margins) { offer(point, margin) }
    return margins
  }

  // MARK: - Finding

  private mutating func guess() {
    var around = problem.row
    var more = 0.0
    var seen: Set<[Double]> = []
    for _ in 0..<RecourseSearch.rounds {
      let here = oracle.margin(around)
      var blocks: [AdditiveProgram.Block] = []
      var need = more - here
      for variable in free {
        let points = tried[variable].map { value in
          var point = around
          point[variable] = value
          return point
        }
        let answers = margins(points).map { max($0, -1e6) }
        need += here - answers[0]
        blocks.append(
          .options(
            zip(tried[variable], answers).map {
              (problem.variables[variable].cost($0), $1 - answers[0])
            }))
      }
      guard need.isFinite else { return }
      let program = AdditiveProgram(
        blocks, need: need, isSquared: problem.norm == .euclidean)
      guard let solution = program.solve(mostNodes: 300) else { return }
      var point = problem.row
      for (variable, amount) in zip(free, solution.amounts) {
        point[variable] = tried[variable][Int(amount)]
      }
      let margin = margins([point])[0]
      // More is asked for where the gains did not add up.
      more = margin < 0 ? more + max(-margin, 1e-9) : 0
      guard seen.insert(point).inserted || margin < 0 else { return }
      around = point
    }
  }

  /// One change after another, the one that gains most for its cost.
  private mutating func climb(from start: [Double]) {
    var point = start
    var here = oracle.margin(point)
    for _ in 0..<RecourseSearch.mostMoves where best == nil {
      var points: [[Double]] = []
      for variable in free {
        for value in tried[variable] where value != point[variable] {
          var other = point
          other[variable] = value
          points.append(other)
        }
      }
      let answers = margins(points)
      let cost = problem.cost(point)
      var (winner, most) = (-1, 0.0)
      for (place, margin) in answers.enumerated() where margin > here {
        let merit = (margin - here) / max(problem.cost(points[place]) - cost, 1e-6)
        if merit > most { (winner, most) = (place, merit) }
      }
      guard winner >= 0 else { return }
      (point, here) = (points[winner], answers[winner])
    }
  }

  /// Random points at growing distances.
  private mutating func spheres() {
    for doubling in 0..<10 {
      let reach = Double(1 << doubling) / 512
      for _ in 0..<3 {
        let points = (0..<64).map { _ in randomPoint(reach) }
        if margins(points).contains(where: { $0 >= 0 }) { return }
      }
    }
  }

  /// Some variables moved by up to `reach` of their way.
  private mutating func randomPoint(_ reach: Double) -> [Double] {
    var point = problem.row
    let count = 1 + random.below(min(free.count, 6))
    for _ in 0..<count {
      let variable = free[random.below(free.count)]
      switch problem.variables[variable].domain {
      case .choice: point[variable] = tried[variable][random.below(tried[variable].count)]
      case .number(let least, let most, let isWhole):
        let from = problem.variables[variable].from
        let end = random.below(2) == 0 ? least : most
        let value = from + reach * random.unit() * (end - from)
        point[variable] = isWhole ? value.rounded() : value
      }
    }
    return point
  }

  // MARK: - Making it smaller

  /// Takes back what is not needed of the best point, and makes the rest as small as it can be.
  private mutating func shrink() {
    for _ in 0..<RecourseSearch.rounds {
      guard let start = best else { return }
      for variable in byCost(start.point) {
        guard let point = best?.point, point[variable] != problem.variables[variable].from else {
          continue
        }
        var other = point
        other[variable] = problem.variables[variable].from
        _ = margins([other])
      }
      for variable in byCost(best?.point ?? start.point) { shorten(variable) }
      guard let after = best?.cost, after < start.cost * (1 - 1e-6) else { return }
    }
  }

  private func byCost(_ point: [Double]) -> [Int] {
    problem.changes(point).sorted {
      let (a, b) = (
        problem.variables[$0].cost(point[$0]), problem.variables[$1].cost(point[$1])
      )
      return a == b ? $0 < $1 : a > b
    }
  }

  /// Halves one change until it is as small as it may be.
  private mutating func shorten(_ variable: Int) {
    guard let point = best?.point, point[variable] != problem.variables[variable].from else {
      return
    }
    let own = problem.variables[variable]
    switch own.domain {
    case .choice:
      let cheaper = tried[variable].filter { own.cost($0) < own.cost(point[variable]) }
      _ = margins(
        cheaper.map {
          var other = point
          other[variable] = $0
          return other
        })
    case .number(_, _, let isWhole):
      var (low, high) = (own.from, point[variable])
      for _ in 0..<44 {
        let middle = isWhole ? ((low + high) / 2).rounded(.down) : low + (high - low) / 2
        guard middle != low, middle != high, abs(high - low) > 1e-10 * abs(high - own.from) else {
          break
        }
        var other = point
        other[variable] = middle
        if margins([other])[0] >= 0 { high = middle } else { low = middle }
      }
    }
  }

  /// Looks for a cheaper point along the boundary; false where the margin has no slopes there.
  private mutating func refine() -> Bool {
    guard let start = best else { return false }
    var points: [[Double]] = []
    var steps: [(variable: Int, step: Double)] = []
    for variable in free {
      guard case .number(let least, let most, let isWhole) = problem.variables[variable].domain
      else { continue }
      var step = isWhole ? 1 : (most - least) * 1e-4
      if start.point[variable] + step > most { step = -step }
      guard start.point[variable] + step >= least else { continue }
      var other = start.point
      other[variable] += step
      points.append(other)
      steps.append((variable, step))
    }
    let answers = margins(points)
    var blocks: [AdditiveProgram.Block] = []
    var need = -start.margin
    var signs: [Double] = []
    for (place, (variable, step)) in steps.enumerated() {
      let own = problem.variables[variable]
      let slope = (answers[place] - start.margin) / step
      guard slope.isFinite, case .number(let least, let most, let isWhole) = own.domain else {
        return false
      }
      need += slope * (start.point[variable] - own.from)
      let room = max(slope > 0 ? most - own.from : own.from - least, 0)
      signs.append(slope > 0 ? 1 : -1)
      blocks.append(
        isWhole
          ? .steps(price: own.price, gain: abs(slope), most: Int(room))
          : .amount(price: own.price, gain: abs(slope), most: room))
    }
    guard need > 0, need.isFinite,
      let solution = AdditiveProgram(
        blocks, need: need, isSquared: problem.norm == .euclidean
      ).solve(mostNodes: 300)
    else { return false }
    // Choices stay as they are.
    var goal = start.point
    for (place, (variable, _)) in steps.enumerated() {
      let own = problem.variables[variable]
      guard case .number(let least, let most, _) = own.domain else { continue }
      goal[variable] = min(max(own.from + signs[place] * solution.amounts[place], least), most)
    }
    guard problem.cost(goal) < start.cost * (1 - 1e-6) else { return false }
    if margins([goal])[0] >= 0 { return true }
    var (low, high) = (0.0, 1.0)
    for _ in 0..<12 {
      let part = (low + high) / 2
      var point = goal
      for (variable, _) in steps {
        let value = goal[variable] + part * (start.point[variable] - goal[variable])
        if case .number(_, _, true) = problem.variables[variable].domain {
          point[variable] = value.rounded()
        } else {
          point[variable] = value
        }
      }
      if margins([point])[0] >= 0 { high = part } else { low = part }
    }
    return true
  }
}
