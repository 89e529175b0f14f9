/// Which change of a row would have turned a decision: the smallest that can be found, by the way that the model allows.
///
///     the model is                                     the answer is
///     linear                                           exact: `LinearRecourse`
///     a tree, its leaves of one value                  exact: `LeafBox.cheapest`
///     several such trees                               exact, if the effort was enough: `CellRecourse`
///     anything else, and there are few points          exact: `CellRecourse`
///     anything else                                    searched for: `RecourseSearch`
///
/// Whatever the way, the model itself has put the answer on the wanted side.
package struct Recourse {
  /// What is known of the margin.
  package enum Form {
    /// A sum over the variables, but for what is made of several together. `saturates`: it is log-odds.
    case linear(saturates: Bool)
    /// Steps, with for each variable where it is cut; the boxes, if it is one tree. Constant: within a cell, or a box, there
    /// is one value.
    case steps(cuts: [[Double]], boxes: [LeafBox]?, isConstant: Bool)
    /// Nothing but, perhaps, values near which it jumps.
    case unknown(cuts: [[Double]]?)
  }

  /// Points that are looked at before a proof is given up.
  private static let mostCells = 20_000
  /// Points that a row may have for all of them to be looked at; a search looks at as many.
  package static let mostPoints = 4_096
  /// Searches for alternatives.
  private static let mostSearches = 12

  private let problem: RecourseProblem
  private let oracle: RecourseOracle
  private let form: Form
  private let mostPoints: Int

  /// `mostPoints`: rows of at most so many points are answered exactly, whatever the model is.
  package init(
    _ problem: RecourseProblem, _ oracle: RecourseOracle, _ form: Form,
    mostPoints: Int = Recourse.mostPoints
  ) {
    self.problem = problem
    self.oracle = oracle
    self.form = form
    self.mostPoints = mostPoints
  }

  /// The cheapest change, with some variables left as they are.
  package func cheapest(fixing fixed: Set<Int> = []) -> RecourseOutcome {
    let own = problem.fixing(fixed)
    let here = oracle.margin(own.row)
    guard here < 0 else {
      return .found(RecourseFinding(point: own.row, cost: 0, margin: here, isProved: true))
    }
    switch form {
    case .linear(let saturates):
      let linear = LinearRecourse(own, oracle, saturates: saturates)
      if let outcome = linear.outcome(start: nil) { return outcome }
      // So sure that nothing could be read off: a point on the other side is needed first.
      var search = RecourseSearch(own, oracle)
      search.run()
      if let start = search.best?.point, let outcome = linear.outcome(start: start) {
        return outcome
      }
      return found(by: search)
    case .steps(let cuts, let boxes?, let isConstant):
      let hit = LeafBox.cheapest(boxes, own, oracle)
      guard isConstant else {
        var seeds = hit.map { [$0.point] } ?? []
        seeds += inside(boxes, own, below: hit.map { own.cost($0.point) } ?? .infinity)
        return searched(own, cuts, seeds)
      }
      if let hit { return found(hit.point, own, isProved: true) }
      return nothing(boxes.compactMap { $0.nearest(own) }, own)
    case .steps(let cuts, nil, let isConstant):
      guard isConstant else { return searched(own, cuts, []) }
      let cells = CellRecourse(own, oracle, cuts: cuts)
      return outcome(cells, own, most: Recourse.mostCells) ?? searched(own, cuts, [])
    case .unknown(let cuts): return searched(own, cuts, [])
    }
  }

  /// Up to `count` changes of different columns, none of which does with more columns what another does with some of them:
  /// those of the fewest columns first, and of these the cheapest. The cheapest of all is always among them.
  package func alternatives(_ count: Int) -> [RecourseFinding] {
    guard case .found(let first) = cheapest() else { return [] }
    guard count > 1 else { return [first] }
    var findings = [first]
    var seen: Set<Set<Int>> = []
    var queue: [Set<Int>] = problem.changes(first.point).map { [$0] }
    // One column alone, wherever that is enough.
    let free = problem.variables.indices.filter { problem.variables[$0].isFree }
    let alone = loners(free)
    for variable in alone.prefix(Recourse.mostSearches) {
      if case .found(let finding) = cheapest(fixing: Set(free).subtracting([variable])) {
        findings.append(finding)
      }
    }
    while let fixed = queue.first, seen.count < Recourse.mostSearches {
      queue.removeFirst()
      guard seen.insert(fixed).inserted, case .found(let finding) = cheapest(fixing: fixed) else {
        continue
      }
      findings.append(finding)
      queue += problem.changes(finding.point).map { fixed.union([$0]) }
    }
    return distinct(findings, most: count)
  }

  /// The variables that turn the decision by themselves, at one of some values.
  private func loners(_ free: [Int]) -> [Int] {
    let cuts: [[Double]]? =
      switch form {
      case .linear: nil
      case .steps(let cuts, _, _): cuts
      case .unknown(let cuts): cuts
      }
    return free.filter { variable in
      let others = Set(problem.variables.indices).subtracting([variable])
      return RecourseSearch(problem.fixing(others), oracle, cuts: cuts).turnsAlone(variable)
    }
  }

  private func distinct(_ findings: [RecourseFinding], most count: Int) -> [RecourseFinding] {
    var bySet: [Set<Int>: RecourseFinding] = [:]
    for finding in findings {
      let set = Set(problem.changes(finding.point))
      if finding.cost < bySet[set]?.cost ?? .infinity { bySet[set] = finding }
    }
    let cheapest = findings.map(\.cost).min() ?? 0
    let kept = bySet.filter { set, finding in
      finding.cost == cheapest || !bySet.keys.contains { $0.isStrictSubset(of: set) }
    }
    let sorted = kept.sorted {
      $0.key.count == $1.key.count ? $0.value.cost < $1.value.cost : $0.key.count < $1.key.count
    }.map(\.value)
    let place = sorted.firstIndex { $0.cost == cheapest } ?? 0
    guard place >= count else { return Array(sorted.prefix(count)) }
    return Array(sorted.prefix(count - 1)) + [sorted[place]]
  }

  // MARK: - Outcomes

  private func found(
    _ point: [Double], _ own: RecourseProblem, isProved: Bool
  ) -> RecourseOutcome {
    .found(
      RecourseFinding(
        point: point, cost: own.cost(point), margin: oracle.margin(point), isProved: isProved))
  }

  private func nothing(_ points: [[Double]], _ own: RecourseProblem) -> RecourseOutcome {
    let all = points.isEmpty ? [own.row] : points
    let margins = oracle.margins(all)
    let most = all.indices.max { margins[$0] < margins[$1] } ?? 0
    return .nothing(isProved: true, nearest: all[most], margin: margins[most])
  }

  /// What going through the cells proved.
  private func outcome(
    _ cells: CellRecourse, _ own: RecourseProblem, most: Int
  ) -> RecourseOutcome? {
    let outcome = cells.cheapest(most: most)
    if let point = outcome.hit { return found(point, own, isProved: true) }
    guard outcome.isWhole else { return nil }
    return .nothing(
      isProved: true, nearest: outcome.nearest.point, margin: outcome.nearest.margin)
  }

  private func searched(
    _ own: RecourseProblem, _ cuts: [[Double]]?, _ seeds: [[Double]]
  ) -> RecourseOutcome {
    if let cells = CellRecourse(own, oracle, most: mostPoints),
      let outcome = outcome(cells, own, most: mostPoints)
    {
      return outcome
    }
    var search = RecourseSearch(own, oracle, cuts: cuts)
    search.run(from: seeds)
    return found(by: search)
  }

  private func found(by search: RecourseSearch) -> RecourseOutcome {
    guard let best = search.best else {
      return .nothing(
        isProved: false, nearest: search.nearest.point, margin: search.nearest.margin)
    }
    return .found(
      RecourseFinding(
        point: best.point, cost: best.cost, margin: best.margin, isProved: false))
  }

  /// Points farther inside boxes that are near, but whose nearest point is not on the wanted side.
  private func inside(
    _ boxes: [LeafBox], _ own: RecourseProblem, below most: Double
  ) -> [[Double]] {
    let near = boxes.compactMap { box in box.nearest(own).map { (box, $0, own.cost($0)) } }
      .filter { $0.2 < most }.sorted { $0.2 < $1.2 }.prefix(8)
    return near.compactMap { box, nearest, _ in
      var search = RecourseSearch(box.narrowed(own, at: nearest), oracle)
      search.run()
      return search.best?.point
    }
  }
}

extension LeafBox {
  /// The problem within the box: the row is its nearest point, and what it costs to come there is left out.
  func narrowed(_ problem: RecourseProblem, at nearest: [Double]) -> RecourseProblem {
    var variables: [RecourseProblem.Variable] = []
    for (place, variable) in problem.variables.enumerated() {
      let from = nearest[place]
      switch variable.domain {
      case .number(let least, let most, let isWhole):
        let low = max(least, isWhole ? low[place].rounded(.down) + 1 : low[place].nextUp)
        let high = min(most, isWhole ? high[place].rounded(.down) : high[place])
        variables.append(
          RecourseProblem.Variable(
            from: from,
            domain: .number(least: min(low, from), most: max(high, from), isWhole: isWhole),
            price: variable.price))
      case .choice(let costs):
        let allowed = choices[place] ?? Set(costs.indices)
        variables.append(
          RecourseProblem.Variable(
            from: from,
            domain: .choice(
              costs: costs.indices.map {
                Double($0) == from ? 0 : allowed.contains($0) ? costs[$0] : .infinity
              }),
            price: variable.price))
      }
    }
    return RecourseProblem(variables, norm: problem.norm, ties: problem.ties)
  }
}
