import Batches
import Glibc
import Learners

/// What a prediction has to be, and how far it is from that.
///
///     two classes     log-odds of the probability beyond those of the threshold
///     more classes    log of the wished class's probability over the likeliest other's
///     a number        how far beyond the bound, in the number's unit; of a model of logs, in logs
struct RecourseGoal {
  enum Kind {
    /// The positive class's probability at least, or below, so much.
    case positive(Bool, threshold: Double)
    case likeliest(Int)
    case value(isAbove: Bool, isStrict: Bool, bound: Double)
  }

  let kind: Kind
  /// Whether numbers are compared by their logs.
  let usesLogs: Bool
  /// Predictions in a batch and alone may differ in their last digits: an answer must not hang on these.
  let guardBand: Double

  /// Throws `Failure` where the wish cannot be read. `now` is the decision as it stands: of two classes whether it is for
  /// the positive one.
  init(
    _ wish: RecourseWish, task: Task, target: String, classes: [String], now: Bool,
    form: PredictorForm?
  ) throws {
    var (usesLogs, isSteps) = (false, false)
    switch form {
    case .linear(.log): usesLogs = true
    case .stepwise(let cuts): isSteps = cuts.isConstantBetween
    default: break
    }
    switch task {
    case .binary:
      var isPositive = !now
      if let want = wish.want {
        guard classes.count == 2, let place = classes.firstIndex(of: want) else {
          throw RecourseWish.usage(
            "--want \(want): expected a class of \(target): "
              + classes.filter { !$0.isEmpty }.joined(separator: " or "))
        }
        isPositive = place == 1
      }
      kind = .positive(isPositive, threshold: wish.threshold)
    case .multiclass:
      guard let want = wish.want, let place = classes.firstIndex(of: want) else {
        throw RecourseWish.usage(
          (wish.want.map { "--want \($0): " } ?? "say what is wanted: --want CLASS; ")
            + "expected a class of \(target): " + classes.joined(separator: ", "))
      }
      kind = .likeliest(place)
    case .regression:
      guard let want = wish.want else {
        throw RecourseWish.usage("say what is wanted: --want '\(target)>100'")
      }
      guard let (isAbove, isStrict, bound) = RecourseGoal.comparison(want, target) else {
        throw RecourseWish.usage(
          "--want \(want): expected the target and a bound, such as '\(target)>100' or "
            + "'\(target)<=20'")
      }
      kind = .value(isAbove: isAbove, isStrict: isStrict, bound: bound)
      usesLogs = usesLogs && bound > 0
    }
    self.usesLogs = usesLogs
    if isSteps {
      guardBand = 0
    } else if case .value(_, _, let bound) = kind, !usesLogs {
      guardBand = 1e-10 * max(1, abs(bound))
    } else {
      guardBand = 1e-10
    }
  }

  private static func comparison(
    _ text: String, _ target: String
  ) -> (isAbove: Bool, isStrict: Bool, bound: Double)? {
    var rest = Substring(text.filter { $0 != " " })
    let name = target.filter { $0 != " " }
    if rest.hasPrefix(name), rest.dropFirst(name.count).first.map({ "<>".contains($0) }) == true {
      rest = rest.dropFirst(name.count)
    }
    guard let sign = rest.popFirst(), sign == ">" || sign == "<" else { return nil }
    let isStrict = rest.first != "="
    if !isStrict { rest.removeFirst() }
    guard let bound = Double(rest), bound.isFinite else { return nil }
    return (sign == ">", isStrict, bound)
  }

  /// How far a prediction is on the wanted side; below 0: it is not.
  func margin(_ predictions: Predictions, _ row: Int) -> Double {
    switch kind {
    case .positive(let isPositive, let threshold):
      let distance =
        RecourseGoal.logOdds(predictions[row]) - RecourseGoal.logOdds(threshold)
      if isPositive { return distance - guardBand }
      // At the threshold the decision is for the positive class.
      return distance == 0 ? -.leastNormalMagnitude : -distance - guardBand
    case .likeliest(let place):
      guard place < predictions.width else { return -.infinity }
      var other = 0.0
      for output in 0..<predictions.width where output != place {
        other = max(other, predictions[row, output])
      }
      let (own, most) = (max(predictions[row, place], 1e-300), max(other, 1e-300))
      return own == most ? -.leastNormalMagnitude : log(own) - log(most) - guardBand
    case .value(let isAbove, let isStrict, let bound):
      let value = predictions[row]
      let distance =
        usesLogs ? log(max(value, 1e-300)) - log(bound) : value - bound
      if distance == 0, isStrict { return -.leastNormalMagnitude }
      if distance == 0 { return 0 }
      return (isAbove ? distance : -distance) - guardBand
    }
  }

  /// Whether a prediction is as wanted, as its reader would say.
  func isMet(_ predictions: Predictions, _ row: Int) -> Bool {
    switch kind {
    case .positive(let isPositive, let threshold):
      return (predictions[row] >= threshold) == isPositive
    case .likeliest(let place):
      return place < predictions.width
        && (0..<predictions.width).allSatisfy {
          $0 == place || predictions[row, $0] < predictions[row, place]
        }
    case .value(let isAbove, let isStrict, let bound):
      let value = predictions[row]
      if isAbove { return isStrict ? value > bound : value >= bound }
      return isStrict ? value < bound : value <= bound
    }
  }

  private static func logOdds(_ probability: Double) -> Double {
    log(max(probability, 1e-300)) - log(max(1 - probability, 1e-300))
  }
}
