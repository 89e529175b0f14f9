/// How many rows had which values of a feature before and after a change: for a picture, not for the verdict.
///
/// Snapshots leave it out, as no more is made of it once the journal has it.
package struct ShiftBins: Sendable, Equatable {
  package enum Places: Sendable, Equatable {
    /// Of numbers, n edges in rising order: rows below the first, between two, and from the last on; then those without a
    /// value. n + 2 counts.
    case edges([Double])
    /// Of a family of categories, the levels' sparse features, and then all others. One count more than levels.
    case levels([Int])
  }

  /// Levels that are told apart.
  private static let mostLevels = 12

  package let places: Places
  package let before: [Int]
  package let after: [Int]

  package init(edges: [Double], before: [Int], after: [Int]) {
    (places, self.before, self.after) = (.edges(edges), before, after)
  }

  /// `levels` have a count each, and one for all others comes last. Those that were most frequent before or after are
  /// kept apart.
  package init(levels: [Int], before: [Int], after: [Int]) {
    let (b, a) = (max(1, before.reduce(0, +)), max(1, after.reduce(0, +)))
    func weight(_ place: Int) -> Double {
      max(Double(before[place]) / Double(b), Double(after[place]) / Double(a))
    }
    let kept = levels.indices.sorted { (weight($1), $0) < (weight($0), $1) }
      .prefix(ShiftBins.mostLevels)
    func counts(_ all: [Int]) -> [Int] {
      let some = kept.map { all[$0] }
      return some + [all.reduce(0, +) - some.reduce(0, +)]
    }
    places = .levels(kept.map { levels[$0] })
    (self.before, self.after) = (counts(before), counts(after))
  }
}
