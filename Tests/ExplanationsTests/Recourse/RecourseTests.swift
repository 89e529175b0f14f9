import Explanations
import Foundation
import Learners
import TestSupport
import Testing

/// Recourse against all points of a grid.
@Suite struct RecourseTests {
  private typealias Variable = RecourseProblem.Variable

  /// All points of some variables that are whole numbers or choices.
  private static func grid(_ problem: RecourseProblem) -> [[Double]] {
    var points: [[Double]] = [[]]
    for variable in problem.variables {
      let values: [Double]
      switch variable.domain {
      case .number(let least, let most, _):
        values = Array(stride(from: least, through: most, by: 1))
      case .choice(let costs): values = costs.indices.map(Double.init)
      }
      let allowed = values.filter(variable.allows)
      points = points.flatMap { begun in allowed.map { begun + [$0] } }
    }
    return points
  }

  private static func cheapest(
    _ problem: RecourseProblem, _ margin: ([Double]) -> Double
  ) -> Double? {
    grid(problem).filter { margin($0) >= 0 }.map(problem.cost).min()
  }

  private static func discreteProblem(
    _ random: inout SplitMix, norm: RecourseProblem.Norm, ties: [Set<Int>] = []
  ) -> RecourseProblem {
    let variables = (0..<4).map { place -> Variable in
      if place == 3 {
        let own = random.below(4)
        return Variable(
          from: Double(own),
          domain: .choice(costs: (0..<4).map { $0 == own ? 0 : 0.2 + random.unit() }))
      }
      return Variable(
        from: Double(random.below(7)), domain: .number(least: 0, most: 6, isWhole: true),
        price: 0.1 + random.unit())
    }
    return RecourseProblem(variables, norm: norm, ties: ties)
  }

  @Test(arguments: RecourseProblem.Norm.allCases)
  func `of a linear margin no cheaper change is on the grid`(norm: RecourseProblem.Norm) {
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SplitMix(seed: seed)
    var (found, none) = (0, 0)
    for round in 0..<60 {
      // Two of them make a feature together.
      let problem = Self.discreteProblem(&random, norm: norm, ties: [[0, 3]])
      let slopes = (0..<3).map { _ in 2 * random.unit() - 1 }
      let joint = (0..<28).map { _ in 2 * random.unit() - 1 }
      let bound = 6 * random.unit()
      let margin: ([Double]) -> Double = { x in
        slopes[0] * x[0] + slopes[1] * x[1] + slopes[2] * x[2]
          + joint[Int(x[3]) * 7 + Int(x[0])] - bound
      }
      let oracle = RecourseOracle { $0.map(margin) }
      let brute = Self.cheapest(problem, margin)
      switch Recourse(problem, oracle, .linear(saturates: false)).cheapest() {
      case .found(let finding):
        found += 1
        #expect(finding.isProved && margin(finding.point) >= 0, "seed \(seed), round \(round)")
        #expect(zip(problem.variables, finding.point).allSatisfy { $0.allows($1) })
        #expect(
          abs(finding.cost - (brute ?? -1)) <= 1e-9, "seed \(seed), round \(round): \(finding)")
      case .nothing(let isProved, let nearest, let most):
        none += 1
        #expect(brute == nil && isProved, "seed \(seed), round \(round)")
        let best = Self.grid(problem).map(margin).max() ?? 0
        #expect(abs(most - best) < 1e-9 && margin(nearest) == most)
      }
    }
    #expect(found > 5 && none > 2)
  }

  @Test
  func `of so sure a logistic margin that its digits are lost the answer is exact all the same`()
    throws
  {
    // p = 1 to the last digit at the row: nothing can be read off there.
    let problem = RecourseProblem([
      Variable(from: 100, domain: .number(least: -10, most: 200, isWhole: false), price: 1),
      Variable(from: 5, domain: .number(least: -50, most: 50, isWhole: false), price: 2),
    ])
    let oracle = RecourseOracle { points in
      points.map { x in
        let p = 1 / (1 + exp(-(0.7 * x[0] + 0.9 * x[1] - 3)))
        return log(max(1 - p, 1e-300)) - log(max(p, 1e-300))
      }
    }
    guard case .found(let finding) = Recourse(problem, oracle, .linear(saturates: true)).cheapest()
    else {
      Issue.record("nothing found")
      return
    }
    // Down to 0.7·x = 3 − 0.9·5 by the first column alone, which is the cheaper one.
    #expect(finding.isProved && abs(finding.point[0] - (3 - 4.5) / 0.7) < 1e-8)
    #expect(finding.point[1] == 5)
  }

  @Test func `of several trees the cheapest cell is found, or that there is none`() {
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SplitMix(seed: seed)
    var (found, none) = (0, 0)
    for round in 0..<60 {
      let problem = Self.discreteProblem(&random, norm: round % 2 == 0 ? .sum : .euclidean)
      // Boxes with a value each; the margin is their sum.
      let trees = (0..<6).map { _ in
        (
          place: random.below(3), cut: Double(random.below(6)), other: random.below(3),
          second: Double(random.below(6)), level: random.below(4),
          values: (0..<5).map { _ in 2 * random.unit() - 1 }
        )
      }
      let bound = 1 + 2 * random.unit()
      let margin: ([Double]) -> Double = { x in
        trees.reduce(-bound) { sum, tree in
          if x[tree.place] <= tree.cut {
            return sum + (x[tree.other] <= tree.second ? tree.values[0] : tree.values[1])
          }
          return sum + (x[3] == Double(tree.level) ? tree.values[2] : tree.values[3])
        }
      }
      var cuts: [[Double]] = [[], [], [], []]
      for tree in trees {
        cuts[tree.place].append(tree.cut)
        cuts[tree.other].append(tree.second)
      }
      let oracle = RecourseOracle { $0.map(margin) }
      let form = Recourse.Form.steps(cuts: cuts, boxes: nil, isConstant: true)
      let brute = Self.cheapest(problem, margin)
      switch Recourse(problem, oracle, form).cheapest() {
      case .found(let finding):
        found += 1
        #expect(finding.isProved && margin(finding.point) >= 0)
        #expect(abs(finding.cost - (brute ?? -1)) <= 1e-9, "seed \(seed), round \(round)")
      case .nothing(let isProved, _, _):
        none += 1
        #expect(brute == nil && isProved, "seed \(seed), round \(round)")
      }
    }
    #expect(found > 5 && none > 5)
  }

  /// A margin that is no sum of its columns, and jumps.
  private static func bentMargin(_ random: inout SplitMix) -> ([Double]) -> Double {
    let slopes = (0..<3).map { _ in 2 * random.unit() - 1 }
    let bend = (0..<3).map { _ in 0.3 * (2 * random.unit() - 1) }
    let levels = (0..<4).map { _ in 2 * random.unit() }
    let bound = 1 + 3 * random.unit()
    return { x in
      slopes[0] * x[0] + slopes[1] * x[1] + slopes[2] * x[2] + bend[0] * x[0] * x[1]
        + bend[1] * x[1] * x[2] + (x[0] > 3 ? bend[2] : 0) + levels[Int(x[3])] - bound
    }
  }

  @Test func `of few points the cheapest is found whatever the model is, or that there is none`() {
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SplitMix(seed: seed)
    for round in 0..<60 {
      let problem = Self.discreteProblem(&random, norm: round % 2 == 0 ? .sum : .euclidean)
      let margin = Self.bentMargin(&random)
      let oracle = RecourseOracle { $0.map(margin) }
      let brute = Self.cheapest(problem, margin)
      switch Recourse(problem, oracle, .unknown(cuts: nil)).cheapest() {
      case .found(let finding):
        #expect(finding.isProved && margin(finding.point) >= 0, "seed \(seed), round \(round)")
        #expect(abs(finding.cost - (brute ?? -1)) <= 1e-9, "seed \(seed), round \(round)")
      case .nothing(let isProved, let nearest, let most):
        #expect(brute == nil && isProved, "seed \(seed), round \(round)")
        let best = Self.grid(problem).map(margin).max() ?? 0
        #expect(most == best && margin(nearest) == most, "seed \(seed), round \(round)")
      }
    }
  }

  /// A search may miss: how rarely is told on the same problems each time.
  @Test func `the search finds what is there, and little of it is dearer than need be`() {
    var random = SplitMix(seed: 20)
    var (there, hits, excess) = (0, 0, 0.0)
    for round in 0..<100 {
      let problem = Self.discreteProblem(&random, norm: .sum)
      let margin = Self.bentMargin(&random)
      let oracle = RecourseOracle { $0.map(margin) }
      let brute = Self.cheapest(problem, margin)
      if brute != nil { there += 1 }
      switch Recourse(problem, oracle, .unknown(cuts: nil), mostPoints: 0).cheapest() {
      case .found(let finding):
        hits += 1
        #expect(finding.isProved == (margin(problem.row) >= 0) && margin(finding.point) >= 0)
        #expect(
          zip(problem.variables, finding.point).allSatisfy { $0.allows($1) }, "round \(round)")
        if let brute, brute > 0 { excess += finding.cost / brute - 1 }
      case .nothing(let isProved, _, _): #expect(!isProved)
      }
    }
    #expect(Double(hits) >= 0.97 * Double(there), "\(hits) of \(there)")
    #expect(excess / Double(max(hits, 1)) < 0.05, "\(excess / Double(hits))")
  }

  @Test func `what is searched for blindly costs little more than what is proved`() {
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SplitMix(seed: seed)
    var (excess, count) = (0.0, 0)
    for round in 0..<12 {
      let variables = (0..<8).map { _ in
        Variable(
          from: random.normal(), domain: .number(least: -4, most: 4, isWhole: false),
          price: 0.2 + random.unit())
      }
      let problem = RecourseProblem(variables, norm: round % 2 == 0 ? .sum : .euclidean)
      let slopes = (0..<8).map { _ in random.normal() }
      let bound = zip(slopes, problem.row).reduce(2 + 3 * random.unit()) { $0 + $1.0 * $1.1 }
      let oracle = RecourseOracle { points in
        points.map { x in zip(slopes, x).reduce(-bound) { $0 + $1.0 * $1.1 } }
      }
      guard
        case .found(let proved) = Recourse(problem, oracle, .linear(saturates: false)).cheapest(),
        case .found(let searched) = Recourse(problem, oracle, .unknown(cuts: nil)).cheapest()
      else { continue }
      #expect(proved.isProved && proved.cost <= searched.cost * (1 + 1e-9), "seed \(seed)")
      excess += searched.cost / proved.cost - 1
      count += 1
    }
    #expect(count > 6 && excess / Double(max(count, 1)) < 0.02, "seed \(seed): \(excess)")
  }

  @Test func `alternatives are of different columns, fewest first, each enough by itself`() {
    let seed = UInt64.random(in: 0..<1 << 32)
    var random = SplitMix(seed: seed)
    var several = 0
    for round in 0..<30 {
      let problem = Self.discreteProblem(&random, norm: .sum)
      let slopes = (0..<3).map { _ in 0.5 + random.unit() }
      let margin: ([Double]) -> Double = { x in
        slopes[0] * x[0] + slopes[1] * x[1] + slopes[2] * x[2] + x[3] / 2 - 9
      }
      let oracle = RecourseOracle { $0.map(margin) }
      guard margin(problem.row) < 0 else { continue }
      let recourse = Recourse(problem, oracle, .linear(saturates: false))
      let all = recourse.alternatives(4)
      let sets = all.map { Set(problem.changes($0.point)) }
      #expect(Set(sets).count == sets.count, "seed \(seed), round \(round)")
      #expect(all.allSatisfy { margin($0.point) >= 0 })
      #expect(zip(sets, sets.dropFirst()).allSatisfy { $0.count <= $1.count })
      if sets.count > 1 { several += 1 }
      if case .found(let cheapest) = recourse.cheapest() {
        #expect(all.contains { abs($0.cost - cheapest.cost) < 1e-12 }, "seed \(seed)")
      }
    }
    #expect(several > 5)
  }
}
