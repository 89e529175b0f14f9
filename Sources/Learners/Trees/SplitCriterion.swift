import Glibc

/// How much better classes are told apart after a split.
enum SplitCriterion: String, Sendable, CaseIterable {
  /// Entropy before less the mean entropy after (C4.5, VFDT).
  case infoGain = "info-gain"
  /// The mean Gini impurity after, taken from 1.
  case gini
  /// The mean squared distance of the branches' class frequencies, which does not heed how rare a
  /// class is (Cieslak and Chawla, ECML 2008).
  case hellinger

  /// The range R of the merit, for Hoeffding's bound.
  func range(classes: Int) -> Double {
    switch self {
    case .infoGain: log2(Double(max(classes, 2)))
    case .gini: 1
    case .hellinger: 2.squareRoot()
    }
  }

  /// The merit of not splitting.
  func none(before: [Double], classes: Int) -> Double {
    switch self {
    case .infoGain, .hellinger: 0
    case .gini:
      1 - SplitCriterion.gini(before, 0, classes, before[..<classes].reduce(0, +))
    }
  }

  /// The merit of splitting `before` into `branches` rows of `classes` weights; −∞ if fewer than two
  /// branches hold more than `leastShare` of the weight.
  func merit(
    before: [Double], after: [Double], branches: Int, classes: Int, leastShare: Double
  ) -> Double {
    var total = 0.0
    for value in after[..<(branches * classes)] { total += value }
    guard total > 0 else { return -.infinity }
    var large = 0
    var sum = 0.0
    for b in 0..<branches {
      var weight = 0.0
      for c in 0..<classes { weight += after[b * classes + c] }
      if weight / total > leastShare { large += 1 }
      switch self {
      case .infoGain: sum += weight * SplitCriterion.entropy(after, b * classes, classes)
      case .gini: sum += weight / total * SplitCriterion.gini(after, b * classes, classes, weight)
      case .hellinger: break
      }
    }
    guard large >= 2 else { return -.infinity }
    switch self {
    case .infoGain: return SplitCriterion.entropy(before, 0, classes) - sum / total
    case .gini: return 1 - sum
    case .hellinger: return SplitCriterion.hellinger(after, branches, classes)
    }
  }

  private static func entropy(_ weights: [Double], _ start: Int, _ classes: Int) -> Double {
    var (entropy, sum) = (0.0, 0.0)
    for k in start..<(start + classes) where weights[k] > 0 {
      entropy -= weights[k] * log2(weights[k])
      sum += weights[k]
    }
    return sum > 0 ? (entropy + sum * log2(sum)) / sum : 0
  }

  private static func gini(
    _ weights: [Double], _ start: Int, _ classes: Int, _ total: Double
  ) -> Double {
    guard total != 0 else { return 1 }
    var gini = 1.0
    for k in start..<(start + classes) {
      let share = weights[k] / total
      gini -= share * share
    }
    return gini
  }

  /// The distance of the two heaviest classes' distributions over the branches.
  private static func hellinger(_ after: [Double], _ branches: Int, _ classes: Int) -> Double {
    var totals = Array(repeating: 0.0, count: classes)
    for b in 0..<branches { for c in 0..<classes { totals[c] += after[b * classes + c] } }
    let order = totals.indices.sorted { totals[$0] > totals[$1] }
    guard order.count > 1, totals[order[1]] > 0 else { return 0 }
    var sum = 0.0
    for b in 0..<branches {
      let first = (max(after[b * classes + order[0]], 0) / totals[order[0]]).squareRoot()
      let second = (max(after[b * classes + order[1]], 0) / totals[order[1]]).squareRoot()
      sum += (first - second) * (first - second)
    }
    return sum.squareRoot()
  }
}
