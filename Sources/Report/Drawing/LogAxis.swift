import Glibc

/// A logarithmic axis: from where to where it goes, and where it is labelled.
struct LogAxis {
  /// In powers of ten.
  let low: Double
  let high: Double
  /// Values with a label, and those with a mark alone.
  let labelled: [Double]
  let marked: [Double]

  /// Covers all of `values`, which must be above 0, and goes on to the next of 1, 2, 5 times a power of ten.
  init(covering values: [Double]) {
    let (least, most) = (values.min() ?? 1, values.max() ?? 10)
    let steps = LogAxis.steps(from: least / 10, to: most * 10)
    let first = steps.last { $0 < least * 0.97 } ?? least
    let last = steps.first { $0 > most * 1.03 } ?? most
    (low, high) = (log10(first), log10(last))
    marked = steps.filter { $0 >= first * 0.99 && $0 <= last * 1.01 }
    // Over many decades the powers of ten say enough.
    labelled =
      high - low > 3 ? marked.filter { log10($0) == log10($0).rounded() } : marked
  }

  /// Where a value stands, 0 at the beginning and 1 at the end.
  func place(_ value: Double) -> Double { (log10(value) - low) / (high - low) }

  private static func steps(from least: Double, to most: Double) -> [Double] {
    let decades = Int(log10(least).rounded(.down))...Int(log10(most).rounded(.up))
    return decades.flatMap { decade in [1, 2, 5].map { $0 * pow(10, Double(decade)) } }
  }

  /// 20000 as 20 k.
  static func text(_ value: Double) -> String {
    for (unit, name) in [(1e9, " G"), (1e6, " M"), (1e3, " k")] where value >= unit * 0.999_999 {
      return number(value / unit) + name
    }
    return number(value)
  }

  private static func number(_ value: Double) -> String {
    let tenths = (value * 10).rounded() / 10
    return tenths == tenths.rounded() ? String(Int(tenths)) : "\(tenths)"
  }
}
