/// The columns of an input as those who watch it know them.
package struct InputColumns: Sendable, Equatable {
  /// A column of numbers, or a number that is made of others: dense feature j of a row.
  package struct Number: Sendable, Equatable {
    package let name: String
    /// Whether it is no column of the input.
    package let isDerived: Bool

    package init(name: String, isDerived: Bool) { (self.name, self.isDerived) = (name, isDerived) }
  }

  /// In the order of dense features.
  package var numbers: [Number]
  /// Columns of categories, in the order in which `InputRows` has them.
  package var categories: [String]
  /// All columns as the input has them.
  package var all: [String]

  package init(numbers: [Number] = [], categories: [String] = [], all: [String] = []) {
    (self.numbers, self.categories, self.all) = (numbers, categories, all)
  }
}

/// What stood in the columns of a batch's rows that their features do not tell, where the input is watched: levels of
/// categories, names of new levels, and what was refused between the rows.
package struct InputRows: Sendable {
  /// A level that came for the first time, in row `row`.
  package struct NewLevel: Sendable {
    package let row: Int
    package let category: Int
    package let level: Int
    package let name: [UInt8]
  }

  /// Records before row `row`, all at fault in the same way.
  package struct Refused: Sendable {
    package let row: Int
    /// Nil: the record as a whole.
    package let column: String?
    /// A kebab-case kind: "not-a-number".
    package let kind: String
    package fileprivate(set) var count: Int
  }

  /// What stands for a category that is missing.
  package static let missing: Int32 = -1
  /// What stands where nobody has said anything.
  package static let unknown: Int32 = -2

  /// `width` a row.
  private var levels: [Int32] = []
  private var width = 0
  package private(set) var newLevels: [NewLevel] = []
  package private(set) var refused: [Refused] = []

  package init() {}

  package var isEmpty: Bool { levels.isEmpty && refused.isEmpty }

  /// The level of a category in a row.
  package func level(_ row: Int, _ category: Int) -> Int32 {
    let place = row * width + category
    return category < width && place < levels.count ? levels[place] : InputRows.unknown
  }

  mutating func removeAll() {
    guard !isEmpty else { return }
    levels.removeAll(keepingCapacity: true)
    newLevels.removeAll(keepingCapacity: true)
    refused.removeAll(keepingCapacity: true)
  }

  mutating func set(_ level: Int32, _ category: Int, of row: Int, width: Int) {
    self.width = width
    while levels.count < (row + 1) * width { levels.append(InputRows.unknown) }
    levels[row * width + category] = level
  }

  mutating func add(_ level: NewLevel) { newLevels.append(level) }

  mutating func refuse(_ row: Int, _ column: String?, _ kind: String) {
    if let last = refused.last, last.row == row, last.column == column, last.kind == kind {
      refused[refused.count - 1].count += 1
    } else {
      refused.append(Refused(row: row, column: column, kind: kind, count: 1))
    }
  }
}

extension MicroBatch {
  /// Gives the row in the making its level of a category, one of `width`.
  package mutating func setLevel(_ level: Int32, _ category: Int, width: Int) {
    input.set(level, category, of: count, width: width)
  }

  /// Says what a level is called that the row in the making is the first to have.
  package mutating func addLevel(_ level: Int, _ category: Int, name: UnsafeRawBufferPointer) {
    input.add(
      InputRows.NewLevel(row: count, category: category, level: level, name: Array(name)))
  }

  /// Says that a record was refused after the rows that are there.
  package mutating func addRefused(_ column: String?, _ kind: String) {
    input.refuse(count, column, kind)
  }
}
