import Batches
import Statistics

/// How surprising the values of categories are by how often they came in a reference: −ln p(value), on average over a block.
///
/// It rises when rare values become frequent, and falls when a frequent one does, so that one number tells of any change
/// of shares that matters. It is told to a 64th: what a share is taken for changes a little as its reference grows, which is
/// not to be found in a category that is always the same.
struct CategorySurprise: Sendable {
  private let tables: [[UInt64: Double]]
  private let others: [Double]

  init(_ columns: InputColumns, _ reference: Reference) {
    var (tables, others) = ([[UInt64: Double]](), [Double]())
    for name in columns.categories {
      let known = reference.categories[name]
      var table: [UInt64: Double] = [:]
      for (value, count) in known?.top ?? [] {
        table[DistinctCount.hash(value.utf8)] = Reference.surprise(count, of: known?.count ?? 0)
      }
      tables.append(table)
      others.append(Reference.surprise(0, of: known?.count ?? 0))
    }
    (self.tables, self.others) = (tables, others)
  }

  static func rounded(_ surprise: Double) -> Double { (surprise * 64).rounded() / 64 }

  /// How many values a block has of a category, and how surprising they are on average; NaN where nothing is known.
  func mean(_ category: Int, _ block: RowBlock) -> (count: Int, mean: Double) {
    guard !tables[category].isEmpty else { return (0, .nan) }
    var (count, sum) = (0, 0.0)
    for level in block.levels[category] {
      guard let hash = block.names.hash(level, of: category) else { continue }
      count += 1
      sum += tables[category][hash] ?? others[category]
    }
    return (count, count > 0 ? CategorySurprise.rounded(sum / Double(count)) : .nan)
  }
}
