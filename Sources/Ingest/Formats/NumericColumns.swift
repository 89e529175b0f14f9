import CLanes

/// The columns of a record that are numbers, converted eight at a time where the machine has the lanes for it.
struct NumericColumns {
  /// Rows that are read one number at a time after one whose numbers are mostly long.
  private static let patience = 64

  private let count: Int
  /// Columns that are numbers and nothing else, 64 to a word.
  private var isNumber: [UInt64]
  private let numbers: Int
  /// Columns that are read in another way.
  private let textual: [Int]
  private var others: [UInt64]
  private let hasLanes: Bool
  /// Rows for which converting several at a time is not tried.
  private var pause = 0

  init(_ needs: [FeaturePlan.Need]) {
    count = needs.count
    let isNumber = needs.map { $0 == .number }
    self.isNumber = Array(repeating: 0, count: (needs.count + 63) / 64)
    for column in needs.indices where isNumber[column] {
      self.isNumber[column / 64] |= 1 << UInt64(column % 64)
    }
    numbers = isNumber.count { $0 }
    textual = needs.indices.filter { !isNumber[$0] && !needs[$0].isEmpty }
    others = self.isNumber
    hasLanes = weir_has_wide_lanes() != 0 && numbers >= 4
  }

  /// Whether the next record is one for `convert`.
  var convertsSeveral: Bool {
    mutating get {
      guard pause == 0 else {
        pause -= 1
        return false
      }
      return hasLanes
    }
  }

  /// Reads all columns of a record whose fields end at `ends`, padded (`FieldEnds.pad`); `rest` reads a number that is
  /// no short decimal.
  @inline(__always)
  mutating func convert(
    _ body: Field, _ ends: UnsafePointer<Int32>, into columns: RowColumns,
    rest: (Int, Field) -> Fault?
  ) -> Fault? {
    func field(_ column: Int) -> Field {
      Field(
        start: body.start + Int(ends[column - 1]) + 1, end: body.start + Int(ends[column]))
    }
    var odd = 0
    let fault = others.withUnsafeMutableBufferPointer { others -> Fault? in
      weir_short_decimals(
        body.start, ends, Int32(truncatingIfNeeded: count), columns.numbers, others.baseAddress)
      for word in 0..<others.count {
        var left = others[word] & isNumber[word]
        while left != 0 {
          let column = word &* 64 &+ left.trailingZeroBitCount
          if let fault = rest(column, field(column)) { return fault }
          left &= left &- 1
          odd &+= 1
        }
      }
      return nil
    }
    if odd &* 2 > numbers { pause = NumericColumns.patience }
    if let fault { return fault }
    for k in 0..<textual.count { columns.fields[textual[k]] = field(textual[k]) }
    return nil
  }
}
