package import Learners

/// Recourse where a tree decides: the leaves are boxes, and the nearest point of each is a candidate.
///
/// Of each leaf the point is taken that lies nearest to the row, under the cost and within the bounds; a box that lies
/// outside them has none. The cheapest whose prediction is on the wanted side is the answer: where leaves answer with one
/// value, the whole box does, and no cheaper answer exists. Where they have models of their own a box may hold a cheaper
/// point than its nearest, or an answer only farther inside: then the search goes on from here.
///
/// Reference: G. Tolomei, F. Silvestri, A. Haines and M. Lalmas, Interpretable predictions of tree-based ensembles via
/// actionable feature tweaking, KDD 2017.
package struct LeafBox: Sendable {
  /// Of each variable the numbers, low < x ≤ high.
  var low: [Double]
  var high: [Double]
  /// Of some variables the choices that are left.
  var choices: [Int: Set<Int>] = [:]

  /// What a test asks for.
  package enum Subject: Sendable {
    case variable(Int)
    /// What cannot be changed.
    case value(Double)
  }

  /// The leaves that can be reached. `number` is asked what a dense feature is, `level` which variable and choice are a
  /// sparse feature, if any are, `choices` how many a variable has, and `isPresent` whether the row has a sparse feature.
  package static func boxes(
    of tree: TreeDrawing, variables: Int, number: (Int) -> Subject,
    level: (Int) -> (variable: Int, choice: Int)?, choices: (Int) -> Int,
    isPresent: (Int) -> Bool
  ) -> [LeafBox] {
    guard !tree.nodes.isEmpty else { return [] }
    var boxes: [LeafBox] = []
    let all = LeafBox(
      low: Array(repeating: -.infinity, count: variables),
      high: Array(repeating: .infinity, count: variables))
    var open = [(node: 0, box: all)]
    while let (node, box) = open.popLast() {
      let own = tree.nodes[node]
      switch own.test {
      case .leaf: boxes.append(box)
      case .number(let feature, let threshold):
        switch number(feature) {
        case .value(let value): open.append((own.children[value <= threshold ? 0 : 1], box))
        case .variable(let variable):
          var (left, right) = (box, box)
          left.high[variable] = min(left.high[variable], threshold)
          right.low[variable] = max(right.low[variable], threshold)
          if left.low[variable] < left.high[variable] { open.append((own.children[0], left)) }
          if right.low[variable] < right.high[variable] { open.append((own.children[1], right)) }
        }
      case .level(let index):
        guard let (variable, choice) = level(index) else {
          open.append((own.children[isPresent(index) ? 0 : 1], box))
          continue
        }
        let left = box.choices[variable] ?? Set(0..<choices(variable))
        var (with, without) = (box, box)
        with.choices[variable] = left.intersection([choice])
        without.choices[variable] = left.subtracting([choice])
        if left.contains(choice) { open.append((own.children[0], with)) }
        if left != [choice] { open.append((own.children[1], without)) }
      case .levels(let indices):
        // Rows whose level has no branch go where most rows went.
        let heaviest = own.children.indices.max {
          tree.nodes[own.children[$0]].weight < tree.nodes[own.children[$1]].weight
        }
        guard let heaviest else { continue }
        let known = indices.map(level)
        guard let variable = known.lazy.compactMap({ $0?.variable }).first else {
          let present = indices.firstIndex(where: isPresent) ?? heaviest
          open.append((own.children[present], box))
          continue
        }
        let left = box.choices[variable] ?? Set(0..<choices(variable))
        let named = Set(known.compactMap { $0?.choice })
        for (place, child) in own.children.enumerated() {
          var allowed = known[place].map { left.intersection([$0.choice]) } ?? []
          if place == heaviest { allowed.formUnion(left.subtracting(named)) }
          guard !allowed.isEmpty else { continue }
          var part = box
          part.choices[variable] = allowed
          open.append((child, part))
        }
      }
    }
    return boxes
  }

  /// The point of the box that costs least; nil if all of it is out of bounds.
  func nearest(_ problem: RecourseProblem) -> [Double]? {
    var point = problem.row
    for (place, variable) in problem.variables.enumerated() {
      switch variable.domain {
      case .number(_, _, let isWhole):
        let (low, high) = (low[place], high[place])
        if point[place] > high {
          point[place] = isWhole ? high.rounded(.down) : high
        } else if point[place] <= low {
          point[place] = isWhole ? low.rounded(.down) + 1 : low.nextUp
        }
        guard point[place] > low, point[place] <= high else { return nil }
      case .choice(let costs):
        guard let allowed = choices[place] else { continue }
        let cheapest = allowed.min {
          costs[$0] == costs[$1] ? $0 < $1 : costs[$0] < costs[$1]
        }
        guard let cheapest else { return nil }
        point[place] = Double(cheapest)
      }
      guard variable.allows(point[place]) else { return nil }
    }
    return point
  }

  /// The cheapest of the leaves' nearest points that are on the wanted side; nil if none is.
  static func cheapest(
    _ boxes: [LeafBox], _ problem: RecourseProblem, _ oracle: RecourseOracle
  ) -> (point: [Double], margin: Double)? {
    let candidates = boxes.compactMap { $0.nearest(problem) }
      .map { (point: $0, cost: problem.cost($0)) }.sorted { $0.cost < $1.cost }
    var first = 0
    while first < candidates.count {
      let part = candidates[first..<min(first + 64, candidates.count)]
      let margins = oracle.margins(part.map(\.point))
      if let hit = margins.firstIndex(where: { $0 >= 0 }) {
        return (part[first + hit].point, margins[hit])
      }
      first += 64
    }
    return nil
  }
}
