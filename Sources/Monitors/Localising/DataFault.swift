/// What can be wrong with a column so that it is no use to ask a model: the data are broken, not the world changed.
package enum DataFault: Sendable, Equatable {
  /// Values are missing in this share of the rows after, and were in that share before.
  case missing(before: Double, after: Double)
  /// It has one value ever since.
  case stuck(value: Double)
  /// Its values are as before once this conversion of units is taken back.
  case unit(UnitConversion)
  /// Most rows have levels of which none was there before, and not just one of them.
  case unknownLevels(share: Double)
}

/// A conversion of units: after = factor·before + offset.
package struct UnitConversion: Sendable, Equatable {
  package let name: String
  package let factor: Double
  package let offset: Double

  /// Those that go wrong in practice, each with its way back.
  package static let known: [UnitConversion] =
    [
      UnitConversion(name: "°C to °F", factor: 1.8, offset: 32),
      UnitConversion(name: "°F to °C", factor: 1 / 1.8, offset: -32 / 1.8),
      UnitConversion(name: "°C to K", factor: 1, offset: 273.15),
      UnitConversion(name: "K to °C", factor: 1, offset: -273.15),
    ]
    + [
      ("thousands to units", 1000.0), ("a share to per cent", 100), ("inches to mm", 25.4),
      ("inches to cm", 2.54), ("miles to km", 1.609344), ("kg to pounds", 2.2046226),
      ("m to feet", 3.2808399), ("hours to minutes", 60), ("m/s to km/h", 3.6),
    ].flatMap { name, factor in
      let words = name.split(separator: " to ").map(String.init)
      return [
        UnitConversion(name: name, factor: factor, offset: 0),
        UnitConversion(
          name: words.reversed().joined(separator: " to "), factor: 1 / factor, offset: 0),
      ]
    }

  /// The value before the conversion.
  package func undone(_ value: Double) -> Double { (value - offset) / factor }
}

extension DataFault {
  /// More rows than this must have lost their values, or have new levels.
  private static let share = 0.2
  private static let fewest = 16

  /// What is wrong with a column of numbers; NaN where one was missing. Nil if nothing is. `had` are the values before
  /// that were there, sorted.
  static func ofNumbers(before: [Double], after: [Double], sorted had: [Double]) -> DataFault? {
    guard min(before.count, after.count) >= fewest else { return nil }
    var has = after
    has.removeAll { $0.isNaN }
    let gone = 1 - Double(has.count) / Double(after.count)
    let was = 1 - Double(had.count) / Double(before.count)
    if gone > was + share { return .missing(before: was, after: gone) }
    guard has.count >= fewest, had.count >= fewest else { return nil }
    // Before, hardly any stretch of that length can have had one value.
    if has.allSatisfy({ $0 == has[0] }), had[0] != had[had.count - 1],
      longestRun(before) * 3 < after.count
    {
      return .stuck(value: has[0])
    }
    // Most columns have not moved so far, and sorting is what takes time here.
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    guard abs(mean(has) - mean(had)) * 2 > spread(had) else { return nil }
    let half = before.count / 2
    let halves = [before[..<half], before[half...]].map { $0.filter { !$0.isNaN }.sorted() }
    has.sort()
    return unit(had, has, halves)
  }

  /// The distance of the quartiles of sorted values.
  private static func spread(_ values: [Double]) -> Double {
    values[values.count * 3 / 4] - values[values.count / 4]
  }

  /// The most rows in a row with the same value.
  private static func longestRun(_ values: [Double]) -> Int {
    var (longest, run) = (0, 0)
    for i in values.indices {
      run = i > 0 && values[i] == values[i - 1] ? run + 1 : 1
      longest = max(longest, run)
    }
    return longest
  }

  /// The conversion that brings the values after back to those before, spread and all, where they lie far from them as
  /// they stand, farther than the halves of what was before from each other. All are sorted.
  private static func unit(
    _ before: [Double], _ after: [Double], _ halves: [[Double]]
  ) -> DataFault? {
    // The distance of quantiles, in units of the spread before; of the inner ones, which a change that is dated a
    // little late or early leaves alone.
    func distance(_ a: [Double], _ b: [Double], undo: (Double) -> Double = { $0 }) -> Double {
      let sum = (3...6).reduce(0.0) { sum, k in
        sum + abs(undo(b[b.count * k / 10]) - a[a.count * k / 10])
      }
      return sum / 4 / spread(before)
    }
    // A few rows of a skewed column are as good as in any unit.
    guard min(halves[0].count, halves[1].count, after.count) >= 32, spread(before) > 0 else {
      return nil
    }
    let raw = distance(before, after)
    guard raw > 2, raw > 4 * distance(halves[0], halves[1]) else { return nil }
    var best: (distance: Double, conversion: UnitConversion)?
    // Around 0 any factor brings values back to where they were.
    let isAwayFromZero = abs(before[before.count / 2]) * 2 > spread(before)
    for conversion in UnitConversion.known where conversion.offset != 0 || isAwayFromZero {
      let growth = spread(after) / spread(before) / conversion.factor
      guard growth > 0.6, growth < 1.6 else { continue }
      let there = distance(before, after, undo: conversion.undone)
      if there < best?.distance ?? .infinity { best = (there, conversion) }
    }
    guard let best, best.distance < 0.5, best.distance * 6 < raw else { return nil }
    return .unit(best.conversion)
  }

  /// The same for a column of categories, from all that is remembered of it, oldest first.
  static func ofLevels(past: [Int], after: [Int]) -> DataFault? {
    guard after.count >= fewest, past.count >= fewest else { return nil }
    func unknown(_ levels: ArraySlice<Int>, after past: ArraySlice<Int>) -> [Int] {
      let known = Set(past)
      return levels.filter { !known.contains($0) }
    }
    let half = past.count / 2
    let usual = Double(unknown(past[half...], after: past[..<half]).count) / Double(half)
    let new = unknown(after[...], after: past[...])
    let share = Double(new.count) / Double(after.count)
    // One new level that stays is a new day, month or year.
    guard share > usual + 0.5, Set(new).count > 1, Set(past).count > 1 else { return nil }
    return .unknownLevels(share: share)
  }
}
