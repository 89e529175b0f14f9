import ArgumentParser
import Explanations

/// What `weir explain --recourse` may be told.
struct RecourseOptions: ParsableArguments {
  @Flag(
    help: "The smallest change of the row that would have turned the decision.")
  var recourse = false
  @Option(
    help:
      "What should have come out: a class, or for a number 'cnt>200' (also >=, <, <=). With two classes the other one."
  )
  var want: String?
  @Option(help: "The probability of the positive class from which the decision is for it (0.5).")
  var threshold: Double?
  @Option(help: "Columns that cannot change: a,b,… Repeatable.")
  var immutable: [String] = []
  @Option(
    help:
      "COLUMN=C: a change of the column by one standard deviation, or to another category, costs C (1). Repeatable."
  )
  var cost: [String] = []
  @Option(
    help:
      "COLUMN=LOW..HIGH, either may lack, or COLUMN=x,y,… for categories: where its values may go (what was seen). Repeatable."
  )
  var range: [String] = []
  @Option(help: "COLUMN=up or COLUMN=down: the only way that its number may go. Repeatable.")
  var direction: [String] = []
  @Option(
    help: "How the costs of several changes are put together: sum, or euclidean (sum).")
  var norm = "sum"
  @Option(help: "So many different ways at most, those with the fewest columns first (1).")
  var alternatives = 1
  @Flag(
    help:
      "SOURCE has other rows than the run had: each is predicted as weir predict would, and all that are not as wanted are answered, one JSON object a line."
  )
  var served = false
  @Flag(help: "In plain words instead of JSON, for the person concerned.")
  var text = false

  /// Whether anything was asked that only recourse answers.
  var isTouched: Bool {
    want != nil || threshold != nil || !immutable.isEmpty || !cost.isEmpty || !range.isEmpty
      || !direction.isEmpty || norm != "sum" || alternatives != 1 || served
  }
}

/// The same, read.
struct RecourseWish {
  /// Where a column's values may go, in the user's words.
  enum Range: Equatable {
    case numbers(least: Double, most: Double)
    case categories([String])
  }

  var want: String?
  var threshold = 0.5
  var immutable: Set<String> = []
  var costs: [String: Double] = [:]
  var ranges: [String: Range] = [:]
  /// 1: up, −1: down.
  var directions: [String: Double] = [:]
  var norm = RecourseProblem.Norm.sum
  var alternatives = 1

  /// - Throws: `Failure` with the option that cannot be read, and what it should be.
  init(_ options: RecourseOptions) throws {
    want = options.want
    if let threshold = options.threshold {
      guard threshold > 0, threshold < 1 else {
        throw RecourseWish.usage("--threshold \(threshold): a probability between 0 and 1")
      }
      self.threshold = threshold
    }
    for text in options.immutable {
      let names = text.split(separator: ",").map(String.init)
      guard !names.isEmpty else {
        throw RecourseWish.usage("--immutable '\(text)': expected columns, a,b,…")
      }
      immutable.formUnion(names)
    }
    for text in options.cost {
      let (name, value) = try RecourseWish.pair("--cost", text, "COLUMN=2")
      guard let cost = Double(value), cost > 0, cost.isFinite else {
        throw RecourseWish.usage("--cost \(text): \(value) is no cost; expected a number above 0")
      }
      costs[name] = cost
    }
    for text in options.range {
      let (name, value) = try RecourseWish.pair("--range", text, "COLUMN=0..10 or COLUMN=x,y,…")
      ranges[name] = try RecourseWish.range(value, text)
    }
    for text in options.direction {
      let (name, value) = try RecourseWish.pair("--direction", text, "COLUMN=up or COLUMN=down")
      guard let way = ["up": 1.0, "down": -1.0][value] else {
        throw RecourseWish.usage("--direction \(text): expected COLUMN=up or COLUMN=down")
      }
      directions[name] = way
    }
    guard let norm = RecourseProblem.Norm(rawValue: options.norm) else {
      throw RecourseWish.usage(
        "--norm \(options.norm): expected "
          + RecourseProblem.Norm.allCases.map(\.rawValue).joined(separator: " or "))
    }
    self.norm = norm
    guard (1...20).contains(options.alternatives) else {
      throw RecourseWish.usage("--alternatives \(options.alternatives): expected 1 to 20")
    }
    alternatives = options.alternatives
  }

  /// The columns that are named, with the option that names them.
  var named: [(column: String, option: String)] {
    immutable.sorted().map { ($0, "--immutable") } + costs.keys.sorted().map { ($0, "--cost") }
      + ranges.keys.sorted().map { ($0, "--range") }
      + directions.keys.sorted().map { ($0, "--direction") }
  }

  /// The same without what the user forbade.
  var unbound: RecourseWish {
    var other = self
    (other.immutable, other.ranges, other.directions) = ([], [:], [:])
    return other
  }

  private static func pair(
    _ option: String, _ text: String, _ form: String
  ) throws -> (name: String, value: String) {
    // The last one: a column's name may well have the sign in it.
    guard let sign = text.lastIndex(of: "="), sign != text.startIndex else {
      throw usage("\(option) \(text): expected \(form)")
    }
    return (String(text[..<sign]), String(text[text.index(after: sign)...]))
  }

  private static func range(_ value: String, _ text: String) throws -> Range {
    guard let dots = value.firstRange(of: "..") else {
      let names = value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard !value.isEmpty else {
        throw usage("--range \(text): expected COLUMN=0..10 or COLUMN=x,y,…")
      }
      return .categories(names)
    }
    func end(_ text: Substring, _ open: Double) -> Double? {
      text.isEmpty ? open : Double(text).flatMap { $0.isFinite ? $0 : nil }
    }
    guard let least = end(value[..<dots.lowerBound], -.infinity),
      let most = end(value[dots.upperBound...], .infinity), least <= most
    else {
      throw usage("--range \(text): expected COLUMN=LOW..HIGH, two numbers in their order")
    }
    return .numbers(least: least, most: most)
  }

  static func usage(_ message: String) -> Failure { Failure(message: message, code: Exit.usage) }
}
