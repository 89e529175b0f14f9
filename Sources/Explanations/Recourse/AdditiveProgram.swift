/// The cheapest way to gain so much, where each block's gain is its own affair: a knapsack turned over, solved exactly.
///
///     minimise Σ φⱼ(aⱼ)   so that   Σ gⱼ(aⱼ) ≥ need,   lowⱼ ≤ aⱼ ≤ highⱼ
///
/// a is an amount (any number), a number of steps (whole), or the place of an option; φ the cost or its square. A price λ on
/// gain parts the blocks: each answers alone with the amount that makes φ − λ·g least, and
///
///     L(λ) = λ·need + Σ min (φⱼ − λ·gⱼ)
///
/// is a lower bound of the cost for every λ ≥ 0, the best where the answers' gain passes `need` (found by bisection). There
/// the amounts that jump are filled up as far as needed. With amounts alone that is the optimum: by the sum of costs it is
/// the greedy rule of the continuous knapsack, cheapest gain first; by the sum of squares it is water-filling, the solution
/// of the Karush–Kuhn–Tucker conditions. Where a number of steps or an option would have to be taken in part, its range is
/// split in two: branch and bound, the least bound first.
///
/// Reference: H. Everett, Generalized Lagrange multiplier method, Operations Research 11 (1963); G. Dantzig,
/// Discrete-variable extremum problems, Operations Research 5 (1957); P. Sinha and A. Zoltners, The multiple-choice knapsack
/// problem, Operations Research 27 (1979).
///
/// Cost: some 100 answers of all blocks a node. One node where there are amounts alone.
package struct AdditiveProgram: Sendable {
  package enum Block: Sendable {
    /// Any amount from 0 to `most`: price and gain of one unit, both at least 0.
    case amount(price: Double, gain: Double, most: Double)
    /// Any whole number of steps up to `most`.
    case steps(price: Double, gain: Double, most: Int)
    /// One of these, of which the first costs and gains nothing; of the others both may be anything.
    case options([(cost: Double, gain: Double)])
  }

  package struct Solution: Sendable {
    /// For each block the amount, the number of steps, or the place of the option.
    package let amounts: [Double]
    /// Σ φ.
    package let cost: Double
    package let isProved: Bool
  }

  /// A block's own costs and gains; options in ascending order of both, those that others outdo left out.
  private enum Curve {
    case line(price: Double, gain: Double, isWhole: Bool)
    case ladder([(cost: Double, gain: Double, place: Int)])
  }

  private struct Node {
    var low: [Double]
    var high: [Double]
  }

  private struct Relaxed {
    let node: Node
    let bound: Double
    let amounts: [Double]
    let cost: Double
    /// Where the node is to be split; nil: the amounts are its optimum.
    let split: (block: Int, at: Double)?
  }

  private let curves: [Curve]
  private let root: Node
  private let need: Double
  private let isSquared: Bool
  private let slack: Double

  package init(_ blocks: [Block], need: Double, isSquared: Bool) {
    self.need = need
    self.isSquared = isSquared
    slack = 1e-13 * max(abs(need), 1e-6)
    var (curves, high): ([Curve], [Double]) = ([], [])
    for block in blocks {
      switch block {
      case .amount(let price, let gain, let most):
        curves.append(.line(price: price, gain: max(gain, 0), isWhole: false))
        high.append(gain > 0 ? most : 0)
      case .steps(let price, let gain, let most):
        curves.append(.line(price: price, gain: max(gain, 0), isWhole: true))
        high.append(gain > 0 ? Double(most) : 0)
      case .options(let options):
        let ladder = AdditiveProgram.ladder(options, isSquared: isSquared)
        curves.append(.ladder(ladder))
        high.append(Double(ladder.count - 1))
      }
    }
    self.curves = curves
    root = Node(low: high.map { _ in 0 }, high: high)
  }

  private static func ladder(
    _ options: [(cost: Double, gain: Double)], isSquared: Bool
  ) -> [(cost: Double, gain: Double, place: Int)] {
    var ladder: [(cost: Double, gain: Double, place: Int)] = []
    let sorted = options.indices.filter { options[$0].cost.isFinite && !options[$0].gain.isNaN }
      .sorted {
        options[$0].cost == options[$1].cost
          ? options[$0].gain > options[$1].gain : options[$0].cost < options[$1].cost
      }
    for place in sorted {
      let (cost, gain) = options[place]
      if let last = ladder.last, gain <= last.gain { continue }
      ladder.append((isSquared ? cost * cost : cost, gain, place))
    }
    return ladder.isEmpty ? [(0, 0, 0)] : ladder
  }

  /// The most that can be gained.
  package var mostGain: Double { gain(root.high) }

  /// The cheapest amounts; nil where all of them together gain too little. After `mostNodes` splits the best so far.
  package func solve(mostNodes: Int = 20_000) -> Solution? {
    guard let start = relax(root) else { return nil }
    var best = start
    var open = LeastFirst<Relaxed>()
    if start.split != nil { open.add(start, cost: start.bound) }
    var visited = 0
    while let (bound, relaxed) = open.take() {
      guard bound < best.cost - 1e-12 * abs(best.cost) else { break }
      visited += 1
      guard visited <= mostNodes else { return solution(best, isProved: false) }
      guard let (block, at) = relaxed.split else { continue }
      for side in 0..<2 {
        var child = relaxed.node
        if side == 0 { child.high[block] = at } else { child.low[block] = at + 1 }
        guard let other = relax(child) else { continue }
        if other.cost < best.cost { best = other }
        if other.split != nil, other.bound < best.cost { open.add(other, cost: other.bound) }
      }
    }
    return solution(best, isProved: true)
  }

  private func solution(_ relaxed: Relaxed, isProved: Bool) -> Solution {
    let amounts = relaxed.amounts.enumerated().map { block, amount in
      if case .ladder(let ladder) = curves[block] {
        Double(ladder[Int(amount)].place)
      } else {
        amount
      }
    }
    return Solution(amounts: amounts, cost: relaxed.cost, isProved: isProved)
  }

  // MARK: - One node

  private func cost(_ block: Int, _ amount: Double) -> Double {
    switch curves[block] {
    case .line(let price, _, _):
      let cost = price * amount
      return isSquared ? cost * cost : cost
    case .ladder(let ladder): return ladder[Int(amount)].cost
    }
  }

  private func gain(_ block: Int, _ amount: Double) -> Double {
    switch curves[block] {
    case .line(_, let gain, _): gain * amount
    case .ladder(let ladder): ladder[Int(amount)].gain
    }
  }

  private func gain(_ amounts: [Double]) -> Double {
    amounts.indices.reduce(0) { $0 + gain($1, amounts[$1]) }
  }

  private func cost(_ amounts: [Double]) -> Double {
    amounts.indices.reduce(0) { $0 + cost($1, amounts[$1]) }
  }

  private func isDiscrete(_ block: Int) -> Bool {
    if case .line(_, _, let isWhole) = curves[block] { isWhole } else { true }
  }

  /// What a block answers to a price of gain.
  private func answer(_ block: Int, _ price: Double, _ node: Node) -> Double {
    let (low, high) = (node.low[block], node.high[block])
    switch curves[block] {
    case .line(let own, let gain, let isWhole):
      guard isSquared else { return price * gain > own ? high : low }
      guard own > 0 else { return price * gain > 0 ? high : low }
      let wish = price * gain / (2 * own * own)
      return min(max(isWhole ? wish.rounded() : wish, low), high)
    case .ladder(let ladder):
      var (best, least) = (Int(low), Double.infinity)
      for place in Int(low)...Int(high) {
        let value = ladder[place].cost - price * ladder[place].gain
        if value < least { (best, least) = (place, value) }
      }
      return Double(best)
    }
  }

  private func answers(_ price: Double, _ node: Node) -> [Double] {
    curves.indices.map { answer($0, price, node) }
  }

  /// The bound of a node, amounts that gain enough, and where to split; nil where nothing in it gains enough.
  private func relax(_ node: Node) -> Relaxed? {
    guard gain(node.high) >= need - slack else { return nil }
    if gain(node.low) >= need - slack {
      // More gain may be cheaper only among options, which are in the order of their costs.
      let cost = cost(node.low)
      return Relaxed(node: node, bound: cost, amounts: node.low, cost: cost, split: nil)
    }
    var (low, high) = (0.0, 1.0)
    var over = answers(high, node)
    for _ in 0..<1200 where gain(over) < need - slack {
      (low, high) = (high, high * 2)
      over = answers(high, node)
    }
    if gain(over) < need - slack { over = node.high }
    while true {
      let middle = low + (high - low) / 2
      guard middle > low, middle < high else { break }
      let answers = answers(middle, node)
      if gain(answers) >= need - slack { (high, over) = (middle, answers) } else { low = middle }
    }
    let under = answers(low, node)
    let bound = max(dual(low, under), dual(high, over))
    return fill(node, under, over, bound: bound)
  }

  private func dual(_ price: Double, _ amounts: [Double]) -> Double {
    price * (need - gain(amounts)) + cost(amounts)
  }

  /// Goes from amounts that gain too little towards those that gain enough, as far as needed.
  private func fill(
    _ node: Node, _ under: [Double], _ over: [Double], bound: Double
  ) -> Relaxed {
    var amounts = under
    var lacking = need - gain(under)
    let jumps = curves.indices.filter { under[$0] != over[$0] }
    func fillAmounts() {
      for block in jumps where !isDiscrete(block) && lacking > 0 && amounts[block] == under[block] {
        let room = gain(block, over[block]) - gain(block, under[block])
        let part = room > lacking ? lacking / room : 1
        amounts[block] += part * (over[block] - under[block])
        lacking -= part * room
      }
    }
    fillAmounts()
    if lacking <= slack {
      return Relaxed(node: node, bound: bound, amounts: amounts, cost: cost(amounts), split: nil)
    }
    var split: (block: Int, at: Double)?
    (amounts, lacking) = (under, need - gain(under))
    for block in jumps where isDiscrete(block) {
      let room = gain(block, over[block]) - gain(block, under[block])
      var part = over[block] - under[block]
      if case .line(_, let gain, true) = curves[block] { part = min(part, lacking / gain) }
      if split == nil {
        // One whole part of several steps, or all of it.
        split = (block, min(under[block] + part.rounded(.down), over[block] - 1))
        if case .ladder = curves[block] { split = (block, under[block]) }
      }
      let taken = part < over[block] - under[block] ? part.rounded(.up) : over[block] - under[block]
      amounts[block] = under[block] + taken
      lacking -= taken < over[block] - under[block] ? gain(block, taken) : room
      let (kept, rest) = (amounts, lacking)
      fillAmounts()
      if lacking <= slack { break }
      (amounts, lacking) = (kept, rest)
    }
    if lacking > slack { amounts = over }
    guard let split else {
      return Relaxed(node: node, bound: bound, amounts: over, cost: cost(over), split: nil)
    }
    return Relaxed(node: node, bound: bound, amounts: amounts, cost: cost(amounts), split: split)
  }
}
