/// Recourse where the model is linear: exact.
///
/// The margin is a sum, one term for each variable or for each set of variables that make features together:
///
///     margin(x) = constant + Σ slopeⱼ·xⱼ + Σ termₖ(choices of set k)
///
/// Slopes and terms are read off the model's own predictions, so that whatever scales and links lie between a column and the
/// margin are in them; that they are slopes is checked half-way. Where a prediction is so sure that its log-odds have lost
/// their digits, they are read off again where the answer lies, near the boundary. What is left is a knapsack:
/// `AdditiveProgram`. The answer is predicted; if rounding left it on the wrong side by some units in the last place, a
/// little more is asked for.
///
/// Reference: B. Ustun, A. Spangher and Y. Liu, Actionable recourse in linear classification, FAT* 2019, whose mixed-integer
/// program this is, solved by branch and bound over Lagrangian relaxations.
struct LinearRecourse {
  /// Beyond this log-odds have lost digits.
  private static let surest = 20.0
  /// Choices that a set of variables may have together.
  private static let mostJoint = 4096

  private let problem: RecourseProblem
  private let oracle: RecourseOracle
  /// Beyond this a margin is not read.
  private let surest: Double

  /// What one variable, or several together, do.
  private struct Term {
    let variables: [Int]
    let block: AdditiveProgram.Block
    /// −1 where less is better.
    let sign: Double
    /// The values of each option.
    var options: [[Double]] = []
  }

  /// `saturates`: whether margins are log-odds, which lose digits where they are large.
  init(_ problem: RecourseProblem, _ oracle: RecourseOracle, saturates: Bool) {
    self.problem = problem
    self.oracle = oracle
    surest = saturates ? LinearRecourse.surest : .greatestFiniteMagnitude
  }

  /// The outcome; nil if the margin is not of that kind after all. `start` is a point on the wanted side, if one is known.
  func outcome(start: [Double]?) -> RecourseOutcome? {
    guard let sets = independentSets() else { return nil }
    var reference = problem.row
    if abs(oracle.margin(reference)) > surest, let start {
      reference = boundary(start)
    }
    for _ in 0..<6 {
      guard let (terms, need) = terms(sets, at: reference) else { return nil }
      let program = AdditiveProgram(
        terms.map(\.block), need: need, isSquared: problem.norm == .euclidean)
      guard let solution = program.solve() else {
        // Everything at its best: near enough to the boundary to be believed?
        let best = point(terms, extreme(terms))
        let margin = oracle.margin(best)
        if abs(margin) < surest, margin < 0 {
          return .nothing(isProved: true, nearest: best, margin: margin)
        }
        guard reference != best else { return nil }
        reference = best
        continue
      }
      let candidate = point(terms, solution.amounts)
      let margin = oracle.margin(candidate)
      // What gain there is beyond what was needed should be what is left.
      let expected = zip(terms, solution.amounts).reduce(-need) { $0 + gain($1.0, $1.1) }
      if abs(margin - expected) <= 1e-7 * max(1, abs(need)) {
        return settle(terms, need: need, solution, candidate, margin)
      }
      guard reference != candidate else { return nil }
      reference = candidate
    }
    return nil
  }

  /// Asks for a little more until the model agrees.
  private func settle(
    _ terms: [Term], need: Double, _ solution: AdditiveProgram.Solution, _ candidate: [Double],
    _ margin: Double
  ) -> RecourseOutcome? {
    var (solution, candidate, margin) = (solution, candidate, margin)
    var more = 1e-14 * max(1, abs(need))
    for _ in 0..<30 {
      if margin >= 0 {
        return .found(
          RecourseFinding(
            point: candidate, cost: problem.cost(candidate), margin: margin,
            isProved: solution.isProved))
      }
      let program = AdditiveProgram(
        terms.map(\.block), need: need + more, isSquared: problem.norm == .euclidean)
      guard let next = program.solve() else { return nil }
      solution = next
      candidate = point(terms, solution.amounts)
      margin = oracle.margin(candidate)
      more *= 2
    }
    return nil
  }

  // MARK: - Terms

  /// The free variables, those apart that have nothing to do with each other; nil if a set cannot be counted out.
  private func independentSets() -> [[Int]]? {
    var sets: [Set<Int>] = problem.variables.indices.filter { problem.variables[$0].isFree }.map {
      [$0]
    }
    let free = Set(sets.flatMap { $0 })
    for tie in problem.ties {
      let own = tie.intersection(free)
      guard own.count > 1 else { continue }
      let joined = sets.filter { !$0.isDisjoint(with: own) }.reduce(own) { $0.union($1) }
      sets.removeAll { !$0.isDisjoint(with: own) }
      sets.append(joined)
    }
    for set in sets where set.count > 1 {
      var joint = 1
      for variable in set {
        guard let values = values(variable) else { return nil }
        joint *= values.count
        guard joint <= LinearRecourse.mostJoint else { return nil }
      }
    }
    return sets.map { $0.sorted() }
  }

  /// All values that a variable may have; nil where they are too many.
  private func values(_ variable: Int) -> [Double]? {
    let own = problem.variables[variable]
    switch own.domain {
    case .choice(let costs):
      return [own.from] + costs.indices.map(Double.init).filter { $0 != own.from && own.allows($0) }
    case .number(let least, let most, let isWhole):
      guard isWhole, most - least < 1000 else { return nil }
      return [own.from]
        + stride(from: least.rounded(.up), through: most, by: 1).filter {
          $0 != own.from
        }
    }
  }

  private func terms(
    _ sets: [[Int]], at reference: [Double]
  ) -> (terms: [Term], need: Double)? {
    let here = oracle.margin(reference)
    var terms: [Term] = []
    // What the row lacks: the reference's margin, and what each variable has done for it.
    var need = -here
    for set in sets {
      if set.count == 1,
        case .number(let least, let most, let isWhole) =
          problem.variables[set[0]].domain
      {
        guard let slope = slope(set[0], least, most, at: reference, here) else { return nil }
        let own = problem.variables[set[0]]
        need += slope * (reference[set[0]] - own.from)
        let room = slope > 0 ? most - own.from : own.from - least
        terms.append(
          Term(
            variables: set,
            block: isWhole
              ? .steps(price: own.price, gain: abs(slope), most: max(0, Int(room)))
              : .amount(price: own.price, gain: abs(slope), most: max(0, room)),
            sign: slope < 0 ? -1 : 1))
      } else {
        guard let (term, own) = joint(set, at: reference) else { return nil }
        need += here - own
        terms.append(term)
      }
    }
    return (terms, need)
  }

  /// What a number's change by one does to the margin; nil if that is not the same everywhere.
  private func slope(
    _ variable: Int, _ least: Double, _ most: Double, at reference: [Double], _ here: Double
  ) -> Double? {
    var (low, high) = (least, most)
    for _ in 0..<60 {
      var points = [reference, reference, reference]
      points[0][variable] = low
      points[1][variable] = high
      points[2][variable] = low + (high - low) / 2
      let margins = oracle.margins(points)
      let widest = margins.reduce(0) { max($0, abs($1)) }
      if widest <= surest || abs(here) > surest {
        guard margins.allSatisfy(\.isFinite) else { return nil }
        let middle = (margins[0] + margins[1]) / 2
        // Half-way must be half-way, where digits allow to say so.
        if widest <= surest,
          abs(margins[2] - middle) > 1e-7 * max(1, abs(margins[1] - margins[0]))
        {
          return nil
        }
        return (margins[1] - margins[0]) / (high - low)
      }
      // Nearer, around the reference.
      low += (reference[variable] - low) / 2
      high += (reference[variable] - high) / 2
      guard high > low else { return nil }
    }
    return nil
  }

  /// All joint values of some variables as options, and the margin with the row's own.
  private func joint(_ set: [Int], at reference: [Double]) -> (term: Term, own: Double)? {
    var options: [[Double]] = [[]]
    for variable in set {
      guard let values = values(variable) else { return nil }
      options = options.flatMap { begun in values.map { begun + [$0] } }
    }
    let margins = oracle.margins(
      options.map { values in
        var point = reference
        for (variable, value) in zip(set, values) { point[variable] = value }
        return point
      })
    guard margins.allSatisfy(\.isFinite) else { return nil }
    let costs = options.map { values in
      var sum = 0.0
      for (variable, value) in zip(set, values) {
        let own = problem.variables[variable].cost(value)
        sum += problem.norm == .sum ? own : own * own
      }
      return problem.norm == .sum ? sum : sum.squareRoot()
    }
    let block = AdditiveProgram.Block.options(
      zip(costs, margins).map { ($0, $1 - margins[0]) })
    return (Term(variables: set, block: block, sign: 1, options: options), margins[0])
  }

  // MARK: - Points

  private func point(_ terms: [Term], _ amounts: [Double]) -> [Double] {
    var point = problem.row
    for (term, amount) in zip(terms, amounts) {
      guard term.options.isEmpty else {
        for (variable, value) in zip(term.variables, term.options[Int(amount)]) {
          point[variable] = value
        }
        continue
      }
      let variable = term.variables[0]
      guard amount != 0, case .number(let least, let most, _) = problem.variables[variable].domain
      else { continue }
      point[variable] = min(max(point[variable] + term.sign * amount, least), most)
    }
    return point
  }

  private func gain(_ term: Term, _ amount: Double) -> Double {
    switch term.block {
    case .amount(_, let gain, _), .steps(_, let gain, _): gain * amount
    case .options(let options): options[Int(amount)].gain
    }
  }

  /// The amounts that gain most.
  private func extreme(_ terms: [Term]) -> [Double] {
    terms.map { term in
      switch term.block {
      case .amount(_, let gain, let most): gain > 0 ? most : 0
      case .steps(_, let gain, let most): gain > 0 ? Double(most) : 0
      case .options(let options):
        Double(options.indices.max { options[$0].gain < options[$1].gain } ?? 0)
      }
    }
  }

  /// A point between the row and `start` where the margin has all its digits.
  private func boundary(_ start: [Double]) -> [Double] {
    let row = problem.row
    var (low, high) = (0.0, 1.0)
    var best = start
    for _ in 0..<60 {
      let part = low + (high - low) / 2
      var point = start
      for (place, variable) in problem.variables.enumerated() {
        guard case .number(_, _, let isWhole) = variable.domain else { continue }
        let value = row[place] + part * (start[place] - row[place])
        point[place] = isWhole ? value.rounded() : value
      }
      let margin = oracle.margin(point)
      if margin >= 0 { (high, best) = (part, point) } else { low = part }
      if abs(margin) < 1 { return point }
    }
    return best
  }
}
