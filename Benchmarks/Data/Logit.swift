import TestSupport

/// Classes drawn by their log-odds.
enum Logit {
  static func probability(_ logOdds: Double) -> Double { 1 / (1 + (-logOdds).exponential) }

  /// What to add to log-odds like the ones given so that a share `rate` of the rows is positive.
  static func intercept(_ samples: [Double], rate: Double) -> Double {
    var (low, high) = (-60.0, 60.0)
    for _ in 0..<50 {
      let middle = (low + high) / 2
      let mean = samples.reduce(0) { $0 + probability($1 + middle) } / Double(samples.count)
      if mean > rate { high = middle } else { low = middle }
    }
    return (low + high) / 2
  }
}
