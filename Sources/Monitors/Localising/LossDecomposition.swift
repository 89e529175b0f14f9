/// How a change of the mean loss divides between two reasons, seen through one feature whose values fall into bins:
/// other bins became frequent (the inputs moved), or the same bin costs more (the relation moved).
///
/// With p and q the shares of bin b before and after, l and m its mean losses, and L the mean loss before:
///
///     change       M − L                                        of the two mean losses
///     composition  Σ (q − p)·((l + m)/2 − L)                    the inputs' part
///     within       Σ (p + q)/2·(m − l)                          the relation's part, bin by bin
///
/// and change = composition + within, exactly. A bin with fewer than `fewest` losses before, or with none after, tells
/// nothing of its relation: what happens there, q·(m − L) − p·(l − L), is the inputs' part, as they have
/// gone where the model had not been, or have left.
///
/// Reference: E. M. Kitagawa, Components of a difference between two rates, Journal of the American Statistical
/// Association 50 (1955). The same split for models, by a classifier instead of bins: T. Cai, H. Namkoong and
/// S. Yadlowsky, Diagnosing model performance under distribution shift, 2023.
package struct LossDecomposition: Sendable {
  /// Losses of one bin on one side.
  package struct Tally: Sendable, Equatable {
    package var count = 0.0
    package var sum = 0.0
    package var squares = 0.0

    package init() {}

    package mutating func add(_ loss: Double) {
      count += 1
      sum += loss
      squares += loss * loss
    }

    package var mean: Double { sum / count }
    /// The variance of the mean; infinite for fewer than two losses.
    package var squaredError: Double {
      guard count > 1 else { return .infinity }
      return max(0, squares - sum * sum / count) / (count - 1) / count
    }
  }

  private static let fewest = 5.0

  package let change: Double
  /// Standard errors that the change is away from 0, were the losses independent.
  package let changeInErrors: Double
  package let composition: Double
  package let compositionInErrors: Double
  /// Each bin's part in `change` that is the relation's; 0 where nothing can be told of it.
  package let within: [Double]
  /// How much more a bin's loss rose than that of all the others, in standard errors; 0 where nothing can be told.
  package let contrasts: [Double]

  /// `before` and `after` have a tally for each bin, and a loss each at least.
  package init(before: [Tally], after: [Tally]) {
    precondition(before.count == after.count, "\(before.count) and \(after.count) bins")
    let (all, now) = (LossDecomposition.total(before), LossDecomposition.total(after))
    precondition(all.count > 0 && now.count > 0, "no losses on one side")
    change = now.mean - all.mean
    changeInErrors = change / (all.squaredError + now.squaredError).squareRoot()
    var (composition, spread, middle) = (0.0, 0.0, 0.0)
    var (within, contrasts) = ([Double](), [Double]())
    within.reserveCapacity(before.count)
    contrasts.reserveCapacity(before.count)
    for (b, a) in zip(before, after) {
      let (p, q) = (b.count / all.count, a.count / now.count)
      guard b.count >= LossDecomposition.fewest, a.count > 0 else {
        composition += (a.sum - a.count * all.mean) / now.count
        composition -= (b.sum - b.count * all.mean) / all.count
        let cost = (a.sum + b.sum) / max(a.count + b.count, 1) - all.mean
        middle += (p + q) / 2 * cost
        spread += (p + q) / 2 * cost * cost
        within.append(0)
        contrasts.append(0)
        continue
      }
      let cost = (b.mean + a.mean) / 2 - all.mean
      composition += (q - p) * cost
      middle += (p + q) / 2 * cost
      spread += (p + q) / 2 * cost * cost
      within.append((p + q) / 2 * (a.mean - b.mean))
      contrasts.append(LossDecomposition.contrast(b, a, all, now))
    }
    self.composition = composition
    self.within = within
    self.contrasts = contrasts
    // What the shares alone make of the mean varies as much as bins differ in cost.
    let variance = max(0, spread - middle * middle) * (1 / all.count + 1 / now.count)
    compositionInErrors = variance > 0 ? composition / variance.squareRoot() : 0
  }

  private static func total(_ tallies: [Tally]) -> Tally {
    tallies.reduce(into: Tally()) { sum, tally in
      sum.count += tally.count
      sum.sum += tally.sum
      sum.squares += tally.squares
    }
  }

  /// The rise within a bin against the rise of everything else, in standard errors.
  private static func contrast(_ b: Tally, _ a: Tally, _ all: Tally, _ now: Tally) -> Double {
    func rest(_ all: Tally, _ part: Tally) -> Tally {
      var rest = all
      rest.count -= part.count
      rest.sum -= part.sum
      rest.squares -= part.squares
      return rest
    }
    let (others, othersNow) = (rest(all, b), rest(now, a))
    guard min(a.count, others.count, othersNow.count) >= fewest else { return 0 }
    let difference = (a.mean - b.mean) - (othersNow.mean - others.mean)
    let variance =
      a.squaredError + b.squaredError + others.squaredError + othersNow.squaredError
    return variance > 0 ? difference / variance.squareRoot() : 0
  }
}
