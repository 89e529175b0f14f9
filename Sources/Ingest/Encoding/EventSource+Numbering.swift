import Batches
import Snapshots

/// Numbering levels and classes as another source has, so that weights learned on its rows fit the rows of this one.
///
/// Sparse features are numbered in the order in which their levels are met, and so are more than two classes. A model
/// of another run can go on here only if both agree, and they agree for sure only if this run begins with the other's numbers.
extension EventSource {
  /// Takes the numbers over that `other` has given; before the first row.
  ///
  /// - Throws: `IngestError.otherNumbering` where a model that was learned on the other's rows does not fit these.
  package mutating func takeNumbering(of other: borrowing EventSource) throws(IngestError) {
    let reason = encoder.takeNumbering(of: other.encoder)
    if let reason { throw .otherNumbering(reason: reason) }
  }
}

extension RowEncoder {
  /// Whether rows have features whose place is given out as they come.
  private var numbersLevels: Bool { !plan.sparse.isEmpty }

  /// The same; returns why it cannot be done.
  mutating func takeNumbering(of other: borrowing RowEncoder) -> String? {
    if let reason = misfit(other) { return reason }
    if let reason = takeClasses(of: other) { return reason }
    guard numbersLevels else { return nil }
    guard accepted == 0, tables.allSatisfy({ $0.count == 0 }) else {
      return numbering == other.numbering
        ? nil
        : "its levels are numbered in another order than this run's, which has met some already; "
          + "weights would stand for other levels"
    }
    (tables, sparseKeys, sparseNames) = (other.tables, other.sparseKeys, other.sparseNames)
    for k in families.indices { families[k].take(other.families[k].table) }
    // A product with a number is as large as the scale that it was learned at.
    scales = other.scales
    return nil
  }

  /// Why rows of this source mean something else than the other's.
  private func misfit(_ other: borrowing RowEncoder) -> String? {
    let (own, its) = (plan, other.plan)
    guard own.task == its.task, own.targetName == its.targetName else {
      return "it predicts \(its.targetName) (\(its.task.rawValue)), and this run \(own.targetName) "
        + "(\(own.task.rawValue))"
    }
    guard own.denseNames == its.denseNames else {
      let (here, there) = (Set(own.denseNames), Set(its.denseNames))
      let more = its.denseNames.filter { !here.contains($0) }.map { "it has \($0)" }
      let fewer = own.denseNames.filter { !there.contains($0) }.map { "it has no \($0)" }
      let all = more + fewer
      return "its features are others: "
        + (all.isEmpty ? "they stand in another order" : all.prefix(6).joined(separator: ", "))
        + (all.count > 6 ? " and \(all.count - 6) more" : "")
    }
    guard other.muted.isEmpty else {
      return "features were dropped in its run (--screen), and this run has them"
    }
    guard own.hashed == its.hashed else { return "its features are hashed to another --hash-bits" }
    guard numbersLevels || !its.sparse.isEmpty else { return nil }
    let isSame =
      own.columns == its.columns && own.sparse == its.sparse
      && own.derivedLevels == its.derivedLevels && categoryLimit == other.categoryLimit
    return isSame
      ? nil
      : "its columns, categories or crosses are others, so its levels are not numbered as this run's"
  }

  private mutating func takeClasses(of other: borrowing RowEncoder) -> String? {
    let (own, its) = (target.classNames, other.target.classNames)
    switch plan.task {
    case .regression: return nil
    case .binary:
      // The second class may still be unknown.
      guard zip(own, its).allSatisfy({ $0 == $1 || $0.isEmpty || $1.isEmpty }) else {
        return "its classes are \(its.joined(separator: " and ")), and this run's are "
          + own.joined(separator: " and ")
      }
      if own.contains("") { target.takeClasses(of: other.target) }
    case .multiclass:
      if its.starts(with: own) {
        target.takeClasses(of: other.target)
      } else if !own.starts(with: its) {
        return "its classes are numbered in another order than this run's: "
          + its.joined(separator: ", ")
      }
    }
    return nil
  }

  /// All numbers that were given to levels, as bytes.
  private var numbering: [UInt8] {
    var writer = SnapshotWriter()
    for table in tables { table.write(to: &writer) }
    for table in sparseKeys { table.write(to: &writer) }
    writer.write(sparseNames.map(\.feature))
    writer.write(sparseNames.map(\.key))
    return writer.payload
  }
}
