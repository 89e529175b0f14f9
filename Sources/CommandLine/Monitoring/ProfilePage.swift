import Monitors
import Telemetry

/// A profile as tables for people.
struct ProfilePage {
  let profile: Reference

  init(_ profile: Reference) { self.profile = profile }

  var text: String {
    var text = "\(profile.rows) rows, \(profile.refused) refused\n"
    let faults = profile.typeErrors.sorted { $0.key < $1.key }.map { "\($0) \($1)" }
    if !faults.isEmpty { text += "refused for: \(faults.joined(separator: ", "))\n" }
    var numbers = TextTable(
      [
        "number", "missing", "mean", "sd", "least", "25 %", "median", "75 %", "most", "distinct",
        "r",
      ],
      numbers: [
        "missing", "mean", "sd", "least", "25 %", "median", "75 %", "most", "distinct", "r",
      ])
    for (name, number) in profile.allNumbers.sorted(by: { $0.key < $1.key }) {
      let q = number.quantiles
      func quantile(_ place: Int) -> String { q.count == 65 ? Figure.text(q[place]) : "–" }
      numbers.append([
        name, share(number.missing, number.missingShare), Figure.text(number.mean),
        Figure.text(number.deviation), Figure.text(number.least), quantile(16), quantile(32),
        quantile(48), Figure.text(number.most),
        Figure.count(min(number.distinct, Double(number.count))),
        number.labelled > 0 ? Figure.fixed(number.correlation, 3) : "",
      ])
    }
    if !numbers.isEmpty { text += "\n" + numbers.text() }
    var categories = TextTable(
      ["category", "missing", "distinct", "most frequent"], numbers: ["missing", "distinct"])
    for (name, category) in profile.categories.sorted(by: { $0.key < $1.key }) {
      // Where there are more values than are counted one by one, a count may have others' in it.
      let bound = category.distinct > Double(category.top.count) + 0.5 ? "≤ " : ""
      let top = category.top.prefix(4).map { item in
        let share = ShortNumber.percent(Double(item.count) / Double(max(category.count, 1)))
        return "\(ProfilePage.line(item.name)) \(bound)\(share)"
      }
      categories.append([
        name, share(category.missing, category.missingShare),
        Figure.count(min(category.distinct, Double(category.count))),
        top.joined(separator: ", "),
      ])
    }
    if !categories.isEmpty { text += "\n" + categories.text() }
    return text
  }

  /// A value in one line.
  static func line(_ text: String) -> String {
    String(text.map { $0.isNewline || $0 == "\t" ? " " : $0 })
  }

  private func share(_ count: Int, _ share: Double) -> String {
    count == 0 ? "0" : ShortNumber.percent(share)
  }
}

/// Two profiles side by side.
struct ProfileComparison {
  let before: Reference
  let after: Reference

  private struct Line {
    let name: String
    /// How far the two lie apart, 0 … 1: of numbers the greatest distance of their distribution functions, of categories
    /// half the sum of the distances of shares.
    let distance: Double?
    let missing: (before: Double, after: Double)?
    let shown: (before: String, after: String)
  }

  private var lines: [Line] {
    var lines: [Line] = []
    let (earlier, later) = (before.allNumbers, after.allNumbers)
    for name in Set(earlier.keys).union(later.keys).sorted() {
      let (old, new) = (earlier[name], later[name])
      func shown(_ number: Reference.Number?) -> String {
        number.map { "\(Figure.text($0.mean)) ± \(Figure.text($0.deviation))" } ?? "–"
      }
      lines.append(
        Line(
          name: name, distance: old.flatMap { old in new.flatMap { old.distance(to: $0) } },
          missing: old.flatMap { old in new.map { (old.missingShare, $0.missingShare) } },
          shown: (shown(old), shown(new))))
    }
    for name in Set(before.categories.keys).union(after.categories.keys).sorted() {
      let (old, new) = (before.categories[name], after.categories[name])
      func shown(_ category: Reference.Category?) -> String {
        category.map {
          "\(Figure.count($0.distinct)) values, \(ProfilePage.line($0.top.first?.name ?? "–")) first"
        } ?? "–"
      }
      lines.append(
        Line(
          name: name, distance: old.flatMap { old in new.map { old.distance(to: $0) } },
          missing: old.flatMap { old in new.map { (old.missingShare, $0.missingShare) } },
          shown: (shown(old), shown(new))))
    }
    return lines.sorted { ($1.distance ?? 2, $0.name) < ($0.distance ?? 2, $1.name) }
  }

  var text: String {
    var table = TextTable(
      ["column", "distance", "missing", "before", "after"], numbers: ["distance", "missing"])
    for line in lines {
      let missing = line.missing.map {
        $0.before == $0.after && $0.before == 0
          ? "" : "\(ShortNumber.percent($0.before)) → \(ShortNumber.percent($0.after))"
      }
      table.append([
        line.name, line.distance.map { Figure.fixed($0, 3) } ?? "not in both", missing ?? "",
        line.shown.before, line.shown.after,
      ])
    }
    return "\(before.rows) rows before, \(after.rows) after\n\n" + table.text()
  }

  var json: JSONValue {
    .members([
      ("rowsBefore", .int(before.rows)), ("rowsAfter", .int(after.rows)),
      (
        "columns",
        .members(
          lines.map { line in
            (
              line.name,
              .members([
                ("distance", .number(line.distance)),
                ("missingBefore", .number(line.missing?.before)),
                ("missingAfter", .number(line.missing?.after)),
                ("before", .string(line.shown.before)), ("after", .string(line.shown.after)),
              ])
            )
          })
      ),
    ])
  }
}

extension Reference {
  /// The columns of numbers, and the target, which has no name here.
  fileprivate var allNumbers: [String: Number] {
    var all = numbers
    all["(target)"] = target
    return all
  }
}

extension Reference.Number {
  /// The share of numbers that are not above `value`.
  private func share(notAbove value: Double) -> Double {
    guard value >= quantiles[0] else { return 0 }
    guard value < quantiles[64] else { return 1 }
    var place = 0
    while place < 64, quantiles[place + 1] <= value { place += 1 }
    let width = quantiles[place + 1] - quantiles[place]
    return (Double(place) + (width > 0 ? (value - quantiles[place]) / width : 0)) / 64
  }

  /// The greatest distance of the two distribution functions, as the quantiles show it; nil where one has none.
  func distance(to other: Reference.Number) -> Double? {
    guard quantiles.count == 65, other.quantiles.count == 65 else { return nil }
    return (quantiles + other.quantiles).map {
      abs(share(notAbove: $0) - other.share(notAbove: $0))
    }.max()
  }
}

extension Reference.Category {
  /// Half the sum of the distances of shares, of what is not among the most frequent as one.
  func distance(to other: Reference.Category) -> Double {
    let own = Dictionary(top.map { ($0.name, $0.count) }, uniquingKeysWith: { first, _ in first })
    let its = Dictionary(
      other.top.map { ($0.name, $0.count) }, uniquingKeysWith: { first, _ in first })
    func share(_ count: Int?, _ all: Int) -> Double {
      Double(count ?? 0) / Double(max(all, 1))
    }
    var (sum, left, right) = (0.0, 1.0, 1.0)
    for name in Set(own.keys).union(its.keys) {
      let (a, b) = (share(own[name], count), share(its[name], other.count))
      sum += abs(a - b)
      (left, right) = (left - a, right - b)
    }
    return min(1, (sum + abs(left - right)) / 2)
  }
}
