/// A linear axis with marks at round numbers.
struct Axis: Sendable {
  let low: Double
  let high: Double
  let marks: [Double]

  /// Covers `values` and goes on to the next mark where `isRounded`; some `count` marks.
  init(covering values: ClosedRange<Double>, marks count: Int, isRounded: Bool) {
    var (low, high) = (values.lowerBound, values.upperBound)
    if !(high > low) {
      let room = max(abs(low) * 0.1, 0.5)
      (low, high) = (low - room, high + room)
    }
    let step = Axis.step((high - low) / Double(max(count, 1)))
    if isRounded {
      low = (low / step + 1e-9).rounded(.down) * step
      high = (high / step - 1e-9).rounded(.up) * step
    }
    var marks: [Double] = []
    var index = (low / step - 1e-9).rounded(.up)
    while index * step <= high + step * 1e-6, marks.count < 50 {
      marks.append(index == 0 ? 0 : index * step)
      index += 1
    }
    (self.low, self.high, self.marks) = (low, high, marks)
  }

  /// The round number of 1, 2 and 5 that is next to `wish`.
  private static func step(_ wish: Double) -> Double {
    guard wish.isFinite, wish > 0 else { return 1 }
    var unit = 1.0
    while unit * 10 <= wish { unit *= 10 }
    while unit > wish { unit /= 10 }
    let digit = wish / unit
    return unit * (digit < 1.5 ? 1 : digit < 3.5 ? 2 : digit < 7.5 ? 5 : 10)
  }

  /// Where a value stands, 0 at the beginning and 1 at the end; what lies beyond stands at the end.
  func place(_ value: Double) -> Double { min(1, max(0, (value - low) / (high - low))) }

  /// 20000 as 20 k: short, for marks.
  static func short(_ value: Double) -> String {
    for (unit, name) in [(1e9, " G"), (1e6, " M"), (1e4, " k")] where abs(value) >= unit {
      let scale = unit == 1e4 ? 1e3 : unit
      return Numerals.value(value / scale) + name
    }
    return Numerals.value(value)
  }
}

/// Where in a picture something stands, as percentages with two decimals at most.
func percentage(_ share: Double) -> String {
  let hundredths = Int((share * 10_000).rounded())
  let (whole, rest) = (hundredths / 100, hundredths % 100)
  guard rest != 0 else { return "\(whole)%" }
  return "\(whole)." + (rest < 10 ? "0" : "") + "\(rest)%"
}
