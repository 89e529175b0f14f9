/// The features of a row as a person tells them apart: the players among whom a prediction is shared out.
///
/// Every dense feature is one, and every family of sparse features is one (a category is one column, however many
/// levels it has). Of sparse features that belong to no family, each that the row in question has is one; what other
/// rows have beyond those counts together, last.
///
///     0 ..< denseWidth              dense features
///     denseWidth ..< looseStart     families
///     looseStart ..< rest           features without a family, by ascending index
///     rest                          all others of those, where there are any
package struct FeatureGroups: Sendable, Equatable {
  package let denseWidth: Int
  package let families: Int
  /// Indices of the features without a family, ascending.
  package let loose: [Int32]
  /// Whether there is a group of other features without a family.
  package let hasRest: Bool

  /// Those of row `row`; `families` at least, and `hasLoose` where other rows have features without a family.
  package init(_ batch: borrowing MicroBatch, _ row: Int, families: Int, hasLoose: Bool = false) {
    denseWidth = batch.denseWidth
    let sparse = batch.sparse(row)
    var (known, own) = (families, [Int32]())
    for k in 0..<sparse.count {
      if sparse.families[k] == FeatureFamily.none {
        own.append(sparse.indices[k])
      } else {
        known = max(known, Int(sparse.families[k]) + 1)
      }
    }
    self.families = known
    own.sort()
    loose = own.indices.filter { $0 == 0 || own[$0] != own[$0 - 1] }.map { own[$0] }
    hasRest = hasLoose || !loose.isEmpty
  }

  package var looseStart: Int { denseWidth + families }
  package var rest: Int { looseStart + loose.count }
  package var count: Int { rest + (hasRest ? 1 : 0) }

  /// The group of a sparse feature.
  package func group(family: Int16, index: Int32) -> Int {
    guard family == FeatureFamily.none else { return denseWidth + Int(family) }
    var (low, high) = (0, loose.count)
    while low < high {
      let middle = (low + high) / 2
      if loose[middle] < index { low = middle + 1 } else { high = middle }
    }
    return low < loose.count && loose[low] == index ? looseStart + low : rest
  }
}
