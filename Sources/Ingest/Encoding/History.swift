/// Earlier values of one series, kept apart by key: the last `longest` of each.
struct LagHistory {
  private let longest: Int
  private var values: [Double] = []
  private var counts: [Int] = []

  init(longest: Int) { self.longest = longest }

  /// The value `distance` rows back in the rows of `key`; NaN when there is none yet.
  func value(_ distance: Int, key: Int) -> Double {
    guard key < counts.count, counts[key] >= distance else { return .nan }
    return values[key * longest + (counts[key] - distance) % longest]
  }

  mutating func add(_ value: Double, key: Int) {
    while counts.count <= key {
      counts.append(0)
      values.append(contentsOf: repeatElement(.nan, count: longest))
    }
    values[key * longest + counts[key] % longest] = value
    counts[key] += 1
  }
}

/// Running means of the target by group: m ← m + max(1/n, rate)·(y − m).
struct MeanHistory {
  private let rate: Double
  private var means: [Double] = []
  private var counts: [Int] = []

  init(rate: Double) { self.rate = rate }

  /// The mean of `group`; NaN when nothing of it was seen yet.
  func value(_ group: Int) -> Double {
    group < counts.count && counts[group] > 0 ? means[group] : .nan
  }

  mutating func add(_ value: Double, group: Int) {
    guard value.isFinite else { return }
    while counts.count <= group {
      counts.append(0)
      means.append(0)
    }
    counts[group] += 1
    means[group] += max(1 / Double(counts[group]), rate) * (value - means[group])
  }
}

/// Mean and spread of a number so far, for putting crossed numbers on one scale.
struct RunningScale {
  private var count = 0.0
  private var mean = 0.0
  private var squares = 0.0

  func standardised(_ value: Double) -> Double {
    guard squares > 0 else { return 0 }
    return (value - mean) * (count / squares).squareRoot()
  }

  mutating func add(_ value: Double) {
    count += 1
    let distance = value - mean
    mean += distance / count
    squares += distance * (value - mean)
  }
}
