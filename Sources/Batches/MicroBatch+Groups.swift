/// What groups the rows of a batch are of, by which scores are told apart; no model sees them.
struct RowGroups: Sendable {
  /// For each row one number for each column of groups; empty where there are none.
  var levels: [Int32] = []
  var names: [GroupName] = []

  mutating func removeAll() {
    levels.removeAll(keepingCapacity: true)
    names.removeAll(keepingCapacity: true)
  }
}

/// What a group is called: told with the first row that is of it.
package struct GroupName: Sendable, Equatable {
  /// Which of the columns of groups, from 0.
  package let column: Int
  /// The number of the group in its column, from 0 in the order of appearance.
  package let level: Int
  package let text: String

  package init(column: Int, level: Int, text: String) {
    (self.column, self.level, self.text) = (column, level, text)
  }
}

extension MicroBatch {
  /// Says of the row that was ended last which groups it is of, one number for each column of groups. Rows in between
  /// that are no events are of none.
  package mutating func setLastGroups(_ levels: [Int32]) {
    let before = (count - 1) * levels.count
    while groups.levels.count < before { groups.levels.append(-1) }
    groups.levels.append(contentsOf: levels)
  }

  /// Tells what a group is called.
  package mutating func name(_ group: GroupName) { groups.names.append(group) }

  /// The group that row `i` is of in column `column` of `columns`; −1: of none.
  package func group(_ i: Int, column: Int, of columns: Int) -> Int {
    let place = i * columns + column
    return place < groups.levels.count ? Int(groups.levels[place]) : -1
  }

  /// What groups are called that rows of this batch are the first of.
  package var groupNames: [GroupName] { groups.names }
}
