/// What the first events tell of how a column's values lie.
extension ColumnEvidence {
  /// The share of the value that came least often.
  var rarestShare: Double {
    var counts: [String: Int] = [:]
    for text in texts { counts[text, default: 0] += 1 }
    guard let least = counts.values.min(), !texts.isEmpty else { return 0 }
    return Double(least) / Double(texts.count)
  }

  /// Pearson's correlation with another column of numbers, over the rows that have both; 0 where one of them
  /// does not vary.
  func correlation(with other: ColumnEvidence) -> Double {
    var (n, x, y, xx, yy, xy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    for (one, two) in zip(texts, other.texts) {
      guard let a = Double(one), let b = Double(two), a.isFinite, b.isFinite else { continue }
      n += 1
      // By deviations from running means, so that large numbers of little spread do not cancel.
      let (left, right) = (a - x, b - y)
      x += left / n
      y += right / n
      xx += left * (a - x)
      yy += right * (b - y)
      xy += left * (b - y)
    }
    return xx > 0 && yy > 0 ? xy / (xx.squareRoot() * yy.squareRoot()) : 0
  }
}
