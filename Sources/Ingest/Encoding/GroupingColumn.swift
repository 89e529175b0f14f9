/// A column by whose values scores are told apart.
struct GroupingColumn: Equatable {
  let column: Int
  /// Where a column of numbers is cut, in ascending order; empty: its values are names.
  let cuts: [Double]

  /// Cuts of one column at most.
  static let mostCuts = 60

  /// Which of the pieces a number is in: the first is below the first cut, a cut belongs to what is above it, and what
  /// is missing is a piece of its own, behind the last.
  func piece(_ value: Double) -> Int {
    guard !value.isNaN else { return cuts.count + 1 }
    var piece = 0
    while piece < cuts.count, value >= cuts[piece] { piece += 1 }
    return piece
  }

  /// What a piece is called: `<25`, `25–45`, `≥45`.
  func name(_ piece: Int) -> String {
    func text(_ cut: Double) -> String {
      cut == cut.rounded() && abs(cut) < 1e15 ? "\(Int(cut))" : "\(cut)"
    }
    switch piece {
    case cuts.count + 1: return "(missing)"
    case 0: return "<" + text(cuts[0])
    case cuts.count: return "≥" + text(cuts[cuts.count - 1])
    default: return text(cuts[piece - 1]) + "–" + text(cuts[piece])
    }
  }
}

extension FeaturePlanner {
  /// Reads `a,b` or `a=25,45,65`.
  ///
  /// Numbers are not cut by themselves: where the bounds of groups lie is for those to say who answer for them.
  func groupings(_ text: String) throws(IngestError) -> [GroupingColumn] {
    let option = "--group"
    guard let equals = text.firstIndex(of: "=") else {
      var found: [GroupingColumn] = []
      for name in text.split(separator: ",") {
        found.append(GroupingColumn(column: try grouping(String(name)), cuts: []))
      }
      return found
    }
    let name = String(text[..<equals])
    let index = try column(name, option)
    let words = text[text.index(after: equals)...].split(
      separator: ",", omittingEmptySubsequences: false)
    let cuts = words.compactMap { Double($0) }.filter(\.isFinite)
    guard cuts.count == words.count, zip(cuts, cuts.dropFirst()).allSatisfy({ $0 < $1 }),
      cuts.count <= GroupingColumn.mostCuts
    else {
      throw .badFeature(
        option: option, text: text,
        reason: "expected COLUMN=25,45,65: where to cut it, in ascending order, "
          + "\(GroupingColumn.mostCuts) cuts at most")
    }
    try check(index)
    return [GroupingColumn(column: index, cuts: cuts)]
  }

  private func check(_ index: Int) throws(IngestError) {
    guard evidence[index].name != options.target else {
      throw .conflictingRoles(name: evidence[index].name, first: "--target", second: "--group")
    }
  }

  private func grouping(_ name: String) throws(IngestError) -> Int {
    let index = try column(name, "--group")
    try check(index)
    let seen = evidence[index]
    // Two whole numbers are a code more often than a measure.
    let isCode =
      seen.distinct.count <= 2
      && seen.distinct.allSatisfy { text in
        Double(text).map { $0 == $0.rounded() } ?? true
      }
    guard !seen.isNumeric || seen.values == 0 || options.category.contains(name) || isCode else {
      throw .badFeature(
        option: "--group", text: name,
        reason: "it is a column of numbers: say where to cut it (--group \(name)=10,20), or that "
          + "its numbers are codes (--category \(name), with --ignore \(name) if it is to be no "
          + "feature)")
    }
    return index
  }
}
