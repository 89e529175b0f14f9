import Glibc

/// What an input is expected to be like: what checks compare with, made of a `Profile` or read from where one is kept.
package struct Reference: Sendable, Equatable {
  /// A column of numbers.
  package struct Number: Sendable, Equatable {
    package var count = 0
    package var missing = 0
    package var mean = 0.0
    package var deviation = 0.0
    package var least = 0.0
    package var most = 0.0
    /// 65 quantiles, at 0, 1/64 … 1; empty: not known.
    package var quantiles: [Double] = []
    package var distinct = 0.0
    /// How its mean moved (`BlockMeans`).
    package var rowsPerMean = 64
    package var means: [Double] = []
    /// Means of single blocks (`SampledMeans`).
    package var blocks: [Double] = []
    /// Pearson's with the target, over so many rows.
    package var correlation = 0.0
    package var labelled = 0

    package init() {}

    /// The share of rows without a number.
    package var missingShare: Double { Double(missing) / Double(max(count + missing, 1)) }

    /// Whether its mean only ever rose, or fell, as that of a clock or a counter does: then no level is expected of it. That
    /// eight numbers come in order by chance happens once in 20,160 columns.
    package var isClock: Bool {
      guard means.count >= 8 else { return false }
      let steps = zip(means, means.dropFirst())
      return steps.allSatisfy { $0 < $1 } || steps.allSatisfy { $0 > $1 }
    }
  }

  /// A column of categories.
  package struct Category: Sendable, Equatable {
    package var count = 0
    package var missing = 0
    package var distinct = 0.0
    /// The most frequent values with how often they came.
    package var top: [(name: String, count: Int)] = []
    /// Hashes of all values (`DistinctCount.hash`); nil: there were too many.
    package var known: Set<UInt64>?
    /// How surprising the values of single blocks were (`SampledMeans`).
    package var blocks: [Double] = []

    package init() {}

    package var missingShare: Double { Double(missing) / Double(max(count + missing, 1)) }

    package static func == (a: Category, b: Category) -> Bool {
      a.count == b.count && a.missing == b.missing && a.distinct == b.distinct
        && a.known == b.known && a.blocks == b.blocks && a.top.elementsEqual(b.top, by: ==)
    }
  }

  /// How long blocks of rows took, in seconds.
  package struct BlockSeconds: Sendable, Equatable {
    package var least: Double
    package var mean: Double
    package var most: Double

    package init(least: Double, mean: Double, most: Double) {
      (self.least, self.mean, self.most) = (least, mean, most)
    }
  }

  package var rows = 0
  package var refused = 0
  /// Refused records by the column that was at fault.
  package var typeErrors: [String: Int] = [:]
  /// Seconds since 1970, where a column tells.
  package var firstTime: Double?
  package var lastTime: Double?
  /// The longest time from one row to the next.
  package var longestGap = 0.0
  /// Seconds that `RowBlock.length` rows took: at least, on average, at most; nil: not known.
  package var blockSeconds: BlockSeconds?
  package var numbers: [String: Number] = [:]
  package var categories: [String: Category] = [:]
  /// What is to be predicted; nil: not known.
  package var target: Number?
  /// The names of the input's columns; empty: not known.
  package var columns: [String] = []

  package init() {}

  /// How surprising a value is that came `count` times among so many: −ln of its share, half a time at least.
  static func surprise(_ count: Int, of all: Int) -> Double {
    log((Double(all) + 1) / (Double(count) + 0.5))
  }
}
