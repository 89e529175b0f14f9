/// What may be changed of a row, within which bounds, and what a change costs.
///
/// A point has a value for each variable: a number, or the place of a choice. The cost of a point is how far it lies from
/// the row:
///
///     sum        Σ cⱼ               c = price·|x − from| of a number, the price of the choice that is made
///     euclidean  √(Σ cⱼ²)
///
/// Prices are usually one over the spread of a column, so that costs of different columns can be added.
///
/// Reference: B. Ustun, A. Spangher and Y. Liu, Actionable recourse in linear classification, FAT* 2019;
/// S. Wachter, B. Mittelstadt and C. Russell, Counterfactual explanations without opening the black box, 2017.
package struct RecourseProblem: Sendable {
  package enum Norm: String, Sendable, CaseIterable {
    case sum
    case euclidean
  }

  package struct Variable: Sendable {
    package enum Domain: Sendable, Equatable {
      /// Every number from `least` to `most`, or every whole one; the row's own value is among them.
      case number(least: Double, most: Double, isWhole: Bool)
      /// One of so many values, by place; what each costs, of which the row's own is 0. Infinite: not to be had.
      case choice(costs: [Double])
    }

    /// The row's own value: a number, or the place of its choice.
    package let from: Double
    package let domain: Domain
    /// Cost of a number's change by one; above 0.
    package let price: Double

    package init(from: Double, domain: Domain, price: Double = 1) {
      self.from = from
      self.domain = domain
      self.price = price
    }

    package func cost(_ value: Double) -> Double {
      switch domain {
      case .number: price * abs(value - from)
      case .choice(let costs): costs[Int(value)]
      }
    }

    /// Whether a point may have this value.
    package func allows(_ value: Double) -> Bool {
      switch domain {
      case .number(let least, let most, let isWhole):
        value == from || (value >= least && value <= most && (!isWhole || value == value.rounded()))
      case .choice(let costs): costs.indices.contains(Int(value)) && costs[Int(value)].isFinite
      }
    }

    /// Whether there is any value but the row's own.
    package var isFree: Bool {
      switch domain {
      case .number(let least, let most, _): most > least
      case .choice(let costs): costs.indices.contains { Double($0) != from && costs[$0].isFinite }
      }
    }

    /// All values that it may have, if they are at most so many.
    func values(most: Int) -> [Double]? {
      switch domain {
      case .number(let least, let most, _) where least == most: return [from]
      case .number(let least, let top, let isWhole):
        guard isWhole, top - least < Double(most) else { return nil }
        return [from] + stride(from: least.rounded(.up), through: top, by: 1).filter { $0 != from }
      case .choice(let costs):
        return costs.indices.map(Double.init).filter { $0 == from || allows($0) }
      }
    }

    /// The same with its own value alone.
    var fixed: Variable {
      switch domain {
      case .number(_, _, let isWhole):
        Variable(
          from: from, domain: .number(least: from, most: from, isWhole: isWhole), price: price)
      case .choice(let costs):
        Variable(
          from: from,
          domain: .choice(
            costs: costs.indices.map { Double($0) == from ? 0 : .infinity }), price: price)
      }
    }
  }

  package var variables: [Variable]
  package let norm: Norm
  /// Variables that make features together, so that what one does depends on another.
  package let ties: [Set<Int>]

  package init(_ variables: [Variable], norm: Norm = .sum, ties: [Set<Int>] = []) {
    self.variables = variables
    self.norm = norm
    self.ties = ties.filter { $0.count > 1 }
  }

  /// The row itself.
  package var row: [Double] { variables.map(\.from) }

  package func cost(_ point: [Double]) -> Double {
    var sum = 0.0
    for (variable, value) in zip(variables, point) {
      let own = variable.cost(value)
      sum += norm == .sum ? own : own * own
    }
    return norm == .sum ? sum : sum.squareRoot()
  }

  /// The variables in which a point differs from the row.
  package func changes(_ point: [Double]) -> [Int] {
    variables.indices.filter { variables[$0].from != point[$0] }
  }

  /// The same problem with some variables left as they are.
  package func fixing(_ fixed: Set<Int>) -> RecourseProblem {
    var other = self
    for place in fixed { other.variables[place] = variables[place].fixed }
    return other
  }
}

/// The model as a search sees it: for a point how far it is on the wanted side, at least 0 if it is there. Only what it says
/// of a point counts in the end.
package final class RecourseOracle {
  private let evaluate: ([[Double]]) -> [Double]
  /// Predictions that were asked for.
  package private(set) var asked = 0

  package init(_ evaluate: @escaping ([[Double]]) -> [Double]) { self.evaluate = evaluate }

  package func margins(_ points: [[Double]]) -> [Double] {
    guard !points.isEmpty else { return [] }
    asked += points.count
    // Not a number is no answer that anybody wanted.
    return evaluate(points).map { $0.isNaN ? -.infinity : $0 }
  }

  package func margin(_ point: [Double]) -> Double { margins([point])[0] }
}

/// A change that was found.
package struct RecourseFinding: Sendable {
  package let point: [Double]
  package let cost: Double
  /// How far the point is on the wanted side: at least 0.
  package let margin: Double
  /// Whether no cheaper one exists, to a relative 1e-9.
  package let isProved: Bool
}

/// What came of a search.
package enum RecourseOutcome: Sendable {
  case found(RecourseFinding)
  /// Nothing is: proved, or only looked for. The point that came nearest, and its margin.
  case nothing(isProved: Bool, nearest: [Double], margin: Double)
}
