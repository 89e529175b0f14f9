import Batches
import Snapshots

/// What a tree sees of a row: its numbers, and of each plain category a level.
///
/// Products of features are left to trees' own splits. Levels are numbered by attribute in the order in
/// which they are learned; a level that was never learned is -1.
struct TreeAttributes: Sendable {
  /// Numeric attributes: the dense features.
  let numbers: Int
  /// Nominal attributes: the plain families.
  let nominals: Int
  /// The family of each nominal attribute.
  let families: [Int]
  private let attributeOfFamily: [Int]
  /// For each sparse index its level.
  private var levelOfIndex: [Int32] = []
  /// How many levels each nominal attribute has.
  private(set) var levels: [Int]
  /// For each nominal attribute and level the sparse index.
  private(set) var indexOfLevel: [[Int]]

  /// How many attributes a tree sees.
  static func count(_ context: LearnerContext) -> Int {
    context.denseWidth + context.families.count { $0.isPlain }
  }

  init(_ context: LearnerContext) {
    numbers = context.denseWidth
    let plain = context.families.indices.filter { context.families[$0].isPlain }
    nominals = plain.count
    families = plain
    var attributes = Array(repeating: -1, count: context.families.count)
    for (attribute, family) in plain.enumerated() { attributes[family] = attribute }
    attributeOfFamily = attributes
    levels = Array(repeating: 0, count: plain.count)
    indexOfLevel = plain.map { _ in [] }
  }

  /// Writes the level of each nominal attribute of a row, without learning any.
  func find(_ row: SparseRow, into out: UnsafeMutablePointer<Int32>) {
    for a in 0..<nominals { out[a] = -1 }
    for k in 0..<row.count {
      let family = Int(row.families[k])
      guard family < attributeOfFamily.count, attributeOfFamily[family] >= 0 else { continue }
      let index = Int(row.indices[k])
      if index < levelOfIndex.count { out[attributeOfFamily[family]] = levelOfIndex[index] }
    }
  }

  /// The same, and levels that are new get a number; returns whether any was.
  mutating func learn(_ row: SparseRow, into out: UnsafeMutablePointer<Int32>) -> Bool {
    var isNew = false
    for a in 0..<nominals { out[a] = -1 }
    for k in 0..<row.count {
      let family = Int(row.families[k])
      guard family < attributeOfFamily.count, attributeOfFamily[family] >= 0 else { continue }
      let (index, attribute) = (Int(row.indices[k]), attributeOfFamily[family])
      while levelOfIndex.count <= index { levelOfIndex.append(-1) }
      if levelOfIndex[index] < 0 {
        levelOfIndex[index] = Int32(levels[attribute])
        indexOfLevel[attribute].append(index)
        levels[attribute] += 1
        isNew = true
      }
      out[attribute] = levelOfIndex[index]
    }
    return isNew
  }

  func write(to writer: inout SnapshotWriter) {
    for indices in indexOfLevel { writer.write(indices) }
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    levelOfIndex = []
    for a in 0..<nominals {
      let indices = try reader.readInts()
      guard indices.allSatisfy({ (0..<(1 << 31)).contains($0) }) else { throw .corrupt }
      indexOfLevel[a] = indices
      levels[a] = indices.count
      for (level, index) in indices.enumerated() {
        while levelOfIndex.count <= index { levelOfIndex.append(-1) }
        levelOfIndex[index] = Int32(level)
      }
    }
  }
}
