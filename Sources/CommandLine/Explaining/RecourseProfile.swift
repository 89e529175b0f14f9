import Batches
import Monitors

/// What the numeric columns were like in the rows that a model was shown: spread, range, whole numbers or not.
struct RecourseProfile {
  struct Column {
    var count = 0.0
    var mean = 0.0
    private var squares = 0.0
    var least = Double.infinity
    var most = -Double.infinity
    /// Whether every value was a whole number.
    var isWhole = true
    private var known: Double?

    /// 0 where nothing varied.
    var standardDeviation: Double {
      known ?? (count > 1 ? (squares / (count - 1)).squareRoot() : 0)
    }

    mutating func observe(_ value: Double) {
      count += 1
      let deviation = value - mean
      mean += deviation / count
      squares += deviation * (value - mean)
      least = min(least, value)
      most = max(most, value)
      isWhole = isWhole && value == value.rounded()
    }

    /// Takes over what an account of more rows has; that all numbers were whole is only known of the own ones.
    mutating func adopt(_ account: DataAccount.Column) {
      (least, most) = (min(least, account.least), max(most, account.most))
      isWhole =
        isWhole && account.least == account.least.rounded()
        && account.most == account.most.rounded()
      known = account.standardDeviation
      count = max(count, Double(account.count))
    }
  }

  /// Rows that it knows of.
  var rows: Int { Int(columns.map(\.count).max() ?? 0) }

  /// By dense feature.
  private(set) var columns: [Column]

  init(denseWidth: Int) { columns = Array(repeating: Column(), count: denseWidth) }

  mutating func observe(_ batch: borrowing MicroBatch) {
    for row in 0..<batch.count {
      let dense = batch.dense(row)
      for j in columns.indices where !batch.isAbsent(row, j) { columns[j].observe(dense[j]) }
    }
  }

  mutating func adopt(_ account: DataAccount) {
    for (j, column) in account.columns.enumerated() where j < columns.count {
      if let column { columns[j].adopt(column) }
    }
  }
}
